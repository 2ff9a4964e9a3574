"""Changing a target that is in force, and adding one to a group (facts 3.3, 8 #40).

What a target measures never changes: progress adds up one thing from its first event to its last. So entity, type,
event, field and enrolment stay; what is counted (expression, filters) and how much is wanted (goals) may change.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from milepost.model.target import Combination, EnrolmentMethod, Entity, Target, Tracking, Trigger
from milepost.rules.definition.audiences import with_versions
from milepost.rules.definition.build import IdKind, build_target, filters_of, metadata_of
from milepost.rules.definition.condition import build_condition
from milepost.rules.definition.draft import TargetDraft, TriggerDraft
from milepost.rules.definition.goals import enrolment_of
from milepost.rules.definition.naming import DESCRIPTION_MAX, text_problems
from milepost.rules.definition.tracking import TARGETS_MAX, TARGETS_UNIFIED_MIN
from milepost.rules.definition.validation import filter_problems, target_name_problems, target_problems
from milepost.rules.edits.amendment import NewName, TargetAmendment
from milepost.rules.edits.goal_edits import change_goals, in_order
from milepost.rules.edits.period_change import UNKNOWN_TARGET, GroupEdit

TARGETS_KEPT_MAX = 200
"""Targets of one group with those that went out of use, which stay so that what they counted can be explained."""


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
"""What of a target no request changes: how a request writes it, and how it is."""


def change_target(change: GroupEdit, amendment: TargetAmendment) -> None:
    """Let a target that is in force be as *amendment* says, in all that may change."""
    target = None if amendment.id is None else change.targets.get(amendment.id)
    if target is None:
        change.refuse(f"{amendment.path}.id", "Target rule is not found", UNKNOWN_TARGET)
        return
    draft, path = amendment.draft, amendment.path
    change.problems += text_problems(f"{path}.description", draft.description, DESCRIPTION_MAX)
    change.problems += filter_problems(f"{path}.filters", draft.filters or ())
    for name, asked, kept in _FIXED:
        if (value := asked(draft)) is not None and value != kept(target):
            change.leave(f"{path}.{name}")
    expression, tree = _condition(change, amendment, target)
    change.targets[target.id] = replace(
        target,
        name=_name(change, amendment, target),
        description=target.description if draft.description is None else draft.description,
        active=target.active if draft.active is None else draft.active,
        expression=expression,
        expression_tree=tree,
        filters=target.filters if draft.filters is None else filters_of(draft),
        goals=change_goals(change, amendment, target),
    )


def add_target(change: GroupEdit, amendment: TargetAmendment) -> None:
    """Let the group have a new target, whose goals may name the periods they are of."""
    group, path = change.before, amendment.path
    periods = tuple(change.periods.values())
    draft = in_order(amendment, periods)
    condition = build_condition(path, draft)
    draft, unknown = with_versions(path, draft, change.where.audiences)
    found = [*target_problems(path, draft, len(periods), group.evaluation), *condition.problems, *unknown]
    change.problems += found
    if group.tracking is Tracking.UNIFIED and draft.triggers:
        change.refuse(f"{path}.targetMilestoneTriggers", "do not go with UNIFIED")
    if group.user_created and enrolment_of(draft) is not EnrolmentMethod.IMPORT:
        change.refuse(f"{path}.enrolmentMethod", "must be IMPORT for a user-created target")
    if found:
        return
    target = build_target(draft, group.tracking, periods, change.where.ids)
    change.targets[target.id] = target
    change.names.append(NewName(f"{path}.name", IdKind.TARGET, target.id, target.name))
    change.warnings += condition.warnings


def use_target(change: GroupEdit, path: str, target_id: int, *, active: bool) -> None:
    """Take a target out of use, or back into it; events that come while it is out of use are not counted later."""
    target = change.targets.get(target_id)
    if target is None:
        change.refuse(path, "Target rule is not found", UNKNOWN_TARGET)
        return
    change.targets[target_id] = replace(target, active=active)


def check_number(change: GroupEdit, combination: Combination | None) -> None:
    """Find too many or too few targets in use, if that is what changes; *combination* says how many are needed."""
    before = {target.id for target in change.before.targets if target.active}
    active = {target.id for target in change.targets.values() if target.active}
    if len(change.targets) > TARGETS_KEPT_MAX:
        change.refuse("targets", f"must not be more than {TARGETS_KEPT_MAX}, with those that are deactivated")
    if combination is not None and combination.least is not None and not 1 <= combination.least <= len(active):
        path = "unifiedTargetExpression.minTargetsToAchieve"
        change.refuse(path, f"must be between 1 and the number of active targets ({len(active)})")
    if active == before:
        return
    group = change.before
    if group.tracking is not Tracking.UNIFIED:
        if len(active) > 1:
            change.refuse("targets", f"must not be more than 1 that is active for {group.tracking.value}")
    elif not TARGETS_UNIFIED_MIN <= len(active) <= TARGETS_MAX:
        change.refuse("targets", f"must be {TARGETS_UNIFIED_MIN} to {TARGETS_MAX} that are active for UNIFIED")


def _name(change: GroupEdit, amendment: TargetAmendment, target: Target) -> str:
    """Return the name that the target is to have; it stays once the group has started."""
    name, path = amendment.draft.name, f"{amendment.path}.name"
    if name is None or name == target.name:
        return target.name
    if change.has_started:
        change.refuse(path, "cannot be changed once the group has started")
        return target.name
    change.problems += target_name_problems(path, name)
    change.names.append(NewName(path, IdKind.TARGET, target.id, name))
    return name


def _condition(change: GroupEdit, amendment: TargetAmendment, target: Target) -> tuple[str, str | None]:
    """Return the text that counts from now on, and the tree that is echoed: not an old one for a new text."""
    draft = amendment.draft
    if draft.expression is None and draft.expression_tree is None:
        return target.expression, target.expression_tree
    condition = build_condition(
        amendment.path, replace(draft, entity=target.entity, kpi=target.kpi, event_name=target.event_name)
    )
    change.problems += condition.problems
    change.warnings += condition.warnings
    if target.entity is Entity.LINEITEM and condition.text != target.expression and change.has_started:
        # Known limit (docs/invariants.md): which lines counted is asked of the expression in force at the return.
        said = "returns of a part of bills that counted before take back the lines that it holds for now."
        change.warnings.append(f"{amendment.path}.expression: {said}")
    if draft.expression_tree is not None:
        return condition.text, draft.expression_tree
    return condition.text, target.expression_tree if condition.text == target.expression else None
