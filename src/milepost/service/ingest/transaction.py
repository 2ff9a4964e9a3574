"""Receives a batch of events in one transaction: lock the customers, claim, drop duplicates, apply in order, write."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from milepost.engine.apply import apply_batch
from milepost.model.bucket import bucket_of_customer, bucket_of_identifier
from milepost.model.commands.correction import ReverseEvent, VoidAward
from milepost.model.customer import IdentifierKind
from milepost.model.event import Bill, EventKey, Payload, Place, Return
from milepost.model.organisation import EventIdentity
from milepost.model.standing import NO_LINEAGE, Progress, Standing
from milepost.service.ingest.admission import admit
from milepost.service.ingest.deduplication import ResolvedEvent, duplicate_answer
from milepost.service.ingest.history import EMPTY_HISTORY, History, collect_needs, empty_query, load_history
from milepost.service.ingest.identity import IdentifierKey, cache_identities, resolve
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Naming, Status, refusal
from milepost.service.ingest.merge_redirects import (
    Redirects,
    deduplicate_merged,
    recheck_identifiers,
    record_redirects,
    redirected,
)
from milepost.service.ingest.new_events import Batch
from milepost.service.ingest.resolution import places_of, problems_of, profiles_of, resolved_event, with_till_of_bill
from milepost.service.ingest.scores import Scores, collect_scores
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.service.snapshot.wanted_outcomes import NOTHING_WANTED
from milepost.store import codec, customers, leaderboards, log
from milepost.store.database import Database, StoredAlready, Transaction
from milepost.store.delivery.codec import encode_outbox
from milepost.store.log import Appended, CustomerKey, key_of_customer

_APPLIED = Status.APPLIED
"""A name of its own, because looking up a member of an enumeration takes as long as making an answer."""


SharedName = tuple[int, EventKey]
"""An organisation, and an event's source and id."""


class Ingest:
    """Receives batches. Between them it remembers only what never changes or can be looked up again."""

    def __init__(self, database: Database, snapshots: Snapshots) -> None:
        """Receive into *database*."""
        self._database = database
        self._snapshots = snapshots
        self._names: dict[IdentifierKey, CustomerKey] = {}
        self._redirects: Redirects = {}
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
        if not unknown or all(event.customer == incoming_events[0].customer for event in incoming_events):
            return
        async with self._database.reading() as reading:
            ids = await customers.ids_by_identifier(reading, list(unknown))
        names = {name: key_of_customer(name[0], customer_id) for name, customer_id in ids.items()}
        cache_identities(self._names, names)

    async def __call__(self, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events* in a transaction; return the answer to each, after the commit."""

        async def work(transaction: Transaction) -> _Received:
            return await _receive(transaction, memory, incoming_events)

        async def work_without_trust(transaction: Transaction) -> _Received:
            return await _receive(transaction, memory, incoming_events, trusts_claims=False)

        memory = _Memory(self._snapshots, self._names, self._redirects)
        try:
            answers, names = await self._database.attempt(work)
        except StoredAlready:
            # The log holds an event without its claim: it was received while the identity of events was switched.
            answers, names = await self._database.attempt(work_without_trust)
        self.scored += 1
        cache_identities(self._names, names)
        return answers

    async def inside(self, transaction: Transaction, incoming_events: Sequence[IncomingEvent]) -> list[Answer]:
        """Receive *incoming_events* as a part of *transaction*, which commits them with its other changes."""
        memory = _Memory(self._snapshots, self._names, self._redirects)
        answers, _ = await _receive(transaction, memory, incoming_events, trusts_claims=False)
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
    transaction: Transaction, memory: _Memory, incoming_events: Sequence[IncomingEvent], *, trusts_claims: bool = True
) -> _Received:
    """Return the answer to each incoming event, and the names of customers that were not remembered before.

    *trusts_claims* is that of `Batch.new_events`. Raises Stale if a customer was merged or lost a name since. What
    changed is recorded first, so that the retry of the transaction succeeds.
    """
    snapshots, names, redirects = memory
    current = await snapshots.current(transaction, {incoming_event.org_id for incoming_event in incoming_events})
    incoming_events = [with_till_of_bill(one, current[one.org_id]) for one in incoming_events]
    admission = await admit(transaction, incoming_events, current)
    incoming_events, places = admission.incoming_events, places_of(admission, current)
    identities = await resolve(transaction, incoming_events, [isinstance(place, Place) for place in places], names)
    if redirects:
        identities.customers[:] = [
            redirected(redirects, customer) if isinstance(customer, CustomerKey) else customer
            for customer in identities.customers
        ]
    customer_keys = sorted({customer for customer in identities.customers if isinstance(customer, CustomerKey)})
    standings = await log.lock_bodies(transaction, customer_keys)
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
            answers[position] = refusal(incoming, *problems_of(place, customer, standings))
    batch = Batch(current, incoming_events, names, redirects)
    deduplicated = await batch.new_events(transaction, resolved, answers, trusts_claims=trusts_claims)
    redirected_customers = _RedirectedCustomers(names, redirects, incoming_events, [])
    await _apply_all(transaction, current, standings, deduplicated.fresh, answers, redirected_customers)
    for position, first in deduplicated.repeats.items():
        answers[position] = duplicate_answer(_present(answers[first]))
    return admission.with_warnings([_present(answer) for answer in answers]), identities.names


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
        standing, snapshot = codec.decode_standing(standings[customer]), snapshots[customer.org_id]
        if standing.lineage is not NO_LINEAGE:
            redirected_customers.customers.append((customer, standing))
        elif collect_needs(query, snapshot.rule_index, customer, standing, events):
            needing_history.append((customer, standing))
        else:
            _apply_customer(snapshot, customer, standing, EMPTY_HISTORY, events, writes, answers)
    if redirected_customers.customers:
        fresh = {**fresh, **await redirected_customers.remaining_events(transaction, fresh, answers)}
        for customer, standing in redirected_customers.customers:
            collect_needs(query, snapshots[customer.org_id].rule_index, customer, standing, fresh[customer])
        needing_history += redirected_customers.customers
    histories = await load_history(transaction, query, fresh) if needing_history else {}
    for customer, standing in needing_history:
        history, snapshot = histories.get(customer, EMPTY_HISTORY), snapshots[customer.org_id]
        _apply_customer(snapshot, customer, standing, history, fresh[customer], writes, answers)
    await log.save(transaction, writes.standings, writes.archived, writes.appended)
    if writes.scores:
        await leaderboards.save_scores(transaction, list(writes.scores.values()))


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
    version, rule_index, wanted = snapshot.organisation.version, snapshot.rule_index, snapshot.wanted
    result = apply_batch(rule_index, standing, history.progress, history.log, [resolved.event for resolved in events])
    for resolved, applied in zip(events, result.applied, strict=True):
        event, seq, entries, outcomes = applied.event, applied.seq, applied.entries, applied.outcomes
        told = None if wanted is NOTHING_WANTED else wanted.rows_of(event, entries, outcomes)
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
                outbox=None if told is None else encode_outbox(event.key, resolved.request_id, told),
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
        collect_scores(rule_index, customer, result.applied, writes.scores)


def _reference(payload: Payload) -> str | None:
    """Return the number of the bill that *payload* is, or the name of the event that it corrects; None for others."""
    match payload:
        case Bill(number=name) | Return(original=name) | ReverseEvent(original=name) | VoidAward(decision=name):
            return name
        case _:
            return None
