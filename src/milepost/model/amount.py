"""Exact amounts: `Decimal` at the edge, whole ten-thousandths (units) inside progress."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

PLACES = 4
"""The number of decimals that an amount keeps."""

UNITS_PER_ONE: int = 10**PLACES
"""The number of units (ten-thousandths) in an amount of one."""

AMOUNT_MAX = Decimal(10) ** 15
"""The largest magnitude that one counted amount may have."""

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_UNIT = Decimal(1).scaleb(-PLACES)
_SCALE = Decimal(UNITS_PER_ONE)
_whole, _times = _EXACT.to_integral_value, _EXACT.multiply


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
