"""Adding periods to a group and changing those it has, by their status (facts 3.2)."""

from dataclasses import replace
from enum import Enum

from milepost.model.names import name_key
from milepost.model.organisation import BackwardPeriods
from milepost.model.target import Evaluation, Period, TargetGroup
from milepost.rules.calendar import Unreadable, day_from, iso_date
from milepost.rules.definition.build import build_period
from milepost.rules.definition.naming import DESCRIPTION_MAX, MISSING, duplicate_problems, name_problems, text_problems
from milepost.rules.definition.schedule import PERIODS_MAX, Window, date_problems, lies_backwards
from milepost.rules.definition.tracking import STREAKS
from milepost.rules.edits.amendment import AmendedGroup, EditContext, PeriodAmendment
from milepost.rules.edits.goal_edits import extend_goals
from milepost.rules.edits.period_change import UNKNOWN_PERIOD, GroupEdit

Touched = list[tuple[str, int]]
"""Where a request writes a period, and the period's id."""


class PeriodStatus(Enum):
    """Where an instant lies to a period."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"


def status_of(period: Period, now: int) -> PeriodStatus:
    """Return where *now* lies to *period*."""
    if now < period.opens_at:
        return PeriodStatus.NOT_STARTED
    return PeriodStatus.RUNNING if now < period.closes_at else PeriodStatus.ENDED


def add_periods(group: TargetGroup, amendments: tuple[PeriodAmendment, ...], where: EditContext) -> AmendedGroup:
    """Return *group* with new periods; each target's last goal is theirs too."""
    change = GroupEdit(group, where)
    amendments = _forward(change, amendments)
    if group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        change.refuse("", "periods are added to a group of FIXED_CALENDAR_WINDOW only")
        return change.result()
    if len(group.periods) + len(amendments) > PERIODS_MAX:
        change.refuse("", f"a group must not have more than {PERIODS_MAX} periods")
        return change.result()
    taken = {name_key(period.ref_code) for period in group.periods}
    for amendment in amendments:
        path, name = f"{amendment.path}.refCode", amendment.draft.ref_code
        if name is not None and name_key(name) in taken:
            change.refuse(path, "is the name of another period of the group")
    change.problems += duplicate_problems((f"{one.path}.refCode", one.draft.ref_code) for one in amendments)
    touched: Touched = []
    for amendment in amendments:
        _add(change, amendment, touched)
    _check_days(change, touched)
    for target in group.targets:
        change.targets[target.id] = replace(target, goals=extend_goals(change, target))
    return change.result()


def change_periods(group: TargetGroup, amendments: tuple[PeriodAmendment, ...], where: EditContext) -> AmendedGroup:
    """Return *group* with some of its periods changed, as far as their status allows."""
    change = GroupEdit(group, where)
    touched: Touched = []
    for amendment in amendments:
        if amendment.id is not None and amendment.id in {id_ for _, id_ in touched}:
            change.refuse(f"{amendment.path}.id", "stands twice in the request")
            continue
        _change(change, amendment, touched)
    _check_days(change, touched)
    return change.result()


def _forward(change: GroupEdit, amendments: tuple[PeriodAmendment, ...]) -> tuple[PeriodAmendment, ...]:
    """Leave out, with a warning, what ends before it starts, where the organisation asks for that (facts 8 #43)."""
    if change.where.organisation.settings.backward_periods is BackwardPeriods.REFUSE:
        return amendments
    forward = tuple(one for one in amendments if not lies_backwards(one.draft, change.calendar))
    left_out = (one.path for one in amendments if one not in forward)
    change.warnings += (f"{path or 'The period'} ends before it starts and was left out." for path in left_out)
    return forward


def _add(change: GroupEdit, amendment: PeriodAmendment, touched: Touched) -> None:
    draft, path, calendar = amendment.draft, amendment.path, change.calendar
    found = [
        *name_problems(f"{path}.refCode", draft.ref_code),
        *text_problems(f"{path}.description", draft.description, DESCRIPTION_MAX),
        *date_problems(path, draft, calendar),
    ]
    change.problems += found
    if not found:
        window = Window(change.before.cycle_opens_at, change.before.cycle_closes_at)
        period = build_period(draft, window, calendar, change.where.ids)
        change.periods[period.id] = period
        touched.append((path, period.id))


def _change(change: GroupEdit, amendment: PeriodAmendment, touched: Touched) -> None:
    draft, path = amendment.draft, amendment.path
    period = None if amendment.id is None else change.periods.get(amendment.id)
    if amendment.id is None:
        change.refuse(f"{path}.id", MISSING)
    elif period is None:
        change.refuse(f"{path}.id", "Target period is not found", UNKNOWN_PERIOD)
    if period is None:
        return
    change.problems += text_problems(f"{path}.description", draft.description, DESCRIPTION_MAX)
    if draft.ref_code is not None and draft.ref_code != period.ref_code:
        change.leave(f"{path}.refCode")
    if draft.active is not None and draft.active is not period.active:
        change.leave(f"{path}.active")
    description = period.description if draft.description is None else draft.description
    change.periods[period.id] = replace(_redated(change, amendment, period), description=description)
    touched.append((path, period.id))


def _redated(change: GroupEdit, amendment: PeriodAmendment, period: Period) -> Period:
    """Return *period* over the days asked for; refuse days that its status does not let change."""
    path, calendar = amendment.path, change.calendar
    begin, end = f"{path}.startDate", f"{path}.endDate"
    old = day_from(period.starts_on), day_from(period.ends_on)
    first = _day(change, begin, amendment.draft.starts, old[0])
    last = _day(change, end, amendment.draft.ends, old[1])
    if (first, last) == old:
        return period
    if change.before.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        change.refuse(begin if first != old[0] else end, "follows from the clock of each customer in this group")
        return period
    status = status_of(period, change.where.at)
    is_stopped = not (change.before.active and period.active)
    if first != old[0] and (is_stopped or status is not PeriodStatus.NOT_STARTED):
        change.refuse(begin, f"cannot be changed: the period is {_told(status, is_stopped=is_stopped)}")
    if last != old[1] and (is_stopped or status is PeriodStatus.ENDED):
        change.refuse(end, f"cannot be changed: the period is {_told(status, is_stopped=is_stopped)}")
    if first > last:
        change.refuse(end, "lies before startDate")
    if status is PeriodStatus.RUNNING and last < min(calendar.day(change.where.at), old[1]):
        change.refuse(end, "must not lie before today: the period is RUNNING")
    return replace(
        period,
        starts_on=iso_date(first),
        ends_on=iso_date(last),
        opens_at=calendar.opens(first),
        closes_at=calendar.closes(last),
    )


def _told(status: PeriodStatus, *, is_stopped: bool) -> str:
    return "STOPPED" if is_stopped and status is not PeriodStatus.ENDED else status.value


def _day(change: GroupEdit, path: str, text: str | None, now: int) -> int:
    """Return the day that *text* names, or the one that it is *now*."""
    if text is None:
        return now
    try:
        return change.calendar.read_legacy(text).day
    except Unreadable as problem:
        change.refuse(path, str(problem))
        return now


def _check_days(change: GroupEdit, touched: Touched) -> None:
    """Find periods that share a day (facts 8 #44), and streaks whose order of periods changes."""
    if change.before.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        return
    ids = {period_id for _, period_id in touched}
    before_it = [period for period in change.periods.values() if period.id not in ids]
    for path, period_id in touched:
        period = change.periods[period_id]
        for other in before_it:
            if other.opens_at < period.closes_at and period.opens_at < other.closes_at:
                change.refuse(path, f"shares a day with the period {other.ref_code}")
        before_it.append(period)
    if change.before.tracking in STREAKS:
        before = [period.id for period in sorted(change.before.periods, key=lambda period: period.opens_at)]
        after = [period.id for period in sorted(change.periods.values(), key=lambda period: period.opens_at)]
        if after[: len(before)] != before:
            change.refuse("", "a streak's periods keep their order, and new ones come after them")
