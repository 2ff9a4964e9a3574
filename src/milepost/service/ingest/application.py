"""Applies the new events of a batch, customer by customer, and writes the results."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from milepost.engine.apply import BatchResult, apply_batch
from milepost.model.commands.correction import ReverseEvent, VoidAward
from milepost.model.event import Bill, Payload, Return
from milepost.model.standing import NO_LINEAGE, Progress, Standing
from milepost.rules.compiled.index import RuleIndex
from milepost.service.ingest.deduplication import ResolvedEvent
from milepost.service.ingest.history import EMPTY_HISTORY, History, collect_needs, empty_query, load_history
from milepost.service.ingest.identity import IdentifierKey
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.ingest.merge_redirects import (
    Redirects,
    deduplicate_merged,
    recheck_identifiers,
    record_redirects,
)
from milepost.service.ingest.revisions import revised_first
from milepost.service.ingest.scores import Scores, collect_scores
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.service.snapshot.wanted_outcomes import NOTHING_WANTED
from milepost.store import codec, leaderboards, log
from milepost.store.chain.digests import event_digest, head_after, usable_head
from milepost.store.database import Transaction
from milepost.store.delivery.codec import encode_outbox
from milepost.store.log import Appended, CustomerKey, StoredStanding

LINES_INLINE_MAX = 300
"""Lines of bills that are applied on the event loop; more, with many conditions, would keep all requests waiting."""

PATTERN_TRIES_INLINE_MAX = 1_000
"""How often patterns may be tried on lines on the event loop; a try takes some microseconds."""

_APPLIED = Status.APPLIED
"""A name of its own, because looking up a member of an enumeration takes as long as making an answer."""


class RedirectedCustomers(NamedTuple):
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


class LockedCustomer(NamedTuple):
    """A customer whose events are applied: the standing, and the head of the chain over the log."""

    customer_key: CustomerKey
    standing: Standing
    head: bytes | None


class Writes(NamedTuple):
    """What a batch will write: standings, archived progress, events of the log, scores."""

    standings: list[tuple[CustomerKey, StoredStanding]]
    archived: list[tuple[CustomerKey, Progress]]
    appended: list[Appended]
    scores: Scores


async def apply_all(
    transaction: Transaction,
    snapshots: Mapping[int, OrganisationSnapshot],
    standings: Mapping[CustomerKey, StoredStanding],
    fresh: Mapping[CustomerKey, list[ResolvedEvent]],
    answers: list[Answer | None],
    redirected_customers: RedirectedCustomers,
) -> None:
    """Apply the new events of every customer and write the results; who waits for a recomputation has it first."""
    answered = len(answers)
    if any(snapshot.recomputing for snapshot in snapshots.values()):
        fresh = await revised_first(transaction, snapshots, standings, fresh, answers)
    await _apply_fresh(transaction, snapshots, standings, fresh, answers, redirected_customers)
    del answers[answered:]


async def _apply_fresh(
    transaction: Transaction,
    snapshots: Mapping[int, OrganisationSnapshot],
    standings: Mapping[CustomerKey, StoredStanding],
    fresh: Mapping[CustomerKey, list[ResolvedEvent]],
    answers: list[Answer | None],
    redirected_customers: RedirectedCustomers,
) -> None:
    """Apply events of every customer and write the results.

    Customers are applied one after the other, each from decoding to encoding, so that a standing stays in the
    processor's cache. Customers whose events need history come last: their history is loaded by one query for all. What
    takes long is applied in a thread; one coroutine applies a batch, so nothing else touches its results meanwhile.
    """
    writes, query = Writes([], [], [], {}), empty_query()
    later: list[tuple[CustomerKey, Standing]] = []
    for customer, events in fresh.items():
        standing, snapshot = codec.decode_standing(standings[customer].body), snapshots[customer.org_id]
        rules = snapshot.rule_index
        if standing.lineage is not NO_LINEAGE:
            redirected_customers.customers.append((customer, standing))
        elif collect_needs(query, rules, customer, standing, events) or takes_long(events, rules):
            later.append((customer, standing))
        else:
            locked = LockedCustomer(customer, standing, standings[customer].head)
            apply_customer(snapshot, locked, EMPTY_HISTORY, events, writes, answers)
    if redirected_customers.customers:
        fresh = {**fresh, **await redirected_customers.remaining_events(transaction, fresh, answers)}
        for customer, standing in redirected_customers.customers:
            collect_needs(query, snapshots[customer.org_id].rule_index, customer, standing, fresh[customer])
        later += redirected_customers.customers
    histories = await load_history(transaction, query, fresh) if later else {}
    for customer, standing in later:
        history, snapshot = histories.get(customer, EMPTY_HISTORY), snapshots[customer.org_id]
        locked = LockedCustomer(customer, standing, standings[customer].head)
        application = partial(apply_customer, snapshot, locked, history, fresh[customer], writes, answers)
        await _run(application, beside=takes_long(fresh[customer], snapshot.rule_index))
    await log.save(transaction, writes.standings, writes.archived, writes.appended)
    if writes.scores:
        await leaderboards.save_scores(transaction, list(writes.scores.values()))


async def _run(application: Callable[[], None], *, beside: bool) -> None:
    """Run *application*, in a thread if it is to run *beside* the event loop."""
    if beside:
        await asyncio.to_thread(application)
    else:
        application()


def takes_long(events: Sequence[ResolvedEvent], rule_index: RuleIndex) -> bool:
    """Whether *events* have so many lines that all other requests would wait while the rules are asked of them."""
    lines = 0
    for resolved in events:
        payload = resolved.event.payload
        if type(payload) is Bill:
            lines += len(payload.lines)
    return lines > LINES_INLINE_MAX or lines * rule_index.patterns > PATTERN_TRIES_INLINE_MAX


def apply_customer(
    snapshot: OrganisationSnapshot,
    locked: LockedCustomer,
    history: History,
    events: Sequence[ResolvedEvent],
    writes: Writes,
    answers: list[Answer | None],
) -> None:
    """Apply one customer's *events*: write their answers to *answers*, and the results to *writes*."""
    version, rule_index, wanted = snapshot.organisation.version, snapshot.rule_index, snapshot.wanted
    customer, standing, head = locked
    head = usable_head(head, standing.seq)
    result = apply_batch(rule_index, standing, history.progress, history.log, [resolved.event for resolved in events])
    for resolved, applied in zip(events, result.applied, strict=True):
        event, seq, entries, outcomes = applied.event, applied.seq, applied.entries, applied.outcomes
        told = None if wanted is NOTHING_WANTED else wanted.rows_of(event, entries, outcomes)
        body, reference = codec.encode_event(event, resolved.payload), _reference(event.payload)
        encoded_entries = codec.encode_entries(entries)
        if head is not None:
            head = head_after(head, seq, _digest_of(resolved, seq, version, reference, body, encoded_entries))
        writes.appended.append(
            Appended(
                customer_key=customer,
                event=event,
                reference=reference,
                seq=seq,
                version=version,
                content_hash=resolved.content_hash,
                body=body,
                entries=encoded_entries,
                outbox=None if told is None else encode_outbox(event.key, resolved.request_id, told),
            )
        )
        answers[resolved.position] = Answer(
            key=event.key, status=_APPLIED, customer_id=customer.customer_id, entries=entries, version=version
        )
    writes.standings.append((customer, StoredStanding(codec.encode_standing(result.standing), head)))
    _collect_archived(writes, customer, history, result)
    if rule_index.boards:
        collect_scores(rule_index, customer, result.applied, writes.scores)


def _collect_archived(writes: Writes, customer: CustomerKey, history: History, result: BatchResult) -> None:
    if result.history is not history.progress:
        before = history.progress
        changed = (progress for key, progress in result.history.items() if before.get(key) != progress)
        writes.archived.extend((customer, progress) for progress in changed)


def _digest_of(
    resolved: ResolvedEvent, seq: int, version: int, reference: str | None, body: bytes, entries: bytes
) -> bytes:
    """Return the digest of an event by which it is bound to the chain over the customer's log."""
    event = resolved.event
    return event_digest(
        seq=seq,
        version=version,
        occurred_at=event.occurred_at,
        content_hash=resolved.content_hash,
        source=event.key.source,
        id_=event.key.id,
        name=event.name,
        reference=reference,
        body=body,
        entries=entries,
    )


def _reference(payload: Payload) -> str | None:
    """Return the number of the bill that *payload* is, or the name of the event that it corrects; None for others."""
    match payload:
        case Bill(number=name) | Return(original=name) | ReverseEvent(original=name) | VoidAward(decision=name):
            return name
        case _:
            return None
