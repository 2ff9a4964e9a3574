"""A change of one progress and its cause, and what it makes of days and triggers."""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence

from msgspec import Struct

from milepost.model.event import Event
from milepost.model.organisation import RULES_FIRST, AfterAchievement, Returns, Settings
from milepost.model.standing import Day, Outcome, OutcomeKind, Reason
from milepost.model.time import Seconds, to_seconds
from milepost.rules.compiled.measure import Aggregate
from milepost.rules.compiled.rule import Rule

UNDATED = frozenset({Reason.CARRIED, Reason.MERGED, Reason.ADJUSTED})
"""Reasons of changes that move a value and are of no day."""

TAKING_BACK = frozenset({Reason.RETURNED, Reason.VOIDED})
"""Reasons of changes that come from corrections of events, and may take an achievement back."""


_OF_RETURNS = TAKING_BACK | {Reason.CARRIED}


class Change(Struct, frozen=True, gc=False):
    """A contribution that is new (`old` None), gone (`new` None) or changed; `day` where a day's extreme counts."""

    old: int | None
    new: int | None
    day: int
    reason: Reason
    amount: int


def change_between(old: int | None, new: int | None, day: int, reason: Reason) -> Change:
    """Return the change from *old* to *new*."""
    return Change(old=old, new=new, day=day, reason=reason, amount=(new or 0) - (old or 0))


class Cause(Struct, frozen=True, gc=False):
    """The event that changes progress, with its time and its receipt in epoch seconds, and the settings in force."""

    event: Event
    at: Seconds
    received_at: Seconds
    settings: Settings


def cause_of(event: Event, settings: Settings) -> Cause:
    """Return *event* as a cause."""
    return Cause(event, to_seconds(event.occurred_at), to_seconds(event.received_at), settings)


def achieves(change: Change, settings: Settings) -> bool:
    """Whether *change* may achieve: what returns or adjustments take off, at once or later, achieves nothing."""
    if change.reason is Reason.ADJUSTED:
        return change.amount > 0
    return change.reason not in _OF_RETURNS or settings.rules_edition == RULES_FIRST


def takes_off(reason: Reason, amount: int) -> bool:
    """Whether a change by *amount* for this *reason* may take an achievement back, if the settings revoke any."""
    return reason in TAKING_BACK or (reason is Reason.ADJUSTED and amount < 0)


def revokes(settings: Settings) -> bool:
    """Whether a return may take an achievement back; where returns are carried, none does."""
    return settings.after_achievement is AfterAchievement.REVOKE and settings.returns is not Returns.CARRY


def reached_triggers(
    rule: Rule, position: int, goal: int | None, reached: int, value: int, at: Seconds, note: Callable[[Outcome], None]
) -> int:
    """Return which triggers are reached, a bit for each, with *value*; each is noted once."""
    usual = goal == rule.goals[position]
    for place, mark in enumerate(rule.marks):
        least = mark.values[position] if usual else mark.of_goal(goal)
        if least is not None and value >= least and not reached & 1 << place:
            reached |= 1 << place
            named = rule.keys[position]
            note(
                Outcome(
                    kind=OutcomeKind.TRIGGER_REACHED,
                    target_id=named.target_id,
                    period_id=named.period_id,
                    at=at,
                    value=value,
                    about=mark.trigger_id,
                )
            )
    return reached


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
