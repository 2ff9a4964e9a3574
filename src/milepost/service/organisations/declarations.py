"""What a brand declares: programmes, currencies, fields; all of a request or none of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from milepost.model.problem import Problem, Refused
from milepost.model.reference import AlternateCurrency, DeclaredField, FieldEntity, FieldFamily, FieldType, Program
from milepost.store import declarations, organisations, places
from milepost.store.database import Database, Transaction

NAME_CHARACTERS_MAX = 200
ID_MAX = 2**53
DECLARED_MAX = 10_000
"""Items in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramDraft:
    """A programme as a request says it; without an id it is known by its name, or new."""

    id: int | None = None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyDraft:
    """A currency as a request says it; without a name it has that of its identifier."""

    program_id: int
    identifier: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDraft:
    """A field as a request says it; without a label it has that of its name."""

    family: FieldFamily
    entity: FieldEntity
    name: str
    type: FieldType
    label: str | None = None


async def declare_programs(database: Database, org_id: int, drafts: Sequence[ProgramDraft]) -> list[Program]:
    """Add or rename programmes; return them as they are now. Raises Refused."""
    _refuse([*_names(drafts, "name"), *_repeats("name", (draft.name.lower() for draft in drafts)), *_ids(drafts)])

    async def work(transaction: Transaction) -> list[Program]:
        await organisations.lock(transaction, org_id)
        known = await declarations.programs(transaction, org_id)
        kept = await _programs(transaction, known, drafts)
        await declarations.save_programs(transaction, org_id, kept)
        return kept

    return await database.attempt(work)


async def declare_currencies(
    database: Database, org_id: int, drafts: Sequence[CurrencyDraft]
) -> list[AlternateCurrency]:
    """Add or rename alternate currencies of known programmes; return them as they are now. Raises Refused."""
    keys = ((draft.program_id, draft.identifier) for draft in drafts)
    _refuse([*_names(drafts, "identifier"), *_names(drafts, "name"), *_repeats("identifier", keys)])

    async def work(transaction: Transaction) -> list[AlternateCurrency]:
        await organisations.lock(transaction, org_id)
        programs = {program.id for program in await declarations.programs(transaction, org_id)}
        _refuse(
            Problem(f"[{place}].programId", f"there is no programme {draft.program_id}", 310146)
            for place, draft in enumerate(drafts)
            if draft.program_id not in programs
        )
        names = {
            (one.program_id, one.identifier): one.name for one in await declarations.currencies(transaction, org_id)
        }
        kept = [_currency(draft, names.get((draft.program_id, draft.identifier))) for draft in drafts]
        await declarations.save_currencies(transaction, org_id, kept)
        return kept

    return await database.attempt(work)


async def declare_fields(database: Database, org_id: int, drafts: Sequence[FieldDraft]) -> list[DeclaredField]:
    """Declare fields, or change their types and labels; return them as they are now. Raises Refused."""
    keys = ((draft.family, draft.entity, draft.name) for draft in drafts)
    _refuse([*_names(drafts, "name"), *_names(drafts, "label"), *_repeats("name", keys)])
    kept = [
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
        await declarations.save_fields(transaction, org_id, kept)
        return kept

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
    """Return the fields of a family that an organisation declared."""
    async with database.reading() as reading:
        return [one for one in await declarations.fields(reading, org_id) if one.family is family]


async def _programs(
    transaction: Transaction, known: Sequence[Program], drafts: Sequence[ProgramDraft]
) -> list[Program]:
    """Return each draft's programme; raises Refused where a name would be that of two."""
    by_name = {program.name.lower(): program.id for program in known}
    kept: list[Program] = []
    for draft in drafts:
        id_ = draft.id or by_name.get(draft.name.lower())
        kept.append(Program(id_ or (await places.fresh_ids(transaction, 1))[0], draft.name))
    after = {program.id: program.name.lower() for program in (*known, *kept)}
    names = list(after.values())
    _refuse(
        Problem(f"[{place}].name", f'"{program.name}" is the name of another programme')
        for place, program in enumerate(kept)
        if names.count(program.name.lower()) > 1
    )
    return kept


def _currency(draft: CurrencyDraft, known: str | None) -> AlternateCurrency:
    name = draft.name or known or draft.identifier
    return AlternateCurrency(program_id=draft.program_id, identifier=draft.identifier, name=name)


def _ids(drafts: Sequence[ProgramDraft]) -> Iterator[Problem]:
    given = [draft.id for draft in drafts]
    for place, id_ in enumerate(given):
        if id_ is not None and not 0 < id_ <= ID_MAX:
            yield Problem(f"[{place}].id", f"must be from 1 to {ID_MAX}")
        elif id_ is not None and id_ in given[:place]:
            yield Problem(f"[{place}].id", f"{id_} stands twice in the request")


def _names(drafts: Sequence[object], field: str) -> Iterator[Problem]:
    for place, draft in enumerate(drafts):
        text = getattr(draft, field)
        if text is not None and (not text.strip() or len(text) > NAME_CHARACTERS_MAX or "\0" in text):
            reason = f"must have 1 to {NAME_CHARACTERS_MAX} characters, none of them U+0000"
            yield Problem(f"[{place}].{field}", reason)


def _repeats(field: str, keys: Iterable[object]) -> Iterator[Problem]:
    seen: set[object] = set()
    for place, key in enumerate(keys):
        if key in seen:
            yield Problem(f"[{place}].{field}", "stands twice in the request")
        seen.add(key)
        if place == DECLARED_MAX:
            yield Problem("", f"a request may hold {DECLARED_MAX} items")


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise Refused(*found)
