"""Receives a batch of events in one transaction: lock the customers, drop duplicates, apply, write."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from milepost.engine.apply import apply_batch
from milepost.model.bucket import bucket_of_customer, bucket_of_identifier
from milepost.model.customer import IdentifierKind
from milepost.model.event import Bill, EventKey, Payload, Place, Return
from milepost.model.problem import Problem
from milepost.model.standing import NO_LINEAGE, Progress, Standing
from milepost.service.ingest.customer_locks import CustomerLocks
from milepost.service.ingest.deduplication import ResolvedEvent, deduplicate, duplicate_answer
from milepost.service.ingest.history import EMPTY_HISTORY, History, collect_needs, empty_query, load_history
from milepost.service.ingest.identity import IdentifierKey, cache_identities, resolve
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status, locked, refusal
from milepost.service.ingest.merge_redirects import (
    Redirects,
    deduplicate_merged,
    recheck_identifiers,
    record_redirects,
    redirected,
)
from milepost.service.ingest.resolution import place_or_problems, problems_of, profiles_of, resolved_event
from milepost.service.ingest.scores import Scores, collect_scores
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.store import codec, leaderboards, log
from milepost.store.database import Database, Transaction
from milepost.store.log import Appended, CustomerKey, key_of_customer
from milepost.store.sql.failures import Locked

Lock = Callable[[Transaction, Sequence[CustomerKey]], Awaitable[tuple[dict[CustomerKey, bytes], set[CustomerKey]]]]
"""Locks customers; returns the bytes of their standings, and the customers whose rows are locked elsewhere."""

LINES_INLINE_MAX = 300
"""Lines of bills that are applied on the event loop; more, with many conditions, would keep all requests waiting."""

_APPLIED = Status.APPLIED
"""A name of its own, because looking up a member of an enumeration takes as long as making an answer."""


class Ingest:
    """Receives batches. Between them it remembers only what never changes or can be looked up again."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        """Receive into *database*."""
        self._database = database
        self._snapshots = snapshots
        self._names: dict[IdentifierKey, CustomerKey] = {}
        self._redirects: Redirects = {}
        self._locks = CustomerLocks()
        self.scored = 0
        """How many batches may have written scores of leaderboards."""

    def bucket(self, incoming_event: IncomingEvent) -> int:
        """Return the bucket of the customer that *incoming_event* names, as well as it is known without the database.

        A wrong guess is harmless: it only sends the event to a lane that may have to wait for another one's lock.
        """
        name = incoming_event.customer
        if name.kind is IdentifierKind.ID and not self._redirects:
            return bucket_of_customer(incoming_event.org_id, int(name.value))
        if name.kind is IdentifierKind.ID:
            return redirected(self._redirects, key_of_customer(incoming_event.org_id, int(name.value))).bucket
        customer_key = self._names.get((incoming_event.org_id, name))
        return (
            bucket_of_identifier(incoming_event.org_id, name.kind.value, name.value)
            if customer_key is None
            else (redirected(self._redirects, customer_key).bucket)
        )

    async def __call__(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events* in a transaction; return the answer to each, after the commit."""

        async def work(
            transaction: Transaction, *, waits: bool = True
        ) -> tuple[list[Answer], dict[IdentifierKey, CustomerKey]]:
            lock = partial(self._locks.lock, waits=waits)
            return await _receive(transaction, self._snapshots, self._names, self._redirects, incoming_events, lock)

        try:
            answers, names = await self._database.attempt(work)
        except Locked:
            answers, names = await self._database.attempt(partial(work, waits=False))
        self.scored += 1
        cache_identities(self._names, names)
        return answers

    async def inside(self, transaction: Transaction, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events* as a part of *transaction*, which commits them with its other changes."""
        lock = partial(self._locks.lock, waits=True)
        answers, _ = await _receive(transaction, self._snapshots, self._names, self._redirects, incoming_events, lock)
        self.scored += 1
        return answers


async def _receive(
    transaction: Transaction,
    snapshots: Snapshots,
    names: dict[IdentifierKey, CustomerKey],
    redirects: Redirects,
    incoming_events: Sequence[IncomingEvent],
    lock: Lock,
) -> tuple[list[Answer], dict[IdentifierKey, CustomerKey]]:
    """Return the answer to each incoming event, and the names of customers that were not remembered before.

    Raises Stale if a customer was merged or lost a name since. What changed is recorded first, so that the retry of
    the transaction succeeds.
    """
    current = await snapshots.current(transaction, {incoming_event.org_id for incoming_event in incoming_events})
    places = [place_or_problems(incoming_event, current[incoming_event.org_id]) for incoming_event in incoming_events]
    identities = await resolve(transaction, incoming_events, [isinstance(place, Place) for place in places], names)
    if redirects:
        identities.customers[:] = [_redirected(redirects, customer) for customer in identities.customers]
    customer_keys = sorted({customer for customer in identities.customers if isinstance(customer, CustomerKey)})
    standings, locked_customers = await lock(transaction, customer_keys)
    profiles = await profiles_of(transaction, current, customer_keys)
    answers: list[Answer | None] = [None] * len(incoming_events)
    resolved: list[ResolvedEvent] = []
    for position, (incoming, place, customer) in enumerate(
        zip(incoming_events, places, identities.customers, strict=True)
    ):
        if isinstance(place, Place) and isinstance(customer, CustomerKey) and customer in standings:
            profile = profiles.get(customer) if profiles else None
            resolved.append(resolved_event(position, incoming, place, customer, profile))
        else:
            is_locked = customer in locked_customers
            problems = problems_of(place, customer, standings)
            answers[position] = locked(incoming) if is_locked else refusal(incoming, *problems)
    deduplicated = await deduplicate(transaction, resolved, answers)
    redirected_customers = _RedirectedCustomers(names, redirects, incoming_events, [])
    await _apply_all(transaction, current, standings, deduplicated.fresh, answers, redirected_customers)
    for position, first in deduplicated.repeats.items():
        answers[position] = duplicate_answer(_present(answers[first]))
    return [_present(answer) for answer in answers], identities.names


def _redirected(redirects: Redirects, customer: CustomerKey | Problem | None) -> CustomerKey | Problem | None:
    return redirected(redirects, customer) if isinstance(customer, CustomerKey) else customer


def _present(answer: Answer | None) -> Answer:
    assert answer is not None, "every incoming event is answered"
    return answer


class _RedirectedCustomers(NamedTuple):
    """The customers of a batch who were merged or lost a name, and what is needed to treat them."""

    names: dict[IdentifierKey, CustomerKey]
    redirects: Redirects
    incoming_events: Sequence[IncomingEvent]
    customers: list[tuple[CustomerKey, Standing]]

    async def remaining_events(
        self, transaction: Transaction, fresh: Mapping[CustomerKey, list[ResolvedEvent]], answers: list[Answer | None]
    ) -> dict[CustomerKey, list[ResolvedEvent]]:
        """Return the events of these customers that are new under every identity they had.

        Raises Stale where an event turns out to name another customer.
        """
        record_redirects(self.redirects, self.customers)
        await recheck_identifiers(transaction, self.redirects, self.names, self.incoming_events, self.customers, fresh)
        return await deduplicate_merged(transaction, self.customers, fresh, answers)


class _Writes(NamedTuple):
    """What a batch will write: standings, archived progress, events of the log, scores."""

    standings: list[tuple[CustomerKey, bytes]]
    archived: list[tuple[CustomerKey, Progress]]
    appended: list[Appended]
    scores: Scores


async def _apply_all(
    transaction: Transaction,
    snapshots: Mapping[int, OrganisationSnapshot],
    standings: Mapping[CustomerKey, bytes],
    fresh: Mapping[CustomerKey, list[ResolvedEvent]],
    answers: list[Answer | None],
    redirected_customers: _RedirectedCustomers,
) -> None:
    """Apply the new events of every customer and write the results.

    Customers are applied one after the other, each from decoding to encoding, so that a standing stays in the
    processor's cache. Customers whose events need history come last: their history is loaded by one query for all.
    """
    writes, query = _Writes([], [], [], {}), empty_query()
    needing_history: list[tuple[CustomerKey, Standing]] = []
    for customer, events in fresh.items():
        if len(events) > 1:
            events.sort(key=_in_time)
        standing, snapshot = codec.decode_standing(standings[customer]), snapshots[customer.org_id]
        if standing.lineage is not NO_LINEAGE:
            redirected_customers.customers.append((customer, standing))
        elif collect_needs(query, snapshot.rule_index, customer, standing, events):
            needing_history.append((customer, standing))
        else:
            await _apply_beside(snapshot, customer, standing, EMPTY_HISTORY, events, writes, answers)
    if redirected_customers.customers:
        fresh = {**fresh, **await redirected_customers.remaining_events(transaction, fresh, answers)}
        for customer, standing in redirected_customers.customers:
            collect_needs(query, snapshots[customer.org_id].rule_index, customer, standing, fresh[customer])
        needing_history += redirected_customers.customers
    histories = await load_history(transaction, query, fresh) if needing_history else {}
    for customer, standing in needing_history:
        history, snapshot = histories.get(customer, EMPTY_HISTORY), snapshots[customer.org_id]
        await _apply_beside(snapshot, customer, standing, history, fresh[customer], writes, answers)
    await log.save(transaction, writes.standings, writes.archived, writes.appended)
    if writes.scores:
        await leaderboards.save_scores(transaction, list(writes.scores.values()))


def _in_time(resolved: ResolvedEvent) -> tuple[int, EventKey]:
    return resolved.event.occurred_at, resolved.event.key


async def _apply_beside(
    snapshot: OrganisationSnapshot,
    customer: CustomerKey,
    standing: Standing,
    history: History,
    events: Sequence[ResolvedEvent],
    writes: _Writes,
    answers: list[Answer | None],
) -> None:
    """Apply one customer's *events*: on the event loop, or in a thread if they have so many lines that it takes long.

    A batch is applied by one coroutine, so nothing else touches *writes* and *answers* meanwhile.
    """
    lines = sum(len(resolved.event.payload.lines) for resolved in events if type(resolved.event.payload) is Bill)
    if lines <= LINES_INLINE_MAX:
        _apply_customer(snapshot, customer, standing, history, events, writes, answers)
    else:
        await asyncio.to_thread(_apply_customer, snapshot, customer, standing, history, events, writes, answers)


def _apply_customer(
    snapshot: OrganisationSnapshot,
    customer: CustomerKey,
    standing: Standing,
    history: History,
    events: Sequence[ResolvedEvent],
    writes: _Writes,
    answers: list[Answer | None],
) -> None:
    """Apply one customer's *events*: write their answers to *answers*, and the results to *writes*."""
    version, rule_index = snapshot.organisation.version, snapshot.rule_index
    result = apply_batch(rule_index, standing, history.progress, history.log, [resolved.event for resolved in events])
    for resolved, applied in zip(events, result.applied, strict=True):
        event, seq, entries, outcomes = applied.event, applied.seq, applied.entries, applied.outcomes
        body, reference = codec.encode_event(event, resolved.payload), _reference(event.payload)
        writes.appended.append(
            Appended(
                customer_key=customer,
                event=event,
                reference=reference,
                seq=seq,
                version=version,
                content_hash=resolved.content_hash,
                body=body,
                entries=entries,
                outcomes=outcomes,
            )
        )
        answers[resolved.position] = Answer(
            key=event.key, status=_APPLIED, customer_id=customer.customer_id, entries=entries, version=version
        )
    writes.standings.append((customer, codec.encode_standing(result.standing)))
    if result.history is not history.progress:
        before = history.progress
        changed = (progress for key, progress in result.history.items() if before.get(key) != progress)
        writes.archived.extend((customer, progress) for progress in changed)
    if rule_index.boards:
        stamped = [(applied.event.occurred_at, applied.entries) for applied in result.applied]
        collect_scores(rule_index, customer, stamped, writes.scores)


def _reference(payload: Payload) -> str | None:
    """Return the number of the bill that *payload* is, or the name of the bill that it returns; None for others."""
    if isinstance(payload, Bill):
        return payload.number
    return payload.original if isinstance(payload, Return) else None
