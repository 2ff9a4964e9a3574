"""Edits of a target's goals, which a request lists by period or by position (facts 8 #33)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from milepost.model.problem import Problem
from milepost.model.target import Evaluation, Goal, Period, Target
from milepost.rules.definition.build import IdKind
from milepost.rules.definition.draft import TargetDraft
from milepost.rules.definition.goals import amount_problems, canonical_amount, goals_of
from milepost.rules.definition.naming import MISSING
from milepost.rules.edits.amendment import TargetAmendment
from milepost.rules.edits.edit_in_progress import GroupEdit


def change_goals(edit: GroupEdit, amendment: TargetAmendment, target: Target) -> tuple[Goal, ...]:
    """Return the changed goals of *target*. Goals of ended periods stay, because their progress is archived."""
    periods, path = tuple(edit.periods.values()), f"{amendment.path}.defaultValues"
    problems = [*_goal_problems(path, amendment, periods)]
    edit.problems += problems
    if problems or not amendment.draft.goals:
        return target.goals
    requested = _requested_goals(amendment, periods)
    current = {goal.period_id: goal for goal in target.goals}
    goals: list[Goal] = []
    for period in periods:
        old, value = current.get(period.id), requested.get(period.id)
        if value is None or (old is not None and old.value == value):
            goals += [] if old is None else [old]
        elif period.closes_at <= edit.context.at:
            edit.warn_unchanged(f"{path} of {period.ref_code}, which has ended,")
            goals += [] if old is None else [old]
        else:
            goals.append(Goal(edit.context.ids(IdKind.GOAL) if old is None else old.id, period.id, value))
    _check_windows(edit, path, target, goals)
    return tuple(goals)


def _check_windows(edit: GroupEdit, path: str, target: Target, goals: Sequence[Goal]) -> None:
    """Refuse goals that the group's windows do not allow: different ones per period, or a change after the start."""
    evaluation = edit.before.evaluation
    if evaluation is not Evaluation.FIXED_CALENDAR_WINDOW and len({goal.value for goal in goals}) > 1:
        edit.refuse(path, "may differ between periods only for FIXED_CALENDAR_WINDOW")
    # One total fills all periods in turn, so another goal would redistribute what was achieved (docs/rules.md).
    is_filling = evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW and edit.has_started
    if is_filling and tuple(goals) != target.goals:
        edit.refuse(path, "cannot be changed for PERIOD_AGNOSTIC_WINDOW once the group has started")


def extend_goals(edit: GroupEdit, target: Target) -> tuple[Goal, ...]:
    """Return the goals of *target* with goals for new periods, which repeat the last goal (facts 8 #32)."""
    if not target.goals:
        return ()
    existing = {goal.period_id for goal in target.goals}
    new = [period_id for period_id in edit.periods if period_id not in existing]
    last = target.goals[-1].value
    return (*target.goals, *(Goal(edit.context.ids(IdKind.GOAL), period_id, last) for period_id in new))


def order_goals(amendment: TargetAmendment, periods: Sequence[Period]) -> TargetDraft:
    """Return the draft of a new target with its goals in the order of *periods*.

    A period without a goal repeats the goal before it. A draft with invalid goals is returned unchanged.
    """
    by_place = dict(_places(amendment, periods))
    goals = amendment.draft.goals
    if len(by_place) < len(goals) or max(by_place, default=-1) >= len(periods):
        return amendment.draft
    filled: list[Decimal | None] = []
    for place in range(max(by_place, default=-1) + 1):
        before = filled[-1] if filled else next(iter(by_place.values()))
        filled.append(by_place.get(place, before))
    return replace(amendment.draft, goals=tuple(filled))


def _goal_problems(path: str, amendment: TargetAmendment, periods: Sequence[Period]) -> Iterator[Problem]:
    goals = amendment.draft.goals
    if len(goals) > len(periods):
        yield Problem(path, f"must not have more entries than the group has periods ({len(periods)})")
    for place, value in enumerate(goals[: len(periods)]):
        if value is None:
            yield Problem(f"{path}[{place}].defaultValue", MISSING)
        else:
            yield from amount_problems(f"{path}[{place}].defaultValue", value)
    places = [place for place, _ in _places(amendment, periods)]
    if len(set(places)) < len(places):
        yield Problem(path, "must not hold two values for one period")


def _requested_goals(amendment: TargetAmendment, periods: Sequence[Period]) -> dict[int, Decimal]:
    """Return the requested goals by period id. If the request names no period, its last goal holds for all the rest."""
    if _names_periods(amendment, periods):
        places = _places(amendment, periods)
        return {periods[place].id: canonical_amount(value) for place, value in places if value is not None}
    values = goals_of(amendment.draft, len(periods))
    return {period.id: value for period, value in zip(periods, values, strict=True)}


def _places(amendment: TargetAmendment, periods: Sequence[Period]) -> list[tuple[int, Decimal | None]]:
    """Return each goal with the position of its period: the period that it names, or else its own position."""
    positions = {period.id: place for place, period in enumerate(periods)}
    period_ids = (*amendment.goal_periods, *(None for _ in amendment.draft.goals))
    return [
        (place if period_id is None else positions.get(period_id, place), value)
        for place, (value, period_id) in enumerate(zip(amendment.draft.goals, period_ids, strict=False))
    ]


def _names_periods(amendment: TargetAmendment, periods: Sequence[Period]) -> bool:
    return not {period.id for period in periods}.isdisjoint(amendment.goal_periods)
