"""The log as trials read it, and the rows of back-tests."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from milepost.model.event import Event, EventKey
from milepost.model.standing import Entry
from milepost.model.time import Micros
from milepost.store import codec
from milepost.store.database import Row, Transaction
from milepost.store.log import CustomerKey, keys_of


class TrialEvent(NamedTuple):
    """An event of the log, with the version of the organisation that judged it and its number.

    Its entries are read where what it added matters.
    """

    version: int
    seq: int
    event: Event
    entries: Sequence[Entry] = ()


class BacktestRow(NamedTuple):
    """A back-test as it is stored; instants are in epoch microseconds."""

    org_id: int
    id: int
    state: str
    request: str
    result: str | None
    asked_at: Micros
    done_at: Micros | None
    parts: int


class LeasedBacktest(NamedTuple):
    """A back-test that a process works on."""

    org_id: int
    id: int
    request: str


async def logs_of_buckets(
    transaction: Transaction, org_id: int, buckets: tuple[int, int], until: Micros
) -> Iterator[tuple[int, list[TrialEvent]]]:
    """Return the customers of a half-open span of *buckets* with their events received until *until*, one by one.

    The events of a customer are decoded when it is their turn.
    """
    values = {"org_id": org_id, "first": buckets[0], "last": buckets[1], "until": until}
    rows = await transaction.rows("logs_of_buckets", values)
    return (
        (customer_id, [_event(row) for row in customer_rows])
        for customer_id, customer_rows in groupby(rows, key=lambda row: int(row[0]))
    )


async def logs_of_customers(
    transaction: Transaction, org_id: int, customer_keys: Sequence[CustomerKey]
) -> list[tuple[int, list[TrialEvent]]]:
    """Return the events of *customer_keys* with their entries, by customer."""
    columns = keys_of(customer_keys)
    values = {"org_id": org_id, "buckets": columns["buckets"], "customers": columns["customers"]}
    rows = await transaction.rows("logs_of_customers", values)
    return [
        (customer_id, [_event(row[:-1])._replace(entries=codec.decode_entries(row[-1])) for row in customer_rows])
        for customer_id, customer_rows in groupby(rows, key=lambda row: int(row[0]))
    ]


async def versions_of(transaction: Transaction, org_id: int) -> list[int]:
    """Return the versions of an organisation at which a definition or a setting changed."""
    return [version for (version,) in await transaction.rows("versions_until", {"org_id": org_id})]


def _event(row: Row) -> TrialEvent:
    _, source, event_id, name, occurred_at, received_at, seq, version, body = row
    event = codec.decode_event(EventKey(source, event_id), name, occurred_at, received_at, body)
    return TrialEvent(version, seq, event)


async def add(transaction: Transaction, org_id: int, request: str, now: Micros) -> int:
    """Add a back-test and return its id."""
    row = await transaction.row("add_backtest", {"org_id": org_id, "request": request, "now": now})
    assert row is not None
    return int(row[0])


async def find(transaction: Transaction, org_id: int, backtest_id: int) -> BacktestRow | None:
    """Return a back-test of an organisation; None if there is none with this id."""
    row = await transaction.row("backtest", {"org_id": org_id, "backtest_id": backtest_id})
    return None if row is None else BacktestRow(*row)


async def lease(transaction: Transaction, now: Micros, until: Micros) -> LeasedBacktest | None:
    """Take the back-test that has waited longest until the instant *until*; None if none is free."""
    row = await transaction.row("lease_backtest", {"now": now, "until": until})
    return None if row is None else LeasedBacktest(*row)


async def lease_one(transaction: Transaction, org_id: int, backtest_id: int, until: Micros) -> LeasedBacktest | None:
    """Take a back-test until the instant *until*; None if it does not run any more."""
    values = {"org_id": org_id, "backtest_id": backtest_id, "until": until}
    row = await transaction.row("lease_one_backtest", values)
    return None if row is None else LeasedBacktest(*row)


async def parts_done(transaction: Transaction, leased: LeasedBacktest) -> set[int]:
    """Return the numbers of the parts that are done."""
    values = {"org_id": leased.org_id, "backtest_id": leased.id}
    return {part for (part,) in await transaction.rows("backtest_parts_done", values)}


async def add_part(transaction: Transaction, leased: LeasedBacktest, part: int, tally: str, differences: bytes) -> None:
    """Keep the result of a part; a part that is kept already stays as it is."""
    values = {"org_id": leased.org_id, "backtest_id": leased.id, "part": part, "tally": tally}
    await transaction.run("add_backtest_part", values | {"differences": differences})


async def tallies(transaction: Transaction, leased: LeasedBacktest, after: int, limit: int) -> list[tuple[int, str]]:
    """Return the tallies of at most *limit* parts after the part *after*, each with its number."""
    values = {"org_id": leased.org_id, "backtest_id": leased.id, "after": after, "limit": limit}
    return [(part, tally) for part, tally in await transaction.rows("backtest_tallies", values)]


async def differences(transaction: Transaction, org_id: int, backtest_id: int, after: int) -> tuple[int, bytes] | None:
    """Return the differences of the part after the part *after*, with its number; None at the end."""
    values = {"org_id": org_id, "backtest_id": backtest_id, "after": after}
    row = await transaction.row("backtest_differences", values)
    return None if row is None else (row[0], bytes(row[1]))


async def end(
    transaction: Transaction, org_id: int, backtest_id: int, state: str, result: str | None, now: Micros
) -> bool:
    """Write the end of a back-test; return whether it still ran."""
    values = {"org_id": org_id, "backtest_id": backtest_id, "state": state, "result": result, "now": now}
    return await transaction.row("end_backtest", values) is not None
