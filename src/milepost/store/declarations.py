"""Programmes, alternate currencies and declared fields."""

from collections.abc import Sequence

from milepost.model.reference import (
    AlternateCurrency,
    DeclaredField,
    FieldEntity,
    FieldFamily,
    FieldType,
    Program,
)
from milepost.store.database import Transaction


async def programs(transaction: Transaction, org_id: int) -> list[Program]:
    """Return the programmes of an organisation, by id."""
    return [Program(id_, name) for id_, name in await transaction.rows("programs", {"org_id": org_id})]


async def keep_programs(transaction: Transaction, org_id: int, kept: Sequence[Program]) -> None:
    """Write programmes, new or changed."""
    values = {"org_id": org_id, "ids": [one.id for one in kept], "names": [one.name for one in kept]}
    await transaction.run("keep_programs", values)


async def currencies(transaction: Transaction, org_id: int) -> list[AlternateCurrency]:
    """Return the alternate currencies of an organisation, by programme and identifier."""
    return [
        AlternateCurrency(program_id=program_id, identifier=identifier, name=name)
        for program_id, identifier, name in await transaction.rows("currencies", {"org_id": org_id})
    ]


async def keep_currencies(transaction: Transaction, org_id: int, kept: Sequence[AlternateCurrency]) -> None:
    """Write alternate currencies, new or changed."""
    values = {
        "org_id": org_id,
        "programs": [one.program_id for one in kept],
        "identifiers": [one.identifier for one in kept],
        "names": [one.name for one in kept],
    }
    await transaction.run("keep_currencies", values)


async def fields(transaction: Transaction, org_id: int) -> list[DeclaredField]:
    """Return the fields that an organisation declared, by family, entity and name."""
    return [
        DeclaredField(
            family=FieldFamily(family), entity=FieldEntity(entity), name=name, type=FieldType(type_), label=label
        )
        for family, entity, name, type_, label in await transaction.rows("fields", {"org_id": org_id})
    ]


async def keep_fields(transaction: Transaction, org_id: int, kept: Sequence[DeclaredField]) -> None:
    """Write declared fields, new or changed."""
    values = {
        "org_id": org_id,
        "families": [one.family.value for one in kept],
        "entities": [one.entity.value for one in kept],
        "names": [one.name for one in kept],
        "types": [one.type.value for one in kept],
        "labels": [one.label for one in kept],
    }
    await transaction.run("keep_fields", values)
