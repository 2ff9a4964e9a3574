"""Declares programmes, currencies and fields of an organisation: all of a request or nothing (decision 0019)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from milepost.model.definitions.declaration import (
    AlternateCurrency,
    DeclaredField,
    FieldEntity,
    FieldFamily,
    FieldType,
    Program,
)
from milepost.model.problem import Problem
from milepost.service.organisations.draft_checks import (
    DRAFTS_MAX,
    id_problems,
    refuse,
    repeated_positions,
    text_problems,
)
from milepost.store import declarations, organisations, places
from milepost.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramDraft:
    """A programme as a request describes it. Without an id it is the programme of this name, or a new one."""

    id: int | None = None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyDraft:
    """A currency as a request describes it. Without a name it keeps its known name, or is called by its identifier."""

    program_id: int
    identifier: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDraft:
    """A field as a request describes it. Without a label its name is its label."""

    family: FieldFamily
    entity: FieldEntity
    name: str
    type: FieldType
    label: str | None = None


async def declare_programs(database: Database, org_id: int, drafts: Sequence[ProgramDraft]) -> list[Program]:
    """Add programmes, or rename known ones; return them as they are now. Raises Refused."""
    refuse(
        [
            *_text_problems("name", (draft.name for draft in drafts)),
            *_repeat_problems("name", [draft.name.lower() for draft in drafts]),
            *_id_problems(drafts),
        ]
    )

    async def work(transaction: Transaction) -> list[Program]:
        await organisations.lock(transaction, org_id)
        known = await declarations.programs(transaction, org_id)
        programs = await _programs(transaction, known, drafts)
        await declarations.save_programs(transaction, org_id, programs)
        return programs

    return await database.attempt(work)


async def declare_currencies(
    database: Database, org_id: int, drafts: Sequence[CurrencyDraft]
) -> list[AlternateCurrency]:
    """Add currencies of known programmes, or rename known ones; return them as they are now. Raises Refused."""
    keys = [(draft.program_id, draft.identifier) for draft in drafts]
    refuse(
        [
            *_text_problems("identifier", (draft.identifier for draft in drafts)),
            *_text_problems("name", (draft.name for draft in drafts)),
            *_repeat_problems("identifier", keys),
        ]
    )

    async def work(transaction: Transaction) -> list[AlternateCurrency]:
        await organisations.lock(transaction, org_id)
        program_ids = {program.id for program in await declarations.programs(transaction, org_id)}
        refuse(
            Problem(f"[{position}].programId", f"there is no programme {draft.program_id}", 310146)
            for position, draft in enumerate(drafts)
            if draft.program_id not in program_ids
        )
        names = {
            (currency.program_id, currency.identifier): currency.name
            for currency in await declarations.currencies(transaction, org_id)
        }
        currencies = [_currency(draft, names.get((draft.program_id, draft.identifier))) for draft in drafts]
        await declarations.save_currencies(transaction, org_id, currencies)
        return currencies

    return await database.attempt(work)


async def declare_fields(database: Database, org_id: int, drafts: Sequence[FieldDraft]) -> list[DeclaredField]:
    """Declare fields, or change their types and labels; return them as they are now. Raises Refused."""
    keys = [(draft.family, draft.entity, draft.name) for draft in drafts]
    refuse(
        [
            *_text_problems("name", (draft.name for draft in drafts)),
            *_text_problems("label", (draft.label for draft in drafts)),
            *_repeat_problems("name", keys),
        ]
    )
    fields = [
        DeclaredField(
            family=draft.family,
            entity=draft.entity,
            name=draft.name,
            type=draft.type,
            label=draft.name if draft.label is None else draft.label,
        )
        for draft in drafts
    ]

    async def work(transaction: Transaction) -> list[DeclaredField]:
        await organisations.lock(transaction, org_id)
        await declarations.save_fields(transaction, org_id, fields)
        return fields

    return await database.attempt(work)


async def known_programs(database: Database, org_id: int) -> list[Program]:
    """Return the programmes of an organisation."""
    async with database.reading() as reading:
        return await declarations.programs(reading, org_id)


async def known_currencies(database: Database, org_id: int) -> list[AlternateCurrency]:
    """Return the alternate currencies of an organisation."""
    async with database.reading() as reading:
        return await declarations.currencies(reading, org_id)


async def known_fields(database: Database, org_id: int, family: FieldFamily) -> list[DeclaredField]:
    """Return the declared fields of an organisation that belong to *family*."""
    async with database.reading() as reading:
        return [field for field in await declarations.fields(reading, org_id) if field.family is family]


async def _programs(
    transaction: Transaction, known: Sequence[Program], drafts: Sequence[ProgramDraft]
) -> list[Program]:
    """Return the programme of each draft. Raises Refused if two programmes would have the same name."""
    by_name = {program.name.lower(): program.id for program in known}
    declared: list[Program] = []
    for draft in drafts:
        id_ = draft.id or by_name.get(draft.name.lower())
        declared.append(Program(id_ or (await places.fresh_ids(transaction, 1))[0], draft.name))
    names_by_id = {program.id: program.name.lower() for program in (*known, *declared)}
    names = list(names_by_id.values())
    refuse(
        Problem(f"[{position}].name", f'"{program.name}" is the name of another programme')
        for position, program in enumerate(declared)
        if names.count(program.name.lower()) > 1
    )
    return declared


def _currency(draft: CurrencyDraft, known: str | None) -> AlternateCurrency:
    name = draft.name or known or draft.identifier
    return AlternateCurrency(program_id=draft.program_id, identifier=draft.identifier, name=name)


def _id_problems(drafts: Sequence[ProgramDraft]) -> Iterator[Problem]:
    ids = [draft.id for draft in drafts]
    for position, id_ in enumerate(ids):
        yield from id_problems(f"[{position}].id", id_)
        if id_ is not None and id_ in ids[:position]:
            yield Problem(f"[{position}].id", f"{id_} stands twice in the request")


def _text_problems(field: str, texts: Iterable[str | None]) -> Iterator[Problem]:
    for position, text in enumerate(texts):
        yield from text_problems(f"[{position}].{field}", text)


def _repeat_problems(field: str, keys: Sequence[object]) -> Iterator[Problem]:
    """Report keys that stand twice in a request, at the *field* that holds them, and a request that is too long."""
    for position in repeated_positions(keys):
        yield Problem(f"[{position}].{field}", "stands twice in the request")
    if len(keys) > DRAFTS_MAX:
        yield Problem("", f"a request may hold {DRAFTS_MAX} items")
