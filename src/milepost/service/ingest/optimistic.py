"""Receives small batches by two statements, without a transaction around them (decision 0039).

What is plain is read, judged and written if nothing has changed meanwhile. History that an event needs is read in
between: it changes only together with the standing. What is not plain, and what has changed, is left to the
transaction, which decides everything. So this way knows no rule of its own: it calls the same functions, or it does
nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from milepost.model.commands.correction import ReverseEvent
from milepost.model.event import Activity, Award, Bill, Place, Return
from milepost.model.organisation import EventIdentity
from milepost.model.standing import NO_LINEAGE, Standing
from milepost.rules.event_names import is_built_in
from milepost.service.ingest import application
from milepost.service.ingest.admission import Admission, admit
from milepost.service.ingest.application import Writes, takes_long
from milepost.service.ingest.customer_locks import CustomerLocks
from milepost.service.ingest.deduplication import ResolvedEvent, answer_again
from milepost.service.ingest.history import (
    EMPTY_HISTORY,
    History,
    HistoryQuery,
    collect_needs,
    empty_query,
    load_history,
)
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Naming
from milepost.service.ingest.resolution import places_of, resolved_event, with_tills_of_bills
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.store import codec, small_batches
from milepost.store.claims import ClaimKey, key_of_claim
from milepost.store.database import Database, Stale, StoredAlready, Transaction
from milepost.store.log import CustomerKey
from milepost.store.small_batches import NO_CLAIM, JudgedEvent, ReadEvent
from milepost.store.sql.failures import Locked

EVENTS_MAX = 100
"""The events of a batch that is small; in a larger one the transaction costs each event little."""

PLAIN = (Bill, Activity, Award, Return, ReverseEvent)
"""The payloads of events that clients send; commands take the transaction."""


class _Candidate(NamedTuple):
    """An event that may be plain, with its customer, the claim to it, and what rules its organisation."""

    position: int
    event: IncomingEvent
    customer_key: CustomerKey
    claim: ClaimKey
    snapshot: OrganisationSnapshot


class _Waiting(NamedTuple):
    """An event that is new, with the standing that it will be applied to, once its history is loaded."""

    candidate: _Candidate
    resolved: ResolvedEvent
    claim: ClaimKey
    before: bytes
    standing: Standing
    head: bytes | None


class _Judged(NamedTuple):
    """An event that was judged, the answer to it, and what is to be written; None for a duplicate."""

    place: int
    answer: Answer
    write: JudgedEvent | None


class OptimisticWrites:
    """Small batches of this process; `written` counts the events that took this way."""

    def __init__(self, database: Database, snapshots: Snapshots, locks: CustomerLocks) -> None:
        """Receive into *database*."""
        self._database = database
        self._snapshots = snapshots
        self._locks = locks
        self.written = 0

    async def receive(
        self, incoming_events: Sequence[IncomingEvent], customer_keys: Sequence[CustomerKey | None]
    ) -> tuple[dict[int, Answer], bool]:
        """Receive what is plain of a small batch; return the answers by position. What has none is to be received yet.

        Return also whether all that looked plain was: then the remaining events, which share customers or names with
        events before them, may be plain as well. *customer_keys* are the customers as far as they are known.
        """
        candidates = self._candidates(incoming_events, customer_keys)
        if not candidates or self._locks.lately_locked({one.customer_key for one in candidates}):
            return {}, False
        try:
            async with self._database.single_statements() as transaction:
                answers = await _received(transaction, candidates)
        except (Locked, Stale, StoredAlready):
            return {}, False
        self.written += len(answers)
        return answers, len(answers) == len(candidates)

    def _candidates(
        self, incoming_events: Sequence[IncomingEvent], customer_keys: Sequence[CustomerKey | None]
    ) -> list[_Candidate]:
        """Return the events that may be plain. Of events that share a customer or a name only the first can be."""
        found: list[_Candidate] = []
        seen: set[object] = set()
        for position, (event, customer_key) in enumerate(zip(incoming_events, customer_keys, strict=True)):
            if customer_key is None:
                return []
            claim = key_of_claim(event.org_id, event.key)
            subjects = {customer_key, claim}
            snapshot = self._snapshots.remembered(event.org_id)
            if seen.isdisjoint(subjects) and snapshot is not None and _may_be_plain(event, snapshot):
                (judged,) = with_tills_of_bills([event], {event.org_id: snapshot})
                found.append(
                    _Candidate(
                        position=position, event=judged, customer_key=customer_key, claim=claim, snapshot=snapshot
                    )
                )
            seen |= subjects
        return found


def _may_be_plain(event: IncomingEvent, snapshot: OrganisationSnapshot) -> bool:
    rule_index = snapshot.rule_index
    return (
        event.naming is Naming.EVENT_ID
        and isinstance(event.payload, PLAIN)
        and not rule_index.boards
        and not snapshot.recomputing
        and not rule_index.needs.member
        and (is_built_in(event.name) or rule_index.has_rules_for(event.name))
    )


async def _received(transaction: Transaction, candidates: Sequence[_Candidate]) -> dict[int, Answer]:
    """Return the answers by position in the batch; *transaction* makes each statement a transaction of its own."""
    candidates = sorted(candidates, key=lambda one: one.customer_key)
    snapshots = {one.event.org_id: one.snapshot for one in candidates}
    admission = await admit(transaction, [one.event for one in candidates], snapshots)
    resolved = _resolved(candidates, admission, snapshots)
    if not resolved:
        return {}
    chosen = [candidates[event.position] for event in resolved]
    claims = [_claim_of(one) for one in chosen]
    names = [one.event.key for one in chosen]
    stored = await small_batches.read(transaction, [one.customer_key for one in chosen], names, claims)
    judged: list[_Judged] = []
    later: list[_Waiting] = []
    query = empty_query()
    for place, event in enumerate(resolved):
        found = _looked_at(query, chosen[place], event, claims[place], stored.get(place))
        if isinstance(found, _Waiting):
            later.append(found)
        elif found is not None:
            judged.append(found)
    if later:
        of_customer = {one.candidate.customer_key: [one.resolved] for one in later}
        histories = await load_history(transaction, query, of_customer)
        for one in later:
            applied = _applied(one, histories.get(one.candidate.customer_key, EMPTY_HISTORY))
            if applied is not None:
                judged.append(applied)
    # Standings are locked in the order of their keys, in which the candidates are.
    judged.sort(key=lambda one: one.place)
    writes = [one.write for one in judged if one.write is not None]
    kept = await small_batches.write(transaction, writes) if writes else set()
    written = {id(writes[place]) for place in kept}
    answers = {one.place: one.answer for one in judged if one.write is None or id(one.write) in written}
    return {candidates[place].position: admission.with_warning(place, answer) for place, answer in answers.items()}


def _resolved(
    candidates: Sequence[_Candidate], admission: Admission, snapshots: Mapping[int, OrganisationSnapshot]
) -> list[ResolvedEvent]:
    """Return the events that have no problem; the position of each is that of its candidate."""
    return [
        resolved_event(position, admission.incoming_events[position], place, candidates[position].customer_key, None)
        for position, place in enumerate(places_of(admission, snapshots))
        if isinstance(place, Place)
    ]


def _claim_of(candidate: _Candidate) -> ClaimKey:
    identity = candidate.snapshot.organisation.settings.event_identity
    return candidate.claim if identity is EventIdentity.ORGANISATION else NO_CLAIM


def _looked_at(
    query: HistoryQuery, candidate: _Candidate, resolved: ResolvedEvent, claim: ClaimKey, stored: ReadEvent | None
) -> "_Judged | _Waiting | None":
    """Return what follows for an event from what is stored, or that it needs history; None if it is not plain."""
    snapshot, customer_key = candidate.snapshot, candidate.customer_key
    if stored is None or stored.standing is None or stored.version != snapshot.organisation.version:
        return None
    if stored.logged is not None:
        own = None if claim is NO_CLAIM else customer_key.customer_id
        return (
            _Judged(resolved.position, answer_again(resolved, stored.logged), None) if stored.claimed == own else None
        )
    standing = codec.decode_standing(stored.standing)
    if stored.claimed is not None or standing.lineage is not NO_LINEAGE or takes_long([resolved], snapshot.rule_index):
        return None
    waiting = _Waiting(
        candidate=candidate,
        resolved=resolved,
        claim=claim,
        before=stored.standing,
        standing=standing,
        head=stored.head,
    )
    if collect_needs(query, snapshot.rule_index, customer_key, standing, [resolved]):
        return waiting
    return _applied(waiting, EMPTY_HISTORY)


def _applied(waiting: _Waiting, history: History) -> _Judged | None:
    """Return what follows for an event, with the history that it needs; None if rows would be archived."""
    candidate, resolved = waiting.candidate, waiting.resolved
    writes, answers = Writes([], [], [], {}), list[Answer | None]([None] * (resolved.position + 1))
    locked = application.LockedCustomer(candidate.customer_key, waiting.standing, waiting.head)
    application.apply_customer(candidate.snapshot, locked, history, [resolved], writes, answers)
    answer = answers[resolved.position]
    if writes.archived or answer is None:
        return None
    ((_, after),), (appended,) = writes.standings, writes.appended
    return _Judged(resolved.position, answer, JudgedEvent(waiting.before, after, waiting.claim, appended))
