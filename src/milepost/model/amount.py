"""Exact quantities: `Decimal` at the edge, whole ten-thousandths inside progress."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

PLACES = 4
"""Decimal places that an amount keeps."""

UNITS_PER_ONE: int = 10**PLACES
"""An amount of one, in units."""

AMOUNT_MAX = Decimal(10) ** 15
"""The largest magnitude of one counted amount."""

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_UNIT = Decimal(1).scaleb(-PLACES)
_SCALE = Decimal(UNITS_PER_ONE)
_whole, _times = _EXACT.to_integral_value, _EXACT.multiply


def to_units(amount: Decimal) -> int:
    """Return *amount* in ten-thousandths; what lies beyond four decimals is rounded half to even."""
    return int(_whole(_times(amount, _SCALE)))


def to_decimal(units: int) -> Decimal:
    """Return *units* as an amount with the fewest decimals that show it exactly."""
    whole, rest = divmod(units, UNITS_PER_ONE)
    if rest == 0:
        return Decimal(whole)
    return Decimal(units).scaleb(-PLACES, _EXACT).normalize(_EXACT)


def fits(amount: Decimal) -> bool:
    """Return whether *amount* is finite, within the limit and has at most four decimals."""
    return amount.is_finite() and -AMOUNT_MAX <= amount <= AMOUNT_MAX and not amount % _UNIT
