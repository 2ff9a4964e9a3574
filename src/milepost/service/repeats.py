"""Events that were heard before: harmless if they say the same, a conflict if they do not."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from milepost.model.event import Event, EventKey
from milepost.model.problem import Problem
from milepost.service.offer import Answer, Status
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import LoggedRow, Who


class Heard(Struct, frozen=True):
    """An offer whose customer and place are known: `position` in the batch, the event, its encoded payload."""

    position: int
    who: Who
    event: Event
    payload: bytes
    content_hash: bytes


class Sifted(NamedTuple):
    """What of a batch is new, by customer, and the repetitions in it: positions, with that of what they repeat."""

    fresh: dict[Who, list[Heard]]
    repeats: dict[int, int]


async def sift(transaction: Transaction, heard: Sequence[Heard], answers: list[Answer | None]) -> Sifted:
    """Answer what was heard before and give the rest; of several alike in the batch the first is heard."""
    if not heard:
        return Sifted({}, {})
    known = await log.known_events(transaction, [(one.who, one.event.key) for one in heard])
    for place, row in known.items():
        one = heard[place]
        answers[one.position] = answered_before(one, row)
    fresh: dict[Who, list[Heard]] = {}
    for place, one in enumerate(heard):
        if place not in known:
            fresh.setdefault(one.who, []).append(one)
    repeats: dict[int, int] = {}
    for who, mine in fresh.items():
        if len(mine) > 1:
            fresh[who] = _distinct(mine, answers, repeats)
    return Sifted(fresh, repeats)


def _distinct(mine: Sequence[Heard], answers: list[Answer | None], repeats: dict[int, int]) -> list[Heard]:
    """Give the first of each name among *mine*; the others repeat it or are answered as conflicts."""
    firsts: dict[EventKey, Heard] = {}
    for one in mine:
        first = firsts.setdefault(one.event.key, one)
        if first is one:
            continue
        if _says_the_same(one.event, first.event):
            repeats[one.position] = first.position
        else:
            answers[one.position] = _conflict(one)
    return [*firsts.values()]


def repeated(first: Answer) -> Answer:
    """Give the answer to an event that repeats another of its batch, whose answer is *first*."""
    return msgspec.structs.replace(first, status=Status.DUPLICATE)


def answered_before(one: Heard, row: LoggedRow) -> Answer:
    """Give the answer to an event under whose name *row* was heard before."""
    return _again(one, row) if _is_same(one, row) else _conflict(one)


def _is_same(one: Heard, row: LoggedRow) -> bool:
    """Tell whether the event of *row* says what *one* says; 42.5 and 42.50 are the same."""
    if row.content_hash == one.content_hash:
        return True
    return _says_the_same(one.event, row.event())


def _says_the_same(one: Event, other: Event) -> bool:
    return (one.name, one.occurred_at, one.payload) == (other.name, other.occurred_at, other.payload)


def _again(one: Heard, row: LoggedRow) -> Answer:
    return Answer(
        key=one.event.key,
        status=Status.DUPLICATE,
        customer_id=one.who.customer_id,
        entries=row.entries,
        version=row.version,
    )


def _conflict(one: Heard) -> Answer:
    problem = Problem("id", "an event with this source and id was received before, with other content")
    return Answer(key=one.event.key, status=Status.CONFLICT, customer_id=one.who.customer_id, problems=(problem,))
