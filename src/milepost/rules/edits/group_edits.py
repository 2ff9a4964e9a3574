"""Changing a group that is in force: what may change, and what is left as it is (facts 8 #40, #41)."""

from collections.abc import Iterator
from dataclasses import replace

from milepost.model.target import Combination, Frequency, TargetGroup, Tracking
from milepost.rules.calendar import Calendar, Unreadable, calendar_of, day_from
from milepost.rules.definition.build import IdKind
from milepost.rules.definition.draft import CombinationDraft, FreezeDraft, GroupDraft
from milepost.rules.definition.goals import amount_problems, normalised
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
from milepost.rules.edits.period_change import UNKNOWN_TARGET, GroupEdit
from milepost.rules.edits.target_edits import add_target, change_target, check_number, use_target


def amend_group(group: TargetGroup, amendment: GroupAmendment, where: EditContext) -> AmendedGroup:
    """Return *group* with its name, description, use and targets as *amendment* says; all else is left."""
    change = GroupEdit(group, where)
    draft = amendment.draft
    change.problems += text_problems("description", draft.description, DESCRIPTION_MAX)
    for name in _left(change, amendment):
        change.leave(name)
    called = _name(change, draft.name)
    _change_targets(change, amendment.targets)
    check_number(change, group.combination)
    return change.result(
        name=called,
        description=group.description if draft.description is None else draft.description,
        active=group.active if draft.active is None else draft.active,
    )


def add_targets(group: TargetGroup, amendments: tuple[TargetAmendment, ...], where: EditContext) -> AmendedGroup:
    """Return *group* with new targets."""
    change = GroupEdit(group, where)
    for amendment in amendments:
        add_target(change, amendment)
    check_number(change, group.combination)
    return change.result()


def change_targets(group: TargetGroup, amendments: tuple[TargetAmendment, ...], where: EditContext) -> AmendedGroup:
    """Return *group* with some of its targets changed."""
    change = GroupEdit(group, where)
    _change_targets(change, amendments)
    check_number(change, group.combination)
    return change.result()


def deactivate_target(group: TargetGroup, target_id: int, where: EditContext) -> AmendedGroup:
    """Return *group* with a target out of use."""
    change = GroupEdit(group, where)
    use_target(change, "targetId", target_id, active=False)
    check_number(change, group.combination)
    return change.result()


def delete_group(group: TargetGroup, where: EditContext) -> AmendedGroup:
    """Return *group* as one that is deleted: inactive and no longer found, but kept (facts 8 #41)."""
    return GroupEdit(group, where).result(active=False, deleted=True)


def amend_unified(group: TargetGroup, amendment: UnifiedAmendment, where: EditContext) -> AmendedGroup:
    """Return a unified group with other targets, and taken together otherwise (facts 4.10)."""
    change = GroupEdit(group, where)
    if group.tracking is not Tracking.UNIFIED or group.combination is None:
        change.refuse("", "the target group is not unified")
        return change.result()
    _change_targets(change, tuple(one for one in amendment.targets if one.id is not None))
    for new in (one for one in amendment.targets if one.id is None):
        add_target(change, new)
    written = {one.id for one in amendment.targets}
    for place, target_id in enumerate(amendment.deactivated):
        path = f"deactivateTargetIds[{place}]"
        if target_id in written:
            change.refuse(path, "stands among the targets of the request too")
        use_target(change, path, target_id, active=False)
    combination = _combined(change, group.combination, amendment.combination or CombinationDraft())
    check_number(change, combination)
    return change.result(combination=combination)


def _change_targets(change: GroupEdit, amendments: tuple[TargetAmendment, ...]) -> None:
    seen: set[int] = set()
    for amendment in amendments:
        if amendment.id is None:
            change.refuse(f"{amendment.path}.id", "is needed here: what has none is a new target", UNKNOWN_TARGET)
        elif amendment.id in seen:
            change.refuse(f"{amendment.path}.id", "stands twice in the request")
        else:
            seen.add(amendment.id)
            change_target(change, amendment)


def _name(change: GroupEdit, name: str | None) -> str:
    """Return the name that the group is to have; it stays once the group has started."""
    group = change.before
    if name is None or name == group.name:
        return group.name
    if change.has_started:
        change.refuse("name", "cannot be changed once the group has started")
        return group.name
    change.problems += name_problems("name", name)
    change.names.append(NewName("name", IdKind.GROUP, group.id, name))
    return name


def _combined(change: GroupEdit, kept: Combination, asked: CombinationDraft) -> Combination:
    """Return how targets are taken together from now on; ALL and ANY stay."""
    path = "unifiedTargetExpression"
    aggregation = asked.aggregation or kept.aggregation
    threshold = kept.threshold if asked.threshold is None else asked.threshold
    least = kept.least if asked.least is None else asked.least
    if (aggregation is None) != (threshold is None):
        change.refuse(path, "needs aggregation and thresholdValue together")
    if asked.threshold is not None:
        found = [*amount_problems(f"{path}.thresholdValue", asked.threshold)]
        change.problems += found
        threshold = None if found else normalised(asked.threshold)
    if asked.least is not None and not kept.any_of:
        change.refuse(f"{path}.minTargetsToAchieve", "goes with combinationType ANY only")
    return replace(kept, aggregation=aggregation, threshold=threshold, least=least)


def _left(change: GroupEdit, amendment: GroupAmendment) -> Iterator[str]:
    """Return the fields that the request writes otherwise than they are, and that stay all the same."""
    group, calendar, draft = change.before, change.calendar, amendment.draft
    plainly: tuple[tuple[str, object, object], ...] = (
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
        # What reads show for a group that was made without one comes back in edited copies (facts 2.1).
        ("frequencyType", draft.frequency_kind, group.frequency_kind or Frequency.CUSTOM),
        ("frequency", draft.frequency, group.frequency or 0),
    )
    yield from (name for name, asked, kept in plainly if asked is not None and asked != kept)
    if draft.recurring_cycles not in {None, group.recurring_cycles, 0, RECURRING_UNSET}:
        yield "recurringCycles"
    yield from _left_windows(group, draft, calendar_of(change.where.organisation.zone))
    if any(_differs(group, one, calendar) for one in amendment.periods):
        yield "periods"
    if draft.levels and [(one.name, one.count) for one in draft.levels] != [
        (level.name, level.count) for level in group.streak_levels
    ]:
        yield "streaks"
    kept = None if group.freezes is None else FreezeDraft(most=group.freezes.most, earn_every=group.freezes.earn_every)
    if draft.freezes not in {None, kept}:
        yield "streakFreezes"
    yield from _left_combination(group, draft)


def _left_windows(group: TargetGroup, draft: GroupDraft, calendar: Calendar) -> Iterator[str]:
    dates = (
        ("targetCycleStartDate", draft.cycle_opens, calendar.glued(group.cycle_opens_at)),
        ("targetCycleEndDate", draft.cycle_closes, calendar.glued(group.cycle_closes_at)),
        ("targetCycleStartDateISO", draft.cycle_opens_iso, calendar.iso(group.cycle_opens_at)),
        ("targetCycleEndDateISO", draft.cycle_closes_iso, calendar.iso(group.cycle_closes_at)),
    )
    yield from (name for name, asked, kept in dates if asked not in {None, kept})


def _left_combination(group: TargetGroup, draft: GroupDraft) -> Iterator[str]:
    kept = group.combination
    if draft.any_of is not None and (kept is None or draft.any_of is not kept.any_of):
        yield "combinationType"
    asked = draft.combination
    if asked is None or asked == CombinationDraft():
        return
    if kept is None or asked != CombinationDraft(
        aggregation=kept.aggregation, threshold=kept.threshold, least=kept.least
    ):
        yield "unifiedTargetExpression"


def _differs(group: TargetGroup, amendment: PeriodAmendment, calendar: Calendar) -> bool:
    """Return whether a period is written otherwise than it is; periods are changed at their own address."""
    period = next((period for period in group.periods if period.id == amendment.id), None)
    draft = amendment.draft
    if period is None:
        return True
    asked = (draft.ref_code, _day(draft.starts, calendar), _day(draft.ends, calendar), draft.description, draft.active)
    kept = (
        period.ref_code,
        day_from(period.starts_on),
        day_from(period.ends_on),
        period.description,
        period.active,
    )
    return any(one is not None and one != other for one, other in zip(asked, kept, strict=True))


def _day(text: str | None, calendar: Calendar) -> int | None:
    """Return the day that *text* names; -1, which no day is, if it names none."""
    if text is None:
        return None
    try:
        return calendar.read_legacy(text).day
    except Unreadable:
        return -1
