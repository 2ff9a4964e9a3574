"""The input and the values of predicates, and exact arithmetic that never raises.

A value that is missing, of the wrong type or not computable is None ("null"), as in SQL.
"""

import operator
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from enum import Enum
from typing import NamedTuple

from whenever import Instant, ZonedDateTime

from milepost.language.progress_lookup import NOTHING_REACHED, ProgressLookup
from milepost.language.syntax import ORDER, Operator
from milepost.model.event import Event, Line, Scalar
from milepost.model.standing import Standing
from milepost.model.time import Micros


class Kind(Enum):
    """The type of a value. A DYNAMIC type is known only when the rule is evaluated."""

    NUMBER = "number"
    STRING = "text"
    BOOLEAN = "condition"
    DATE = "date"
    DYNAMIC = "anything"


class EvaluationContext(NamedTuple):
    """The input of a predicate: the event, one line of its bill, and the customer's standing before the event.

    `reached` finds the customer's progress by the names of targets, groups and levels, which a standing does not hold.
    """

    event: Event
    line: Line | None
    standing: Standing
    reached: ProgressLookup = NOTHING_REACHED


class Scope(Enum):
    """The kind of event or line on which a target's condition is evaluated."""

    BILL = "a bill"
    LINE = "a line of a bill"
    EVENT = "a behavioural event"
    EVENT_ON_BILL = "a bill taken as an event"
    AWARD = "an award"


Value = Decimal | str | bool | ZonedDateTime | None
Evaluate = Callable[[EvaluationContext], Value]

_DIGITS = 60
_ARITHMETIC = Context(prec=_DIGITS, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, traps=[])

_CALCULATIONS: dict[Operator, Callable[[Decimal, Decimal], Decimal]] = {
    Operator.PLUS: _ARITHMETIC.add,
    Operator.MINUS: _ARITHMETIC.subtract,
    Operator.TIMES: _ARITHMETIC.multiply,
    Operator.OVER: _ARITHMETIC.divide,
    Operator.REMAINDER: _ARITHMETIC.remainder,
}

_COMPARISONS: dict[Operator, Callable[..., bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
}


def comparer(comparison: Operator) -> Callable[[Value, Value], bool]:
    """Return the comparison of two values of one type. It may raise InvalidOperation for a signalling NaN."""
    return _COMPARISONS[comparison]


def value_of(scalar: Scalar) -> Value:
    """Return the value of an event's *scalar* in the language: whole numbers become decimals, other types null."""
    if isinstance(scalar, Decimal):
        return _finite(scalar)
    if isinstance(scalar, (bool, str)):
        return scalar
    return Decimal(scalar) if isinstance(scalar, int) else None


def spelling(scalar: Scalar) -> str | None:
    """Return *scalar* as a rule would write it: 42, 42.0 and "42" are all `42`, because item attributes vary in type.

    Numbers with more digits than a rule may have are null; their text could take a megabyte.
    """
    if isinstance(scalar, str):
        return scalar
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    number = value_of(scalar)
    if not isinstance(number, Decimal) or abs(number.adjusted()) > _DIGITS:
        return None
    digits = format(number, "f")
    return (digits.rstrip("0").rstrip(".") or "0") if "." in digits else digits


def decimal_in(written: str) -> Decimal | None:
    """Return the number that the text *written* spells, or null."""
    digits = written.strip()
    plain_digits = digits.removeprefix("-").replace(".", "", 1)
    return Decimal(digits) if plain_digits.isascii() and plain_digits.isdigit() else None


def number_in(scalar: Scalar) -> Decimal | None:
    """Return the number that *scalar* is or spells, or null."""
    if isinstance(scalar, str):
        return decimal_in(scalar)
    value = value_of(scalar)
    return value if isinstance(value, Decimal) else None


def truth_in(scalar: Scalar) -> bool | None:
    """Return the truth value that *scalar* is or spells, or null."""
    if isinstance(scalar, bool):
        return scalar
    return {"true": True, "false": False}.get(scalar.strip().lower()) if isinstance(scalar, str) else None


def total(amounts: Iterable[Decimal]) -> Decimal | None:
    """Return the exact sum of *amounts*, or null if it is not finite."""
    result = Decimal(0)
    for amount in amounts:
        result = _ARITHMETIC.add(result, amount)
    return _finite(result)


def calculate(calculation: Operator, left: Value, right: Value) -> Decimal | None:
    """Return *left* `+ - * / %` *right*.

    The result is null unless both are numbers, for a division by zero, and if it is not finite.
    """
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return None
    return _finite(_CALCULATIONS[calculation](left, right))


def compare(comparison: Operator, left: Value, right: Value) -> bool | None:
    """Return whether the *comparison* of *left* with *right* holds.

    The result is null unless both have the same type. Texts and truth values have no order: for them `>` is null too.
    """
    if left is None or left.__class__ is not right.__class__:
        return None
    if comparison in ORDER and isinstance(left, (str, bool)):
        return None
    try:
        return _COMPARISONS[comparison](left, right)
    except InvalidOperation:
        return None


def negative(value: Value) -> Decimal | None:
    """Return *value* with the opposite sign, or null if it is no number."""
    return _finite(_ARITHMETIC.minus(value)) if isinstance(value, Decimal) else None


def refuse_unknown_zone(zone: str) -> None:
    """Raise ValueError if there is no time zone *zone*."""
    Instant.from_timestamp(0).to_tz(zone)


def local(micros: Micros | None, zone: str) -> ZonedDateTime | None:
    """Return an instant (epoch microseconds) as a date and time in *zone*, or null outside the years 1 to 9999."""
    if micros is None:
        return None
    try:
        return Instant.from_timestamp(micros, unit="microsecond").to_tz(zone)
    except (ValueError, OverflowError):
        return None


def _finite(number: Decimal) -> Decimal | None:
    return number if number.is_finite() else None
