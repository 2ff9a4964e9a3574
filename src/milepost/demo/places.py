"""The shops of the data, as reference data of the organisation.

The data numbers its shops and says no more. So that rules have something to choose from, their zones are ranges of
these numbers (ours), and their concepts tell shops that sold fuel from those that did not (a fact of the data).
"""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.demo.parquet import folder

PlaceText = dict[str, str]
"""A place as `POST /api/v1/zones`, `/concepts` and `/stores` take it."""

FUEL_DEPARTMENT = "FUEL"


class Range(NamedTuple):
    """A zone: the shops with a number from `least` on, up to the next range."""

    least: int
    code: str
    name: str


RANGES = (
    Range(0, "stores-1", "Stores up to 319"),
    Range(320, "stores-320", "Stores 320 to 359"),
    Range(360, "stores-360", "Stores 360 to 399"),
    Range(400, "stores-400", "Stores from 400 on"),
)

MARKET: PlaceText = {"code": "market", "name": "Market"}
WITH_FUEL: PlaceText = {"code": "market-fuel", "name": "Market with fuel"}
CONCEPTS = (MARKET, WITH_FUEL)


def zones() -> Sequence[PlaceText]:
    """Return the zones of the demo."""
    return [{"code": zone.code, "name": zone.name} for zone in RANGES]


def stores() -> Sequence[PlaceText]:
    """Return every shop of the data, in the order of its number, with its zone and concept."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    lines = pq.read_table(folder() / "transactions.parquet", columns=["store_id", "product_id"])
    articles = pq.read_table(folder() / "products.parquet", columns=["product_id", "department"])
    fuels = articles.filter(pc.equal(articles["department"], FUEL_DEPARTMENT))["product_id"]
    with_fuel = frozenset(lines.filter(pc.is_in(lines["product_id"], fuels))["store_id"].unique().to_pylist())
    numbers = sorted(lines["store_id"].unique().to_pylist())
    return [_store(number, WITH_FUEL if number in with_fuel else MARKET) for number in numbers]


def _store(number: int, concept: PlaceText) -> PlaceText:
    """Describe one shop."""
    zone = max(zone for zone in RANGES if zone.least <= number)
    return {"code": str(number), "name": f"Store {number}", "zone": zone.code, "concept": concept["code"]}
