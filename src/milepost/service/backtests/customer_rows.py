"""What one customer reached on one side of a back-test, by period and target."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from milepost.engine.apply import Replayed
from milepost.engine.progress.change import revokes, takes_off
from milepost.engine.progress.streak_run import BEGINNING, evaluate
from milepost.model.amount import to_units
from milepost.model.organisation import Settings
from milepost.model.standing import Enrolment, Entry, ProgressKey, Reason
from milepost.model.target import Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.composites import Composite, StreakRule
from milepost.service.trials.customer_trial import rows_of

WHOLE = ""
"""The name under which the whole group is counted."""

_REACHING = frozenset({Reason.COUNTED, Reason.COUNTED_FROM_LOG, Reason.DECIDED, Reason.MERGED, Reason.REVISED})
"""The reasons of entries that may achieve; an adjustment may if it adds."""


class ReachedRow(NamedTuple):
    """What a customer reached of a target in a period, in units; `reached` is the highest goal that it would achieve.

    `has_own_goal`: the customer set the goal, so that another goal of the target would change nothing.
    """

    enrolled: bool
    value: int
    reached: int
    goal: int
    achieved: bool
    has_own_goal: bool = False


ReachedRows = dict[tuple[str, str], ReachedRow]
"""By the period's refCode and the target's name."""


def reached_rows(
    group: TargetGroup,
    composite: Composite | None,
    replayed: Replayed,
    span: tuple[Micros, Micros],
    settings: Settings,
) -> ReachedRows:
    """Return what a customer reached in the periods of *group* that overlap *span*."""
    rows, found = rows_of(replayed), ReachedRows()
    peaks = _peaks(replayed, takes_back=revokes(settings))
    enrolments = {one.target_id: one for one in replayed.standing.enrolments}
    for period in reported_periods(group, span):
        whole: list[ReachedRow] = []
        for target in group.targets:
            key = ProgressKey(target.id, period.id)
            row, enrolment = rows.get(key), enrolments.get(target.id)
            enrolled = row is not None or _takes_part(group, enrolment, period)
            if not enrolled:
                continue
            goal, is_own = _goal(target, period, enrolment)
            value = 0 if row is None else row.value
            reached = ReachedRow(
                enrolled=True,
                value=value,
                reached=peaks.get(key, 0),
                goal=goal,
                achieved=row is not None and row.is_achieved,
                has_own_goal=is_own,
            )
            found[period.ref_code, target.name] = reached
            whole.append(reached)
        if whole:
            found[period.ref_code, WHOLE] = _whole(composite, rows.get(_composite_key(group, period)), whole)
    return found


def reported_periods(group: TargetGroup, span: tuple[Micros, Micros]) -> Iterator[Period]:
    """Return the active periods of *group* that overlap *span*, in their order."""
    since, until = span
    return (
        period for period in group.periods if period.active and period.opens_at < until and period.closes_at > since
    )


def longest_streak(rule: StreakRule | None, replayed: Replayed) -> int | None:
    """Return how many periods in a row the customer achieved at most; None without a streak."""
    streak = None if rule is None else replayed.standing.streaks.get(rule.group_id)
    if rule is None or streak is None:
        return None
    return max(evaluate(rule, streak, BEGINNING).runs.values(), default=0)


def _composite_key(group: TargetGroup, period: Period) -> ProgressKey:
    return ProgressKey.of_composite(group.id, period.id)


def _whole(composite: Composite | None, row: object, targets: list[ReachedRow]) -> ReachedRow:
    """Return what the group as a whole is: its composite, its only target, or whether any target is achieved."""
    if len(targets) == 1 and composite is None:
        return targets[0]
    achieved = any(one.achieved for one in targets)
    if composite is not None:
        achieved = bool(getattr(row, "is_achieved", False))
    value = max(one.value for one in targets)
    return ReachedRow(enrolled=True, value=value, reached=0, goal=0, achieved=achieved)


def _takes_part(group: TargetGroup, enrolment: Enrolment | None, period: Period) -> bool:
    """Whether the customer was enrolled in *period* without a row of progress."""
    if enrolment is None:
        return False
    order = [one.id for one in group.periods]
    if enrolment.period_id not in order or order.index(enrolment.period_id) > order.index(period.id):
        return False
    left = enrolment.left_at_period
    return left is None or left not in order or order.index(period.id) < order.index(left)


def _goal(target: Target, period: Period, enrolment: Enrolment | None) -> tuple[int, bool]:
    for period_id, own in enrolment.goals if enrolment is not None else ():
        if period_id == period.id:
            return own, True
    return next((to_units(goal.value) for goal in target.goals if goal.period_id == period.id), 0), False


def _peaks(replayed: Replayed, *, takes_back: bool) -> Mapping[ProgressKey, int]:
    """Return the highest goal that each row would have achieved: entries say what the value was after each event."""
    peaks: dict[ProgressKey, int] = {}
    for applied in replayed.applied:
        for entry in applied.entries:
            _climb(peaks, entry, takes_back=takes_back)
    return peaks


def _climb(peaks: dict[ProgressKey, int], entry: Entry, *, takes_back: bool) -> None:
    key = ProgressKey(entry.target_id, entry.period_id)
    adds = entry.reason is Reason.ADJUSTED and entry.amount > 0
    if adds or entry.reason in _REACHING:
        peaks[key] = max(peaks.get(key, 0), entry.after)
    elif takes_back and takes_off(entry.reason, entry.amount) and key in peaks:
        peaks[key] = min(peaks[key], entry.after)
