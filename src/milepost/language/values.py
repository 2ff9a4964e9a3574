"""What a predicate looks at and what it reckons with: occasions, values, exact arithmetic that never raises.

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


class Kind(Enum):
    """The type of a value; DYNAMIC is known only when an event is there."""

    NUMBER = "number"
    STRING = "text"
    BOOLEAN = "condition"
    DATE = "date"
    DYNAMIC = "anything"


class EvaluationContext(NamedTuple):
    """What a predicate may look at: the event, one line of its bill, the customer's standing before the event.

    `reached` answers what a standing alone does not tell: how far the customer is in what the brand defines.
    """

    event: Event
    line: Line | None
    standing: Standing
    reached: ProgressLookup = NOTHING_REACHED


class Scope(Enum):
    """What kind of occasion a target's condition is asked on."""

    BILL = "a bill"
    LINE = "a line of a bill"
    EVENT = "a behavioural event"
    EVENT_ON_BILL = "a bill taken as an event"
    AWARD = "an award"


Value = Decimal | str | bool | ZonedDateTime | None
Evaluate = Callable[[EvaluationContext], Value]

_DIGITS = 60
_CALM = Context(prec=_DIGITS, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, traps=[])

_CALCULATIONS: dict[Operator, Callable[[Decimal, Decimal], Decimal]] = {
    Operator.PLUS: _CALM.add,
    Operator.MINUS: _CALM.subtract,
    Operator.TIMES: _CALM.multiply,
    Operator.OVER: _CALM.divide,
    Operator.REMAINDER: _CALM.remainder,
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
    """Return the test of two values of one type; may raise InvalidOperation for a signalling NaN."""
    return _COMPARISONS[comparison]


def normalised(scalar: Scalar) -> Value:
    """Return an outside value as one of the language: whole numbers become decimals, what is no value null."""
    if isinstance(scalar, Decimal):
        return _finite(scalar)
    if isinstance(scalar, (bool, str)):
        return scalar
    return Decimal(scalar) if isinstance(scalar, int) else None


def spelled(scalar: Scalar) -> str | None:
    """Return *scalar* as a rule would spell it, so that 42, 42.0 and "42" are one: item attributes carry either.

    Numbers beyond any rule's digits have no spelling: written out they could be a megabyte.
    """
    if isinstance(scalar, str):
        return scalar
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    number = normalised(scalar)
    if not isinstance(number, Decimal) or abs(number.adjusted()) > _DIGITS:
        return None
    digits = format(number, "f")
    return (digits.rstrip("0").rstrip(".") or "0") if "." in digits else digits


def decimal_in(written: str) -> Decimal | None:
    """Return the number that *written* is; null if it is none."""
    digits = written.strip()
    plain_digits = digits.removeprefix("-").replace(".", "", 1)
    return Decimal(digits) if plain_digits.isascii() and plain_digits.isdigit() else None


def number_in(scalar: Scalar) -> Decimal | None:
    """Return the number that an outside value is or spells."""
    if isinstance(scalar, str):
        return decimal_in(scalar)
    value = normalised(scalar)
    return value if isinstance(value, Decimal) else None


def truth_in(scalar: Scalar) -> bool | None:
    """Return the truth value that an outside value is or spells."""
    if isinstance(scalar, bool):
        return scalar
    return {"true": True, "false": False}.get(scalar.strip().lower()) if isinstance(scalar, str) else None


def total(amounts: Iterable[Decimal]) -> Decimal | None:
    """Return the exact sum of *amounts*, null if it has no finite value."""
    result = Decimal(0)
    for amount in amounts:
        result = _CALM.add(result, amount)
    return _finite(result)


def calculate(calculation: Operator, left: Value, right: Value) -> Decimal | None:
    """Return left `+ - * / %` right; null without two numbers, for a division by zero and beyond all magnitudes."""
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return None
    return _finite(_CALCULATIONS[calculation](left, right))


def compare(comparison: Operator, left: Value, right: Value) -> bool | None:
    """Tell how *left* compares with *right*; null unless both are of one type, and for an order of texts or truths."""
    if left is None or left.__class__ is not right.__class__:
        return None
    if comparison in ORDER and isinstance(left, (str, bool)):
        return None
    try:
        return _COMPARISONS[comparison](left, right)
    except InvalidOperation:
        return None


def negative(value: Value) -> Decimal | None:
    """Return *value* with the other sign."""
    return _finite(_CALM.minus(value)) if isinstance(value, Decimal) else None


def refuse_unknown_zone(zone: str) -> None:
    """Raise ValueError if no time zone is called *zone*."""
    Instant.from_timestamp(0).to_tz(zone)


def local(micros: int | None, zone: str) -> ZonedDateTime | None:
    """Return an instant in epoch microseconds as a date and time of *zone*; null outside the years 1 to 9999."""
    if micros is None:
        return None
    try:
        return Instant.from_timestamp(micros, unit="microsecond").to_tz(zone)
    except (ValueError, OverflowError):
        return None


def _finite(number: Decimal) -> Decimal | None:
    return number if number.is_finite() else None
