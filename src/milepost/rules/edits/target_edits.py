"""Edits of a target that is in force, and new targets (facts 3.3, 8 #40).

The measure of a target never changes, because a progress adds up the same thing from its first event to its last. So
entity, type, event, field and enrolment method stay. The condition (expression, filters) and the goals may change.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from milepost.model.target import Combination, Entity, Target, Tracking, Trigger
from milepost.rules.definition.audiences import resolve_audiences
from milepost.rules.definition.build import IdKind, build_target, filters_of, metadata_of
from milepost.rules.definition.condition import build_condition
from milepost.rules.definition.draft import TargetDraft, TriggerDraft
from milepost.rules.definition.naming import DESCRIPTION_MAX, text_problems
from milepost.rules.definition.tracking import goal_enrolment_warnings, target_count_reason
from milepost.rules.definition.validation import (
    filter_problems,
    filter_warnings,
    target_name_problems,
    target_problems,
)
from milepost.rules.edits.amendment import NewName, TargetAmendment
from milepost.rules.edits.edit_in_progress import UNKNOWN_TARGET, GroupEdit
from milepost.rules.edits.goal_edits import change_goals, order_goals

TARGETS_KEPT_MAX = 200
"""The largest number of targets of one group, with deactivated targets, which stay so that progress is explained."""


def _marks(triggers: Sequence[Trigger | TriggerDraft]) -> list[tuple[Any, ...]]:
    return [(trigger.name, trigger.value_kind, trigger.value, trigger.active is not False) for trigger in triggers]


_FIXED: Sequence[tuple[str, Callable[[TargetDraft], object], Callable[[Target], object]]] = (
    ("targetEntity", lambda draft: draft.entity, lambda target: target.entity),
    ("targetType", lambda draft: draft.kpi, lambda target: target.kpi),
    ("eventName", lambda draft: draft.event_name, lambda target: target.event_name),
    ("enrolmentMethod", lambda draft: draft.enrolment, lambda target: target.enrolment),
    ("extendedFieldInfo", metadata_of, lambda target: target.metadata),
    (
        "targetAudienceFilter",
        lambda draft: {audience.audience_id for audience in draft.audiences} or None,
        lambda target: {audience.audience_id for audience in target.audiences},
    ),
    (
        "targetMilestoneTriggers",
        lambda draft: _marks(draft.triggers) if draft.triggers else None,
        lambda target: _marks(target.triggers),
    ),
)
"""The fields of a target that never change: the field's name, its value in a draft, and its value in a target."""


def change_target(edit: GroupEdit, amendment: TargetAmendment) -> None:
    """Change a target that is in force as *amendment* requests, as far as it may change."""
    target = None if amendment.id is None else edit.targets.get(amendment.id)
    if target is None:
        edit.refuse(f"{amendment.path}.id", "Target rule is not found", UNKNOWN_TARGET)
        return
    draft, path = amendment.draft, amendment.path
    edit.problems += text_problems(f"{path}.description", draft.description, DESCRIPTION_MAX)
    edit.problems += filter_problems(f"{path}.filters", draft.filters or ())
    edit.warnings += filter_warnings(f"{path}.filters", draft.filters or ())
    for name, requested, current in _FIXED:
        if (value := requested(draft)) is not None and value != current(target):
            edit.warn_unchanged(f"{path}.{name}")
    expression, tree = _condition(edit, amendment, target)
    edit.targets[target.id] = replace(
        target,
        name=_name(edit, amendment, target),
        description=target.description if draft.description is None else draft.description,
        active=_active(edit, amendment, target),
        expression=expression,
        expression_tree=tree,
        filters=target.filters if draft.filters is None else filters_of(draft),
        goals=change_goals(edit, amendment, target),
    )


def add_target(edit: GroupEdit, amendment: TargetAmendment) -> None:
    """Add a target to the group. Its goals may name their periods."""
    group, path = edit.before, amendment.path
    periods = tuple(edit.periods.values())
    draft = order_goals(amendment, periods)
    condition = build_condition(path, draft)
    draft, unknown = resolve_audiences(path, draft, edit.context.audiences)
    problems = [*target_problems(path, draft, len(periods), group.evaluation), *condition.problems, *unknown]
    edit.problems += problems
    if group.tracking is Tracking.UNIFIED and draft.triggers:
        edit.refuse(f"{path}.targetMilestoneTriggers", "are not allowed with UNIFIED")
    if problems:
        return
    target = build_target(draft, group.tracking, periods, edit.context.ids)
    edit.targets[target.id] = target
    edit.names.append(NewName(f"{path}.name", IdKind.TARGET, target.id, target.name))
    edit.warnings += (*condition.warnings, *filter_warnings(f"{path}.filters", draft.filters or ()))
    if group.user_created:
        edit.warnings += goal_enrolment_warnings(path, draft)


def _active(edit: GroupEdit, amendment: TargetAmendment, target: Target) -> bool:
    """Return whether the target is to be active. A copy of a stopped group sends what was shown: false (facts 8 #94).

    So a false leaves the target of a stopped group as it is; else the copy that starts the group again would
    deactivate its targets.
    """
    requested = amendment.draft.active
    if requested is None:
        return target.active
    if not requested and target.active and not edit.before.active:
        edit.warnings.append(
            f"{amendment.path}.active was left as it is: a stopped group shows its targets inactive. "
            "DELETE deactivates a target."
        )
        return True
    return requested


def set_target_active(edit: GroupEdit, path: str, target_id: int, *, active: bool) -> None:
    """Activate or deactivate a target. Events that arrive while it is inactive are not counted later."""
    target = edit.targets.get(target_id)
    if target is None:
        edit.refuse(path, "Target rule is not found", UNKNOWN_TARGET)
        return
    edit.targets[target_id] = replace(target, active=active)


def check_target_count(edit: GroupEdit, combination: Combination | None) -> None:
    """Refuse too many or too few active targets if the edit changes them; *combination* may require a number."""
    before = {target.id for target in edit.before.targets if target.active}
    active = {target.id for target in edit.targets.values() if target.active}
    if len(edit.targets) > TARGETS_KEPT_MAX:
        edit.refuse("targets", f"must not have more than {TARGETS_KEPT_MAX} entries, with deactivated ones")
    if combination is not None and combination.least is not None and not 1 <= combination.least <= len(active):
        path = "unifiedTargetExpression.minTargetsToAchieve"
        edit.refuse(path, f"must be between 1 and the number of active targets ({len(active)})")
    if active == before:
        return
    group = edit.before
    reason = target_count_reason(len(active), group.tracking, has_board=group.leaderboard, is_goal=group.user_created)
    if reason is not None:
        edit.refuse("targets", reason)


def _name(edit: GroupEdit, amendment: TargetAmendment, target: Target) -> str:
    """Return the requested name of the target. Refuse a change once the group has started."""
    name, path = amendment.draft.name, f"{amendment.path}.name"
    if name is None or name == target.name:
        return target.name
    if edit.has_started:
        edit.refuse(path, "cannot be changed once the group has started")
        return target.name
    edit.problems += target_name_problems(path, name)
    edit.names.append(NewName(path, IdKind.TARGET, target.id, name))
    return name


def _condition(edit: GroupEdit, amendment: TargetAmendment, target: Target) -> tuple[str, str | None]:
    """Return the changed condition and the tree that answers show: never an old tree beside a new condition."""
    draft = amendment.draft
    if draft.expression is None and draft.expression_tree is None:
        return target.expression, target.expression_tree
    condition = build_condition(
        amendment.path, replace(draft, entity=target.entity, kpi=target.kpi, event_name=target.event_name)
    )
    edit.problems += condition.problems
    edit.warnings += condition.warnings
    if target.entity is Entity.LINEITEM and condition.text != target.expression and edit.has_started:
        # Known limit (docs/invariants.md): a return evaluates the lines with the expression in force at that time.
        reason = "a return of some lines of an earlier bill reverses the lines for which it is true now."
        edit.warnings.append(f"{amendment.path}.expression: {reason}")
    if draft.expression_tree is not None:
        return condition.text, draft.expression_tree
    return condition.text, target.expression_tree if condition.text == target.expression else None
