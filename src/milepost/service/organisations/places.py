"""Zones, concepts, stores and tills: added and changed by their codes, all of a request or none."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from milepost.model.organisation import Concept, Store, Till, Zone
from milepost.model.problem import Problem, Refused
from milepost.service.snapshot.organisation_snapshot import Places, Snapshots
from milepost.store import organisations, places
from milepost.store.database import Database, Transaction

CODE_CHARACTERS_MAX = 200
ID_MAX = 2**53
PLACES_MAX = 10_000
"""Places in one request."""

Kept = TypeVar("Kept", Zone, Concept, Store, Till)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceDraft:
    """A place as a request says it; `zone`, `concept` and `store` are codes, None leaves what is known as it is."""

    id: int | None = None
    code: str
    name: str | None = None
    zone: str | None = None
    concept: str | None = None
    store: str | None = None
    external_id: str | None = None
    external_id_1: str | None = None
    external_id_2: str | None = None


async def keep_zones(database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]) -> list[Zone]:
    """Add or change zones; return them as they are now."""

    async def work(transaction: Transaction, known: Places) -> list[Zone]:
        kept = await _merged(
            transaction, known.zones, drafts, lambda id_, draft: Zone(id=id_, code=draft.code, name=draft.code)
        )
        await places.save_zones(transaction, org_id, kept)
        return kept

    return await _changing(database, snapshots, org_id, drafts, work)


async def keep_concepts(
    database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]
) -> list[Concept]:
    """Add or change concepts; return them as they are now."""

    async def work(transaction: Transaction, known: Places) -> list[Concept]:
        kept = await _merged(
            transaction, known.concepts, drafts, lambda id_, draft: Concept(id=id_, code=draft.code, name=draft.code)
        )
        await places.save_concepts(transaction, org_id, kept)
        return kept

    return await _changing(database, snapshots, org_id, drafts, work)


async def keep_stores(
    database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]
) -> list[Store]:
    """Add or change stores, each in the zone and concept that its draft names; return them as they are."""

    async def work(transaction: Transaction, known: Places) -> list[Store]:
        problems = _unknown_codes(drafts, "zone", known.zones) + _unknown_codes(drafts, "concept", known.concepts)
        if problems:
            raise Refused(*problems)
        kept = await _merged(
            transaction, known.stores, drafts, lambda id_, draft: Store(id=id_, code=draft.code, name=draft.code)
        )
        kept = [
            replace(
                store,
                zone_id=known.zones[draft.zone].id if draft.zone else store.zone_id,
                concept_id=known.concepts[draft.concept].id if draft.concept else store.concept_id,
                external_id=draft.external_id or store.external_id,
                external_id_1=draft.external_id_1 or store.external_id_1,
                external_id_2=draft.external_id_2 or store.external_id_2,
            )
            for store, draft in zip(kept, drafts, strict=True)
        ]
        await places.save_stores(transaction, org_id, kept)
        return kept

    return await _changing(database, snapshots, org_id, drafts, work)


async def keep_tills(database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]) -> list[Till]:
    """Add or change tills, each in the store that its draft names by code; return them as they are now."""

    async def work(transaction: Transaction, known: Places) -> list[Till]:
        problems = _unknown_codes(drafts, "store", known.stores)
        if problems:
            raise Refused(*problems)
        kept = await _merged(
            transaction, known.tills, drafts, lambda id_, draft: Till(id=id_, code=draft.code, name=draft.code)
        )
        kept = [
            replace(till, store_id=known.stores[draft.store].id if draft.store else till.store_id)
            for till, draft in zip(kept, drafts, strict=True)
        ]
        await places.save_tills(transaction, org_id, kept)
        return kept

    return await _changing(database, snapshots, org_id, drafts, work)


async def known_places(database: Database, snapshots: Snapshots, org_id: int) -> Places:
    """Return the places of an organisation."""
    async with database.transaction() as transaction:
        return (await snapshots.one(transaction, org_id)).places


async def _changing(
    database: Database,
    snapshots: Snapshots,
    org_id: int,
    drafts: Sequence[PlaceDraft],
    work: Callable[[Transaction, Places], Awaitable[list[Kept]]],
) -> list[Kept]:
    """Do *work* on an organisation's places as one change of what its events mean."""
    problems = _draft_problems(drafts)
    if problems:
        raise Refused(*problems)
    async with database.transaction() as transaction:
        await organisations.lock(transaction, org_id)
        kept = await work(transaction, (await snapshots.one(transaction, org_id)).places)
        await organisations.raise_version(transaction, org_id)
    return kept


async def _merged(
    transaction: Transaction,
    known: Mapping[str, Kept],
    drafts: Sequence[PlaceDraft],
    make: Callable[[int, PlaceDraft], Kept],
) -> list[Kept]:
    """Return each draft's place: the known one with this code, changed, or a new one."""
    holders = {place.id: place.code for place in known.values()}
    needed = sum(draft.code not in known and draft.id is None for draft in drafts)
    brought = {draft.id for draft in drafts if draft.id is not None}
    fresh = iter(await _fresh_ids(transaction, needed, brought | set(holders)))
    kept: list[Kept] = []
    problems: list[Problem] = []
    for position, draft in enumerate(drafts):
        place = known.get(draft.code)
        if place is None:
            place = make(draft.id if draft.id is not None else next(fresh), draft)
        if holders.setdefault(place.id, draft.code) != draft.code or (draft.id is not None and draft.id != place.id):
            problems.append(
                Problem(
                    f"[{position}].id",
                    f'is at odds with what is known: "{draft.code}" has another id, or the id another code',
                )
            )
        kept.append(place if draft.name is None else replace(place, name=draft.name))
    if problems:
        raise Refused(*problems)
    return kept


async def _fresh_ids(transaction: Transaction, count: int, held: set[int]) -> list[int]:
    """Return *count* new ids besides those *held*: places may have brought ids that a sequence comes to later."""
    found: list[int] = []
    while len(found) < count:
        found += [id_ for id_ in await places.fresh_ids(transaction, count - len(found)) if id_ not in held]
    return found


def _unknown_codes(drafts: Sequence[PlaceDraft], field: str, known: Mapping[str, object]) -> list[Problem]:
    problems: list[Problem] = []
    for position, draft in enumerate(drafts):
        code = getattr(draft, field)
        if code is not None and code not in known:
            problems.append(Problem(f"[{position}].{field}", f'there is no {field} with the code "{code}"'))
    return problems


def _texts(draft: PlaceDraft) -> dict[str, str | None]:
    """Return the texts that a place is called by, by their names in a request."""
    external = (draft.external_id, draft.external_id_1, draft.external_id_2)
    names = ("externalId", "externalId1", "externalId2")
    return {"code": draft.code, "name": draft.name, **dict(zip(names, external, strict=True))}


def _draft_problems(drafts: Sequence[PlaceDraft]) -> list[Problem]:
    """Return what is wrong with the drafts in themselves."""
    problems: list[Problem] = []
    if len(drafts) > PLACES_MAX:
        problems.append(Problem("", f"a request may hold {PLACES_MAX} places"))
    seen: set[str] = set()
    for position, draft in enumerate(drafts):
        for field, text in _texts(draft).items():
            if text is not None and (not text.strip() or len(text) > CODE_CHARACTERS_MAX or "\0" in text):
                reason = f"must have 1 to {CODE_CHARACTERS_MAX} characters, none of them U+0000"
                problems.append(Problem(f"[{position}].{field}", reason))
        if draft.id is not None and not 0 < draft.id <= ID_MAX:
            problems.append(Problem(f"[{position}].id", f"must be from 1 to {ID_MAX}"))
        if draft.code in seen:
            problems.append(Problem(f"[{position}].code", f'"{draft.code}" stands twice in the request'))
        seen.add(draft.code)
    return problems
