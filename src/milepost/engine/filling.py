"""Periods that close on achievement: one total fills them one after the other (semantics 4.4, docs/rules.md)."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.beginning import first_progress
from milepost.engine.fold import Fold
from milepost.engine.progressing import Cause, Change, moved_days, reached_triggers, revokes
from milepost.model.standing import Day, Entry, Outcome, OutcomeKind, Progress
from milepost.rules.rule import Rule


class _Filled(NamedTuple):
    """What all periods together hold: the total, in units, and how many are achieved; `days` are kept by the first."""

    total: int
    achieved: int
    days: tuple[Day, ...]


def fill(fold: Fold, rule: Rule, change: Change, cause: Cause) -> None:
    """Let *change* move the total, and with it the periods that it fills or that a return empties."""
    goal = fold.goal(rule, 0)
    before = _filled(fold, rule)
    days, moved = (before.days, change.amount) if rule.sums else moved_days(before.days, change, rule.aggregate)
    total = before.total + moved
    achieved = _achieved(rule, goal, total, before.achieved, takes_back=revokes(change, cause.settings))
    concerned = min(before.achieved, len(rule.keys) - 1)
    for position, value in _values(rule, goal, total, achieved):
        key = rule.keys[position]
        row = fold.progress.get(key)
        if row is None and (value or position == concerned):
            row = first_progress(fold, rule, position, cause)
        if row is None or (row.value == value and position != concerned):
            continue
        fold.progress[key] = _row(fold, rule, position, row, value, cause, is_achieved=position < achieved)
        fold.entries.append(Entry(*key, change.reason, value - row.value, row.value, value))
    first = rule.keys[0]
    if fold.progress[first].days != days:
        fold.progress[first] = replace(fold.progress[first], days=days)


def _filled(fold: Fold, rule: Rule) -> _Filled:
    rows = [row for key in rule.keys if (row := fold.progress.get(key)) is not None]
    first = fold.progress.get(rule.keys[0])
    return _Filled(
        sum(row.value for row in rows),
        sum(1 for row in rows if row.achieved_by),
        () if first is None else first.days,
    )


def _achieved(rule: Rule, goal: int | None, total: int, achieved: int, *, takes_back: bool) -> int:
    """Give how many periods are achieved with *total*, where so many were before."""
    if goal is None:
        return achieved
    while achieved < len(rule.keys) and total >= (achieved + 1) * goal:
        achieved += 1
    while takes_back and achieved and total < achieved * goal:
        achieved -= 1
    return achieved


def _values(rule: Rule, goal: int | None, total: int, achieved: int) -> Iterator[tuple[int, int]]:
    """Give the value of each period: the goal where achieved, the rest in the running or the last one."""
    last = len(rule.keys) - 1
    for position in range(len(rule.keys)):
        if goal is None:
            yield position, total if position == 0 else 0
        elif position < min(achieved, last):
            yield position, goal
        elif position == min(achieved, last):
            yield position, total - position * goal
        else:
            yield position, 0


def _row(
    fold: Fold, rule: Rule, position: int, before: Progress, value: int, cause: Cause, *, is_achieved: bool
) -> Progress:
    """Give the progress of one period with its new *value*; what it leads to is noted."""
    goal = fold.goal(rule, position)
    triggers, achieved_at, achieved_by = before.triggers, before.achieved_at, before.achieved_by
    if rule.marks:
        triggers = reached_triggers(rule, position, goal, triggers, value, cause.at, fold.outcomes)
    if is_achieved and not achieved_by:
        achieved_at, achieved_by = cause.at, cause.event.key.log_id
        fold.outcomes.append(Outcome(OutcomeKind.ACHIEVED, *rule.keys[position], cause.at, value))
    elif achieved_by and not is_achieved:
        achieved_at = achieved_by = 0
        fold.outcomes.append(Outcome(OutcomeKind.UNACHIEVED, *rule.keys[position], cause.at, value))
    return replace(
        before,
        value=value,
        updated_at=cause.heard_at,
        achieved_at=achieved_at,
        achieved_by=achieved_by,
        triggers=triggers,
    )
