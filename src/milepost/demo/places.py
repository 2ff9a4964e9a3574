"""The stores of the data, with zones and concepts.

The data has no more than a number for each store. So that target groups have places to filter by, zones are ranges of
these numbers (invented here), and the concepts are stores that sold fuel and stores that did not (a fact of the data).
"""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.demo.parquet import folder

PlaceText = dict[str, str]
"""A place in the body of `POST /api/v1/zones`, `/concepts` or `/stores`."""

FUEL_DEPARTMENT = "FUEL"


class Range(NamedTuple):
    """A zone: the stores whose number is at least `least` and below the next range."""

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
    """Return every store of the data by number, with its zone and concept."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    lines = pq.read_table(folder() / "transactions.parquet", columns=["store_id", "product_id"])
    articles = pq.read_table(folder() / "products.parquet", columns=["product_id", "department"])
    fuels = articles.filter(pc.equal(articles["department"], FUEL_DEPARTMENT))["product_id"]
    with_fuel = frozenset(lines.filter(pc.is_in(lines["product_id"], fuels))["store_id"].unique().to_pylist())
    numbers = sorted(lines["store_id"].unique().to_pylist())
    return [_store(number, WITH_FUEL if number in with_fuel else MARKET) for number in numbers]


def _store(number: int, concept: PlaceText) -> PlaceText:
    """Return one store."""
    zone = max(zone for zone in RANGES if zone.least <= number)
    return {"code": str(number), "name": f"Store {number}", "zone": zone.code, "concept": concept["code"]}
