"""A member of the loyalty scheme."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from milepost.model.event import Scalar


class IdentifierKind(Enum):
    """What an identifier is."""

    ID = "id"
    EXTERNAL_ID = "externalId"
    MOBILE = "mobile"
    EMAIL = "email"
    CARD = "cardnumber"


class Identifier(NamedTuple):
    """A name by which a customer is known to the outside."""

    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer's profile; instants in epoch microseconds, `registered_by` is a till's id."""

    id: int
    first_name: str = ""
    last_name: str = ""
    identifiers: tuple[Identifier, ...] = ()
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    registered_at: int
    registered_by: int | None = None
    updated_at: int
    updated_by: int | None = None
