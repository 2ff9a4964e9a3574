"""Checking the numbers and fields of an event: each check adds what is wrong to a list of problems."""

from decimal import Decimal

from milepost.api.http.body import DIGITS_MAX
from milepost.api.native.events.body import FIELDS_MAX, TEXT_CHARACTERS_MAX, Fields
from milepost.model.amount import AMOUNT_MAX, PLACES, fits
from milepost.model.problem import Problem


def check_amount(path: str, amount: Decimal, problems: list[Problem]) -> None:
    """Add a problem if *amount* has too many digits or decimals to be counted exactly."""
    if not fits(amount):
        problems.append(wrong_amount(path))


def wrong_amount(path: str) -> Problem:
    """Return the problem of an amount that cannot be counted exactly."""
    return Problem(path, f"must be a number of at most {AMOUNT_MAX} with at most {PLACES} decimals")


def check_positive(path: str, amount: Decimal, problems: list[Problem]) -> None:
    """Add a problem if *amount* cannot be counted exactly or is not above 0."""
    check_amount(path, amount, problems)
    if amount.is_finite() and amount <= 0:
        problems.append(Problem(path, "must be above 0"))


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
