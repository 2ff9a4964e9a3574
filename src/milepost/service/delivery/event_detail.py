"""Finds an event and what it led to: entries, outcomes, the corrections that connect it to others, and deliveries."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.engine.apply import replay_steps
from milepost.engine.progress.corrections import is_correction, matching
from milepost.engine.progress.history import Logged
from milepost.engine.step import AppliedEvent
from milepost.model.delivery.webhook import Delivery
from milepost.model.event import Event, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.standing import NOTES, Entry
from milepost.model.time import Micros
from milepost.service.delivery.payloads.happenings import Happening, happenings_of, message_ids
from milepost.service.delivery.webhooks import list_webhooks
from milepost.service.explanations.customer_log import CustomerLog, read_log
from milepost.service.runtime.runtime import Runtime
from milepost.store import claims
from milepost.store.claims import key_of_claim
from milepost.store.delivery import deliveries

NAME_CUSTOMER = Problem("customer", "several customers have an event of this source and id; name the customer")


class ListedEvent(NamedTuple):
    """An event of a customer's log with its entries, its number and the version that judged it."""

    event: Event
    seq: int
    version: int
    entries: Sequence[Entry]


class EventDetail(NamedTuple):
    """An event with what it led to.

    `corrected_by` are the returns or reversals that take from it, `corrects` is the event that it takes from.
    """

    customer_id: int
    listed: ListedEvent
    happenings: Sequence[Happening]
    corrected_by: Sequence[EventKey]
    corrects: EventKey | None
    deliveries: Sequence[Delivery]


async def find_event(
    runtime: Runtime, org_id: int, keys: Sequence[EventKey], customer_id: int | None
) -> EventDetail | None:
    """Return the event that one of *keys* names, of *customer_id* if that is given; None if there is none.

    Without a customer the claim to the event says whose it is; our own commands have none. Raises Refused if events of
    several customers have that name.
    """
    if customer_id is None:
        async with runtime.database.reading() as reading:
            claimed = await claims.find(reading, [key_of_claim(org_id, key) for key in keys])
        owners = {claim.customer_id for found in claimed.values() for claim in found}
        if len(owners) > 1:
            raise Refused(NAME_CUSTOMER)
        if not owners:
            return None
        customer_id = owners.pop()
    log = await read_log(runtime, org_id, customer_id, None, follows=False)
    if log is None:
        return None
    place = next((place for place, (_, row) in enumerate(log.rows) if row.key in keys), None)
    return None if place is None else await _detail(runtime, org_id, log, place)


async def _detail(runtime: Runtime, org_id: int, log: CustomerLog, place: int) -> EventDetail:
    version, row = log.rows[place]
    _, event = log.events[place]
    applied = _applied(log, place)
    # The holders of groups are those of the version that judged the event, as the messages were.
    happenings = tuple(happenings_of(log.snapshot, event, applied.entries, applied.outcomes))
    ids = message_ids(row.customer_key, event, happenings)
    webhooks = [view.stored.id for view in await list_webhooks(runtime, org_id)]
    async with runtime.database.reading() as reading:
        made = await deliveries.of_messages(reading, row.customer_key, webhooks, ids) if webhooks and ids else []
    corrected_by, corrects = _connected(log, row.seq)
    return EventDetail(
        customer_id=row.customer_key.customer_id,
        listed=ListedEvent(event, row.seq, version, _shown(row.entries)),
        happenings=happenings,
        corrected_by=corrected_by,
        corrects=corrects,
        deliveries=made,
    )


def _applied(log: CustomerLog, place: int) -> AppliedEvent:
    """Apply the log again up to the event at *place*, and return the result of the event."""
    steps = replay_steps(log.rule_indexes.__getitem__, log.events[: place + 1], log.start, {})
    *_, last = steps
    return last.applied


def _shown(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry.reason not in NOTES)


def _connected(log: CustomerLog, seq: int) -> tuple[tuple[EventKey, ...], EventKey | None]:
    """Return the corrections of the event with this number, and the event that it corrects."""
    logged = [Logged(event, row.seq, row.entries) for (_, row), (_, event) in zip(log.rows, log.events, strict=True)]
    if not any(is_correction(one.event) for one in logged):
        return (), None
    matches = matching((*log.start.log, *logged), log.snapshot.rule_index.calendar.day).matches
    match = matches.get((seq,))
    corrected_by = () if match is None else tuple(one.event.key for one in match.corrections)
    corrects = (one.event.event.key for one in matches.values() if any(own.place == (seq,) for own in one.corrections))
    return corrected_by, next(corrects, None)


class EventQuery(NamedTuple):
    """Which events of a customer are listed: dated at or after `since`, of a type, in a store; `before` is a number."""

    customer_id: int
    since: Micros | None = None
    type: str | None = None
    store: str | None = None
    before: int | None = None


async def list_events(runtime: Runtime, org_id: int, query: EventQuery, limit: int) -> list[ListedEvent] | None:
    """Return at most *limit* events of a customer, those received last first; None if there is no such customer."""
    log = await read_log(runtime, org_id, query.customer_id, None)
    if log is None:
        return None
    found = (
        ListedEvent(event, row.seq, version, _shown(row.entries))
        for (version, row), (_, event) in zip(reversed(log.rows), reversed(log.events), strict=True)
        if (query.before is None or row.seq < query.before) and _fits(event, query)
    )
    return [one for one, _ in zip(found, range(limit), strict=False)]


def _fits(event: Event, query: EventQuery) -> bool:
    return (
        (query.since is None or event.occurred_at >= query.since)
        and (query.type is None or event.name == query.type)
        and (query.store is None or event.place.store_code == query.store)
    )
