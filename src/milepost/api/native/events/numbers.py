"""Checking the numbers and fields of an event: each check adds what is wrong to a list of problems.

An amount with more than four decimals is rounded here, once, half to even, and a warning says so (facts 8 #68).
"""

from decimal import Decimal

from milepost.api.http.body import DIGITS_MAX
from milepost.api.native.events.body import FIELDS_MAX, TEXT_CHARACTERS_MAX, Fields
from milepost.model.amount import PLACES, WHAT_FITS, is_counted_exactly, rounded
from milepost.model.problem import Problem


def kept_amount(path: str, amount: Decimal, problems: list[Problem], warnings: list[Problem]) -> Decimal:
    """Return *amount* as it is kept: rounded to four decimals, with a warning if that changes it.

    A problem is added if it has too many digits before the point.
    """
    if is_counted_exactly(amount):
        return amount
    kept = rounded(amount)
    if kept is None:
        problems.append(Problem(path, f"must be {WHAT_FITS}"))
        return amount
    warnings.append(Problem(path, f"has more than {PLACES} decimals; it was rounded to {kept:f}"))
    return kept


def positive_amount(path: str, amount: Decimal, problems: list[Problem], warnings: list[Problem]) -> Decimal:
    """Return *amount* as it is kept; a problem is added if that is not above 0."""
    kept = kept_amount(path, amount, problems, warnings)
    if kept.is_finite() and kept <= 0:
        problems.append(Problem(path, "must be above 0"))
    return kept


def check_number(path: str, value: Decimal, problems: list[Problem]) -> None:
    """Add a problem if *value* has too many digits to be stored; such numbers are stored but not counted."""
    if not value.is_finite() or len(value.as_tuple().digits) > DIGITS_MAX or abs(value.adjusted()) > DIGITS_MAX:
        problems.append(Problem(path, f"must be a number of at most {DIGITS_MAX} digits"))


def check_fields(path: str, fields: Fields, problems: list[Problem]) -> None:
    """Add the problems of extended fields or attributes: too many, too long, or neither text, number nor truth."""
    if len(fields) > FIELDS_MAX:
        problems.append(Problem(path, f"holds more than {FIELDS_MAX} fields"))
    for name, value in fields.items():
        if type(value) is str and len(value) <= TEXT_CHARACTERS_MAX:
            continue
        match value:
            case None | bool():
                pass
            case str():
                if len(value) > TEXT_CHARACTERS_MAX:
                    problems.append(Problem(f"{path}.{name}", f"is longer than {TEXT_CHARACTERS_MAX} characters"))
            case int() | Decimal():
                check_number(f"{path}.{name}", Decimal(value), problems)
            case _:
                problems.append(Problem(f"{path}.{name}", "must be text, a number, true, false or null"))
