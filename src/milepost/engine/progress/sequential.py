"""Periods that close on achievement: one total fills them one after the other (facts 4.4, docs/rules.md)."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.fold import Fold
from milepost.engine.progress.beginning import first_progress
from milepost.engine.progress.change import (
    TAKING_BACK,
    Cause,
    Change,
    achieves,
    moved_days,
    reached_triggers,
    revokes,
)
from milepost.model.standing import NOT_ACHIEVED, Day, Entry, Outcome, OutcomeKind, Progress
from milepost.rules.compiled.rule import Rule


def fill_next(fold: Fold, rule: Rule, change: Change, cause: Cause) -> None:
    """Add *change* to the total, which fills the periods one after the other; a return empties them."""
    days = days_of(fold, rule)
    days, moved = (days, change.amount) if rule.sums else moved_days(days, change, rule.aggregate)
    move_total(fold, rule, replace(change, amount=moved), days, cause)


def days_of(fold: Fold, rule: Rule) -> tuple[Day, ...]:
    """Return the days that count for all periods together; the first row keeps them."""
    first = fold.progress.get(rule.keys[0])
    return () if first is None else first.days


Beginning = Callable[[Fold, Rule, int, Cause], Progress]
"""How the progress of a period begins that has none yet."""


def move_total(
    fold: Fold, rule: Rule, change: Change, days: tuple[Day, ...], cause: Cause, begin: Beginning = first_progress
) -> None:
    """Add the amount of *change* to the total, and replace the days that count by *days*."""
    goal = fold.goal(rule, 0)
    rows = [row for key in rule.keys if (row := fold.progress.get(key)) is not None]
    total, before = sum(row.value for row in rows) + change.amount, sum(1 for row in rows if row.is_achieved)
    achieved, reaches = before, achieves(change, cause.settings)
    if goal is not None and reaches:
        achieved = _after_more(rule, goal, total, achieved)
    if goal is not None and change.reason in TAKING_BACK and revokes(cause.settings):
        achieved = _after_less(goal, total, achieved)
    concerned = min(before, achieved, len(rule.keys) - 1)
    for position, value in _values(rule, goal, total, achieved):
        key = rule.keys[position]
        row = fold.progress.get(key)
        if row is None and (value or position == concerned):
            row = begin(fold, rule, position, cause)
        if row is None or (row.value == value and position != concerned):
            continue
        filled = _Row(
            position=position, goal=goal, value=value, is_achieved=position < achieved, reaches_triggers=reaches
        )
        fold.progress[key] = _after(fold, rule, filled, row, cause)
        fold.entries.append(
            Entry(
                target_id=key.target_id,
                period_id=key.period_id,
                reason=change.reason,
                amount=value - row.value,
                before=row.value,
                after=value,
            )
        )
    first = rule.keys[0]
    if fold.progress[first].days != days:
        fold.progress[first] = replace(fold.progress[first], days=days)


def _after_more(rule: Rule, goal: int, total: int, achieved: int) -> int:
    """Return how many periods are achieved with *total*; *achieved* is their number before."""
    while achieved < len(rule.keys) and total >= (achieved + 1) * goal:
        achieved += 1
    return achieved


def _after_less(goal: int, total: int, achieved: int) -> int:
    """Return how many of *achieved* periods stay so with *total*."""
    while achieved and total < achieved * goal:
        achieved -= 1
    return achieved


def _values(rule: Rule, goal: int | None, total: int, achieved: int) -> Iterator[tuple[int, int]]:
    """Yield the value of each period: the goal if it is achieved, the rest in the open or last one.

    A total of 250 with a goal of 100 gives 100, 100, 50.
    """
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


class _Row(NamedTuple):
    """One period: its position, the goal of all periods, its value in units, and whether it is achieved."""

    position: int
    goal: int | None
    value: int
    is_achieved: bool
    reaches_triggers: bool


def _after(fold: Fold, rule: Rule, row: _Row, before: Progress, cause: Cause) -> Progress:
    """Return the new row of one period, and note its outcomes."""
    triggers, achieved_at, achieved_by = before.triggers, before.achieved_at, before.achieved_by
    key = rule.keys[row.position]
    if rule.marks and row.reaches_triggers:
        triggers = reached_triggers(rule, row.position, row.goal, triggers, row.value, cause.at, fold.outcomes.append)
    if row.is_achieved and not before.is_achieved:
        achieved_at, achieved_by = cause.at, cause.event.key.log_id
        fold.outcomes.append(
            Outcome(
                kind=OutcomeKind.ACHIEVED,
                target_id=key.target_id,
                period_id=key.period_id,
                at=cause.at,
                value=row.value,
            )
        )
    elif before.is_achieved and not row.is_achieved:
        achieved_at, achieved_by = NOT_ACHIEVED
        fold.outcomes.append(
            Outcome(
                kind=OutcomeKind.UNACHIEVED,
                target_id=key.target_id,
                period_id=key.period_id,
                at=cause.at,
                value=row.value,
            )
        )
    return replace(
        before,
        value=row.value,
        updated_at=cause.received_at,
        achieved_at=achieved_at,
        achieved_by=achieved_by,
        triggers=triggers,
    )
