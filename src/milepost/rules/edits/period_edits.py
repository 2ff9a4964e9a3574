"""Edits of a group's periods: new periods, and changes as far as a period's status allows (facts 3.2)."""

from dataclasses import replace
from enum import Enum

from milepost.model.names import name_key
from milepost.model.organisation import BackwardPeriods
from milepost.model.target import Evaluation, Period, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import Unreadable, day_from, iso_date
from milepost.rules.definition.build import build_period
from milepost.rules.definition.naming import DESCRIPTION_MAX, MISSING, duplicate_problems, name_problems, text_problems
from milepost.rules.definition.schedule import Window, date_problems, ends_before_start, periods_hint
from milepost.rules.definition.tracking import STREAKS
from milepost.rules.edits.amendment import AmendedGroup, EditContext, PeriodAmendment
from milepost.rules.edits.edit_in_progress import UNKNOWN_PERIOD, GroupEdit
from milepost.rules.edits.goal_edits import extend_goals

EditedPeriods = list[tuple[str, int]]
"""The path of each period in the request, and the period's id."""


class PeriodStatus(Enum):
    """Whether a period is in the future, running or over."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"


def status_of(period: Period, now: Micros) -> PeriodStatus:
    """Return the status of *period* at *now* (epoch microseconds)."""
    if now < period.opens_at:
        return PeriodStatus.NOT_STARTED
    return PeriodStatus.RUNNING if now < period.closes_at else PeriodStatus.ENDED


def add_periods(group: TargetGroup, amendments: tuple[PeriodAmendment, ...], context: EditContext) -> AmendedGroup:
    """Return *group* with new periods, for which each target repeats its last goal."""
    edit = GroupEdit(group, context)
    amendments = _without_backward_periods(edit, amendments)
    if group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        edit.refuse("", "periods are added to a group of FIXED_CALENDAR_WINDOW only")
        return edit.result()
    most = context.organisation.settings.periods_max
    if len(group.periods) + len(amendments) > most:
        edit.refuse("", f"a group must not have more than {most} periods{periods_hint(most)}")
        return edit.result()
    taken = {name_key(period.ref_code) for period in group.periods}
    for amendment in amendments:
        path, name = f"{amendment.path}.refCode", amendment.draft.ref_code
        if name is not None and name_key(name) in taken:
            edit.refuse(path, "is the name of another period of the group")
    edit.problems += duplicate_problems(
        (f"{amendment.path}.refCode", amendment.draft.ref_code) for amendment in amendments
    )
    edited: EditedPeriods = []
    for amendment in amendments:
        _add(edit, amendment, edited)
    _check_days(edit, edited)
    for target in group.targets:
        edit.targets[target.id] = replace(target, goals=extend_goals(edit, target))
    return edit.result()


def change_periods(group: TargetGroup, amendments: tuple[PeriodAmendment, ...], context: EditContext) -> AmendedGroup:
    """Return *group* with changed periods, as far as their status allows."""
    edit = GroupEdit(group, context)
    edited: EditedPeriods = []
    for amendment in amendments:
        if amendment.id is not None and amendment.id in {id_ for _, id_ in edited}:
            edit.refuse(f"{amendment.path}.id", "stands twice in the request")
            continue
        _change(edit, amendment, edited)
    _check_days(edit, edited)
    return edit.result()


def _without_backward_periods(edit: GroupEdit, amendments: tuple[PeriodAmendment, ...]) -> tuple[PeriodAmendment, ...]:
    """Leave out periods that end before they start, with a warning, if the settings say so (facts 8 #43)."""
    if edit.context.organisation.settings.backward_periods is BackwardPeriods.REFUSE:
        return amendments
    forward = tuple(period for period in amendments if not ends_before_start(period.draft, edit.calendar))
    left_out = (period.path for period in amendments if period not in forward)
    edit.warnings += (f"{path or 'The period'} ends before it starts and was left out." for path in left_out)
    return forward


def _add(edit: GroupEdit, amendment: PeriodAmendment, edited: EditedPeriods) -> None:
    draft, path, calendar = amendment.draft, amendment.path, edit.calendar
    problems = [
        *name_problems(f"{path}.refCode", draft.ref_code),
        *text_problems(f"{path}.description", draft.description, DESCRIPTION_MAX),
        *date_problems(path, draft, calendar),
    ]
    edit.problems += problems
    if not problems:
        window = Window(edit.before.cycle_opens_at, edit.before.cycle_closes_at)
        period = build_period(draft, window, calendar, edit.context.ids)
        edit.periods[period.id] = period
        edited.append((path, period.id))


def _change(edit: GroupEdit, amendment: PeriodAmendment, edited: EditedPeriods) -> None:
    draft, path = amendment.draft, amendment.path
    period = None if amendment.id is None else edit.periods.get(amendment.id)
    if amendment.id is None:
        edit.refuse(f"{path}.id", MISSING)
    elif period is None:
        edit.refuse(f"{path}.id", "Target period is not found", UNKNOWN_PERIOD)
    if period is None:
        return
    edit.problems += text_problems(f"{path}.description", draft.description, DESCRIPTION_MAX)
    if draft.ref_code is not None and draft.ref_code != period.ref_code:
        edit.warn_unchanged(f"{path}.refCode")
    if draft.active is not None and draft.active is not period.active:
        edit.warn_unchanged(f"{path}.active")
    description = period.description if draft.description is None else draft.description
    edit.periods[period.id] = replace(_with_days(edit, amendment, period), description=description)
    edited.append((path, period.id))


def _with_days(edit: GroupEdit, amendment: PeriodAmendment, period: Period) -> Period:
    """Return *period* over the requested days. Refuse a change that its status does not allow."""
    path, calendar = amendment.path, edit.calendar
    begin, end = f"{path}.startDate", f"{path}.endDate"
    old = day_from(period.starts_on), day_from(period.ends_on)
    first = _day(edit, begin, amendment.draft.starts, old[0])
    last = _day(edit, end, amendment.draft.ends, old[1])
    if (first, last) == old:
        return period
    if edit.before.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        edit.refuse(begin if first != old[0] else end, "depends on each customer's own events in this group")
        return period
    status = status_of(period, edit.context.at)
    if status is PeriodStatus.ENDED:
        # The description of such a request still changes (facts 8 #94).
        for path_of_day, is_changed in ((begin, first != old[0]), (end, last != old[1])):
            if is_changed:
                edit.warn_unchanged(path_of_day)
        return period
    is_stopped = not (edit.before.active and period.active)
    if first != old[0] and (is_stopped or status is not PeriodStatus.NOT_STARTED):
        edit.refuse(begin, f"cannot be changed: the period is {_status_name(status, is_stopped=is_stopped)}")
    if last != old[1] and is_stopped:
        edit.refuse(end, f"cannot be changed: the period is {_status_name(status, is_stopped=is_stopped)}")
    if first > last:
        edit.refuse(end, "lies before startDate")
    if status is PeriodStatus.RUNNING and last < min(calendar.day(edit.context.at), old[1]):
        edit.refuse(end, "must not lie before today: the period is RUNNING")
    return replace(
        period,
        starts_on=iso_date(first),
        ends_on=iso_date(last),
        opens_at=calendar.opens(first),
        closes_at=calendar.closes(last),
    )


def _status_name(status: PeriodStatus, *, is_stopped: bool) -> str:
    return "STOPPED" if is_stopped and status is not PeriodStatus.ENDED else status.value


def _day(edit: GroupEdit, path: str, text: str | None, current: int) -> int:
    """Return the day that *text* names, or *current* if the request does not change it or it is unreadable."""
    if text is None:
        return current
    try:
        return edit.calendar.read_legacy(text).day
    except Unreadable as problem:
        edit.refuse(path, str(problem))
        return current


def _check_days(edit: GroupEdit, edited: EditedPeriods) -> None:
    """Refuse periods that share a day (facts 8 #44), and a new order of a streak's periods."""
    if edit.before.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        return
    ids = {period_id for _, period_id in edited}
    others = [period for period in edit.periods.values() if period.id not in ids]
    for path, period_id in edited:
        period = edit.periods[period_id]
        for other in others:
            if other.opens_at < period.closes_at and period.opens_at < other.closes_at:
                edit.refuse(path, f"shares a day with the period {other.ref_code}")
        others.append(period)
    if edit.before.tracking in STREAKS:
        before = [period.id for period in sorted(edit.before.periods, key=lambda period: period.opens_at)]
        after = [period.id for period in sorted(edit.periods.values(), key=lambda period: period.opens_at)]
        if after[: len(before)] != before:
            edit.refuse("", "a streak's periods keep their order, and new ones come after them")
