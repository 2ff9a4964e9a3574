"""A streak as a calendar: one cell for each period, with what saved it or made it."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from milepost.engine.progress.streak_run import evaluate
from milepost.model.event import Event, GrantFreezes, PauseStreak
from milepost.model.progress.streak import Streak
from milepost.model.standing import ProgressKey
from milepost.model.target import Period, TargetGroup
from milepost.model.time import DAY_US, Micros
from milepost.rules.compiled.composites import StreakRule
from milepost.service.customers.view import CustomerView


class CellState(Enum):
    """What became of a period of a streak."""

    DONE = "DONE"
    MISSED = "MISSED"
    FROZEN = "FROZEN"
    PAUSED = "PAUSED"
    OUTAGE = "OUTAGE"
    OPEN = "OPEN"
    UPCOMING = "UPCOMING"


class StreakCell(NamedTuple):
    """A period of a streak; `event` is the one that achieved it, or the command whose freeze or pause saved it.

    `opens_at` and `closes_at` are in epoch microseconds; `run` is the length of the streak after the period.
    """

    period: Period
    opens_at: Micros
    closes_at: Micros
    state: CellState
    run: int
    event: Event | None


def streak_calendar(
    view: CustomerView, group: TargetGroup, log: Sequence[tuple[int, Event]], now: Micros
) -> tuple[StreakCell, ...]:
    """Return a cell for each active period of the streak of *group*; none if the group is no streak."""
    rule = view.snapshot.rule_index.streaks.get(group.id)
    if rule is None:
        return ()
    streak = view.standing.streaks.get(group.id) or Streak(group.id)
    until = Micros(now - view.snapshot.organisation.settings.offset_days * DAY_US)
    run = evaluate(rule, streak, until)
    periods = {period.id: period for period in group.periods}
    events = [event for _, event in log]
    cells = []
    length = 0
    for position, period_id in enumerate(rule.period_ids):
        state = _state(rule, streak, run.frozen, position, until, now)
        length = run.runs.get(position, 0 if state is CellState.MISSED and rule.breaks else length)
        cells.append(
            StreakCell(
                period=periods[period_id],
                opens_at=rule.opens[position],
                closes_at=rule.closes[position],
                state=state,
                run=length,
                event=_event(view, group, events, rule, position, state),
            )
        )
    return tuple(cells)


def _state(
    rule: StreakRule, streak: Streak, frozen: Sequence[int], position: int, until: Micros, now: Micros
) -> CellState:
    opens, closes = rule.opens[position], rule.closes[position]
    if rule.period_ids[position] in streak.achieved:
        return CellState.DONE
    if position in frozen:
        return CellState.FROZEN
    if any(starts < closes and ends > opens for starts, ends in streak.pauses):
        return CellState.PAUSED
    if any(starts < closes and ends > opens for starts, ends in rule.outages):
        return CellState.OUTAGE
    if opens > now:
        return CellState.UPCOMING
    return CellState.MISSED if closes <= until else CellState.OPEN


def _event(
    view: CustomerView,
    group: TargetGroup,
    events: Sequence[Event],
    rule: StreakRule,
    position: int,
    state: CellState,
) -> Event | None:
    opens, closes = rule.opens[position], rule.closes[position]
    if state is CellState.DONE:
        target_id = next(target.id for target in group.targets)
        row = view.progress.get(ProgressKey(target_id, rule.period_ids[position]))
        achieved_by = None if row is None else row.achieved_by
        return next((event for event in events if event.key.log_id == achieved_by), None)
    if state is CellState.PAUSED:
        return next((event for event in events if _pauses(event, group.id, opens, closes)), None)
    if state is CellState.FROZEN:
        granted = (
            event
            for event in reversed(events)
            if isinstance(event.payload, GrantFreezes)
            and event.payload.group_id == group.id
            and event.occurred_at < closes
        )
        return next(granted, None)
    return None


def _pauses(event: Event, group_id: int, opens: Micros, closes: Micros) -> bool:
    payload = event.payload
    return (
        isinstance(payload, PauseStreak)
        and payload.group_id == group_id
        and payload.starts_at < closes
        and payload.ends_at > opens
    )
