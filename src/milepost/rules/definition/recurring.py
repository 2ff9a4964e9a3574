"""Computes calendar periods from a frequency, for requests that list no periods (facts 2.2)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

from milepost.model.organisation import PERIODS_LIMIT
from milepost.model.target import Evaluation, Frequency
from milepost.rules.calendar import Calendar, Unreadable, iso_date
from milepost.rules.definition.draft import GroupDraft, PeriodDraft
from milepost.rules.definition.schedule import evaluation_of

LENGTH_MAX = 3_650
"""The largest number of frequency units in one period: ten years of days."""

_DAYS = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.CUSTOM: 1}
MONTHS: Mapping[Frequency, int] = {
    Frequency.MONTHLY: 1,
    Frequency.QUARTERLY: 3,
    Frequency.HALF_YEARLY: 6,
    Frequency.YEARLY: 12,
}
"""The months in one unit of a frequency that follows the calendar."""


def expand_periods(draft: GroupDraft, calendar: Calendar) -> GroupDraft:
    """Return *draft* with the periods that follow from its frequency and its first day.

    They are named as in the vendor's console: `Cycle_1`, `Cycle_2` and so on. A draft that lists periods, or whose
    frequency is incomplete or impossible, is returned unchanged; its validation reports the problems.
    """
    kind, count = draft.frequency_kind, draft.total_periods
    length = 1 if not draft.frequency else draft.frequency
    if draft.periods or evaluation_of(draft) is not Evaluation.FIXED_CALENDAR_WINDOW or kind is None or count is None:
        return draft
    first = _first_day(draft, calendar)
    if first is None or not 1 <= count <= PERIODS_LIMIT or not 1 <= length <= LENGTH_MAX:
        return draft
    if kind is Frequency.CUSTOM and not draft.frequency:
        return draft
    try:
        openings = [opening_day(first, kind, length * place) for place in range(count + 1)]
        spans = [(iso_date(day), iso_date(after - 1)) for day, after in pairwise(openings)]
    except (ValueError, OverflowError):
        return draft  # a period would lie beyond the years that dates may have
    periods = tuple(
        PeriodDraft(ref_code=f"Cycle_{place}", starts=starts, ends=ends)
        for place, (starts, ends) in enumerate(spans, start=1)
    )
    return replace(draft, periods=periods)


def opening_day(first: int, kind: Frequency, units: int) -> int:
    """Return the day *units* of *kind* after *first*. A month without that day has its last day instead.

    Days are counted from *first*, not from period to period: 31 January is followed by 28 or 29 February and by
    31 March. Raises ValueError beyond the calendar's end.
    """
    months = MONTHS.get(kind)
    if months is None:
        return first + _DAYS[kind] * units
    start = date.fromordinal(first)
    years, month = divmod(start.month - 1 + months * units, 12)
    next_month = date(start.year + years + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(start.year + years, month + 1, 1).toordinal() + start.day - 1, next_month.toordinal() - 1)


def _first_day(draft: GroupDraft, calendar: Calendar) -> int | None:
    """Return the first day of the cycle window, else of the group's validity; None if neither can be read."""
    try:
        if draft.cycle_opens_iso is not None:
            return calendar.read(draft.cycle_opens_iso).day
        written = draft.cycle_opens if draft.cycle_opens is not None else draft.valid_from
        return None if written is None else calendar.read_legacy(written).day
    except Unreadable:
        return None
