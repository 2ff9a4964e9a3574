"""How one contribution changes one progress: value, days, triggers, achievement.

This runs nine times for each event, so it is written to make few values: keys are the rule's own, a change is shared by
all rules that read the same, and outcomes are noted only when there are any.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.event import Event
from milepost.model.organisation import AfterAchievement, Returns, Settings
from milepost.model.standing import Day, Outcome, OutcomeKind, Progress, Reason
from milepost.rules.compiled.measure import Aggregate
from milepost.rules.compiled.rule import Rule

SECOND_US = 1_000_000
UNDATED = frozenset({Reason.CARRIED, Reason.MERGED})
"""Reasons of changes that move a value and are of no day."""


class Change(NamedTuple):
    """A contribution that came (`old` None), went (`new` None) or changed; `day` where a day's extreme counts."""

    old: int | None
    new: int | None
    day: int
    reason: Reason
    amount: int


def change_between(old: int | None, new: int | None, day: int, reason: Reason) -> Change:
    """Return the change from *old* to *new*."""
    return Change(old, new, day, reason, (new or 0) - (old or 0))


class Cause(NamedTuple):
    """The event that changes progress: its own time and that of its receipt in epoch seconds, and the settings then."""

    event: Event
    at: int
    received_at: int
    settings: Settings


def cause_of(event: Event, settings: Settings) -> Cause:
    """Return *event* as a cause."""
    return Cause(event, event.occurred_at // SECOND_US, event.received_at // SECOND_US, settings)


def revokes(change: Change, settings: Settings) -> bool:
    """Return whether *change* may take an achievement back: only a return may, and where returns carry none does."""
    return (
        change.reason is Reason.RETURNED
        and settings.after_achievement is AfterAchievement.REVOKE
        and settings.returns is not Returns.CARRY
    )


def apply_change(
    rule: Rule, position: int, goal: int | None, before: Progress, change: Change, cause: Cause, outcomes: list[Outcome]
) -> Progress:
    """Return what *change* makes of *before*, a progress of *rule* in the period at *position*; adds to *outcomes*.

    *goal* is the customer's own or the target's.
    """
    value, achieved_at, achieved_by = before.value, before.achieved_at, before.achieved_by
    triggers, days = before.triggers, before.days
    if rule.sums or change.reason in UNDATED:
        value += change.amount
    else:
        days, moved = moved_days(days, change, rule.aggregate)
        value += moved
    if rule.marks:
        triggers = reached_triggers(rule, position, goal, triggers, value, cause.at, outcomes)
    if goal is not None and (value < goal) is (achieved_by != 0):
        achieved_at, achieved_by = _crossed(rule, before, value, change, cause, outcomes)
    return Progress(
        before.target_id,
        before.period_id,
        value,
        before.enrolled_at,
        cause.received_at,
        achieved_at,
        achieved_by,
        triggers,
        days,
    )


def reached_triggers(
    rule: Rule, position: int, goal: int | None, reached: int, value: int, at: int, outcomes: list[Outcome]
) -> int:
    """Return which triggers are reached, a bit for each, with *value*; each is noted in *outcomes* once."""
    usual = goal == rule.goals[position]
    for place, mark in enumerate(rule.marks):
        least = mark.values[position] if usual else mark.of_goal(goal)
        if value >= least and not reached & 1 << place:
            reached |= 1 << place
            named = rule.keys[position]
            outcomes.append(Outcome(OutcomeKind.TRIGGER_REACHED, *named, at, value, mark.trigger_id))
    return reached


def _crossed(
    rule: Rule, before: Progress, value: int, change: Change, cause: Cause, outcomes: list[Outcome]
) -> tuple[int, int]:
    """Return stamp and cause of the achievement when *value* has crossed the goal, upwards or downwards.

    Achieved at ≥ (facts 8 #1), once; taken back only by a return, and only where REVOKE says so.
    """
    if not before.achieved_by:
        kind = OutcomeKind.CAP_REACHED if rule.is_cap else OutcomeKind.ACHIEVED
        outcomes.append(Outcome(kind, before.target_id, before.period_id, cause.at, value))
        return cause.at, cause.event.key.log_id
    if not revokes(change, cause.settings):
        return before.achieved_at, before.achieved_by
    outcomes.append(Outcome(OutcomeKind.UNACHIEVED, before.target_id, before.period_id, cause.at, value))
    return 0, 0


def moved_days(days: tuple[Day, ...], change: Change, aggregate: Aggregate) -> tuple[tuple[Day, ...], int]:
    """Return the days after *change*, and by how much the sum of their extremes moves."""
    place = bisect_left(days, change.day, key=lambda day: day[0])
    known = place < len(days) and days[place][0] == change.day
    amounts = list(days[place][1]) if known else []
    before = extreme(amounts, aggregate)
    # A line rule that asks for facts of the customer may see another part of the bill today than when it counted.
    if change.old is not None and change.old in amounts:
        amounts.remove(change.old)
    if change.new is not None:
        insort(amounts, change.new)
    replaced = ((change.day, tuple(amounts)),) if amounts else ()
    return days[:place] + replaced + days[place + known :], extreme(amounts, aggregate) - before


def extreme(amounts: Sequence[int], aggregate: Aggregate) -> int:
    """Return which of a day's *amounts*, in ascending order, counts."""
    if not amounts:
        return 0
    return amounts[-1] if aggregate is Aggregate.DAY_MAX else amounts[0]
