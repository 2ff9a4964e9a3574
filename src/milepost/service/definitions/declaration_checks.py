"""Checks that targets name only declared fields, programmes and currencies (facts 6, decision 0019).

An organisation that has declared nothing of a kind may name anything of that kind.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from milepost.model.definitions.declaration import (
    AlternateCurrency,
    DeclaredField,
    FieldEntity,
    FieldFamily,
    FieldType,
    Program,
)
from milepost.model.problem import Problem
from milepost.model.target import AggregateFunction, Entity, Kpi, Metadata, Target
from milepost.rules.definition.draft import MetadataDraft, TargetDraft
from milepost.store import declarations
from milepost.store.database import Transaction

_ENTITIES = {Entity.TRANSACTION: FieldEntity.TRANSACTION, Entity.LINEITEM: FieldEntity.LINEITEM}


class MeasuredTarget(NamedTuple):
    """The part of a target that may name declared things, with its path in the request."""

    path: str
    entity: Entity | None
    kpi: Kpi | None
    metadata: Metadata | MetadataDraft | None


def measured_targets(path: str, target: Target | TargetDraft) -> MeasuredTarget:
    """Return the part of *target* that may name declared things; *path* is where the target stands in the request."""
    return MeasuredTarget(f"{path}.extendedFieldInfo", target.entity, target.kpi, target.metadata)


async def undeclared_problems(
    transaction: Transaction, org_id: int, targets: Sequence[MeasuredTarget]
) -> tuple[Problem, ...]:
    """Return a problem for each name in *targets* that is not declared, though others of its kind are."""
    naming = [target for target in targets if target.metadata is not None]
    problems: list[Problem] = []
    if any(target.kpi is Kpi.EXTENDED_FIELD for target in naming):
        fields = await declarations.fields(transaction, org_id)
        problems += [problem for target in naming for problem in _field_problems(target, fields)]
    if any(target.entity is Entity.ALTERNATE_CURRENCIES for target in naming):
        programs = await declarations.programs(transaction, org_id)
        currencies = await declarations.currencies(transaction, org_id) if programs else []
        problems += [problem for target in naming for problem in _currency_problems(target, programs, currencies)]
    return tuple(problems)


def _field_problems(target: MeasuredTarget, fields: Sequence[DeclaredField]) -> Iterator[Problem]:
    entity = _ENTITIES.get(target.entity) if target.entity is not None else None
    metadata = target.metadata
    if target.kpi is not Kpi.EXTENDED_FIELD or entity is None or metadata is None or metadata.name is None:
        return
    declared = {
        field.name: field for field in fields if field.family is FieldFamily.EXTENDED and field.entity is entity
    }
    if not declared:
        return
    field = declared.get(metadata.name)
    is_summed = metadata.aggregate is not AggregateFunction.COUNT
    if field is None or (is_summed and field.type is not FieldType.NUMBER):
        yield Problem(f"{target.path}.name", "Extended field name or data type is invalid", 310092)


def _currency_problems(
    target: MeasuredTarget, programs: Sequence[Program], currencies: Sequence[AlternateCurrency]
) -> Iterator[Problem]:
    metadata = target.metadata
    if target.entity is not Entity.ALTERNATE_CURRENCIES or not programs or metadata is None:
        return
    if metadata.program_id is None or metadata.currency is None:
        return
    if metadata.program_id not in {program.id for program in programs}:
        yield Problem(f"{target.path}.programId", "Invalid program id", 310146)
    elif (metadata.program_id, metadata.currency) not in {
        (currency.program_id, currency.identifier) for currency in currencies
    }:
        reason = "Invalid or null Alternate Currency Identifier for target rule"
        yield Problem(f"{target.path}.alternateCurrencyIdentifier", reason, 310147)
