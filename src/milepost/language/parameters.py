"""Parameters of functions: how an argument is checked, and how a valid argument is read.

Most arguments must be literals, because they are read once, when the rule is compiled. Only TEXT and DATE may be
computed from the event.
"""

from bisect import bisect_right
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import assert_never

import re2

from milepost.language.syntax import Expression, Name, Number, Operator, Sign, Text, Truth, Unary
from milepost.language.values import decimal_in, spelling


class Parameter(Enum):
    """The kind of argument that a function takes; the value is its description in a fault."""

    TEXT = "a text"
    DATE = "a date"
    LABEL = "a name in quotes"
    PROFILE_FIELD = "the name of a customer's field in quotes"
    TARGET = "the name of a target in quotes"
    GROUP = "the name of a target group in quotes"
    PERIOD = "the refCode of a period in quotes"
    LEVEL = "the name of a streak level in quotes"
    STREAK = "the name of a streak's group in quotes"
    OPTION = "a text, number, true or false, written out"
    PATTERN = "a regular expression in quotes"
    BOUNDS = 'ascending numbers in quotes, such as "100,400,600"'
    FIELD = "one of AMOUNT, DISCOUNT, QUANTITY, RATE, VALUE"
    COMPARISON = (
        "one of GREATER_THAN, GREATER_THAN_OR_EQUAL_TO, LESS_THAN, LESS_THAN_OR_EQUAL_TO, EQUAL_TO, NOT_EQUAL_TO"
    )
    QUANTITY = "a number, in quotes or not"
    YEAR = "a year from 1000 to 9998"
    MONTH = "a month from 1 to 12"
    DAY = "a day from 1 to 31"
    HOUR = "an hour from 0 to 23"
    HOUR_BOUND = "an hour from 0 to 24"
    MINUTE = "a minute or second from 0 to 59"


FIELDS = frozenset({"AMOUNT", "DISCOUNT", "QUANTITY", "RATE", "VALUE"})
"""The fields of a line for the If functions of the basket; AMOUNT is the net amount, VALUE the gross (facts 3.9)."""

COMPARISON_WORDS = {
    "GREATER_THAN": Operator.GREATER,
    "GREATER_THAN_OR_EQUAL_TO": Operator.AT_LEAST,
    "GREATER_THAN_OR_EQUAL": Operator.AT_LEAST,
    "LESS_THAN": Operator.LESS,
    "LESS_THAN_OR_EQUAL_TO": Operator.AT_MOST,
    "LESS_THAN_OR_EQUAL": Operator.AT_MOST,
    "EQUAL_TO": Operator.EQUAL,
    "NOT_EQUAL_TO": Operator.NOT_EQUAL,
}

PATTERN_MEMORY_BYTES_MAX = 1 << 20
"""The memory in bytes that one compiled pattern may use."""

_RANGES = {
    Parameter.YEAR: range(1000, 9999),  # in every time zone, instants cover each of these years completely
    Parameter.MONTH: range(1, 13),
    Parameter.DAY: range(1, 32),
    Parameter.HOUR: range(24),
    Parameter.HOUR_BOUND: range(25),
    Parameter.MINUTE: range(60),
}


def complaint(parameter: Parameter, argument: Expression) -> str | None:
    """Return what is wrong with a literal *argument*, or None. TEXT and DATE are checked by their type elsewhere."""
    match parameter:
        case Parameter.TEXT | Parameter.DATE:
            return None
        case Parameter.LABEL | Parameter.PROFILE_FIELD:
            is_valid = _is_label(argument)
        case Parameter.TARGET | Parameter.GROUP | Parameter.PERIOD | Parameter.LEVEL | Parameter.STREAK:
            is_valid = _is_label(argument)
        case Parameter.OPTION:
            is_valid = isinstance(argument, (Text, Truth)) or _quantity(argument) is not None
        case Parameter.PATTERN:
            return _pattern_complaint(argument)
        case Parameter.BOUNDS:
            is_valid = isinstance(argument, Text) and _bounds(argument.value) is not None
        case Parameter.FIELD:
            is_valid = _word(argument) in FIELDS
        case Parameter.COMPARISON:
            is_valid = _word(argument) in COMPARISON_WORDS
        case Parameter.QUANTITY:
            is_valid = _quantity(argument) is not None
        case Parameter.YEAR | Parameter.MONTH | Parameter.DAY:
            is_valid = _within_range(parameter, argument)
        case Parameter.HOUR | Parameter.HOUR_BOUND | Parameter.MINUTE:
            is_valid = _within_range(parameter, argument)
        case _:
            assert_never(parameter)
    return None if is_valid else f"expected {parameter.value}"


def label(argument: Expression) -> str:
    """Return a name, a pattern or another literal text."""
    assert isinstance(argument, Text)
    return argument.value


def option(argument: Expression) -> str:
    """Return a value for comparison with item attributes, in its `spelling`."""
    if isinstance(argument, (Text, Truth)):
        return spelling(argument.value) or ""
    return spelling(quantity(argument)) or ""


def quantity(argument: Expression) -> Decimal:
    """Return a number that is written with or without quotes."""
    number = _quantity(argument)
    assert number is not None
    return number


def whole_number(argument: Expression) -> int:
    """Return a whole number."""
    assert isinstance(argument, Number)
    return int(argument.value)


def field(argument: Expression) -> str:
    """Return the field of a line that *argument* names, one of `FIELDS`."""
    word = _word(argument)
    assert word in FIELDS
    return word


def comparison(argument: Expression) -> Operator:
    """Return the operator for a word such as GREATER_THAN."""
    return COMPARISON_WORDS[_word(argument)]


def search(argument: Expression) -> Callable[[str], bool]:
    """Return a test whether a part of a text matches the pattern *argument*. It takes time linear in the text."""
    find = re2.compile(label(argument), _options()).search

    def matches(subject: str) -> bool:
        try:
            return find(subject) is not None
        except UnicodeEncodeError:  # half of a surrogate pair, which no pattern can match
            return False

    return matches


def interval_finder(argument: Expression) -> Callable[[Decimal], Decimal]:
    """Return the function from a number to its interval among the bounds in *argument*, counted from 1.

    A bound belongs to the interval above it: with the bounds "100,400", 99 is in interval 1 and 100 in interval 2.
    """
    bounds = _bounds(label(argument))
    assert bounds is not None
    return lambda number: Decimal(bisect_right(bounds, number) + 1)


def _is_label(argument: Expression) -> bool:
    return isinstance(argument, Text) and argument.value != ""


def _within_range(parameter: Parameter, argument: Expression) -> bool:
    return isinstance(argument, Number) and argument.value in _RANGES[parameter]


def _word(argument: Expression) -> str:
    match argument:
        case Name(word) | Text(word):
            return word
        case _:
            return ""


def _quantity(argument: Expression) -> Decimal | None:
    match argument:
        case Number(value):
            return value
        case Unary(Sign.NEGATE, Number(value)):
            return -value
        case Text(written):
            return decimal_in(written)
        case _:
            return None


def _bounds(written: str) -> list[Decimal] | None:
    bounds = [decimal_in(part) for part in written.split(",")]
    numbers = [bound for bound in bounds if bound is not None]
    is_ascending = all(low < high for low, high in pairwise(numbers))
    return numbers if is_ascending and len(numbers) == len(bounds) else None


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY_BYTES_MAX
    return options


def _pattern_complaint(argument: Expression) -> str | None:
    if not isinstance(argument, Text):
        return f"expected {Parameter.PATTERN.value}"
    try:
        re2.compile(argument.value, _options())
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        return f"not a regular expression: {reason.decode(errors='replace') if isinstance(reason, bytes) else reason}"
    return None
