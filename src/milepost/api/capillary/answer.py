"""What several of the vendor's answers share: the base of their structs, authors, attributions and amounts.

The `answer.py` of each noun holds the structs that its routes answer, and the functions that build them.
"""

from decimal import Decimal
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType, field

from milepost.model.amount import UNITS_PER_ONE, to_decimal
from milepost.model.target import Attribution, Author
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, nearest_second

Value = TypeVar("Value")


class AnswerStruct(Struct, gc=False, forbid_unknown_fields=True, rename="camel"):
    """The base of every object that is answered: keys in camel case, in the order of the fields.

    A field that is UNSET is left out of the JSON; None is written as null.
    """


class AuthorAnswer(AnswerStruct):
    """A till, a key or a person; for some authors only the id is known."""

    id: int | None
    code: str | None
    description: str | None
    name: str | None
    type: str | None


class AttributionAnswer(AnswerStruct):
    """When and by whom something was made and last changed."""

    created_on: str
    created_on_iso: str = field(name="createdOnISO")
    last_updated_on: str
    last_updated_on_iso: str = field(name="lastUpdatedOnISO")
    last_updated_by: AuthorAnswer
    created_by: AuthorAnswer


def given(value: Value | None) -> Value | UnsetType:
    """Return *value*, or UNSET where there is none, so that the answer leaves the key out."""
    return UNSET if value is None else value


def attribution(made: Attribution, calendar: Calendar) -> AttributionAnswer:
    """Return who made something and when, as reads show it: to the nearest second (facts 2.8)."""
    return attributed_at(made, nearest_second(made.created_at), nearest_second(made.updated_at), calendar)


def attributed_at(made: Attribution, created_at: Micros, updated_at: Micros, calendar: Calendar) -> AttributionAnswer:
    """Return the authors of *made* beside the stamps of two instants (epoch microseconds)."""
    return AttributionAnswer(
        created_on=calendar.stamp(created_at),
        created_on_iso=calendar.iso(created_at),
        last_updated_on=calendar.stamp(updated_at),
        last_updated_on_iso=calendar.iso(updated_at),
        last_updated_by=_author(made.updated_by),
        created_by=_author(made.created_by),
    )


def _author(author: Author) -> AuthorAnswer:
    return AuthorAnswer(
        id=author.id, code=author.code, description=author.description, name=author.name, type=author.kind
    )


def thousandths(units: int) -> Decimal:
    """Return an amount of ten-thousandths with three decimals, as user rows have them; four where it needs four.

    For example 15000 is answered as 1.500 and 12345 as 1.2345 (facts 8 #35).
    """
    if units * 1000 % UNITS_PER_ONE:
        return to_decimal(units)
    return Decimal(units * 1000 // UNITS_PER_ONE).scaleb(-3)
