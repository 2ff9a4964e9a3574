"""The demo's events say what the Parquet files say, cent by cent and second by second."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import msgspec
import pytest

from milepost.demo.groceries import BASKET_TOTAL, HOUSEHOLDS, REDEEMED, Occurrence, numbers, occurrences
from milepost.demo.parquet import folder

FEW = 25
"""Households of the quick tests."""

BILLS = """
select 'bill-' || basket_id as id,
  strftime(timezone('America/New_York', timezone('UTC', transaction_timestamp)), '%Y-%m-%dT%H:%M:%S') as local,
  sum(cast(sales_value as decimal(12, 2))) as net,
  sum(cast(retail_disc as decimal(12, 2)) + cast(coupon_match_disc as decimal(12, 2))) as discount,
  sum(quantity) as quantity, count(*) as lines
from item
group by all
"""


class LineText(msgspec.Struct, rename="camel"):
    """A line in the demo's event."""

    code: str
    quantity: Decimal
    rate: Decimal
    gross_amount: Decimal
    discount: Decimal
    net_amount: Decimal
    attributes: dict[str, str]


class BillText(msgspec.Struct, rename="camel"):
    """A bill in the demo's event."""

    number: str
    net_amount: Decimal
    gross_amount: Decimal
    discount: Decimal
    lines: list[LineText]
    extended_fields: dict[str, Decimal]


class EventText(msgspec.Struct):
    """An event of the demo."""

    id: str
    source: str
    type: str
    time: str
    customer: dict[str, str]
    data: msgspec.Raw


@pytest.fixture(name="database")
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the Parquet files in DuckDB, cut to the chosen households."""
    with duckdb.connect() as connection:
        connection.execute(f"create view everything as from '{folder()}/transactions.parquet'")
        connection.execute(
            "create view item as from everything where household_id in"
            f" (select distinct household_id from everything order by 1 limit {FEW})"
        )
        connection.execute(f"create view article as from '{folder()}/products.parquet'")
        yield connection


def told(happened: Occurrence) -> EventText:
    """Read the event of *happened*."""
    return msgspec.json.decode(happened.body, type=EventText)


def bill(event: EventText) -> BillText:
    """Read the payload of a bill."""
    return msgspec.json.decode(event.data, type=BillText)


def summary(event: EventText) -> tuple[str, tuple[Any, ...]]:
    """Return a bill's event in the columns of BILLS."""
    payload = bill(event)
    pieces = sum(line.quantity for line in payload.lines)
    claimed = (event.time[:19], payload.net_amount, payload.discount, pieces, len(payload.lines))
    return event.id, claimed


def test_bills_say_what_the_files_say(database: duckdb.DuckDBPyConnection) -> None:
    """Each bill has the local time, amounts, pieces and lines that DuckDB reads from the same file."""
    expected = {row[0]: row[1:] for row in database.execute(BILLS).fetchall()}

    events = (told(happened) for happened in occurrences(FEW))
    actual = dict(summary(event) for event in events if event.type == "TransactionAdd")

    assert actual == expected


def test_households_are_taken_from_the_lowest_number_on(database: duckdb.DuckDBPyConnection) -> None:
    """There are 2,469 households, and a share of them is made of those with the lowest numbers."""
    rows = database.execute("select distinct household_id from everything order by 1").fetchall()

    assert len(rows) == HOUSEHOLDS
    assert numbers(FEW) == [number for (number,) in rows[:FEW]]


@pytest.mark.slow
def test_all_bills_say_what_the_files_say(database: duckdb.DuckDBPyConnection) -> None:
    """The same holds for every bill of the year, of which there are 155,848."""
    database.execute("create or replace view item as from everything")
    expected = {row[0]: row[1:] for row in database.execute(BILLS).fetchall()}

    events = (told(happened) for happened in occurrences())
    actual = dict(summary(event) for event in events if event.type == "TransactionAdd")

    assert len(actual) == 155_848
    assert actual == expected


def test_amounts_of_a_bill_agree_with_its_lines() -> None:
    """A bill's amounts are the sums of its lines', gross is net and discount, and the basket total is the gross."""
    for happened in occurrences(FEW):
        event = told(happened)
        if event.type != "TransactionAdd":
            continue
        payload = bill(event)
        assert payload.net_amount == sum(line.net_amount for line in payload.lines)
        assert payload.gross_amount == sum(line.gross_amount for line in payload.lines)
        assert payload.gross_amount == payload.net_amount + payload.discount
        assert payload.extended_fields == {BASKET_TOTAL: payload.gross_amount}


def test_a_rate_is_the_price_of_one_piece() -> None:
    """A rate is gross by quantity to four decimals, half to even; without a quantity it is the gross amount."""
    for happened in occurrences(FEW):
        event = told(happened)
        lines = bill(event).lines if event.type == "TransactionAdd" else []
        for line in lines:
            pieces = line.quantity or Decimal(1)
            assert line.rate == round(line.gross_amount / pieces, 4)


def test_lines_carry_what_is_known_of_their_article(database: duckdb.DuckDBPyConnection) -> None:
    """Department, brand, category and type come from the table of articles; what is unknown there is left out."""
    shown = ("department", "brand", "productCategory", "productType")
    rows = database.execute(
        "select cast(product_id as varchar), department, brand, product_category, product_type from article"
    ).fetchall()
    articles = {code: {n: v for n, v in zip(shown, values, strict=True) if v is not None} for code, *values in rows}

    for happened in occurrences(FEW):
        event = told(happened)
        lines = bill(event).lines if event.type == "TransactionAdd" else []
        for line in lines:
            assert line.attributes == articles.get(line.code, {})


def test_events_come_in_order_and_once() -> None:
    """Events are ordered by instant, source and id, and no id comes twice."""
    keys = [happened[:3] for happened in occurrences(FEW)]

    assert keys == sorted(set(keys))


def test_coupons_are_redeemed_at_noon() -> None:
    """Every redemption of the chosen households is an event at noon in New York, in winter and in summer."""
    events = [told(happened) for happened in occurrences() if happened.source == "coupons"]

    assert len(events) == 2_102
    assert {event.type for event in events} == {REDEEMED}
    assert {event.time[10:] for event in events} == {"T12:00:00-05:00", "T12:00:00-04:00"}
