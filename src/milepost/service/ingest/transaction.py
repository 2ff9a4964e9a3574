"""Receiving events: lock, drop what is known, step, keep; one transaction for a batch of any customers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from milepost.engine.apply import apply_batch
from milepost.model.customer import IdentifierKind
from milepost.model.event import Bill, EventKey, Payload, Place, Return
from milepost.model.standing import NO_LINEAGE, Progress, Standing
from milepost.service.ingest.deduplication import ResolvedEvent, deduplicate, duplicate_answer
from milepost.service.ingest.history import EMPTY_HISTORY, History, collect_needs, empty_query, load_history
from milepost.service.ingest.identity import IdentifierKey, cache_identities, resolve
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status, refusal
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
from milepost.store.bucket import bucket_of_customer, bucket_of_identifier
from milepost.store.database import Database, Transaction
from milepost.store.log import Appended, CustomerKey, key_of_customer

_APPLIED = Status.APPLIED
"""Said once: to look a member of an enumeration up costs as much as to make an answer."""


class Ingest:
    """Receives batches; remembers between them only what never changes or can be asked again."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        """Receive into *database*."""
        self._database = database
        self._snapshots = snapshots
        self._names: dict[IdentifierKey, CustomerKey] = {}
        self._redirects: Redirects = {}
        self.scored = 0
        """How many batches may have written scores of boards."""

    def bucket(self, incoming_event: IncomingEvent) -> int:
        """Return the bucket whose customers *incoming_event* concerns, as far as that is known without asking."""
        name = incoming_event.customer
        if name.kind is IdentifierKind.ID and not self._redirects:
            return bucket_of_customer(incoming_event.org_id, int(name.value))
        if name.kind is IdentifierKind.ID:
            return redirected(self._redirects, key_of_customer(incoming_event.org_id, int(name.value))).bucket
        known = self._names.get((incoming_event.org_id, name))
        return (
            bucket_of_identifier(incoming_event.org_id, name.kind.value, name.value)
            if known is None
            else (redirected(self._redirects, known).bucket)
        )

    async def __call__(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events*; return what became of each, after the commit."""

        async def work(transaction: Transaction) -> tuple[list[Answer], dict[IdentifierKey, CustomerKey]]:
            return await _receive(transaction, self._snapshots, self._names, self._redirects, incoming_events)

        answers, names = await self._database.attempt(work)
        self.scored += 1
        cache_identities(self._names, names)
        return answers

    async def inside(self, transaction: Transaction, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events* as a part of *transaction*, with whatever else it does: all of it or nothing."""
        answers, _ = await _receive(transaction, self._snapshots, self._names, self._redirects, incoming_events)
        self.scored += 1
        return answers


async def _receive(
    transaction: Transaction,
    snapshots: Snapshots,
    names: dict[IdentifierKey, CustomerKey],
    redirects: Redirects,
    incoming_events: Sequence[IncomingEvent],
) -> tuple[list[Answer], dict[IdentifierKey, CustomerKey]]:
    """Return what became of each offer, and the customers' names that were not remembered before.

    Raises Stale where one of them was merged or lost a name meanwhile; that is noted, so that it goes well next time.
    """
    ruling = await snapshots.current(transaction, {one.org_id for one in incoming_events})
    places = [place_or_problems(one, ruling[one.org_id]) for one in incoming_events]
    found = await resolve(transaction, incoming_events, [isinstance(place, Place) for place in places], names)
    if redirects:
        found.customers[:] = [
            redirected(redirects, one) if isinstance(one, CustomerKey) else one for one in found.customers
        ]
    customer_keys = sorted({one for one in found.customers if isinstance(one, CustomerKey)})
    standings = await log.lock_bodies(transaction, customer_keys)
    profiles = await profiles_of(transaction, ruling, customer_keys)
    answers: list[Answer | None] = [None] * len(incoming_events)
    resolved: list[ResolvedEvent] = []
    for position, (incoming, place, customer) in enumerate(zip(incoming_events, places, found.customers, strict=True)):
        if isinstance(place, Place) and isinstance(customer, CustomerKey) and customer in standings:
            profile = profiles.get(customer) if profiles else None
            resolved.append(resolved_event(position, incoming, place, customer, profile))
        else:
            answers[position] = refusal(incoming, *problems_of(place, customer, standings))
    deduplicated = await deduplicate(transaction, resolved, answers)
    redirected_customers = _RedirectedCustomers(names, redirects, incoming_events, [])
    await _apply_all(transaction, ruling, standings, deduplicated.fresh, answers, redirected_customers)
    for position, first in deduplicated.repeats.items():
        answers[position] = duplicate_answer(_given(answers[first]))
    return [_given(answer) for answer in answers], found.names


def _given(answer: Answer | None) -> Answer:
    assert answer is not None, "every offer is answered"
    return answer


class _RedirectedCustomers(NamedTuple):
    """Customers of a batch whose standing says that more has to be looked at, and what is needed for that."""

    names: dict[IdentifierKey, CustomerKey]
    redirects: Redirects
    incoming_events: Sequence[IncomingEvent]
    customers: list[tuple[CustomerKey, Standing]]

    async def left(
        self, transaction: Transaction, fresh: Mapping[CustomerKey, list[ResolvedEvent]], answers: list[Answer | None]
    ) -> dict[CustomerKey, list[ResolvedEvent]]:
        """Return what these customers have not heard yet as anybody; raises Stale where somebody else is meant."""
        record_redirects(self.redirects, self.customers)
        await recheck_identifiers(transaction, self.redirects, self.names, self.incoming_events, self.customers, fresh)
        return await deduplicate_merged(transaction, self.customers, fresh, answers)


class _Writes(NamedTuple):
    """What a batch will write."""

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
    """Step every customer through their events and keep what came of it.

    One customer after the other: what is made of a standing is done with while the processor still has it at hand.
    Those who ask for their past come last, when all of it was fetched at once.
    """
    writes, query = _Writes([], [], [], {}), empty_query()
    asking: list[tuple[CustomerKey, Standing]] = []
    for customer, events in fresh.items():
        if len(events) > 1:
            events.sort(key=_in_time)
        standing, snapshot = codec.decode_standing(standings[customer]), snapshots[customer.org_id]
        if standing.lineage is not NO_LINEAGE:
            redirected_customers.customers.append((customer, standing))
        elif collect_needs(query, snapshot.rule_index, customer, standing, events):
            asking.append((customer, standing))
        else:
            _apply_customer(snapshot, customer, standing, EMPTY_HISTORY, events, writes, answers)
    if redirected_customers.customers:
        fresh = {**fresh, **await redirected_customers.left(transaction, fresh, answers)}
        for customer, standing in redirected_customers.customers:
            collect_needs(query, snapshots[customer.org_id].rule_index, customer, standing, fresh[customer])
        asking += redirected_customers.customers
    past = await load_history(transaction, query, fresh) if asking else {}
    for customer, standing in asking:
        history, snapshot = past.get(customer, EMPTY_HISTORY), snapshots[customer.org_id]
        _apply_customer(snapshot, customer, standing, history, fresh[customer], writes, answers)
    await log.save(transaction, writes.standings, writes.archived, writes.appended)
    if writes.scores:
        await leaderboards.save_scores(transaction, list(writes.scores.values()))


def _in_time(one: ResolvedEvent) -> tuple[int, EventKey]:
    return one.event.occurred_at, one.event.key


def _apply_customer(
    snapshot: OrganisationSnapshot,
    customer: CustomerKey,
    standing: Standing,
    history: History,
    events: Sequence[ResolvedEvent],
    writes: _Writes,
    answers: list[Answer | None],
) -> None:
    """Step one customer through *events*: answer them, and add to *writes* what came of it."""
    version, rule_index = snapshot.organisation.version, snapshot.rule_index
    result = apply_batch(rule_index, standing, history.progress, history.log, [one.event for one in events])
    for one, done in zip(events, result.applied, strict=True):
        event, entries = done.event, done.entries
        body, reference = codec.encode_event(event, one.payload), _reference(event.payload)
        writes.appended.append(
            Appended(customer, event, reference, done.seq, version, one.content_hash, body, entries, done.outcomes)
        )
        answers[one.position] = Answer(
            key=event.key, status=_APPLIED, customer_id=customer.customer_id, entries=entries, version=version
        )
    writes.standings.append((customer, codec.encode_standing(result.standing)))
    if result.history is not history.progress:
        before = history.progress
        changed = (progress for key, progress in result.history.items() if before.get(key) != progress)
        writes.archived.extend((customer, progress) for progress in changed)
    if rule_index.boards:
        stamped = [(one.event.occurred_at, one.entries) for one in result.applied]
        collect_scores(rule_index, customer, stamped, writes.scores)


def _reference(payload: Payload) -> str | None:
    """Return the name of the bill that *payload* is or takes back from."""
    if isinstance(payload, Bill):
        return payload.number
    return payload.original if isinstance(payload, Return) else None
