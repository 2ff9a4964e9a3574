"""What a brand declares beside its places: programmes with their currencies, and the extra fields it uses."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Program:
    """A loyalty programme that awards points and currencies."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternateCurrency:
    """A reward currency beside points, known by its identifier within a programme."""

    program_id: int
    identifier: str
    name: str


class FieldFamily(Enum):
    """Whether a field is extended (typed, the same for all brands) or the brand's own."""

    EXTENDED = "EXTENDED"
    CUSTOM = "CUSTOM"


class FieldEntity(Enum):
    """What carries a field."""

    TRANSACTION = "TRANSACTION"
    LINEITEM = "LINEITEM"
    CUSTOMER = "CUSTOMER"


class FieldType(Enum):
    """What a field's values are."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredField:
    """A field that a brand says it uses."""

    family: FieldFamily
    entity: FieldEntity
    name: str
    type: FieldType
    label: str
