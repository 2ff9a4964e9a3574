"""One customer's log, applied again under the rules of a trial, with the logs of customers who were merged into it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.apply import START, Replayed, replay
from milepost.engine.commands.customer_merge import absorbed_progress
from milepost.engine.progress.history import Logged
from milepost.model.commands.customer_merge import AbsorbCustomer
from milepost.model.commands.revision import ReviseProgress
from milepost.model.event import Event
from milepost.model.standing import Entry, Progress, ProgressKey
from milepost.rules.compiled.index import RuleIndex
from milepost.service.trials.tried_rules import TriedRules


class LogEvent(NamedTuple):
    """An event of a log with its number and the version of the organisation that judged it.

    Its entries are there where what it added matters.
    """

    version: int
    seq: int
    event: Event
    entries: Sequence[Entry] = ()


Log = Sequence[LogEvent]
LoadLog = Callable[[int], Awaitable[Log]]
"""Reads the log of a customer who was merged, by id."""


async def try_log(log: Log, rules: TriedRules, load: LoadLog) -> Replayed:
    """Return where *log* leads under *rules*; *load* reads the logs of merged customers."""
    if not any(isinstance(one.event.payload, AbsorbCustomer) for one in log):
        return try_own_log(log, rules)
    merged: list[Logged] = []
    events: list[LogEvent] = []
    for one in log:
        payload = one.event.payload
        if isinstance(payload, AbsorbCustomer):
            victim = await try_log(await load(payload.customer_id), rules, load)
            merged += [logged._replace(under=(one.seq, *logged.under)) for logged in victim.log]
            absorbed = absorbed_progress(payload.customer_id, victim.standing, victim.history.values())
            events.append(one._replace(event=replace(one.event, payload=absorbed)))
        else:
            events.append(one)
    return try_own_log(events, rules, tuple(merged))


def try_own_log(log: Log, rules: TriedRules, merged: tuple[Logged, ...] = ()) -> Replayed:
    """Return where the events of one customer lead; *merged* are those of customers who were merged before."""
    indexes = list[RuleIndex]()
    places: dict[int, int] = {}

    def numbered() -> Iterator[tuple[int, Event]]:
        for one in log:
            index = rules.index(one.version, counts=rules.tried.holds(one.event.occurred_at))
            place = places.get(id(index))
            if place is None:
                place = places[id(index)] = len(indexes)
                indexes.append(index)
            yield place, _without_revision(one.event, rules)

    return replay(indexes.__getitem__, numbered(), START._replace(log=merged))


def _without_revision(event: Event, rules: TriedRules) -> Event:
    """Return *event*; a revision of the group that a draft replaces revises nothing: the draft counts from the log."""
    payload, tried = event.payload, rules.tried
    if tried.draft is None or not isinstance(payload, ReviseProgress) or payload.group_id != tried.group_id:
        return event
    return replace(event, payload=ReviseProgress(group_id=payload.group_id, change_id=payload.change_id, rows=()))


async def logged_events(log: Log, load: LoadLog) -> list[Logged]:
    """Return the events of *log* with their entries as they are stored, and those of customers who were merged."""
    found: list[Logged] = []
    for one in log:
        if isinstance(payload := one.event.payload, AbsorbCustomer):
            victim = await logged_events(await load(payload.customer_id), load)
            found += [logged._replace(under=(one.seq, *logged.under)) for logged in victim]
    return found + [Logged(one.event, one.seq, one.entries) for one in log]


def rows_of(replayed: Replayed) -> dict[ProgressKey, Progress]:
    """Return all progress of a replayed customer, archived or not."""
    return replayed.history | dict(replayed.standing.progress)
