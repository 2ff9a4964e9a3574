"""A year of real grocery bills and coupon redemptions as events, oldest first.

The tables are those of "The Complete Journey" (84.51°): purchases of 2,469 loyalty households in 2017.

*Instants.* `transaction_timestamp` carries no zone. The data's own `week` column changes at 05:00 in winter and at
04:00 in summer, on the very days on which New York changes its clocks: the stamps are UTC, the shops are in New York.
Read like that, every bill is in 2017, and no local time is missing or ambiguous. A redemption has a date only; it is
placed at noon in New York.

*Money.* `sales_value` is what the retailer receives, so it is a line's net amount. The shelf price of the same article
in the same shop and week is `sales_value + retail_disc + coupon_match_disc`, so that is the gross amount and the two
discounts are the line's discount. `coupon_disc` is a manufacturer's coupon with which a part of the net amount was
paid: a means of payment, not a discount. The doubles in the file are whole cents and are read as such.

*Baskets.* Every basket has one household, one shop and one instant, and each article once.
"""

import heapq
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from whenever import Instant, PlainDateTime

from milepost.demo.parquet import folder
from milepost.model.time import Seconds

if TYPE_CHECKING:
    import pyarrow as pa

ZONE = "America/New_York"
"""The time zone of the stores, and of the organisation that the demo makes."""

REDEEMED = "CouponRedeemed"
"""The behavioural event of a coupon redemption."""

BASKET_TOTAL = "basketTotal"
"""The bill's extended field that holds its shelf price: the sum of its lines before discounts."""

HOUSEHOLDS = 2_469
"""Households in the data."""

_BILLS_PER_CHUNK = 5_000
"""Bills whose JSON is made at once; this limits the memory to some 20 MB of text."""

_COLUMNS = ("household_id", "store_id", "basket_id", "product_id", "quantity", "transaction_timestamp")
_AMOUNTS = ("sales_value", "retail_disc", "coupon_match_disc")

_ORDER = [("instant", "ascending"), ("store", "ascending"), ("basket", "ascending")]
"""The order of events, for lines and bills; basket numbers have eleven digits each, so their text sorts as they do."""


class Occurrence(NamedTuple):
    """One event: its place in the order of events, its household, and its JSON.

    Its first three fields are the sort key; `instant` is in epoch seconds.
    """

    instant: Seconds
    source: str
    id: str
    household: int
    body: bytes


class Occurrences:
    """All events, oldest first. They can be counted at once; their JSON is made in pieces, which limits the memory."""

    def __init__(self, bills: "pa.Table", lines: "pa.Table", redemptions: Sequence[Occurrence]) -> None:
        """Keep the tables; *bills* and their *lines* are in the order of events."""
        self._bills = bills
        self._lines = lines
        self._redemptions = redemptions

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self._bills) + len(self._redemptions)

    def __iter__(self) -> Iterator[Occurrence]:
        """Return the events, oldest first."""
        return heapq.merge(_bill_events(self._bills, self._lines), self._redemptions)


def numbers(households: int) -> Sequence[int]:
    """Return the numbers of this many *households*: the lowest ones, ascending."""
    import pyarrow.parquet as pq

    lines = pq.read_table(folder() / "transactions.parquet", columns=["household_id"])
    ascending: list[int] = sorted(lines["household_id"].unique().to_pylist())
    return ascending[:households]


def occurrences(households: int = HOUSEHOLDS, until: Seconds | None = None) -> Occurrences:
    """Return the events of this many *households*, those with the lowest numbers, before *until* (epoch seconds).

    Raises ExtraMissing if the data is not installed.
    """
    import pyarrow.compute as pc

    lines = _lines(households)
    wanted = frozenset(lines["household_id"].unique().to_pylist())
    redemptions = _redemptions(wanted)
    if until is not None:
        lines = lines.filter(pc.less(lines["instant"], until))
        redemptions = [redemption for redemption in redemptions if redemption.instant < until]
    return Occurrences(_bills(lines), lines, redemptions)


def _lines(households: int) -> "pa.Table":
    """Read the line items in the order of their bills, with exact amounts."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    lines = pq.read_table(folder() / "transactions.parquet", columns=[*_COLUMNS, *_AMOUNTS])
    if households < HOUSEHOLDS:
        lines = lines.filter(pc.is_in(lines["household_id"], pa.array(numbers(households), pa.int64())))
    net, retail, match = (pc.cast(lines[name], pa.decimal128(12, 2)) for name in _AMOUNTS)
    discount = pc.add(retail, match)
    gross = pc.add(net, discount)
    lines = pa.table({
        "household_id": lines["household_id"],
        "instant": pc.cast(pc.cast(lines["transaction_timestamp"], pa.timestamp("s")), pa.int64()),
        "store": pc.cast(lines["store_id"], pa.string()),
        "basket": pc.cast(lines["basket_id"], pa.string()),
        "product_id": lines["product_id"],
        "quantity": lines["quantity"],
        "rate": _rates(gross, lines["quantity"]),
        "gross": gross,
        "discount": discount,
        "net": net,
    })  # fmt: skip
    return lines.sort_by(_ORDER)


def _rates(gross: "pa.ChunkedArray", quantity: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Return the price of one piece, to four decimals, half to even; without a quantity it is the gross amount."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces = pc.if_else(pc.equal(quantity, 0), 1, quantity)
    scaled = pc.cast(pc.multiply(gross, pa.scalar(10_000, pa.decimal128(5, 0))), pa.int64())
    whole = pc.divide(scaled, pieces)
    twice_rest = pc.multiply(pc.subtract(scaled, pc.multiply(whole, pieces)), 2)
    is_odd = pc.equal(pc.bit_wise_and(whole, 1), 1)
    rises = pc.or_(pc.greater(twice_rest, pieces), pc.and_(pc.equal(twice_rest, pieces), is_odd))
    units = pc.add(whole, pc.cast(rises, pa.int64()))
    return pc.multiply(pc.cast(units, pa.decimal128(19, 0)), pa.scalar("0.0001").cast(pa.decimal128(5, 4)))


def _bills(lines: "pa.Table") -> "pa.Table":
    """Return one row per basket, in the order of events."""
    import pyarrow.compute as pc

    grouped = lines.group_by(["basket", "store", "household_id", "instant"])
    bills = grouped.aggregate([("net", "sum"), ("gross", "sum"), ("discount", "sum"), ("net", "count")]).sort_by(_ORDER)
    assert len(bills) == pc.count_distinct(bills["basket"]).as_py()
    return bills


def _bill_events(bills: "pa.Table", lines: "pa.Table") -> Iterator[Occurrence]:
    """Return one TransactionAdd per basket. JSON is joined by column; a Python loop over lines is too slow."""
    import pyarrow.compute as pc

    attributes = _attributes()
    first_line = 0
    for start in range(0, len(bills), _BILLS_PER_CHUNK):
        chunk = bills.slice(start, _BILLS_PER_CHUNK)
        count = pc.sum(chunk["net_count"]).as_py()
        yield from _chunk(chunk, _line_texts(lines.slice(first_line, count), attributes))
        first_line += count


def _line_texts(lines: "pa.Table", attributes: "pa.Table") -> "pa.Array":
    """Return each line item as JSON."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = pc.index_in(lines["product_id"], value_set=attributes["product_id"])
    described = pc.coalesce(pc.take(attributes["text"], rows), "{}")
    texts = pc.binary_join_element_wise(
        '{"code":"', pc.cast(lines["product_id"], pa.string()),
        '","quantity":', pc.cast(lines["quantity"], pa.string()),
        ',"rate":', pc.cast(lines["rate"], pa.string()),
        ',"grossAmount":', pc.cast(lines["gross"], pa.string()),
        ',"discount":', pc.cast(lines["discount"], pa.string()),
        ',"netAmount":', pc.cast(lines["net"], pa.string()),
        ',"attributes":', described, "}", "",
    )  # fmt: skip
    return texts.combine_chunks()


def _chunk(bills: "pa.Table", line_texts: "pa.Array") -> Iterator[Occurrence]:
    """Return *bills* as events; *line_texts* holds the lines of all of them in order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.cumulative_sum(bills["net_count"]).to_pylist()
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, *ends], pa.int32()), line_texts), ",")
    instants = bills["instant"].to_pylist()
    gross = pc.cast(bills["gross_sum"], pa.string())
    texts = pc.binary_join_element_wise(
        '{"id":"bill-', bills["basket"], '","source":"pos/', bills["store"],
        '","type":"TransactionAdd","time":"', pa.array([_local(instant) for instant in instants]),
        '","customer":{"externalId":"', pc.cast(bills["household_id"], pa.string()),
        '"},"store":{"code":"', bills["store"], '"},"data":{"number":"', bills["basket"],
        '","netAmount":', pc.cast(bills["net_sum"], pa.string()), ',"grossAmount":', gross,
        ',"discount":', pc.cast(bills["discount_sum"], pa.string()), ',"lines":[', joined,
        f'],"extendedFields":{{"{BASKET_TOTAL}":', gross, "}}}", "",
    )  # fmt: skip
    stores, baskets, households = (bills[name].to_pylist() for name in ("store", "basket", "household_id"))
    bodies = pc.cast(texts, pa.binary()).to_pylist()
    for instant, store, basket, household, body in zip(instants, stores, baskets, households, bodies, strict=True):
        yield Occurrence(instant=instant, source=f"pos/{store}", id=f"bill-{basket}", household=household, body=body)


def _local(instant: Seconds) -> str:
    """Return an instant (epoch seconds) as local time of the stores, with the offset."""
    return Instant.from_timestamp(instant).to_tz(ZONE).to_fixed_offset().format_iso()


def _attributes() -> "pa.Table":
    """Return the attributes of each article as JSON; attributes that the data lacks are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ("department", "brand", "product_category", "product_type")
    products = pq.read_table(folder() / "products.parquet", columns=["product_id", *names])
    columns = zip(*(products[name].to_pylist() for name in names), strict=True)
    shown = ("department", "brand", "productCategory", "productType")
    encode = msgspec.json.Encoder().encode
    texts = [
        encode({name: value for name, value in zip(shown, row, strict=True) if value is not None}).decode()
        for row in columns
    ]
    return pa.table({"product_id": products["product_id"], "text": texts})


def _redemptions(households: frozenset[int]) -> Sequence[Occurrence]:
    """Return one behavioural event per redeemed coupon; a household redeems a coupon at most once a day."""
    import pyarrow.parquet as pq

    rows = pq.read_table(folder() / "coupon_redemptions.parquet").to_pylist()
    kept = [_redemption(**row) for row in rows if row["household_id"] in households]
    assert len(kept) == len({occurrence.id for occurrence in kept})
    return sorted(kept)


def _redemption(household_id: int, coupon_upc: int, campaign_id: int, redemption_date: object) -> Occurrence:
    """Return the event of one redemption, at noon in New York."""
    day = str(redemption_date)[:10]
    noon = Seconds(PlainDateTime.parse_iso(f"{day}T12:00:00").assume_tz(ZONE).timestamp())
    key = f"coupon-{household_id}-{coupon_upc}-{campaign_id}-{day}"
    source = "coupons"
    body = {
        "id": key,
        "source": source,
        "type": REDEEMED,
        "time": _local(noon),
        "customer": {"externalId": str(household_id)},
        "data": {"couponUpc": str(coupon_upc), "campaignId": str(campaign_id)},
    }
    return Occurrence(instant=noon, source=source, id=key, household=household_id, body=msgspec.json.encode(body))
