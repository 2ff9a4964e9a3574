"""Receives a batch of events in one transaction: lock the customers, claim, drop duplicates, apply in order, write."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from milepost.model.bucket import bucket_of_identifier
from milepost.model.customer import IdentifierKind
from milepost.model.event import EventKey, Place
from milepost.model.organisation import EventIdentity
from milepost.model.problem import Problem
from milepost.service.ingest.admission import admit
from milepost.service.ingest.application import RedirectedCustomers, apply_all
from milepost.service.ingest.customer_locks import CustomerLocks
from milepost.service.ingest.deduplication import ResolvedEvent, duplicate_answer
from milepost.service.ingest.identity import IdentifierKey, ResolvedIdentities, cache_identities, forget_erased, resolve
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Naming, locked, refusal
from milepost.service.ingest.merge_redirects import (
    Redirects,
    redirected,
)
from milepost.service.ingest.new_events import Batch
from milepost.service.ingest.optimistic import EVENTS_MAX, OptimisticWrites
from milepost.service.ingest.resolution import places_of, problems_of, profiles_of, resolved_event, with_tills_of_bills
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.store import customers
from milepost.store.database import Database, StoredAlready, Transaction
from milepost.store.log import CustomerKey, StoredStanding, key_of_customer
from milepost.store.sql.failures import Locked
from milepost.store.sql.visibility import list_of, seeing

_Locked = tuple[dict[CustomerKey, StoredStanding], set[CustomerKey]]
Lock = Callable[[Transaction, Sequence[CustomerKey]], Awaitable[_Locked]]
"""Locks customers; returns the bytes of their standings, and the customers whose rows are locked elsewhere."""


SharedName = tuple[int, EventKey]
"""An organisation, and an event's source and id."""


class Ingest:
    """Receives batches. Between them it remembers only what never changes or can be looked up again."""

    def __init__(self, database: Database, snapshots: Snapshots, *, is_optimistic: bool = True) -> None:
        """Receive into *database*; *is_optimistic* says whether small batches may be written by two statements."""
        self._database = database
        self._snapshots = snapshots
        self._names: dict[IdentifierKey, CustomerKey] = {}
        self._redirects: Redirects = {}
        self._locks = CustomerLocks()
        self.optimistic = OptimisticWrites(database, snapshots, self._locks) if is_optimistic else None
        self.scored = 0
        """How many batches may have written scores of leaderboards."""

    def bucket(self, incoming_event: IncomingEvent) -> int:
        """Return the bucket of the customer that *incoming_event* names, as well as it is known without the database.

        A wrong guess is harmless: it only sends the event to a lane that may have to wait for another one's lock.
        """
        customer_key = self.customer_key(incoming_event)
        if customer_key is not None:
            return customer_key.bucket
        name = incoming_event.customer
        return bucket_of_identifier(incoming_event.org_id, name.kind.value, name.value)

    def customer_key(self, incoming_event: IncomingEvent) -> CustomerKey | None:
        """Return the customer that *incoming_event* names, None if that is not known without the database."""
        name = incoming_event.customer
        customer_key = (
            key_of_customer(incoming_event.org_id, int(name.value))
            if name.kind is IdentifierKind.ID
            else self._names.get((incoming_event.org_id, name))
        )
        return None if customer_key is None else redirected(self._redirects, customer_key)

    def knows(self, incoming_event: IncomingEvent) -> bool:
        """Return whether it is known without the database which customer *incoming_event* names."""
        name = incoming_event.customer
        return name.kind is IdentifierKind.ID or (incoming_event.org_id, name) in self._names

    def shared_name(self, incoming_event: IncomingEvent) -> SharedName | None:
        """Return the name that an event shares with events of other customers; None if customers do not share names."""
        org_id = incoming_event.org_id
        snapshot = self._snapshots.remembered(org_id)
        if incoming_event.naming is Naming.CUSTOMER or (
            snapshot is not None and snapshot.organisation.settings.event_identity is EventIdentity.CUSTOMER
        ):
            return None
        return org_id, incoming_event.key

    async def look_up_names(self, incoming_events: Sequence[IncomingEvent]) -> None:
        """Look up the customers of events, so that several names of one customer lead to one bucket.

        A single name needs no look-up: its events share a bucket anyway.
        """
        unknown = {
            (incoming_event.org_id, incoming_event.customer)
            for incoming_event in incoming_events
            if not self.knows(incoming_event)
        }
        if unknown and any(event.customer != incoming_events[0].customer for event in incoming_events):
            await self._look_up(unknown)

    async def _look_up(self, unknown: Collection[IdentifierKey]) -> None:
        async with self._database.reading(list_of(org_id for org_id, _ in unknown)) as reading:
            ids = await customers.ids_by_identifier(reading, list(unknown))
        names = {name: key_of_customer(name[0], customer_id) for name, customer_id in ids.items()}
        cache_identities(self._names, names)

    async def __call__(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events*; return the answer to each, after the commit.

        Rows of their organisations are seen, and of no others.
        """
        with seeing(list_of(event.org_id for event in incoming_events)):
            return await self._receive(incoming_events)

    async def _receive(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        if self.optimistic is None or len(incoming_events) > EVENTS_MAX:
            return await self._in_transaction(incoming_events)
        if unknown := {(one.org_id, one.customer) for one in incoming_events if not self.knows(one)}:
            await self._look_up(unknown)
        answers: dict[int, Answer] = {}
        remaining = [*range(len(incoming_events))]
        is_plain = True
        while remaining and is_plain:
            events = [incoming_events[position] for position in remaining]
            received, is_plain = await self.optimistic.receive(events, [self.customer_key(one) for one in events])
            answers |= {remaining[place]: answer for place, answer in received.items()}
            remaining = [position for position in remaining if position not in answers]
        if remaining:
            rest = await self._in_transaction([incoming_events[position] for position in remaining])
            answers |= dict(zip(remaining, rest, strict=True))
        return [answers[position] for position in range(len(incoming_events))]

    async def _in_transaction(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events* in a transaction."""

        async def work(transaction: Transaction, *, waits: bool = True, trusts_claims: bool = True) -> _Received:
            lock = partial(self._locks.lock, waits=waits)
            return await _receive(transaction, memory, incoming_events, lock, trusts_claims=trusts_claims)

        memory = _Memory(self._snapshots, self._names, self._redirects)
        try:
            answers, names = await self._database.attempt(work)
        except Locked:
            answers, names = await self._database.attempt(partial(work, waits=False))
        except StoredAlready:
            # The log holds an event without its claim: it was received while the identity of events was switched.
            answers, names = await self._database.attempt(partial(work, trusts_claims=False))
        self.scored += 1
        cache_identities(self._names, names)
        return answers

    async def inside(self, transaction: Transaction, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events* as a part of *transaction*, which commits them with its other changes."""
        memory = _Memory(self._snapshots, self._names, self._redirects)
        lock = partial(self._locks.lock, waits=True)
        answers, _ = await _receive(transaction, memory, incoming_events, lock, trusts_claims=False)
        self.scored += 1
        return answers


class _Memory(NamedTuple):
    """What a process remembers between batches."""

    snapshots: Snapshots
    names: dict[IdentifierKey, CustomerKey]
    redirects: Redirects


_Received = tuple[list[Answer], dict[IdentifierKey, CustomerKey]]
"""The answer to each incoming event, and the names of customers that were not remembered before."""


async def _receive(
    transaction: Transaction,
    memory: _Memory,
    incoming_events: Sequence[IncomingEvent],
    lock: Lock,
    *,
    trusts_claims: bool = True,
) -> _Received:
    """Return the answer to each incoming event, and the names of customers that were not remembered before.

    *trusts_claims* is that of `Batch.new_events`. Raises Stale if a customer was merged or lost a name since, or a
    definition or a setting changed before the customers were locked.
    """
    snapshots, names, redirects = memory
    current = await snapshots.current(transaction, {incoming_event.org_id for incoming_event in incoming_events})
    incoming_events = with_tills_of_bills(incoming_events, current)
    admission = await admit(transaction, incoming_events, current)
    incoming_events, places = admission.incoming_events, places_of(admission, current)
    identities = await resolve(transaction, incoming_events, [isinstance(place, Place) for place in places], names)
    _redirect(redirects, identities.customers)
    standings, locked_customers = await _lock_all(transaction, memory, current, incoming_events, identities, lock)
    profiles = await profiles_of(transaction, current, [*standings])
    answers: list[Answer | None] = [None] * len(incoming_events)
    resolved: list[ResolvedEvent] = []
    for position, (incoming, place, customer) in enumerate(
        zip(incoming_events, places, identities.customers, strict=True)
    ):
        if isinstance(place, Place) and isinstance(customer, CustomerKey) and customer in standings:
            profile = profiles.get(customer) if profiles else None
            resolved.append(resolved_event(position, incoming, place, customer, profile))
        else:
            problems = problems_of(place, customer, standings)
            answers[position] = locked(incoming) if customer in locked_customers else refusal(incoming, *problems)
    batch = Batch(current, incoming_events, names, redirects)
    deduplicated = await batch.new_events(transaction, resolved, answers, trusts_claims=trusts_claims)
    redirected_customers = RedirectedCustomers(names, redirects, incoming_events, [])
    await apply_all(transaction, current, standings, deduplicated.fresh, answers, redirected_customers)
    for position, first in deduplicated.repeats.items():
        answers[position] = duplicate_answer(_present(answers[first]))
    return admission.with_warnings([_present(answer) for answer in answers]), identities.names


async def _lock_all(
    transaction: Transaction,
    memory: _Memory,
    current: Mapping[int, OrganisationSnapshot],
    incoming_events: Sequence[IncomingEvent],
    identities: ResolvedIdentities,
    lock: Lock,
) -> _Locked:
    """Lock the customers of a batch in key order; return what *lock* does.

    Raises Stale if one was erased, or if an organisation has another version than the *current* one by then.
    """
    customers = identities.customers
    customer_keys = sorted({customer for customer in customers if isinstance(customer, CustomerKey)})
    standings, locked_customers = await lock(transaction, customer_keys)
    if len(standings) + len(locked_customers) < len(customer_keys):
        forget_erased(memory.names, incoming_events, customers, standings.keys() | locked_customers)
    await memory.snapshots.check(transaction, current)
    return standings, locked_customers


def _redirect(redirects: Redirects, customers: list[CustomerKey | Problem | None]) -> None:
    """Replace merged customers by their survivors."""
    if redirects:
        customers[:] = [
            redirected(redirects, customer) if isinstance(customer, CustomerKey) else customer for customer in customers
        ]


def _present(answer: Answer | None) -> Answer:
    assert answer is not None, "every incoming event is answered"
    return answer
