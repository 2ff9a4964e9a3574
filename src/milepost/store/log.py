"""The write path's statements: standings, history, events and the outbox of many customers at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from milepost.model.event import Event, EventKey
from milepost.model.standing import EMPTY_STANDING, Entry, Outcome, Progress, Standing
from milepost.store import codec
from milepost.store.bucket import bucket_of_customer
from milepost.store.database import Transaction
from milepost.store.wire.arrays import byteas, int4s, int8s, texts
from milepost.store.wire.copy_rows import EventRow, encode_copy_rows

COPY_FROM = 50
"""From so many events on, COPY is cheaper than an insert, on both sides; below it costs more round trips."""


class CustomerKey(NamedTuple):
    """A customer of an organisation, with the bucket that holds the customer's rows."""

    bucket: int
    org_id: int
    customer_id: int


def key_of_customer(org_id: int, customer_id: int) -> CustomerKey:
    """Return the customer with the bucket that follows from the two."""
    return CustomerKey(bucket_of_customer(org_id, customer_id), org_id, customer_id)


class LoggedRow(NamedTuple):
    """An event as the log keeps it; its body is read only by those who need it.

    `version` is the organisation's that judged it, 0 where nobody asked for it.
    """

    customer_key: CustomerKey
    key: EventKey
    name: str
    occurred_at: int
    received_at: int
    seq: int
    content_hash: bytes
    body: str
    entries: tuple[Entry, ...]
    version: int = 0

    def event(self) -> Event:
        """Return the event itself."""
        return codec.decode_event(self.key, self.name, self.occurred_at, self.received_at, self.body)


class Appended(Struct, frozen=True):
    """An event to be added to the log, with what it changed and led to; `body` is encoded already."""

    customer_key: CustomerKey
    event: Event
    reference: str | None
    seq: int
    version: int
    content_hash: bytes
    body: bytes
    entries: Sequence[Entry]
    outcomes: Sequence[Outcome]


class EventName(NamedTuple):
    """What to look for in one customer's log: an event id or bill number, and the source whose ids come first."""

    customer_key: CustomerKey
    source: str
    name: str


async def lock_standings(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> dict[CustomerKey, Standing]:
    """Lock and give the standings of *customer_keys*, in that order; customers who do not exist are left out."""
    bodies = await lock_bodies(transaction, customer_keys)
    return {one: codec.decode_standing(body) for one, body in bodies.items()}


async def lock_bodies(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> dict[CustomerKey, bytes]:
    """Lock the standings of *customer_keys*, in that order, and give their bytes, to be decoded one by one."""
    return {
        customer_keys[place]: body for place, body in await transaction.rows("lock_standings", keys_of(customer_keys))
    }


async def standings(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> dict[CustomerKey, Standing]:
    """Return the standings of *customer_keys* as they are, without a lock; customers who do not exist are left out."""
    rows = await transaction.rows("standings", keys_of(customer_keys)) if customer_keys else []
    return {customer_keys[place]: codec.decode_standing(body) for place, body in rows}


async def known_events(transaction: Transaction, keys: Sequence[tuple[CustomerKey, EventKey]]) -> dict[int, LoggedRow]:
    """Return those of the events called *keys* that were heard before, by their position among the keys."""
    values = keys_of([customer_key for customer_key, _ in keys])
    values |= {"sources": texts([key.source for _, key in keys]), "ids": texts([key.id for _, key in keys])}
    rows = await transaction.rows("known_events", values)
    return {place: logged_row(row)._replace(version=version) for place, version, *row in rows}


async def events_named(transaction: Transaction, names: Sequence[EventName]) -> list[LoggedRow]:
    """Return bills of these numbers, what has such an id from that source, and the returns that name those bills."""
    values = keys_of([one.customer_key for one in names])
    values |= {"sources": texts([one.source for one in names]), "names": texts([one.name for one in names])}
    return [logged_row(row) for row in await transaction.rows("events_named", values)]


async def events_with_id(transaction: Transaction, names: Sequence[EventName]) -> list[LoggedRow]:
    """Return events with these ids of any source: reads all of a customer's log, for what `events_named` misses."""
    values = keys_of([one.customer_key for one in names]) | {"names": texts([one.name for one in names])}
    return [logged_row(row) for row in await transaction.rows("events_with_id", values)]


async def events_since(transaction: Transaction, since: Sequence[tuple[CustomerKey, int]]) -> list[LoggedRow]:
    """Return the returns of customers and what is dated from an instant on (epoch microseconds)."""
    values = keys_of([customer_key for customer_key, _ in since]) | {"sinces": int8s([instant for _, instant in since])}
    return [logged_row(row) for row in await transaction.rows("events_since", values)]


async def histories(
    transaction: Transaction, customer_keys: Sequence[CustomerKey]
) -> dict[CustomerKey, list[Progress]]:
    """Return the settled progress of *customer_keys*."""
    found: dict[CustomerKey, list[Progress]] = {}
    for org_id, customer_id, body in await transaction.rows("histories", keys_of(customer_keys)):
        found.setdefault(key_of_customer(org_id, customer_id), []).append(codec.decode_progress(body))
    return found


async def keep(
    transaction: Transaction,
    standings: Sequence[tuple[CustomerKey, bytes]],
    archived: Sequence[tuple[CustomerKey, Progress]],
    appended: Sequence[Appended],
) -> None:
    """Write standings' bytes, settled progress, events with their entries, and outcomes: all of one transaction."""
    if len(appended) >= COPY_FROM:
        await transaction.copy("copy_events", encode_copy_rows([_event_row(one) for one in appended]))
        await _keep_rest(transaction, standings, archived, appended)
        return
    async with transaction.together():
        if appended:
            await transaction.run("append_events", _events(appended))
        await _keep_rest(transaction, standings, archived, appended)


async def _keep_rest(
    transaction: Transaction,
    kept: Sequence[tuple[CustomerKey, bytes]],
    archived: Sequence[tuple[CustomerKey, Progress]],
    appended: Sequence[Appended],
) -> None:
    if kept:
        bodies = {"bodies": byteas([body for _, body in kept])}
        await transaction.run("keep_standings", keys_of([customer_key for customer_key, _ in kept]) | bodies)
    if archived:
        await transaction.run("keep_history", _settled(archived))
    telling = [one for one in appended if one.outcomes]
    if telling:
        outcomes = {"bodies": texts([codec.encode_outcomes(one.outcomes) for one in telling])}
        seqs = {"seqs": int8s([one.seq for one in telling])}
        await transaction.run("append_outbox", keys_of([one.customer_key for one in telling]) | seqs | outcomes)


def keys_of(customer_keys: Sequence[CustomerKey]) -> dict[str, object]:
    """Return the keys of customers as parameters, each a packed array."""
    buckets, orgs, customers = zip(*customer_keys, strict=True) if customer_keys else ((), (), ())
    return {"buckets": int4s(buckets), "orgs": int8s(orgs), "customers": int8s(customers)}


def _settled(archived: Sequence[tuple[CustomerKey, Progress]]) -> dict[str, object]:
    return keys_of([customer_key for customer_key, _ in archived]) | {
        "targets": int8s([progress.target_id for _, progress in archived]),
        "periods": int8s([progress.period_id for _, progress in archived]),
        "bodies": byteas([codec.encode_progress(progress) for _, progress in archived]),
    }


def _events(appended: Sequence[Appended]) -> dict[str, object]:
    return keys_of([one.customer_key for one in appended]) | {
        "sources": texts([one.event.key.source for one in appended]),
        "ids": texts([one.event.key.id for one in appended]),
        "names": texts([one.event.name for one in appended]),
        "references": texts([one.reference for one in appended]),
        "occurred": int8s([one.event.occurred_at for one in appended]),
        "received": int8s([one.event.received_at for one in appended]),
        "seqs": int8s([one.seq for one in appended]),
        "versions": int8s([one.version for one in appended]),
        "hashes": byteas([one.content_hash for one in appended]),
        "bodies": texts([one.body for one in appended]),
        "entries": texts([codec.encode_entries(one.entries) for one in appended]),
    }


def _event_row(one: Appended) -> EventRow:
    event = one.event
    return (
        *one.customer_key,
        event.occurred_at,
        event.received_at,
        one.seq,
        one.version,
        one.content_hash,
        *event.key,
        event.name,
        one.reference,
        one.body,
        codec.encode_entries(one.entries),
    )


def logged_row(row: Sequence[Any]) -> LoggedRow:
    """Return an event of the log from its columns."""
    org_id, customer_id, source, event_id, name, occurred_at, received_at, seq, content_hash, body, entries = row
    return LoggedRow(
        key_of_customer(org_id, customer_id),
        EventKey(source, event_id),
        name,
        occurred_at,
        received_at,
        seq,
        content_hash,
        body,
        codec.decode_entries(entries),
    )


EMPTY_BODY = codec.encode_standing(EMPTY_STANDING)
