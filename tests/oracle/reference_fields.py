"""Numeric fields, read and lowered with fractions."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from milepost.model.event import Scalar

NOTHING = Fraction(0)
TOO_LARGE = 10**15
"""A field of this size or more does not count."""


def numbers(fields: Mapping[str, Scalar]) -> dict[str, Fraction]:
    """Return the fields that hold a number, or a text that is one."""
    found = {name: number(value) for name, value in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def is_plain(text: str) -> bool:
    """Whether a text holds the digits 0 to 9 alone, but for a minus before and a point between them."""
    whole, point, rest = text.removeprefix("-").partition(".")
    digits = whole + rest
    return bool(whole) and (not point or bool(rest)) and all(character in "0123456789" for character in digits)


def number(value: Scalar) -> Fraction | None:
    """Read a number or a numeric text, to ten-thousandths; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        if isinstance(value, str) and not is_plain(value):
            return None
        amount = value if isinstance(value, Decimal) else Decimal(value)
    except InvalidOperation:
        return None
    return in_units(Fraction(amount)) if amount.is_finite() and abs(amount) < TOO_LARGE else None


def less_fields(
    fields: Mapping[str, Fraction], stays: Fraction, stated: Mapping[str, Scalar]
) -> Mapping[str, Fraction]:
    """Return fields after a return: less what it states, else what stays."""
    taken = numbers(stated)
    return {
        name: towards_nothing(value, taken[name]) if name in taken else value * stays for name, value in fields.items()
    }


def towards_nothing(amount: Fraction, by: Fraction) -> Fraction:
    """Take off what has the same sign, and no more than there is."""
    if amount > 0:
        return max(amount - max(by, NOTHING), NOTHING)
    return min(amount - min(by, NOTHING), NOTHING)


def in_units(amount: Fraction) -> Fraction:
    """Round to ten-thousandths, half to even."""
    return Fraction(round(amount * 10_000), 10_000)
