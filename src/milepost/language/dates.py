"""Operations on dates (facts 5.3), computed in the time zone for which the rule was compiled.

The published pages leave some cases open; we decide them so. Spans of hours and times are half-open and may pass
midnight: 22 to 2 is four hours. A difference in days counts midnights. A difference that ignores the year is the
shorter way round the year, and 29 February becomes 28 February in years without it.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from whenever import PlainDateTime, ZonedDateTime

from milepost.language.operations import Building, Operation, written_date
from milepost.language.parameters import Parameter, whole_number
from milepost.language.syntax import Expression
from milepost.language.values import Evaluate, EvaluationContext, Kind, Value

_MINUTES_PER_HOUR = 60
_SECONDS_PER_MINUTE = 60
_WEEKEND = frozenset({6, 7})


def _of_date(answer: Callable[[ZonedDateTime], Value], building: Building) -> Evaluate:
    subject = building.subject

    def evaluate(context: EvaluationContext) -> Value:
        value = subject(context)
        return answer(value) if isinstance(value, ZonedDateTime) else None

    return evaluate


def _plain(answer: Callable[[ZonedDateTime], Value], kind: Kind) -> Operation:
    return Operation(Kind.DATE, (), kind, lambda building: _of_date(answer, building))


def _is_valid(building: Building) -> Evaluate:
    subject = building.subject
    return lambda context: isinstance(subject(context), ZonedDateTime)


def _between(answer: Callable[[ZonedDateTime, ZonedDateTime], int]) -> Operation:
    def build(building: Building) -> Evaluate:
        subject, other = building.subject, building.compile(building.arguments[0])

        def difference(context: EvaluationContext) -> Value:
            first, second = subject(context), other(context)
            if not isinstance(first, ZonedDateTime) or not isinstance(second, ZonedDateTime):
                return None
            return Decimal(answer(first, second))

        return difference

    return Operation(Kind.DATE, (Parameter.DATE,), Kind.NUMBER, build)


def _ordinal(moment: ZonedDateTime) -> int:
    return moment.date().to_stdlib().toordinal()


def _days_apart(first: ZonedDateTime, second: ZonedDateTime) -> int:
    return abs(_ordinal(first) - _ordinal(second))


def _minutes_apart(first: ZonedDateTime, second: ZonedDateTime) -> int:
    return abs(first.timestamp() - second.timestamp()) // _SECONDS_PER_MINUTE


def _days_round_the_year(day: date, other: date) -> int:
    candidates = (_in_year(other, year) for year in (day.year - 1, day.year, day.year + 1))
    return min(abs(day.toordinal() - candidate.toordinal()) for candidate in candidates if candidate is not None)


def _in_year(day: date, year: int) -> date | None:
    if not date.min.year <= year <= date.max.year:
        return None
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _anniversary_apart(first: ZonedDateTime, second: ZonedDateTime) -> int:
    return _days_round_the_year(first.date().to_stdlib(), second.date().to_stdlib())


def _days_from_text(building: Building) -> Evaluate:
    subject, written = building.subject, building.compile(building.arguments[0])

    def difference(context: EvaluationContext) -> Value:
        moment, other = subject(context), written(context)
        day = written_date(other) if isinstance(other, str) else None
        if day is None or not isinstance(moment, ZonedDateTime):
            return None
        return Decimal(_days_round_the_year(moment.date().to_stdlib(), day.to_stdlib()))

    return difference


def _wall_time(arguments: tuple[Expression, ...]) -> PlainDateTime | None:
    year, month, day, hour, minute, second = map(whole_number, arguments)
    try:
        return PlainDateTime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _no_such_time(arguments: tuple[Expression, ...]) -> str | None:
    return "no calendar has this date and time" if _wall_time(arguments) is None else None


def _is_after(building: Building) -> Evaluate:
    wall = _wall_time(building.arguments)
    assert wall is not None
    bound = wall.assume_tz(building.zone, disambiguation="compatible")
    return _of_date(lambda moment: moment > bound, building)


def _minute_of_day(moment: ZonedDateTime) -> int:
    return moment.hour * _MINUTES_PER_HOUR + moment.minute


def _within_day(opens: int, closes: int, building: Building) -> Evaluate:
    if opens <= closes:
        return _of_date(lambda moment: opens <= _minute_of_day(moment) < closes, building)
    return _of_date(lambda moment: not closes <= _minute_of_day(moment) < opens, building)


def _hour_between(building: Building) -> Evaluate:
    opens, closes = map(whole_number, building.arguments)
    return _within_day(opens * _MINUTES_PER_HOUR, closes * _MINUTES_PER_HOUR, building)


def _time_between(building: Building) -> Evaluate:
    opens_hour, opens_minute, closes_hour, closes_minute = map(whole_number, building.arguments)
    opens = opens_hour * _MINUTES_PER_HOUR + opens_minute
    return _within_day(opens, closes_hour * _MINUTES_PER_HOUR + closes_minute, building)


def _day_of_week(moment: ZonedDateTime) -> Value:
    # ISO counts from Monday = 1, the rule language from Sunday = 1 (facts 5.3).
    return Decimal(moment.day_of_week().value % 7 + 1)


def _is_weekend(moment: ZonedDateTime) -> bool:
    return moment.day_of_week().value in _WEEKEND


_DATE = (Parameter.YEAR, Parameter.MONTH, Parameter.DAY)
_DATE_AND_TIME = (*_DATE, Parameter.HOUR, Parameter.MINUTE, Parameter.MINUTE)
_HOURS = (Parameter.HOUR_BOUND, Parameter.HOUR_BOUND)
_TIMES = (Parameter.HOUR_BOUND, Parameter.MINUTE, Parameter.HOUR_BOUND, Parameter.MINUTE)

DATE_OPERATIONS = {
    "isValid": Operation(Kind.DATE, (), Kind.BOOLEAN, _is_valid),
    "day": _plain(_day_of_week, Kind.NUMBER),
    "dayOfMonth": _plain(lambda moment: Decimal(moment.day), Kind.NUMBER),
    "month": _plain(lambda moment: Decimal(moment.month), Kind.NUMBER),
    "year": _plain(lambda moment: Decimal(moment.year), Kind.NUMBER),
    "isWeekend": _plain(_is_weekend, Kind.BOOLEAN),
    "isWeekday": _plain(lambda moment: not _is_weekend(moment), Kind.BOOLEAN),
    "dateDiff": _between(_days_apart),
    "daysDiff": _between(_anniversary_apart),
    "minutesDiff": _between(_minutes_apart),
    "daysDiffFromString": Operation(Kind.DATE, (Parameter.TEXT,), Kind.NUMBER, _days_from_text),
    "isAfter": Operation(
        subject=Kind.DATE, parameters=_DATE_AND_TIME, kind=Kind.BOOLEAN, build=_is_after, complaint=_no_such_time
    ),
    "isHourBetween": Operation(Kind.DATE, _HOURS, Kind.BOOLEAN, _hour_between),
    "isTimeBetween": Operation(Kind.DATE, _TIMES, Kind.BOOLEAN, _time_between),
}
"""The operations on dates, by name."""
