"""What is answered about declared programmes, currencies and fields."""

from msgspec import Struct

from milepost.model.definitions.declaration import AlternateCurrency, DeclaredField, FieldEntity, FieldType, Program


class ProgramItem(Struct, forbid_unknown_fields=True):
    """A programme."""

    id: int
    name: str


class CurrencyItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A reward currency of a programme."""

    program_id: int
    identifier: str
    name: str


class FieldItem(Struct, forbid_unknown_fields=True):
    """A declared field."""

    entity: FieldEntity
    name: str
    type: FieldType
    label: str


def program_item(program: Program) -> ProgramItem:
    """Return a programme."""
    return ProgramItem(program.id, program.name)


def currency_item(currency: AlternateCurrency) -> CurrencyItem:
    """Return a reward currency."""
    return CurrencyItem(currency.program_id, currency.identifier, currency.name)


def field_item(field: DeclaredField) -> FieldItem:
    """Return a declared field."""
    return FieldItem(field.entity, field.name, field.type, field.label)
