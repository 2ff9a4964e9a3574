"""Events whose name (source and id) was received before: a duplicate if the content is equal, else a conflict."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from milepost.model.event import Event, EventKey
from milepost.model.problem import Problem
from milepost.service.ingest.incoming_event import Answer, Status
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, LoggedRow


class ResolvedEvent(Struct, frozen=True):
    """An incoming event whose customer and place are known.

    `position` is its place in the batch; `payload` and `content_hash` are those of its encoded payload.
    """

    position: int
    customer_key: CustomerKey
    event: Event
    payload: bytes
    content_hash: bytes
    request_id: str = ""


class Deduplicated(NamedTuple):
    """A deduplicated batch: new events by customer, and for each duplicate the position of its first occurrence."""

    fresh: dict[CustomerKey, list[ResolvedEvent]]
    repeats: dict[int, int]


async def deduplicate(
    transaction: Transaction, resolved: Sequence[ResolvedEvent], answers: list[Answer | None]
) -> Deduplicated:
    """Write the answers of events that were received before to *answers*, and return the others.

    Of equal events within the batch the first is new, and the others are its duplicates.
    """
    if not resolved:
        return Deduplicated({}, {})
    stored_rows = await log.known_events(transaction, [(event.customer_key, event.event.key) for event in resolved])
    for index, row in stored_rows.items():
        duplicate = resolved[index]
        answers[duplicate.position] = answer_again(duplicate, row)
    fresh: dict[CustomerKey, list[ResolvedEvent]] = {}
    for index, resolved_event in enumerate(resolved):
        if index not in stored_rows:
            fresh.setdefault(resolved_event.customer_key, []).append(resolved_event)
    repeats: dict[int, int] = {}
    for customer_key, events in fresh.items():
        if len(events) > 1:
            fresh[customer_key] = _distinct(events, answers, repeats)
    return Deduplicated(fresh, repeats)


def _distinct(
    events: Sequence[ResolvedEvent], answers: list[Answer | None], repeats: dict[int, int]
) -> list[ResolvedEvent]:
    """Return the first event of each name among one customer's *events*.

    A later event of the same name goes to *repeats* if its content is equal, else its conflict goes to *answers*.
    """
    firsts: dict[EventKey, ResolvedEvent] = {}
    for event in events:
        first = firsts.setdefault(event.event.key, event)
        if first is event:
            continue
        if _has_same_content(event.event, first.event):
            repeats[event.position] = first.position
        else:
            answers[event.position] = _conflict(event)
    return [*firsts.values()]


def duplicate_answer(first: Answer) -> Answer:
    """Return the answer to a duplicate within a batch; *first* is the answer to the event that it repeats."""
    return msgspec.structs.replace(first, status=Status.DUPLICATE)


def answer_again(resolved: ResolvedEvent, row: LoggedRow) -> Answer:
    """Return the answer to an event whose name *row* of the log bears already."""
    return _stored_answer(resolved, row) if _is_same(resolved, row) else _conflict(resolved)


def _is_same(resolved: ResolvedEvent, row: LoggedRow) -> bool:
    """Return whether *resolved* has the content of the stored event in *row*; amounts 42.5 and 42.50 are equal."""
    if row.content_hash == resolved.content_hash:
        return True
    return _has_same_content(resolved.event, row.event())


def _has_same_content(event: Event, other: Event) -> bool:
    return (event.name, event.occurred_at, event.payload) == (other.name, other.occurred_at, other.payload)


def _stored_answer(resolved: ResolvedEvent, row: LoggedRow) -> Answer:
    return Answer(
        key=resolved.event.key,
        status=Status.DUPLICATE,
        customer_id=resolved.customer_key.customer_id,
        entries=row.entries,
        version=row.version,
    )


def _conflict(resolved: ResolvedEvent) -> Answer:
    problem = Problem("id", "an event with this source and id was received before, with other content")
    return Answer(
        key=resolved.event.key,
        status=Status.CONFLICT,
        customer_id=resolved.customer_key.customer_id,
        problems=(problem,),
    )
