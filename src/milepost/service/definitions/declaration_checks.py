"""Whether targets name what a brand has declared: fields, programmes, currencies (facts 6).

A brand that has declared nothing of a kind is not asked about it: what its systems send is then all there is to know.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from milepost.model.problem import Problem
from milepost.model.reference import AlternateCurrency, DeclaredField, FieldEntity, FieldFamily, FieldType, Program
from milepost.model.target import AggregateFunction, Entity, Kpi, Metadata, Target
from milepost.rules.definition.draft import MetadataDraft, TargetDraft
from milepost.store import declarations
from milepost.store.database import Transaction

_ENTITIES = {Entity.TRANSACTION: FieldEntity.TRANSACTION, Entity.LINEITEM: FieldEntity.LINEITEM}


class MeasuredTarget(NamedTuple):
    """What a target at a path measures, as far as it names anything that may be declared."""

    path: str
    entity: Entity | None
    kpi: Kpi | None
    metadata: Metadata | MetadataDraft | None


def measured_targets(path: str, target: Target | TargetDraft) -> MeasuredTarget:
    """Return what *target*, which stands at *path*, measures."""
    return MeasuredTarget(f"{path}.extendedFieldInfo", target.entity, target.kpi, target.metadata)


async def undeclared_problems(
    transaction: Transaction, org_id: int, targets: Sequence[MeasuredTarget]
) -> tuple[Problem, ...]:
    """Return what *targets* name that the organisation has not declared, though it has declared others of the kind."""
    naming = [one for one in targets if one.metadata is not None]
    found: list[Problem] = []
    if any(one.kpi is Kpi.EXTENDED_FIELD for one in naming):
        fields = await declarations.fields(transaction, org_id)
        found += [problem for one in naming for problem in _field_problems(one, fields)]
    if any(one.entity is Entity.ALTERNATE_CURRENCIES for one in naming):
        programs = await declarations.programs(transaction, org_id)
        currencies = await declarations.currencies(transaction, org_id) if programs else []
        found += [problem for one in naming for problem in _currency_problems(one, programs, currencies)]
    return tuple(found)


def _field_problems(target: MeasuredTarget, fields: Sequence[DeclaredField]) -> Iterator[Problem]:
    entity = _ENTITIES.get(target.entity) if target.entity is not None else None
    metadata = target.metadata
    if target.kpi is not Kpi.EXTENDED_FIELD or entity is None or metadata is None or metadata.name is None:
        return
    known = {one.name: one for one in fields if one.family is FieldFamily.EXTENDED and one.entity is entity}
    if not known:
        return
    field = known.get(metadata.name)
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
    elif (metadata.program_id, metadata.currency) not in {(one.program_id, one.identifier) for one in currencies}:
        reason = "Invalid or null Alternate Currency Identifier for target rule"
        yield Problem(f"{target.path}.alternateCurrencyIdentifier", reason, 310147)
