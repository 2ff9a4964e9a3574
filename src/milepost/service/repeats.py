"""Events that were heard before: harmless if they say the same, a conflict if they do not."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.event import Event, EventKey
from milepost.model.problem import Problem
from milepost.service.offer import Answer, Status
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import LoggedRow, Who


class Heard(NamedTuple):
    """An offer whose customer and place are known: `position` in the batch, the event, its encoded payload."""

    position: int
    who: Who
    event: Event
    payload: bytes
    content_hash: bytes


async def drop_known(transaction: Transaction, heard: Sequence[Heard], answers: dict[int, Answer]) -> list[Heard]:
    """Answer what was heard before and give the rest; of several alike in the batch the first is heard."""
    if not heard:
        return []
    known = await log.known_events(transaction, sorted({(one.who, one.event.key) for one in heard}))
    firsts: dict[tuple[Who, EventKey], Heard] = {}
    for one in heard:
        key = (one.who, one.event.key)
        row = known.get(key)
        if row is not None:
            answers[one.position] = _again(one, same=_is_same(one, row), row=row)
        else:
            firsts.setdefault(key, one)
    fresh = list(firsts.values())
    for one in heard:
        first = firsts.get((one.who, one.event.key))
        if first is not None and first is not one:
            answers[one.position] = _again(one, same=first.content_hash == one.content_hash, row=None)
    return fresh


def _is_same(one: Heard, row: LoggedRow) -> bool:
    """Tell whether the event of *row* says what *one* says; 42.5 and 42.50 are the same."""
    if row.content_hash == one.content_hash:
        return True
    before = row.event()
    return (before.name, before.occurred_at, before.payload) == (
        one.event.name,
        one.event.occurred_at,
        one.event.payload,
    )


def _again(one: Heard, *, same: bool, row: LoggedRow | None) -> Answer:
    if same:
        entries = () if row is None else row.entries
        return Answer(key=one.event.key, status=Status.DUPLICATE, customer_id=one.who.customer_id, entries=entries)
    problem = Problem("id", "an event with this source and id was received before, with other content")
    return Answer(key=one.event.key, status=Status.CONFLICT, customer_id=one.who.customer_id, problems=(problem,))
