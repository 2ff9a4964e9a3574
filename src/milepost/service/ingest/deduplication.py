"""Events that were resolved before: harmless if they say the same, a conflict if they do not."""

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
    """An offer whose customer and place are known: `position` in the batch, the event, its encoded payload."""

    position: int
    customer_key: CustomerKey
    event: Event
    payload: bytes
    content_hash: bytes


class Deduplicated(NamedTuple):
    """What of a batch is new, by customer, and the repetitions in it: positions, with that of what they repeat."""

    fresh: dict[CustomerKey, list[ResolvedEvent]]
    repeats: dict[int, int]


async def deduplicate(
    transaction: Transaction, resolved: Sequence[ResolvedEvent], answers: list[Answer | None]
) -> Deduplicated:
    """Answer what was resolved before and give the rest; of several alike in the batch the first is resolved."""
    if not resolved:
        return Deduplicated({}, {})
    known = await log.known_events(transaction, [(one.customer_key, one.event.key) for one in resolved])
    for place, row in known.items():
        one = resolved[place]
        answers[one.position] = answer_again(one, row)
    fresh: dict[CustomerKey, list[ResolvedEvent]] = {}
    for place, one in enumerate(resolved):
        if place not in known:
            fresh.setdefault(one.customer_key, []).append(one)
    repeats: dict[int, int] = {}
    for customer_key, mine in fresh.items():
        if len(mine) > 1:
            fresh[customer_key] = _distinct(mine, answers, repeats)
    return Deduplicated(fresh, repeats)


def _distinct(
    mine: Sequence[ResolvedEvent], answers: list[Answer | None], repeats: dict[int, int]
) -> list[ResolvedEvent]:
    """Return the first of each name among *mine*; the others repeat it or are answered as conflicts."""
    firsts: dict[EventKey, ResolvedEvent] = {}
    for one in mine:
        first = firsts.setdefault(one.event.key, one)
        if first is one:
            continue
        if _says_the_same(one.event, first.event):
            repeats[one.position] = first.position
        else:
            answers[one.position] = _conflict(one)
    return [*firsts.values()]


def duplicate_answer(first: Answer) -> Answer:
    """Return the answer to an event that repeats another of its batch, whose answer is *first*."""
    return msgspec.structs.replace(first, status=Status.DUPLICATE)


def answer_again(one: ResolvedEvent, row: LoggedRow) -> Answer:
    """Return the answer to an event under whose name *row* was resolved before."""
    return _again(one, row) if _is_same(one, row) else _conflict(one)


def _is_same(one: ResolvedEvent, row: LoggedRow) -> bool:
    """Return whether the event of *row* says what *one* says; 42.5 and 42.50 are the same."""
    if row.content_hash == one.content_hash:
        return True
    return _says_the_same(one.event, row.event())


def _says_the_same(one: Event, other: Event) -> bool:
    return (one.name, one.occurred_at, one.payload) == (other.name, other.occurred_at, other.payload)


def _again(one: ResolvedEvent, row: LoggedRow) -> Answer:
    return Answer(
        key=one.event.key,
        status=Status.DUPLICATE,
        customer_id=one.customer_key.customer_id,
        entries=row.entries,
        version=row.version,
    )


def _conflict(one: ResolvedEvent) -> Answer:
    problem = Problem("id", "an event with this source and id was received before, with other content")
    return Answer(
        key=one.event.key, status=Status.CONFLICT, customer_id=one.customer_key.customer_id, problems=(problem,)
    )
