"""Which changes of a definition a policy allows, and what is in force under it."""

from collections.abc import Iterator
from dataclasses import replace

from milepost.model.definitions.change import ChangePolicy
from milepost.model.problem import Problem
from milepost.model.target import Evaluation, Goal, Target, TargetGroup
from milepost.model.time import Micros

_RECOMPUTING = "needs policy RECOMPUTE_RUNNING or RECOMPUTE_ALL, because what was counted would be a sum of two things"


def policy_problems(live: TargetGroup, draft: TargetGroup, policy: ChangePolicy, now: Micros) -> Iterator[Problem]:
    """Yield why *policy* cannot bring *draft* in the place of *live* at *now* (epoch microseconds)."""
    is_fixed = live.evaluation is draft.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
    match policy:
        case ChangePolicy.NEXT_PERIOD:
            if not is_fixed:
                yield Problem("policy", "NEXT_PERIOD needs periods of the calendar")
            elif changes_rules(live, draft) and next_opening(draft, now) is None:
                yield Problem("policy", "NEXT_PERIOD needs a period that has not opened yet; there is none")
        case ChangePolicy.RECOMPUTE_RUNNING if not is_fixed:
            yield Problem("policy", "RECOMPUTE_RUNNING needs periods of the calendar; RECOMPUTE_ALL does not")
        case ChangePolicy.FROM_NOW if not is_fixed and _goals(live) != _goals(draft):
            yield Problem("policy", "goals that go by each customer's own time change with policy RECOMPUTE_ALL")
        case _:
            pass
    if policy in {ChangePolicy.NEXT_PERIOD, ChangePolicy.FROM_NOW}:
        yield from _measure_problems(live, draft)
    if (live.tracking, live.evaluation) != (draft.tracking, draft.evaluation) and policy is not (
        ChangePolicy.RECOMPUTE_ALL
    ):
        yield Problem("trackingType", "another kind of tracking or of window needs policy RECOMPUTE_ALL")


def _measure_problems(live: TargetGroup, draft: TargetGroup) -> Iterator[Problem]:
    """Yield a problem for each target that measures something else than before."""
    known = {target.id: target for target in live.targets}
    for place, target in enumerate(draft.targets):
        before = known.get(target.id)
        if before is not None and _measured(before) != _measured(target):
            yield Problem(f"targets[{place}]", f"what is measured changes; that {_RECOMPUTING}")


def _measured(target: Target) -> object:
    return target.entity, target.kpi, target.event_name, target.metadata, target.enrolment


def _goals(group: TargetGroup) -> dict[tuple[int, int], object]:
    return {(target.id, goal.period_id): goal.value for target in group.targets for goal in target.goals}


def changes_rules(live: TargetGroup, draft: TargetGroup) -> bool:
    """Whether *draft* differs from *live* in more than goals, names and descriptions."""
    return _rules(live) != _rules(draft)


def _rules(group: TargetGroup) -> object:
    targets = tuple(
        replace(one, name="", description=None, goals=(), rule_set_id=None, unrolled_rule_set_id=None)
        for one in group.targets
    )
    periods = tuple((one.id, one.opens_at, one.closes_at, one.active) for one in group.periods)
    group_rules = (group.tracking, group.evaluation, group.active, group.combination, group.cap_scope, group.freezes)
    return targets, periods, group_rules, group.streak_levels


def next_opening(group: TargetGroup, now: Micros) -> Micros | None:
    """Return when the next period opens (epoch microseconds); None if none will."""
    return min((one.opens_at for one in group.periods if one.active and one.opens_at > now), default=None)


def in_force(live: TargetGroup, draft: TargetGroup, policy: ChangePolicy, now: Micros) -> TargetGroup:
    """Return what is in force under *policy*: with NEXT_PERIOD, periods that have opened keep their goals."""
    if policy is not ChangePolicy.NEXT_PERIOD:
        return draft
    begun = {one.id for one in live.periods if one.opens_at <= now}
    known = {target.id: target for target in live.targets}
    return replace(draft, targets=tuple(_with_goals(one, known.get(one.id), begun) for one in draft.targets))


def _with_goals(target: Target, live: Target | None, begun: set[int]) -> Target:
    if live is None:
        return target
    kept = {goal.period_id: goal for goal in live.goals if goal.period_id in begun}
    goals: tuple[Goal, ...] = tuple(kept.get(goal.period_id, goal) for goal in target.goals)
    return replace(target, goals=goals)
