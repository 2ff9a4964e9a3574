"""Adds and changes zones, concepts, stores and tills by their codes: all of a request or nothing."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from milepost.model.organisation import Concept, Store, Till, Zone
from milepost.model.problem import Problem
from milepost.service.organisations.draft_checks import (
    DRAFTS_MAX,
    id_problems,
    refuse,
    repeated_positions,
    text_problems,
)
from milepost.service.snapshot.organisation_snapshot import Places, Snapshots
from milepost.store import organisations, places
from milepost.store.database import Database, Transaction

AnyPlace = TypeVar("AnyPlace", Zone, Concept, Store, Till)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceDraft:
    """A place as a request describes it; `zone`, `concept` and `store` are codes. None keeps a known value."""

    id: int | None = None
    code: str
    name: str | None = None
    zone: str | None = None
    concept: str | None = None
    store: str | None = None
    external_id: str | None = None
    external_id_1: str | None = None
    external_id_2: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlaceKind(Generic[AnyPlace]):
    """What differs between the four kinds of places when they are added and changed.

    `by_code` returns the places of the kind by their codes, `new` makes one of an id and a code, and `changed` applies
    a draft to a place, but for its name. `references` are the fields of a draft that hold a code of another kind.
    """

    by_code: Callable[[Places], Mapping[str, AnyPlace]]
    new: Callable[[int, str], AnyPlace]
    changed: Callable[[AnyPlace, PlaceDraft, Places], AnyPlace] = lambda place, _draft, _places: place
    references: Mapping[str, Callable[[Places], Mapping[str, object]]] = field(default_factory=dict)
    write: Callable[[Transaction, int, Sequence[AnyPlace]], Awaitable[None]]


def _changed_store(store: Store, draft: PlaceDraft, current: Places) -> Store:
    return replace(
        store,
        zone_id=current.zones[draft.zone].id if draft.zone else store.zone_id,
        concept_id=current.concepts[draft.concept].id if draft.concept else store.concept_id,
        external_id=draft.external_id or store.external_id,
        external_id_1=draft.external_id_1 or store.external_id_1,
        external_id_2=draft.external_id_2 or store.external_id_2,
    )


def _changed_till(till: Till, draft: PlaceDraft, current: Places) -> Till:
    return replace(till, store_id=current.stores[draft.store].id if draft.store else till.store_id)


_ZONES: _PlaceKind[Zone] = _PlaceKind(
    by_code=lambda current: current.zones,
    new=lambda id_, code: Zone(id=id_, code=code, name=code),
    write=places.save_zones,
)
_CONCEPTS: _PlaceKind[Concept] = _PlaceKind(
    by_code=lambda current: current.concepts,
    new=lambda id_, code: Concept(id=id_, code=code, name=code),
    write=places.save_concepts,
)
_STORES: _PlaceKind[Store] = _PlaceKind(
    by_code=lambda current: current.stores,
    new=lambda id_, code: Store(id=id_, code=code, name=code),
    changed=_changed_store,
    references={"zone": lambda current: current.zones, "concept": lambda current: current.concepts},
    write=places.save_stores,
)
_TILLS: _PlaceKind[Till] = _PlaceKind(
    by_code=lambda current: current.tills,
    new=lambda id_, code: Till(id=id_, code=code, name=code),
    changed=_changed_till,
    references={"store": lambda current: current.stores},
    write=places.save_tills,
)


async def keep_zones(database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]) -> list[Zone]:
    """Add or change zones; return them as they are now. Raises Refused."""
    return await _upsert(database, snapshots, org_id, drafts, _ZONES)


async def keep_concepts(
    database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]
) -> list[Concept]:
    """Add or change concepts; return them as they are now. Raises Refused."""
    return await _upsert(database, snapshots, org_id, drafts, _CONCEPTS)


async def keep_stores(
    database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]
) -> list[Store]:
    """Add or change stores, each in the zone and with the concept that its draft names. Raises Refused."""
    return await _upsert(database, snapshots, org_id, drafts, _STORES)


async def keep_tills(database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft]) -> list[Till]:
    """Add or change tills, each in the store that its draft names; return them as they are now. Raises Refused."""
    return await _upsert(database, snapshots, org_id, drafts, _TILLS)


async def known_places(database: Database, snapshots: Snapshots, org_id: int) -> Places:
    """Return the places of an organisation as of now."""
    async with database.transaction() as transaction:
        return (await snapshots.of_organisation(transaction, org_id)).places


async def _upsert(
    database: Database, snapshots: Snapshots, org_id: int, drafts: Sequence[PlaceDraft], kind: _PlaceKind[AnyPlace]
) -> list[AnyPlace]:
    """Add or change places of a *kind* in one transaction, which makes a new version of the organisation.

    A version, because events are judged by the places of their organisation.
    """
    refuse(_draft_problems(drafts))
    async with database.transaction() as transaction:
        await organisations.lock(transaction, org_id)
        current = (await snapshots.of_organisation(transaction, org_id)).places
        refuse(_unknown_codes(drafts, {name: codes(current) for name, codes in kind.references.items()}))
        merged = await _merged(transaction, kind.by_code(current), drafts, kind.new)
        changed = [kind.changed(place, draft, current) for place, draft in zip(merged, drafts, strict=True)]
        await kind.write(transaction, org_id, changed)
        await organisations.raise_version(transaction, org_id)
    return changed


async def _merged(
    transaction: Transaction,
    known: Mapping[str, AnyPlace],
    drafts: Sequence[PlaceDraft],
    new: Callable[[int, str], AnyPlace],
) -> list[AnyPlace]:
    """Return the place of each draft with its name: the known one with this code, or a new one. Raises Refused."""
    holders = {place.id: place.code for place in known.values()}
    needed = sum(draft.code not in known and draft.id is None for draft in drafts)
    brought = {draft.id for draft in drafts if draft.id is not None}
    fresh = iter(await _fresh_ids(transaction, needed, brought | set(holders)))
    merged: list[AnyPlace] = []
    problems: list[Problem] = []
    for position, draft in enumerate(drafts):
        place = known.get(draft.code)
        if place is None:
            place = new(draft.id if draft.id is not None else next(fresh), draft.code)
        if holders.setdefault(place.id, draft.code) != draft.code or (draft.id is not None and draft.id != place.id):
            problems.append(
                Problem(
                    f"[{position}].id",
                    f'is at odds with a known place: "{draft.code}" has another id, or this id has another code',
                )
            )
        merged.append(place if draft.name is None else replace(place, name=draft.name))
    refuse(problems)
    return merged


async def _fresh_ids(transaction: Transaction, count: int, held: set[int]) -> list[int]:
    """Return *count* new ids that are not *held*. A request may bring ids that the sequence reaches only later."""
    ids: list[int] = []
    while len(ids) < count:
        ids += [id_ for id_ in await places.fresh_ids(transaction, count - len(ids)) if id_ not in held]
    return ids


def _unknown_codes(
    drafts: Sequence[PlaceDraft], codes_by_field: Mapping[str, Mapping[str, object]]
) -> Iterator[Problem]:
    """Report codes in drafts that no place has; *codes_by_field* holds the known codes by the field that names them."""
    for name, codes in codes_by_field.items():
        for position, draft in enumerate(drafts):
            code = getattr(draft, name)
            if code is not None and code not in codes:
                yield Problem(f"[{position}].{name}", f'there is no {name} with the code "{code}"')


def _texts(draft: PlaceDraft) -> dict[str, str | None]:
    """Return the texts of a draft under their names in a request."""
    external = (draft.external_id, draft.external_id_1, draft.external_id_2)
    names = ("externalId", "externalId1", "externalId2")
    return {"code": draft.code, "name": draft.name, **dict(zip(names, external, strict=True))}


def _draft_problems(drafts: Sequence[PlaceDraft]) -> Iterator[Problem]:
    """Return the problems of drafts that can be seen without the known places."""
    if len(drafts) > DRAFTS_MAX:
        yield Problem("", f"a request may hold {DRAFTS_MAX} places")
    repeated = {*repeated_positions(draft.code for draft in drafts)}
    for position, draft in enumerate(drafts):
        for name, text in _texts(draft).items():
            yield from text_problems(f"[{position}].{name}", text)
        yield from id_problems(f"[{position}].id", draft.id)
        if position in repeated:
            yield Problem(f"[{position}].code", f'"{draft.code}" stands twice in the request')
