"""Declarations of an organisation beside its places: programmes with their currencies, and extra fields."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Program:
    """A loyalty programme that awards points and currencies."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternateCurrency:
    """A reward currency beside points. Its identifier is unique within the programme."""

    program_id: int
    identifier: str
    name: str


class FieldFamily(Enum):
    """Whether a field is extended (typed, the same for all organisations) or the organisation's own custom field."""

    EXTENDED = "EXTENDED"
    CUSTOM = "CUSTOM"


class FieldEntity(Enum):
    """The kind of object that carries a field."""

    TRANSACTION = "TRANSACTION"
    LINEITEM = "LINEITEM"
    CUSTOMER = "CUSTOMER"


class FieldType(Enum):
    """The type of a field's values."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredField:
    """A field that an organisation declares to use."""

    family: FieldFamily
    entity: FieldEntity
    name: str
    type: FieldType
    label: str
