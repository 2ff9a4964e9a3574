"""The goals that a target is to have from now on: by the periods they name, else by their place (facts 8 #33)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from milepost.model.problem import Problem
from milepost.model.target import Evaluation, Goal, Period, Target
from milepost.rules.definition.build import IdKind
from milepost.rules.definition.draft import TargetDraft
from milepost.rules.definition.goals import amount_problems, goals_of, normalised
from milepost.rules.definition.naming import MISSING
from milepost.rules.edits.amendment import TargetAmendment
from milepost.rules.edits.period_change import GroupEdit


def change_goals(change: GroupEdit, amendment: TargetAmendment, target: Target) -> tuple[Goal, ...]:
    """Return the goals of *target* from now on; those of ended periods stay, since what they led to is settled."""
    periods, path = tuple(change.periods.values()), f"{amendment.path}.defaultValues"
    found = [*_goal_problems(path, amendment, periods)]
    change.problems += found
    if found or not amendment.draft.goals:
        return target.goals
    wanted = _wanted(amendment, periods)
    known = {goal.period_id: goal for goal in target.goals}
    goals: list[Goal] = []
    for period in periods:
        old, value = known.get(period.id), wanted.get(period.id)
        if value is None or (old is not None and old.value == value):
            goals += [] if old is None else [old]
        elif period.closes_at <= change.where.at:
            change.leave(f"{path} of {period.ref_code}, which has ended,")
            goals += [] if old is None else [old]
        else:
            goals.append(Goal(change.where.ids(IdKind.GOAL) if old is None else old.id, period.id, value))
    _check_alike(change, path, target, goals)
    return tuple(goals)


def _check_alike(change: GroupEdit, path: str, target: Target, goals: Sequence[Goal]) -> None:
    """Find goals that the group's windows do not allow: other ones for each, or others while one total fills them."""
    evaluation = change.before.evaluation
    if evaluation is not Evaluation.FIXED_CALENDAR_WINDOW and len({goal.value for goal in goals}) > 1:
        change.refuse(path, "may differ between periods only for FIXED_CALENDAR_WINDOW")
    # One total runs through all periods: another goal would share out anew what was achieved (docs/rules.md).
    fills = evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW and change.has_started
    if fills and tuple(goals) != target.goals:
        change.refuse(path, "cannot be changed for PERIOD_AGNOSTIC_WINDOW once the group has started")


def extend_goals(change: GroupEdit, target: Target) -> tuple[Goal, ...]:
    """Return the goals of *target* with those of new periods: the last one is repeated (facts 8 #32)."""
    if not target.goals:
        return ()
    known = {goal.period_id for goal in target.goals}
    new = [period_id for period_id in change.periods if period_id not in known]
    last = target.goals[-1].value
    return (*target.goals, *(Goal(change.where.ids(IdKind.GOAL), period_id, last) for period_id in new))


def in_order(amendment: TargetAmendment, periods: Sequence[Period]) -> TargetDraft:
    """Return the draft of a new target with its goals in the order of *periods*, whichever they name."""
    by_place = dict(_places(amendment, periods))
    given = amendment.draft.goals
    if len(by_place) < len(given) or max(by_place, default=-1) >= len(periods):
        return amendment.draft
    filled: list[Decimal | None] = []
    for place in range(max(by_place, default=-1) + 1):
        before = filled[-1] if filled else next(iter(by_place.values()))
        filled.append(by_place.get(place, before))
    return replace(amendment.draft, goals=tuple(filled))


def _goal_problems(path: str, amendment: TargetAmendment, periods: Sequence[Period]) -> Iterator[Problem]:
    goals = amendment.draft.goals
    if len(goals) > len(periods):
        yield Problem(path, f"must not be more than the periods of the group ({len(periods)})")
    for place, value in enumerate(goals[: len(periods)]):
        if value is None:
            yield Problem(f"{path}[{place}].defaultValue", MISSING)
        else:
            yield from amount_problems(f"{path}[{place}].defaultValue", value)
    places = [place for place, _ in _places(amendment, periods)]
    if len(set(places)) < len(places):
        yield Problem(path, "must not hold two values for one period")


def _wanted(amendment: TargetAmendment, periods: Sequence[Period]) -> dict[int, Decimal]:
    """Return the value asked for by period; where no period is named, the last value is that of all the rest."""
    if _names_periods(amendment, periods):
        places = _places(amendment, periods)
        return {periods[place].id: normalised(value) for place, value in places if value is not None}
    values = goals_of(amendment.draft, len(periods))
    return {period.id: value for period, value in zip(periods, values, strict=True)}


def _places(amendment: TargetAmendment, periods: Sequence[Period]) -> list[tuple[int, Decimal | None]]:
    """Return each value with the place of its period."""
    known = {period.id: place for place, period in enumerate(periods)}
    named = (*amendment.goal_periods, *(None for _ in amendment.draft.goals))
    return [
        (place if period_id is None else known.get(period_id, place), value)
        for place, (value, period_id) in enumerate(zip(amendment.draft.goals, named, strict=False))
    ]


def _names_periods(amendment: TargetAmendment, periods: Sequence[Period]) -> bool:
    return not {period.id for period in periods}.isdisjoint(amendment.goal_periods)
