"""The baseline: set-based SQL, one statement and one commit for each batch, over one row per customer × target."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from msgspec import Raw, Struct

from bench.events import external_id
from bench.rules import MONTHS, RETURN, STORES, Rule, Sum, store_code

_SCHEMA = Path(__file__).with_name("baseline.sql").read_text(encoding="utf-8")
BATCH = Path(__file__).with_name("baseline_batch.sql").read_text(encoding="utf-8").encode()
"""The statement that receives a batch: deduplicate, append, match, upsert, achieve, write outcomes."""

NAMES = "select external_id, customer_id from customer where external_id = any(%b::text[])"
"""The statement that finds customers by the names that events give them."""

_STORES = {store_code(store): store for store in range(STORES)}


class _Customer(Struct, rename="camel"):
    external_id: str


class _Store(Struct):
    code: str


class _Event(Struct):
    id: str
    source: str
    type: str
    time: datetime
    customer: _Customer
    store: _Store
    data: Raw


class _Line(Struct, rename="camel"):
    code: str
    quantity: Decimal
    rate: Decimal
    gross_amount: Decimal
    discount: Decimal
    net_amount: Decimal
    attributes: dict[str, Any]


class _Bill(Struct, rename="camel"):
    number: str
    net_amount: Decimal
    gross_amount: Decimal
    lines: list[_Line]


class _Return(Struct, rename="camel"):
    return_type: str
    original: str


class _Activity(Struct):
    amount: Decimal
    channel: str


_raws = msgspec.json.Decoder(list[Raw])
_event = msgspec.json.Decoder(_Event)
_bill = msgspec.json.Decoder(_Bill, float_hook=Decimal)
_return = msgspec.json.Decoder(_Return, float_hook=Decimal)
_activity = msgspec.json.Decoder(_Activity, float_hook=Decimal)


def prepare(url: str, rules: Sequence[Rule], *, customers: int) -> None:
    """Make the baseline's tables in the database at *url*, with its targets and customers."""
    targets = [(rule.number, rule.name) for rule in rules]
    stores = [row for rule in rules for row in _stores(rule)]
    opens = [datetime.fromisoformat(f"{month}-01T00:00:00+00:00") for month, _ in MONTHS]
    periods = [
        (place, month, opens[place], opens[place] + timedelta(days=days)) for place, (month, days) in enumerate(MONTHS)
    ]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(_SCHEMA.encode())
        cursor.executemany("insert into target values (%s, %s)", targets)
        cursor.executemany("insert into period values (%s, %s, %s, %s)", periods)
        with cursor.copy("copy target_store from stdin") as copy:
            for store in stores:
                copy.write_row(store)
        with cursor.copy("copy customer (external_id) from stdin") as copy:
            for customer in range(customers):
                copy.write_row((external_id(customer),))


def _stores(rule: Rule) -> Iterator[tuple[str, int, int, bool, int, int]]:
    """Return a row for every store that *rule* counts in; no amount is below -1 cent."""
    above = -1 if rule.above is None else rule.above * 100
    goal = rule.goal if rule.sum is Sum.EVENTS else rule.goal * 100
    for store in range(STORES) if rule.stores is None else sorted(rule.stores):
        yield rule.event_name, store, rule.number, rule.sum is Sum.EVENTS, above, goal


class Decoded:
    """A batch as the statement wants it: one list for each column."""

    def __init__(self, body: bytes) -> None:
        """Read *body*, a JSON array of events; amounts are exact, in cents."""
        self.raws = _raws.decode(body)
        self.events = [_event.decode(raw) for raw in self.raws]
        self.references: list[str | None] = []
        self.cents: list[int] = []
        for event in self.events:
            reference, amount = _read(event)
            self.references.append(reference)
            self.cents.append(int(amount * 100))

    def names(self) -> set[str]:
        """Return the external ids that the batch names."""
        return {event.customer.external_id for event in self.events}

    def values(self, customers: dict[str, int]) -> dict[str, object]:
        """Return the parameters of the statement."""
        events = self.events
        return {
            "customers": [customers[event.customer.external_id] for event in events],
            "sources": [event.source for event in events],
            "ids": [event.id for event in events],
            "names": [event.type for event in events],
            "references": self.references,
            "stores": [_STORES[event.store.code] for event in events],
            "cents": self.cents,
            "occurred": [event.time for event in events],
            "bodies": [bytes(raw).decode() for raw in self.raws],
            "now": datetime.now(UTC),
        }


def unknown_names(decoded: Decoded, known: dict[str, int]) -> list[str]:
    """Return the names in a batch that are not *known* yet."""
    return [name for name in decoded.names() if name not in known]


class Receiver:
    """One connection that receives batches, and remembers the names of customers it has met."""

    def __init__(self, url: str) -> None:
        """Connect to the database at *url*."""
        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=1)
        self._known: dict[str, int] = {}

    def receive(self, body: bytes) -> int:
        """Receive a batch, a JSON array, durably; return how many of its events were new."""
        decoded = Decoded(body)
        if unknown := unknown_names(decoded, self._known):
            self._known.update(self._connection.execute(NAMES, [unknown]).fetchall())
        row = self._connection.execute(BATCH, decoded.values(self._known), binary=True).fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        """Leave the server."""
        self._connection.close()


def _read(event: _Event) -> tuple[str | None, Decimal]:
    """Return the number of the bill that *event* is or names, and its amount."""
    if event.type == "TransactionAdd":
        bill = _bill.decode(event.data)
        return bill.number, bill.net_amount
    if event.type == RETURN:
        return _return.decode(event.data).original, Decimal(0)
    return None, _activity.decode(event.data).amount
