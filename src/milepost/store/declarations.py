"""The tables of an organisation's declarations: programmes, alternate currencies and fields."""

from collections.abc import Sequence

from milepost.model.definitions.declaration import (
    AlternateCurrency,
    DeclaredField,
    FieldEntity,
    FieldFamily,
    FieldType,
    Program,
)
from milepost.store.database import Transaction


async def programs(transaction: Transaction, org_id: int) -> list[Program]:
    """Return the programmes of an organisation in the order of ids."""
    return [Program(id_, name) for id_, name in await transaction.rows("programs", {"org_id": org_id})]


async def save_programs(transaction: Transaction, org_id: int, changed: Sequence[Program]) -> None:
    """Add programmes, or replace those with the same id."""
    values = {
        "org_id": org_id,
        "ids": [program.id for program in changed],
        "names": [program.name for program in changed],
    }
    await transaction.run("save_programs", values)


async def currencies(transaction: Transaction, org_id: int) -> list[AlternateCurrency]:
    """Return the alternate currencies of an organisation, ordered by programme and identifier."""
    return [
        AlternateCurrency(program_id=program_id, identifier=identifier, name=name)
        for program_id, identifier, name in await transaction.rows("currencies", {"org_id": org_id})
    ]


async def save_currencies(transaction: Transaction, org_id: int, changed: Sequence[AlternateCurrency]) -> None:
    """Add alternate currencies, or replace those with the same programme and identifier."""
    values = {
        "org_id": org_id,
        "programs": [currency.program_id for currency in changed],
        "identifiers": [currency.identifier for currency in changed],
        "names": [currency.name for currency in changed],
    }
    await transaction.run("save_currencies", values)


async def fields(transaction: Transaction, org_id: int) -> list[DeclaredField]:
    """Return the declared fields of an organisation, ordered by family, entity and name."""
    return [
        DeclaredField(
            family=FieldFamily(family), entity=FieldEntity(entity), name=name, type=FieldType(type_), label=label
        )
        for family, entity, name, type_, label in await transaction.rows("fields", {"org_id": org_id})
    ]


async def save_fields(transaction: Transaction, org_id: int, changed: Sequence[DeclaredField]) -> None:
    """Add declared fields, or replace those with the same family, entity and name."""
    values = {
        "org_id": org_id,
        "families": [field.family.value for field in changed],
        "entities": [field.entity.value for field in changed],
        "names": [field.name for field in changed],
        "types": [field.type.value for field in changed],
        "labels": [field.label for field in changed],
    }
    await transaction.run("save_fields", values)
