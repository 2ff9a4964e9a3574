"""How one contribution changes one progress: value, days, triggers, achievement."""

from bisect import bisect_left, insort
from typing import NamedTuple

from milepost.model.event import Event
from milepost.model.organisation import AfterAchievement, Settings
from milepost.model.standing import Day, Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.rules.matching import Rule
from milepost.rules.measure import Aggregate

SECOND_US = 1_000_000


class Change(NamedTuple):
    """A contribution that came (`old` None), went (`new` None) or changed; `day` where a day's extreme counts."""

    old: int | None
    new: int | None
    day: int
    reason: Reason


class Changed(NamedTuple):
    """The progress after a change, with its entry and outcomes."""

    progress: Progress
    entry: Entry
    outcomes: tuple[Outcome, ...]


def changed(
    rule: Rule, position: int, before: Progress | None, change: Change, event: Event, settings: Settings
) -> Changed:
    """Give what *change*, caused by *event*, makes of a progress of *rule* in the period at *position*."""
    at = event.occurred_at // SECOND_US
    outcomes: list[Outcome] = []
    key = ProgressKey(rule.target_id, rule.period_ids[position])
    if before is None:
        before = Progress(*key, value=0, enrolled_at=at, updated_at=at)
        outcomes.append(Outcome(OutcomeKind.ENROLLED, *key, at, 0))
    amount = (change.new or 0) - (change.old or 0)
    if rule.aggregate is Aggregate.SUM:
        days, value = before.days, before.value + amount
    else:
        days, by = _days(before.days, change, rule.aggregate)
        value = before.value + by
    triggers = _triggers(rule, position, before.triggers, value, at, outcomes)
    achieved_at, achieved_by = _achievement(rule, position, before, value, change, event, settings, outcomes)
    after = Progress(
        *key, value, before.enrolled_at, event.received_at // SECOND_US, achieved_at, achieved_by, triggers, days
    )
    return Changed(after, Entry(*key, change.reason, amount, before.value, value), tuple(outcomes))


def _triggers(rule: Rule, position: int, reached: int, value: int, at: int, outcomes: list[Outcome]) -> int:
    for place, mark in enumerate(rule.marks):
        if value >= mark.values[position] and not reached & 1 << place:
            reached |= 1 << place
            period_id = rule.period_ids[position]
            outcomes.append(Outcome(OutcomeKind.TRIGGER_REACHED, rule.target_id, period_id, at, value, mark.trigger_id))
    return reached


def _achievement(
    rule: Rule,
    position: int,
    before: Progress,
    value: int,
    change: Change,
    event: Event,
    settings: Settings,
    outcomes: list[Outcome],
) -> tuple[int, int]:
    """Give stamp and cause of the achievement: at ≥ (semantics 8 #1), once, taken back only where REVOKE says so."""
    goal = rule.goals[position]
    at = event.occurred_at // SECOND_US
    named = (rule.target_id, rule.period_ids[position], at, value)
    if before.achieved_by:
        falls = change.reason is Reason.RETURNED and goal is not None and value < goal
        if falls and settings.after_achievement is AfterAchievement.REVOKE:
            outcomes.append(Outcome(OutcomeKind.UNACHIEVED, *named))
            return 0, 0
        return before.achieved_at, before.achieved_by
    if goal is None or value < goal:
        return 0, 0
    outcomes.append(Outcome(OutcomeKind.ACHIEVED, *named))
    return at, event.key.log_id


def _days(days: tuple[Day, ...], change: Change, aggregate: Aggregate) -> tuple[tuple[Day, ...], int]:
    """Give the days after *change*, and by how much the sum of their extremes moves."""
    place = bisect_left(days, change.day, key=lambda day: day[0])
    known = place < len(days) and days[place][0] == change.day
    amounts = list(days[place][1]) if known else []
    before = _extreme(amounts, aggregate)
    # A line rule that asks for facts of the customer may see another part of the bill today than when it counted.
    if change.old is not None and change.old in amounts:
        amounts.remove(change.old)
    if change.new is not None:
        insort(amounts, change.new)
    replaced = ((change.day, tuple(amounts)),) if amounts else ()
    return days[:place] + replaced + days[place + known :], _extreme(amounts, aggregate) - before


def _extreme(amounts: list[int], aggregate: Aggregate) -> int:
    if not amounts:
        return 0
    return amounts[-1] if aggregate is Aggregate.DAY_MAX else amounts[0]
