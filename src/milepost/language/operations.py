"""Operations on values (facts 5.3): the words that may follow a second dot, by the type before it.

An operation on a value of another type is null; only a dynamic attribute can hold such a value. An empty text counts as
absent, because bills and profiles do not distinguish the two.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from whenever import Date

from milepost.language.parameters import Parameter, interval_finder, search
from milepost.language.syntax import Expression
from milepost.language.values import Evaluate, EvaluationContext, Kind, Value


class Building(NamedTuple):
    """The parts of an operation: its subject, its arguments as written, a compiler for them, and the zone of dates."""

    subject: Evaluate
    arguments: tuple[Expression, ...]
    compile: Callable[[Expression], Evaluate]
    zone: str


class Operation(NamedTuple):
    """One operation: the type of its subject (DYNAMIC: any type), its parameters, and the type of its result.

    `complaint` returns what is wrong with arguments that are valid one by one, or None: day 31 of a month of 30 days.
    """

    subject: Kind
    parameters: tuple[Parameter, ...]
    kind: Kind
    build: Callable[[Building], Evaluate]
    complaint: Callable[[tuple[Expression, ...]], str | None] = lambda _arguments: None


def _absent(value: Value) -> bool:
    return value is None or value == ""


def _presence(answer: Callable[[Value], bool]) -> Operation:
    def build(building: Building) -> Evaluate:
        subject = building.subject
        return lambda context: answer(subject(context))

    return Operation(Kind.DYNAMIC, (), Kind.BOOLEAN, build)


def of_text(answer: Callable[[str], Value], building: Building) -> Evaluate:
    """Return a function that applies *answer* to the subject if it is a text; the result is null for other types."""
    subject = building.subject

    def evaluate(context: EvaluationContext) -> Value:
        value = subject(context)
        return answer(value) if isinstance(value, str) else None

    return evaluate


def _contains(building: Building) -> Evaluate:
    subject, wanted = building.subject, building.compile(building.arguments[0])

    def contains(context: EvaluationContext) -> Value:
        value, part = subject(context), wanted(context)
        return part in value if isinstance(value, str) and isinstance(part, str) else None

    return contains


def _interval(building: Building) -> Evaluate:
    subject, interval_of = building.subject, interval_finder(building.arguments[0])

    def interval(context: EvaluationContext) -> Value:
        value = subject(context)
        return interval_of(value) if isinstance(value, Decimal) and value.is_finite() else None

    return interval


def written_date(written: str) -> Date | None:
    """Return the day that *written* names, an ISO date that a time may follow; None if it names no day."""
    day, _, _time = written.strip().replace("T", " ").partition(" ")
    try:
        return Date.parse_iso(day)
    except ValueError:
        return None


TEXT_OPERATIONS = {
    "contains": Operation(Kind.STRING, (Parameter.TEXT,), Kind.BOOLEAN, _contains),
    "matches": Operation(
        Kind.STRING,
        (Parameter.PATTERN,),
        Kind.BOOLEAN,
        lambda building: of_text(search(building.arguments[0]), building),
    ),
    "isValidDate": Operation(
        Kind.STRING,
        (),
        Kind.BOOLEAN,
        lambda building: of_text(lambda written: written_date(written) is not None, building),
    ),
}

NUMBER_OPERATIONS = {"interval": Operation(Kind.NUMBER, (Parameter.BOUNDS,), Kind.NUMBER, _interval)}

PRESENCE_OPERATIONS = {
    "exists": _presence(lambda value: not _absent(value)),
    "isNotNull": _presence(lambda value: not _absent(value)),
    "notExists": _presence(_absent),
    "isNull": _presence(_absent),
    "isEmpty": _presence(_absent),
}
