"""Events whose name (source and id) was received before: a duplicate if the content is equal, else a conflict."""

from collections.abc import Container, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from milepost.model.event import Event, EventKey
from milepost.model.problem import Problem
from milepost.service.ingest.incoming_event import Answer, Naming, Status
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, LoggedRow


class ResolvedEvent(Struct, frozen=True):
    """An incoming event whose customer and place are known.

    `position` is its place in the batch; `payload` and `content_hash` are those of its encoded payload. `naming` and
    `is_dated` are those of the incoming event.
    """

    position: int
    customer_key: CustomerKey
    event: Event
    payload: bytes
    content_hash: bytes
    naming: Naming = Naming.EVENT_ID
    is_dated: bool = True
    request_id: str = ""


class Deduplicated(NamedTuple):
    """A deduplicated batch: new events by customer, and for each duplicate the position of its first occurrence."""

    fresh: dict[CustomerKey, list[ResolvedEvent]]
    repeats: dict[int, int]


async def deduplicate(
    transaction: Transaction,
    resolved: Sequence[ResolvedEvent],
    answers: list[Answer | None],
    new: Container[int] = frozenset(),
) -> Deduplicated:
    """Write the answers of events that were received before to *answers*, and return the others.

    Of equal events within the batch the first is new, and the others are its duplicates. The log is not asked for the
    events at the positions *new* of the batch: nobody has received them before.
    """
    candidates = [event for event in resolved if event.position not in new]
    keys = [(event.customer_key, event.event.key) for event in candidates]
    stored_rows = await log.known_events(transaction, keys) if keys else {}
    for index, row in stored_rows.items():
        duplicate = candidates[index]
        answers[duplicate.position] = answer_again(duplicate, row)
    fresh: dict[CustomerKey, list[ResolvedEvent]] = {}
    for resolved_event in resolved:
        if answers[resolved_event.position] is None:
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
        if _has_same_content(event, first.event):
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
    return _has_same_content(resolved, row.event())


def _has_same_content(resolved: ResolvedEvent, other: Event) -> bool:
    """Return whether the sender said the same as in *other*; a time that we added ourselves was not said."""
    event = resolved.event
    if resolved.is_dated and event.dated_at != other.dated_at:
        return False
    return (event.name, event.payload) == (other.name, other.payload)


def _stored_answer(resolved: ResolvedEvent, row: LoggedRow) -> Answer:
    return Answer(
        key=resolved.event.key,
        status=Status.DUPLICATE,
        customer_id=resolved.customer_key.customer_id,
        entries=row.entries,
        version=row.version,
    )


def _conflict(resolved: ResolvedEvent) -> Answer:
    return conflict(resolved, "with other content")


def conflict(resolved: ResolvedEvent, difference: str) -> Answer:
    """Return the answer to an event whose name another event bears; *difference* says what differs."""
    problem = (
        Problem("billNumber", f"was received before from this till, {difference}")
        if resolved.naming is Naming.BILL_NUMBER
        else Problem("id", f"an event with this source and id was received before, {difference}")
    )
    return Answer(
        key=resolved.event.key,
        status=Status.CONFLICT,
        customer_id=resolved.customer_key.customer_id,
        problems=(problem,),
    )
