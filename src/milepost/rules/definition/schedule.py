"""Computes periods, and the cycle window around them, from the dates of a request (facts 2.2, 2.7)."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from milepost.model.organisation import PERIODS_LIMIT, Organisation, TimeZonePolicy
from milepost.model.problem import Problem
from milepost.model.target import Evaluation
from milepost.model.time import SECOND_US, Micros
from milepost.rules.calendar import Calendar, Moment, Unreadable, calendar_of, is_zone
from milepost.rules.definition.draft import GroupDraft, PeriodDraft
from milepost.rules.definition.naming import DESCRIPTION_MAX, MISSING, duplicate_problems, name_problems, text_problems

YEARS_WITHOUT_DATES = 5
"""The years that a group without any date lasts (facts 2.7)."""

_DATE_LENGTH = len("2024-08-20")


class PeriodSpan(NamedTuple):
    """Whole local days: the first and the last day (ordinals), and the half-open span of epoch microseconds."""

    starts_on: int
    ends_on: int
    opens_at: Micros
    closes_at: Micros


class Window(NamedTuple):
    """A target cycle window as answers show it: the first and the last instant, both inclusive (epoch microseconds)."""

    opens_at: Micros
    closes_at: Micros


Reader = Callable[[str], Moment]


def ruling_calendar(organisation: Organisation, time_zone_name: str | None) -> Calendar:
    """Return the calendar for the dates of a group with this *time_zone_name* (facts 8.1, timeZonePolicy).

    It is the organisation's calendar, unless groups may set their own zone and the name is a time zone.
    """
    may_differ = organisation.settings.time_zone_policy is TimeZonePolicy.GROUP
    has_own = may_differ and time_zone_name is not None and is_zone(time_zone_name)
    return calendar_of(time_zone_name if has_own and time_zone_name else organisation.zone)


def zone_problems(draft: GroupDraft, organisation: Organisation) -> Iterator[Problem]:
    """Report an unknown time zone where groups may set their own zone. Elsewhere it is an unused label (facts 2.1)."""
    may_differ = organisation.settings.time_zone_policy is TimeZonePolicy.GROUP
    if may_differ and draft.time_zone_name is not None and not is_zone(draft.time_zone_name):
        reason = "is not a time zone of the IANA database, such as Europe/Berlin; groups have their own time zone here"
        yield Problem("timeZoneName", reason)


def period_problems(draft: GroupDraft, calendar: Calendar, most: int) -> Iterator[Problem]:
    """Yield the problems of each period and of the periods together, of which there may be *most*."""
    is_fixed = evaluation_of(draft) is Evaluation.FIXED_CALENDAR_WINDOW
    if len(draft.periods) > most:
        yield Problem("periods", f"must not have more than {most} entries{periods_hint(most)}")
    if is_fixed and not draft.periods:
        yield Problem("periods", "are needed for FIXED_CALENDAR_WINDOW, or a frequencyType and a first day")
    for place, period in enumerate(draft.periods[:most]):
        path = f"periods[{place}]"
        yield from name_problems(f"{path}.refCode", period.ref_code)
        yield from text_problems(f"{path}.description", period.description, DESCRIPTION_MAX)
        if is_fixed or period.starts is not None or period.ends is not None:
            yield from date_problems(path, period, calendar)
    # Names are unique within the group only: nearly every published group has a `Cycle_1` (facts 8 #58).
    yield from duplicate_problems(
        (f"periods[{place}].refCode", period.ref_code) for place, period in enumerate(draft.periods)
    )
    if is_fixed:
        yield from _overlaps(draft.periods[:most], calendar)


def periods_hint(most: int) -> str:
    """Return the words after a limit of *most* periods that say how an organisation raises it (facts 8 #97)."""
    return f"; the setting periodsMax allows up to {PERIODS_LIMIT}" if most < PERIODS_LIMIT else ""


def span_of(period: PeriodDraft, calendar: Calendar) -> PeriodSpan | None:
    """Return the days of a period, from 00:00:00 of the first day to the end of the last day (facts 8 #20).

    The result is None if a date is absent or unreadable.
    """
    if period.starts is None or period.ends is None:
        return None
    try:
        first, last = calendar.read_legacy(period.starts).day, calendar.read_legacy(period.ends).day
    except Unreadable:
        return None
    return PeriodSpan(first, last, calendar.opens(first), calendar.closes(last))


def window_problems(draft: GroupDraft, calendar: Calendar, now: Micros) -> Iterator[Problem]:
    """Yield the problems of the dates of the group itself: its validity and its cycle window."""
    problems = list(_written_window_problems(draft, calendar))
    yield from problems
    if not problems:
        window = cycle_window(draft, calendar, now)
        if window.opens_at > window.closes_at:
            yield Problem("targetCycleEndDate", "lies before targetCycleStartDate")


def _written_window_problems(draft: GroupDraft, calendar: Calendar) -> Iterator[Problem]:
    legacy, exact = calendar.read_legacy, calendar.read
    yield from _order_problems("fromDate", draft.valid_from, "toDate", draft.valid_to, legacy, calendar)
    yield from _order_problems(
        "targetCycleStartDate", draft.cycle_opens, "targetCycleEndDate", draft.cycle_closes, legacy, calendar
    )
    yield from _order_problems(
        "targetCycleStartDateISO",
        draft.cycle_opens_iso,
        "targetCycleEndDateISO",
        draft.cycle_closes_iso,
        exact,
        calendar,
    )


def cycle_window(draft: GroupDraft, calendar: Calendar, now: Micros) -> Window:
    """Return the cycle window of a valid *draft*: as given, else around its periods, its validity, or from *now* on.

    The ISO fields win over the older pair, which the vendor means to remove (facts 2.8).
    """
    opens = _moment(draft.cycle_opens_iso, calendar.read) or _moment(draft.cycle_opens, calendar.read_legacy)
    closes = _last(draft.cycle_closes_iso, calendar.read, calendar) or _last(
        draft.cycle_closes, calendar.read_legacy, calendar
    )
    derived = _derived(draft, calendar, now)
    return Window(
        derived.opens_at if opens is None else opens.instant, derived.closes_at if closes is None else closes.instant
    )


def evaluation_of(draft: GroupDraft) -> Evaluation:
    """Return the kind of window of the group's periods; without one they are fixed dates (facts 2.1)."""
    return draft.evaluation or Evaluation.FIXED_CALENDAR_WINDOW


def _derived(draft: GroupDraft, calendar: Calendar, now: Micros) -> Window:
    spans = [span for period in draft.periods if (span := span_of(period, calendar)) is not None]
    if spans:
        # Answers show the last second, not the first instant after it (facts 2.7).
        return Window(min(span.opens_at for span in spans), Micros(max(span.closes_at for span in spans) - SECOND_US))
    opens = _moment(draft.valid_from, calendar.read_legacy)
    closes = _last(draft.valid_to, calendar.read_legacy, calendar)
    begin = now if opens is None else opens.instant
    return Window(begin, calendar.later(begin, years=YEARS_WITHOUT_DATES) if closes is None else closes.instant)


def date_problems(path: str, period: PeriodDraft, calendar: Calendar) -> Iterator[Problem]:
    """Yield the problems of the dates of the period at *path*."""
    for name, text in ((f"{path}.startDate", period.starts), (f"{path}.endDate", period.ends)):
        if text is None:
            yield Problem(name, MISSING)
    yield from _order_problems(
        f"{path}.startDate", period.starts, f"{path}.endDate", period.ends, calendar.read_legacy, calendar
    )


def ends_before_start(period: PeriodDraft, calendar: Calendar) -> bool:
    """Return whether a period ends before it starts; False if its dates cannot be read."""
    try:
        begin, end = _moment(period.starts, calendar.read_legacy), _last(period.ends, calendar.read_legacy, calendar)
    except Unreadable:
        return False
    return begin is not None and end is not None and begin.instant > end.instant


def _order_problems(
    first_path: str, first: str | None, last_path: str, last: str | None, read: Reader, calendar: Calendar
) -> Iterator[Problem]:
    """Yield a problem for dates that cannot be read or are in the wrong order (facts 8 #43)."""
    begin = end = None
    try:
        begin = _moment(first, read)
    except Unreadable as problem:
        yield Problem(first_path, str(problem))
    try:
        end = _last(last, read, calendar)
    except Unreadable as problem:
        yield Problem(last_path, str(problem))
    if begin is not None and end is not None and begin.instant > end.instant:
        yield Problem(last_path, f"lies before {first_path.rpartition('.')[2]}")


def _overlaps(periods: tuple[PeriodDraft, ...], calendar: Calendar) -> Iterator[Problem]:
    """Yield a problem for each period that shares a day with another period of the group (facts 8 #44)."""
    spans = [(span, place) for place, period in enumerate(periods) if (span := span_of(period, calendar)) is not None]
    spans = sorted((span, place) for span, place in spans if span.starts_on <= span.ends_on)
    last_end, holder = 0, 0
    for span, place in spans:
        if span.starts_on <= last_end:
            yield Problem(f"periods[{place}]", f"shares a day with periods[{holder}]")
        if span.ends_on > last_end:
            last_end, holder = span.ends_on, place


def _moment(text: str | None, read: Reader) -> Moment | None:
    return None if text is None else read(text)


def _last(text: str | None, read: Reader, calendar: Calendar) -> Moment | None:
    """Read the end of a span: a date alone means the last second of that day."""
    if text is None:
        return None
    moment = read(text)
    return Moment(Micros(calendar.closes(moment.day) - SECOND_US), moment.day) if len(text) == _DATE_LENGTH else moment
