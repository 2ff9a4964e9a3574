"""Claims: which customer an event is for, kept under a key of the event's own (facts 8 #61)."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from milepost.model.bucket import bucket_of_event
from milepost.model.event import COMMANDS, EventKey
from milepost.model.time import Micros
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, EventName, key_of_customer, keys_of
from milepost.store.wire.arrays import byteas, int4s, int8s, texts

_UNDATED = -1
"""Stands in a packed array for a claim without a date."""


class ClaimKey(NamedTuple):
    """The key of the claims to an event: the bucket, the organisation, and the digest of source and id."""

    bucket: int
    org_id: int
    digest: bytes


class Claim(NamedTuple):
    """That an event is for a customer.

    A bill number may name several bills in the course of the years. Then each claim has an `occurrence` of its own,
    from 0, the bill's date (epoch microseconds), and from the second on the id under which the log has the event.
    """

    key: ClaimKey
    customer_id: int
    occurrence: int = 0
    dated_at: Micros | None = None
    event_id: str | None = None

    @property
    def customer_key(self) -> CustomerKey:
        """Return the key of the customer whom the event is for."""
        return key_of_customer(self.key.org_id, self.customer_id)


class LoggedKey(NamedTuple):
    """What names an event of the log; `given` are the ids that the fields of a webhook's event give it."""

    customer_key: CustomerKey
    key: EventKey
    name: str
    reference: str | None
    occurred_at: Micros
    given: tuple[str | None, ...]


def key_of_claim(org_id: int, key: EventKey) -> ClaimKey:
    """Return the key of the claims to the event that *key* names in an organisation."""
    digest = blake2b(f"{key.source}\0{key.id}".encode(), digest_size=16).digest()
    return ClaimKey(bucket_of_event(org_id, key.source, key.id), org_id, digest)


def claim_order(claim: Claim) -> tuple[ClaimKey, int]:
    """Return the key by which claims are sorted before they are made, so that no two transactions deadlock."""
    return claim.key, claim.occurrence


async def add(transaction: Transaction, claims: Sequence[Claim]) -> list[int]:
    """Make *claims*, which are sorted; return the positions of those that another transaction had made before.

    A claim that another transaction is making is waited for.
    """
    values = _keys([claim.key for claim in claims]) | {
        "occurrences": int4s([claim.occurrence for claim in claims]),
        "customers": int8s([claim.customer_id for claim in claims]),
        "dates": int8s([_UNDATED if claim.dated_at is None else claim.dated_at for claim in claims]),
        "ids": texts([claim.event_id for claim in claims]),
    }
    return [place for (place,) in await transaction.rows("add_claims", values)]


async def find(transaction: Transaction, keys: Sequence[ClaimKey]) -> dict[ClaimKey, list[Claim]]:
    """Return the claims that stand under *keys*, in the order of their occurrences."""
    found: dict[ClaimKey, list[Claim]] = {}
    for place, occurrence, customer_id, dated_at, event_id in await transaction.rows("claims", _keys(keys)):
        claim = Claim(
            key=keys[place], customer_id=customer_id, occurrence=occurrence, dated_at=dated_at, event_id=event_id
        )
        found.setdefault(claim.key, []).append(claim)
    return found


async def numbered_events(transaction: Transaction, names: Sequence[EventName]) -> dict[int, list[tuple[str, Micros]]]:
    """Return by position the events that bear the bill number *names* ask for: the ids, and the dates."""
    values = keys_of([name.customer_key for name in names])
    values |= {"sources": texts([name.source for name in names]), "ids": texts([name.name for name in names])}
    found: dict[int, list[tuple[str, Micros]]] = {}
    for place, event_id, occurred_at in await transaction.rows("numbered_events", values):
        found.setdefault(place, []).append((event_id, occurred_at))
    return found


async def logged_keys(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> list[LoggedKey]:
    """Return what names the events of *customer_keys*, but for commands; each customer's in the order of the log."""
    rows = await transaction.rows("logged_keys", keys_of(customer_keys) | {"but": _commands()})
    return [
        LoggedKey(
            customer_key=key_of_customer(org_id, customer_id),
            key=EventKey(source, event_id),
            name=name,
            reference=reference,
            occurred_at=occurred_at,
            given=tuple(given),
        )
        for org_id, customer_id, source, event_id, name, reference, occurred_at, *given in rows
    ]


async def has_events(transaction: Transaction, org_id: int) -> bool:
    """Return whether an organisation holds an event that is no command."""
    row = await transaction.row("has_events", {"org_id": org_id, "but": _commands()})
    return row is not None and bool(row[0])


async def moment(transaction: Transaction) -> object:
    """Return what time it is for the database, as `are_older_finished` takes it."""
    row = await transaction.row("database_time")
    assert row is not None
    return row[0]


async def are_older_finished(transaction: Transaction, at: object) -> bool:
    """Return whether every transaction of the database that had begun before the moment *at* has ended."""
    # PostgreSQL shows a role only its own transactions; those of the pools are the login's.
    await transaction.run("leave_role")
    row = await transaction.row("older_transactions", {"at": at})
    return row is not None and not row[0]


def _keys(keys: Iterable[ClaimKey]) -> dict[str, object]:
    buckets, orgs, digests = zip(*keys, strict=True)
    return {"buckets": int4s(buckets), "orgs": int8s(orgs), "digests": byteas(digests)}


def _commands() -> object:
    return texts(sorted(COMMANDS))
