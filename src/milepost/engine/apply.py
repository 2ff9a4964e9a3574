"""Three ways to apply events to a standing; all of them take the one step of `engine.step`.

A standing, an event and what the log says of it give the next standing, the entries that explain it and the outcomes
that it leads to. Nothing here reads a clock, a table or a socket, so a replay gives what happened.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from milepost.engine.fold import Fold
from milepost.engine.progress.counters import days_of
from milepost.engine.progress.history import NO_HISTORY, Logged, history_needed, satisfies
from milepost.engine.progress.past import Past
from milepost.engine.step import AppliedEvent, step
from milepost.model.event import (
    Event,
)
from milepost.model.organisation import CapsFollowReturns
from milepost.model.standing import EMPTY_STANDING, Entry, Outcome, Progress, ProgressKey, Standing
from milepost.rules.compiled.index import RuleIndex


class BatchResult(NamedTuple):
    """The result of a batch: the standing, all archived progress, and the result of each event."""

    standing: Standing
    history: dict[ProgressKey, Progress]
    applied: list[AppliedEvent]


class Replayed(NamedTuple):
    """The result of a log: the standing, the archived progress, the log with its entries, all outcomes.

    `applied` is the result of each event.
    """

    standing: Standing
    history: dict[ProgressKey, Progress]
    log: tuple[Logged, ...]
    outcomes: tuple[Outcome, ...]
    applied: tuple[AppliedEvent, ...] = ()


START = Replayed(EMPTY_STANDING, {}, (), ())


class Step(NamedTuple):
    """The result of one event: the next standing, its entries and outcomes, and the archived rows."""

    standing: Standing
    entries: Sequence[Entry]
    outcomes: Sequence[Outcome]
    archived: tuple[Progress, ...]


def apply(rule_index: RuleIndex, standing: Standing, event: Event, past: Sequence[Logged] = ()) -> Step:
    """Apply *event* to *standing*.

    *past* holds the logged events that `history_needed` asks for. Archived rows that it asks for are live again.
    """
    fold = Fold(rule_index, standing)
    _count_days(fold, past)
    applied = step(fold, event, past)
    return Step(fold.standing(), applied.entries, applied.outcomes, applied.archived)


def apply_batch(
    rule_index: RuleIndex,
    standing: Standing,
    history: dict[ProgressKey, Progress],
    log: Sequence[Logged],
    events: Iterable[Event],
) -> BatchResult:
    """Apply *events* of one customer, in this order; *history* and *log* hold what `history_needed` asks for."""
    fold = Fold(rule_index, standing)
    past, applied = Past(log), list[AppliedEvent]()
    given = history
    for event in events:
        done = _step_with_history(fold, event, history, past, len(log), applied)
        if done.archived:
            if history is given:
                history = dict(given)
            history.update({row.key: row for row in done.archived})
        applied.append(done)
    return BatchResult(fold.standing(), history, applied)


class ReplayedStep(NamedTuple):
    """One step of a replay: the open fold after the event, and the result of the event."""

    fold: Fold
    applied: AppliedEvent


def replay(
    rule_index_of: Callable[[int], RuleIndex], events: Iterable[tuple[int, Event]], start: Replayed = START
) -> Replayed:
    """Apply a log: *events*, each with the version of the definitions that judged it, from *start* on.

    The log of *start* may hold the logs of customers who are merged into this customer later.
    """
    fold: Fold | None = None
    history, applied = dict(start.history), list[AppliedEvent]()
    for fold, done in replay_steps(rule_index_of, events, start, history):  # noqa: B007 - the last fold is the result
        applied.append(done)
    return Replayed(
        standing=start.standing if fold is None else fold.standing(),
        history=history,
        log=(*start.log, *(Logged(one.event, one.seq, one.entries) for one in applied)),
        outcomes=(*start.outcomes, *(outcome for one in applied for outcome in one.outcomes)),
        applied=(*start.applied, *applied),
    )


def replay_steps(
    rule_index_of: Callable[[int], RuleIndex],
    events: Iterable[tuple[int, Event]],
    start: Replayed,
    history: dict[ProgressKey, Progress],
) -> Iterator[ReplayedStep]:
    """Apply a log event by event; *history*, the archived progress of *start*, is kept up to date."""
    fold: Fold | None = None
    past, applied = Past(start.log), list[AppliedEvent]()
    for version, event in events:
        rule_index = rule_index_of(version)
        if fold is None:
            fold = Fold(rule_index, start.standing)
        fold.rule_index = rule_index
        done = _step_with_history(fold, event, history, past, len(start.log), applied)
        history.update({row.key: row for row in done.archived})
        applied.append(done)
        yield ReplayedStep(fold, done)


def _step_with_history(
    fold: Fold,
    event: Event,
    history: dict[ProgressKey, Progress],
    past: Past,
    first: int,
    applied: Sequence[AppliedEvent],
) -> AppliedEvent:
    """Take one step with the history that it needs: *past* holds *first* logged events, and then some of *applied*."""
    needed = history_needed(fold.rule_index, fold, event)
    if needed is NO_HISTORY:
        _count_days(fold, ())
        return step(fold, event)
    if needed.history:
        fold.restore(history.values())
    # An applied event is logged once, when a later one first asks for history, and not again for each that asks.
    past.events += [Logged(one.event, one.seq, one.entries) for one in applied[len(past.events) - first :]]
    is_known = partial(_is_known, fold)
    if not fold.rule_index.day_zones <= fold.zone_days.keys():
        _count_days(fold, [*filter(is_known, past.events)])
    if needed.names:
        follows = fold.rule_index.settings.caps_follow_returns is CapsFollowReturns.ON
        return step(fold, event, past.related(event, is_known, with_decisions=follows))
    return step(fold, event, [one for one in filter(is_known, past.events) if satisfies(needed, event, one)])


def _count_days(fold: Fold, past: Sequence[Logged]) -> None:
    """Count the bills of *past* by the days of each zone that a rule asks for and that was not counted so far."""
    zones = fold.rule_index.day_zones
    if zones and not fold.zone_days.keys() >= zones:
        missing = zones - fold.zone_days.keys()
        events = [logged.event for logged in past]
        fold.add_zone_days({zone: days_of(zone, events) for zone in missing})


def _is_known(fold: Fold, logged: Logged) -> bool:
    """Whether *logged* was applied to this customer, or to a customer who is merged into this customer by now."""
    return not logged.under or logged.under[0] <= fold.seq
