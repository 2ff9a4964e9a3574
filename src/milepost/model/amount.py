"""Exact amounts: `Decimal` at the edge, whole ten-thousandths (units) inside progress."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

PLACES = 4
"""The number of decimals that an amount keeps."""

UNITS_PER_ONE: int = 10**PLACES
"""The number of units (ten-thousandths) in an amount of one."""

DIGITS_BEFORE_POINT_MAX = 15

AMOUNT_MAX = Decimal(10) ** DIGITS_BEFORE_POINT_MAX
"""The largest magnitude that a goal may have. What an event brings stays below it."""

WHAT_FITS = f"a number of at most {DIGITS_BEFORE_POINT_MAX} digits before the point"

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_UNIT = Decimal(1).scaleb(-PLACES)
_SCALE = Decimal(UNITS_PER_ONE)
_whole, _times = _EXACT.to_integral_value, _EXACT.multiply
_TEXT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def to_units(amount: Decimal) -> int:
    """Return *amount* in ten-thousandths. Further decimals are rounded half to even."""
    return int(_whole(_times(amount, _SCALE)))


def to_decimal(units: int) -> Decimal:
    """Return the amount of *units* ten-thousandths, with the fewest decimals that show it exactly: 25000 is 2.5."""
    whole, rest = divmod(units, UNITS_PER_ONE)
    if rest == 0:
        return Decimal(whole)
    return Decimal(units).scaleb(-PLACES, _EXACT).normalize(_EXACT)


def fits(amount: Decimal) -> bool:
    """Return whether *amount* is finite, not larger than `AMOUNT_MAX` and has at most four decimals."""
    return amount.is_finite() and -AMOUNT_MAX <= amount <= AMOUNT_MAX and not amount % _UNIT


def is_counted_exactly(amount: Decimal) -> bool:
    """Whether *amount*, which an event brings, can be counted as it is: up to 15 digits before the point, 4 behind."""
    return amount.is_finite() and -AMOUNT_MAX < amount < AMOUNT_MAX and not amount % _UNIT


def rounded(amount: Decimal) -> Decimal | None:
    """Return *amount* with at most four decimals, rounded half to even; None if it has over 15 digits before the point.

    For example 54.1666667 becomes 54.1667.
    """
    if is_counted_exactly(amount):
        return amount
    if not amount.is_finite() or not -AMOUNT_MAX < amount < AMOUNT_MAX:
        return None
    kept = amount.quantize(_UNIT, context=_EXACT)
    return kept if is_counted_exactly(kept) else None


def is_amount_text(text: str) -> bool:
    """Whether *text* writes an amount: the digits 0 to 9, perhaps after a minus, and perhaps a point between them."""
    return _TEXT.fullmatch(text) is not None


def decimal_of(value: object) -> Decimal | None:
    """Return the number that *value* is, a number of JSON or a text as `is_amount_text` has it; None otherwise."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and is_amount_text(value) else None
