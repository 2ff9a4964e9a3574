"""Statements of the write path: standings, archived progress, events and the outbox of many customers at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from milepost.model.bucket import bucket_of_customer
from milepost.model.event import Event, EventKey
from milepost.model.standing import EMPTY_STANDING, Entry, Progress, Standing
from milepost.model.time import Micros
from milepost.store import codec
from milepost.store.database import Transaction
from milepost.store.wire.arrays import byteas, int4s, int8s, texts
from milepost.store.wire.copy_rows import EventRow, encode_copy_rows

COPY_FROM = 50
"""The number of events from which COPY is cheaper than INSERT; fewer events do not pay for its extra round trips.

PostgreSQL refuses COPY where the rows of a table are guarded by policies, so it is for installations without them."""


class CustomerKey(NamedTuple):
    """The key of a customer's rows: the bucket, the organisation and the customer."""

    bucket: int
    org_id: int
    customer_id: int


def key_of_customer(org_id: int, customer_id: int) -> CustomerKey:
    """Return the key of a customer; the bucket follows from the two ids."""
    return CustomerKey(bucket_of_customer(org_id, customer_id), org_id, customer_id)


class LoggedRow(NamedTuple):
    """An event as the log stores it. Its body is decoded only on demand.

    `version` is the organisation version by which it was applied, or 0 if the statement did not read it.
    """

    customer_key: CustomerKey
    key: EventKey
    name: str
    occurred_at: Micros
    received_at: Micros
    seq: int
    content_hash: bytes
    body: str
    entries: tuple[Entry, ...]
    version: int = 0

    def event(self) -> Event:
        """Return the decoded event."""
        return codec.decode_event(self.key, self.name, self.occurred_at, self.received_at, self.body)


class StoredStanding(NamedTuple):
    """A standing as it is stored, and the head of the chain over the log (`chain.usable_head` says when it is None)."""

    body: bytes
    head: bytes | None


class Appended(Struct, frozen=True):
    """An event to be added to the log; `body`, `entries` and the row of the outbox, if any, are encoded."""

    customer_key: CustomerKey
    event: Event
    reference: str | None
    seq: int
    version: int
    content_hash: bytes
    body: bytes
    entries: bytes
    outbox: bytes | None


class EventName(NamedTuple):
    """A search in one customer's log: `name` is an event id or a bill number, `source` the source of event ids."""

    customer_key: CustomerKey
    source: str
    name: str


async def lock_standings(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> dict[CustomerKey, Standing]:
    """Lock the standings of *customer_keys* in that order and return them. Unknown customers are left out."""
    bodies = await lock_bodies(transaction, customer_keys)
    return {key: codec.decode_standing(stored.body) for key, stored in bodies.items()}


async def lock_bodies(
    transaction: Transaction, customer_keys: Sequence[CustomerKey]
) -> dict[CustomerKey, StoredStanding]:
    """Lock the standings of *customer_keys* in that order and return their bytes."""
    rows = await transaction.rows("lock_standings", keys_of(customer_keys))
    return {customer_keys[place]: StoredStanding(body, head) for place, body, head in rows}


async def lock_free_bodies(
    transaction: Transaction, customer_keys: Sequence[CustomerKey]
) -> tuple[dict[CustomerKey, StoredStanding], set[CustomerKey]]:
    """Lock the standings of *customer_keys* that no other transaction has locked.

    Return their bytes, and the customers whose standing is locked elsewhere.
    """
    rows = await transaction.rows("lock_free_standings", keys_of(customer_keys))
    bodies = {customer_keys[place]: StoredStanding(body, head) for place, body, head in rows}
    remaining = [key for key in customer_keys if key not in bodies]
    existing = await transaction.rows("standings", keys_of(remaining)) if remaining else []
    return bodies, {remaining[place] for place, _ in existing}


async def standings(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> dict[CustomerKey, Standing]:
    """Return the standings of *customer_keys* without locking them. Unknown customers are left out."""
    rows = await transaction.rows("standings", keys_of(customer_keys)) if customer_keys else []
    return {customer_keys[place]: codec.decode_standing(body) for place, body in rows}


async def known_events(transaction: Transaction, keys: Sequence[tuple[CustomerKey, EventKey]]) -> dict[int, LoggedRow]:
    """Return the stored events with these *keys*, by the position of the key."""
    values = keys_of([customer_key for customer_key, _ in keys])
    values |= {"sources": texts([key.source for _, key in keys]), "ids": texts([key.id for _, key in keys])}
    rows = await transaction.rows("known_events", values)
    return {place: logged_row(row)._replace(version=version) for place, version, *row in rows}


async def events_named(transaction: Transaction, names: Sequence[EventName]) -> list[LoggedRow]:
    """Return the bills with these numbers, the events of that source with these ids, and the returns of those bills."""
    values = keys_of([search.customer_key for search in names])
    values |= {"sources": texts([search.source for search in names]), "names": texts([search.name for search in names])}
    return [logged_row(row) for row in await transaction.rows("events_named", values)]


async def events_with_id(transaction: Transaction, names: Sequence[EventName]) -> list[LoggedRow]:
    """Return the events with these ids from any source; `events_named` finds those of one source only.

    It reads the whole log of each customer.
    """
    values = keys_of([search.customer_key for search in names]) | {"names": texts([search.name for search in names])}
    return [logged_row(row) for row in await transaction.rows("events_with_id", values)]


async def events_since(transaction: Transaction, since: Sequence[tuple[CustomerKey, int]]) -> list[LoggedRow]:
    """Return each customer's returns, and the customer's events from an instant on (epoch microseconds)."""
    values = keys_of([customer_key for customer_key, _ in since]) | {"sinces": int8s([instant for _, instant in since])}
    return [logged_row(row) for row in await transaction.rows("events_since", values)]


async def recent_events(
    transaction: Transaction, org_id: int, since: Micros, until: Micros, limit: int, left_out: str
) -> list[LoggedRow]:
    """Return the latest events of an organisation that were received from *since* to before *until*, latest first.

    Those of the source *left_out* are not among them.
    """
    values = {"org_id": org_id, "since": since, "until": until, "limit": limit, "left_out": left_out}
    rows = await transaction.rows("recent_events", values)
    return [logged_row(row[:-1])._replace(version=row[-1]) for row in rows]


async def histories(
    transaction: Transaction, customer_keys: Sequence[CustomerKey]
) -> dict[CustomerKey, list[Progress]]:
    """Return the archived progress of *customer_keys*."""
    histories: dict[CustomerKey, list[Progress]] = {}
    for org_id, customer_id, body in await transaction.rows("histories", keys_of(customer_keys)):
        histories.setdefault(key_of_customer(org_id, customer_id), []).append(codec.decode_progress(body))
    return histories


async def save(
    transaction: Transaction,
    standings: Sequence[tuple[CustomerKey, StoredStanding]],
    archived: Sequence[tuple[CustomerKey, Progress]],
    appended: Sequence[Appended],
) -> None:
    """Write the standings' bytes, archived progress, events with their entries, and outcomes of one batch."""
    if len(appended) >= COPY_FROM and transaction.copies_into_log:
        await transaction.copy("copy_events", encode_copy_rows([_event_row(row) for row in appended]))
        await _save_rest(transaction, standings, archived, appended)
        return
    async with transaction.together():
        if appended:
            await transaction.run("append_events", event_columns(appended))
        await _save_rest(transaction, standings, archived, appended)


async def _save_rest(
    transaction: Transaction,
    standings: Sequence[tuple[CustomerKey, StoredStanding]],
    archived: Sequence[tuple[CustomerKey, Progress]],
    appended: Sequence[Appended],
) -> None:
    if standings:
        stored = {
            "bodies": byteas([one.body for _, one in standings]),
            "heads": byteas([one.head for _, one in standings]),
        }
        await transaction.run("save_standings", keys_of([customer_key for customer_key, _ in standings]) | stored)
    if archived:
        await transaction.run("save_history", _archived_columns(archived))
    wanted = [(row.customer_key, row.seq, row.outbox) for row in appended if row.outbox is not None]
    if wanted:
        texts_of = {"bodies": texts([body for _, _, body in wanted])}
        seqs = {"seqs": int8s([seq for _, seq, _ in wanted])}
        await transaction.run(
            "append_outbox", keys_of([customer_key for customer_key, _, _ in wanted]) | seqs | texts_of
        )


def keys_of(customer_keys: Sequence[CustomerKey]) -> dict[str, object]:
    """Return the keys of customers as parameters of a statement, each a packed array."""
    buckets, orgs, customers = zip(*customer_keys, strict=True) if customer_keys else ((), (), ())
    return {"buckets": int4s(buckets), "orgs": int8s(orgs), "customers": int8s(customers)}


def _archived_columns(archived: Sequence[tuple[CustomerKey, Progress]]) -> dict[str, object]:
    return keys_of([customer_key for customer_key, _ in archived]) | {
        "targets": int8s([progress.target_id for _, progress in archived]),
        "periods": int8s([progress.period_id for _, progress in archived]),
        "bodies": byteas([codec.encode_progress(progress) for _, progress in archived]),
    }


def event_columns(appended: Sequence[Appended]) -> dict[str, object]:
    """Return events for the log, each column as a packed array."""
    return keys_of([row.customer_key for row in appended]) | {
        "sources": texts([row.event.key.source for row in appended]),
        "ids": texts([row.event.key.id for row in appended]),
        "names": texts([row.event.name for row in appended]),
        "references": texts([row.reference for row in appended]),
        "occurred": int8s([row.event.occurred_at for row in appended]),
        "received": int8s([row.event.received_at for row in appended]),
        "seqs": int8s([row.seq for row in appended]),
        "versions": int8s([row.version for row in appended]),
        "hashes": byteas([row.content_hash for row in appended]),
        "bodies": texts([row.body for row in appended]),
        "entries": texts([row.entries for row in appended]),
    }


def _event_row(appended: Appended) -> EventRow:
    event = appended.event
    return (
        *appended.customer_key,
        event.occurred_at,
        event.received_at,
        appended.seq,
        appended.version,
        appended.content_hash,
        *event.key,
        event.name,
        appended.reference,
        appended.body,
        appended.entries,
    )


def logged_row(row: Sequence[Any]) -> LoggedRow:
    """Return a row of the log from its columns."""
    org_id, customer_id, source, event_id, name, occurred_at, received_at, seq, content_hash, body, entries = row
    return LoggedRow(
        customer_key=key_of_customer(org_id, customer_id),
        key=EventKey(source, event_id),
        name=name,
        occurred_at=occurred_at,
        received_at=received_at,
        seq=seq,
        content_hash=content_hash,
        body=body,
        entries=codec.decode_entries(entries),
    )


EMPTY_BODY = codec.encode_standing(EMPTY_STANDING)
