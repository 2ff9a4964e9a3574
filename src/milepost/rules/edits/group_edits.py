"""Edits of a group that is in force: what changes, and what stays with a warning (facts 8 #40, #41)."""

from collections.abc import Iterator
from dataclasses import replace

from milepost.model.target import Combination, Frequency, TargetGroup, Tracking
from milepost.rules.calendar import Calendar, Unreadable, calendar_of, day_from
from milepost.rules.definition.build import IdKind
from milepost.rules.definition.draft import CombinationDraft, FreezeDraft, GroupDraft
from milepost.rules.definition.goals import amount_problems, canonical_amount
from milepost.rules.definition.naming import DESCRIPTION_MAX, name_problems, text_problems
from milepost.rules.definition.validation import RECURRING_UNSET
from milepost.rules.edits.amendment import (
    AmendedGroup,
    EditContext,
    GroupAmendment,
    NewName,
    PeriodAmendment,
    TargetAmendment,
    UnifiedAmendment,
)
from milepost.rules.edits.edit_in_progress import UNKNOWN_TARGET, GroupEdit
from milepost.rules.edits.target_edits import add_target, change_target, check_target_count, set_target_active


def amend_group(group: TargetGroup, amendment: GroupAmendment, context: EditContext) -> AmendedGroup:
    """Return *group* with the name, description, active state and targets of *amendment*. Other fields stay."""
    edit = GroupEdit(group, context)
    draft = amendment.draft
    edit.problems += text_problems("description", draft.description, DESCRIPTION_MAX)
    for field in _ignored_fields(edit, amendment):
        edit.warn_unchanged(field)
    name = _name(edit, draft.name)
    _change_targets(edit, amendment.targets)
    check_target_count(edit, group.combination)
    return edit.result(
        name=name,
        description=group.description if draft.description is None else draft.description,
        active=group.active if draft.active is None else draft.active,
    )


def add_targets(group: TargetGroup, amendments: tuple[TargetAmendment, ...], context: EditContext) -> AmendedGroup:
    """Return *group* with new targets."""
    edit = GroupEdit(group, context)
    for amendment in amendments:
        add_target(edit, amendment)
    check_target_count(edit, group.combination)
    return edit.result()


def change_targets(group: TargetGroup, amendments: tuple[TargetAmendment, ...], context: EditContext) -> AmendedGroup:
    """Return *group* with some of its targets changed."""
    edit = GroupEdit(group, context)
    _change_targets(edit, amendments)
    check_target_count(edit, group.combination)
    return edit.result()


def deactivate_target(group: TargetGroup, target_id: int, context: EditContext) -> AmendedGroup:
    """Return *group* with a target deactivated."""
    edit = GroupEdit(group, context)
    set_target_active(edit, "targetId", target_id, active=False)
    check_target_count(edit, group.combination)
    return edit.result()


def delete_group(group: TargetGroup, context: EditContext) -> AmendedGroup:
    """Return *group* as deleted: inactive and not found by requests, but stored (facts 8 #41)."""
    return GroupEdit(group, context).result(active=False, deleted=True)


def amend_unified(group: TargetGroup, amendment: UnifiedAmendment, context: EditContext) -> AmendedGroup:
    """Return a unified group with changed targets and a changed combination (facts 4.10)."""
    edit = GroupEdit(group, context)
    if group.tracking is not Tracking.UNIFIED or group.combination is None:
        edit.refuse("", "the target group is not unified")
        return edit.result()
    _change_targets(edit, tuple(target for target in amendment.targets if target.id is not None))
    for new in (target for target in amendment.targets if target.id is None):
        add_target(edit, new)
    requested = {target.id for target in amendment.targets}
    for place, target_id in enumerate(amendment.deactivated):
        path = f"deactivateTargetIds[{place}]"
        if target_id in requested:
            edit.refuse(path, "is also among the targets of the request")
        set_target_active(edit, path, target_id, active=False)
    combination = _combination(edit, group.combination, amendment.combination or CombinationDraft())
    check_target_count(edit, combination)
    return edit.result(combination=combination)


def _change_targets(edit: GroupEdit, amendments: tuple[TargetAmendment, ...]) -> None:
    earlier_ids: set[int] = set()
    for amendment in amendments:
        if amendment.id is None:
            edit.refuse(
                f"{amendment.path}.id", "is needed here: a target without an id is a new target", UNKNOWN_TARGET
            )
        elif amendment.id in earlier_ids:
            edit.refuse(f"{amendment.path}.id", "stands twice in the request")
        else:
            earlier_ids.add(amendment.id)
            change_target(edit, amendment)


def _name(edit: GroupEdit, name: str | None) -> str:
    """Return the requested name of the group. Refuse a change once the group has started."""
    group = edit.before
    if name is None or name == group.name:
        return group.name
    if edit.has_started:
        edit.refuse("name", "cannot be changed once the group has started")
        return group.name
    edit.problems += name_problems("name", name)
    edit.names.append(NewName("name", IdKind.GROUP, group.id, name))
    return name


def _combination(edit: GroupEdit, current: Combination, requested: CombinationDraft) -> Combination:
    """Return the changed combination of targets. ALL or ANY cannot change."""
    path = "unifiedTargetExpression"
    aggregation = requested.aggregation or current.aggregation
    threshold = current.threshold if requested.threshold is None else requested.threshold
    least = current.least if requested.least is None else requested.least
    if (aggregation is None) != (threshold is None):
        edit.refuse(path, "needs aggregation and thresholdValue together")
    if requested.threshold is not None:
        problems = [*amount_problems(f"{path}.thresholdValue", requested.threshold)]
        edit.problems += problems
        threshold = None if problems else canonical_amount(requested.threshold)
    if requested.least is not None and not current.any_of:
        edit.refuse(f"{path}.minTargetsToAchieve", "is allowed only with combinationType ANY")
    return replace(current, aggregation=aggregation, threshold=threshold, least=least)


def _ignored_fields(edit: GroupEdit, amendment: GroupAmendment) -> Iterator[str]:
    """Yield the fields that the request would change but that cannot be changed."""
    group, calendar, draft = edit.before, edit.calendar, amendment.draft
    comparisons: tuple[tuple[str, object, object], ...] = (
        ("preferredTillId", draft.preferred_till_id, group.preferred_till_id),
        ("trackingType", draft.tracking, group.tracking),
        ("targetEvaluationType", draft.evaluation, group.evaluation),
        ("timeZoneName", draft.time_zone_name, group.time_zone_name),
        ("userCreated", draft.user_created, group.user_created),
        ("leaderboardEnabled", draft.leaderboard, group.leaderboard),
        ("capScope", draft.cap_scope, group.cap_scope),
        (
            "fromDate",
            _day(draft.valid_from, calendar),
            None if group.valid_from is None else day_from(group.valid_from),
        ),
        ("toDate", _day(draft.valid_to, calendar), None if group.valid_to is None else day_from(group.valid_to)),
        # Answers show these values for a group that has none, so edited copies contain them (facts 2.1).
        ("frequencyType", draft.frequency_kind, group.frequency_kind or Frequency.CUSTOM),
        ("frequency", draft.frequency, group.frequency or 0),
    )
    yield from (name for name, requested, current in comparisons if requested is not None and requested != current)
    if draft.recurring_cycles not in {None, group.recurring_cycles, 0, RECURRING_UNSET}:
        yield "recurringCycles"
    yield from _ignored_windows(group, draft, calendar_of(edit.context.organisation.zone))
    if any(_differs(group, period, calendar) for period in amendment.periods):
        yield "periods"
    if draft.levels and [(level.name, level.count) for level in draft.levels] != [
        (level.name, level.count) for level in group.streak_levels
    ]:
        yield "streaks"
    freezes = (
        None if group.freezes is None else FreezeDraft(most=group.freezes.most, earn_every=group.freezes.earn_every)
    )
    if draft.freezes not in {None, freezes}:
        yield "streakFreezes"
    yield from _ignored_combination(group, draft)


def _ignored_windows(group: TargetGroup, draft: GroupDraft, calendar: Calendar) -> Iterator[str]:
    dates = (
        ("targetCycleStartDate", draft.cycle_opens, calendar.glued(group.cycle_opens_at)),
        ("targetCycleEndDate", draft.cycle_closes, calendar.glued(group.cycle_closes_at)),
        ("targetCycleStartDateISO", draft.cycle_opens_iso, calendar.iso(group.cycle_opens_at)),
        ("targetCycleEndDateISO", draft.cycle_closes_iso, calendar.iso(group.cycle_closes_at)),
    )
    yield from (name for name, requested, current in dates if requested not in {None, current})


def _ignored_combination(group: TargetGroup, draft: GroupDraft) -> Iterator[str]:
    current = group.combination
    if draft.any_of is not None and (current is None or draft.any_of is not current.any_of):
        yield "combinationType"
    requested = draft.combination
    if requested is None or requested == CombinationDraft():
        return
    if current is None or requested != CombinationDraft(
        aggregation=current.aggregation, threshold=current.threshold, least=current.least
    ):
        yield "unifiedTargetExpression"


def _differs(group: TargetGroup, amendment: PeriodAmendment, calendar: Calendar) -> bool:
    """Return whether the request would change a period or add one. Periods have a route of their own for that."""
    period = next((period for period in group.periods if period.id == amendment.id), None)
    draft = amendment.draft
    if period is None:
        return True
    requested = (
        draft.ref_code,
        _day(draft.starts, calendar),
        _day(draft.ends, calendar),
        draft.description,
        draft.active,
    )
    current = (
        period.ref_code,
        day_from(period.starts_on),
        day_from(period.ends_on),
        period.description,
        period.active,
    )
    return any(new is not None and new != old for new, old in zip(requested, current, strict=True))


def _day(text: str | None, calendar: Calendar) -> int | None:
    """Return the day that *text* names, or -1, which differs from every day, if it is unreadable."""
    if text is None:
        return None
    try:
        return calendar.read_legacy(text).day
    except Unreadable:
        return -1
