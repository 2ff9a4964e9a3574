"""Zones, concepts, stores and tills: `POST` adds or changes by code, `GET` lists."""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.native.items import items_of_table, read_items
from milepost.model.organisation import Concept, Store, Till, Zone
from milepost.model.problem import Problem, Refused
from milepost.service.organisations.places import (
    PlaceDraft,
    keep_concepts,
    keep_stores,
    keep_tills,
    keep_zones,
    known_places,
)
from milepost.service.snapshot.organisation_snapshot import Places

PAGE_MAX = 200

router = APIRouter(prefix="/api/v1", tags=["places"])


class NamedBody(Struct, forbid_unknown_fields=True):
    """A zone or a concept."""

    code: str
    id: int | None = None
    name: str | None = None


class StoreBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A store, with the codes of its zone and concept, and what other systems call it."""

    code: str
    id: int | None = None
    name: str | None = None
    zone: str | None = None
    concept: str | None = None
    external_id: str | None = None
    external_id_1: str | None = None
    external_id_2: str | None = None


class TillBody(Struct, forbid_unknown_fields=True):
    """A till, with the code of its store."""

    code: str
    id: int | None = None
    name: str | None = None
    store: str | None = None


@router.post("/zones", response_model=None)
async def post_zones(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change zones."""
    kept = await keep_zones(runtime.database, runtime.snapshots, caller.org_id, await _drafts(request, NamedBody))
    return _answer(kept, await known_places(runtime.database, runtime.snapshots, caller.org_id))


@router.post("/concepts", response_model=None)
async def post_concepts(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change concepts."""
    kept = await keep_concepts(runtime.database, runtime.snapshots, caller.org_id, await _drafts(request, NamedBody))
    return _answer(kept, await known_places(runtime.database, runtime.snapshots, caller.org_id))


@router.post("/stores", response_model=None)
async def post_stores(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change stores."""
    kept = await keep_stores(runtime.database, runtime.snapshots, caller.org_id, await _drafts(request, StoreBody))
    return _answer(kept, await known_places(runtime.database, runtime.snapshots, caller.org_id))


@router.post("/tills", response_model=None)
async def post_tills(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change tills."""
    kept = await keep_tills(runtime.database, runtime.snapshots, caller.org_id, await _drafts(request, TillBody))
    return _answer(kept, await known_places(runtime.database, runtime.snapshots, caller.org_id))


@router.get("/zones", response_model=None)
async def get_zones(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List zones by code."""
    known = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return _page(list(known.zones.values()), known, cursor, limit)


@router.get("/concepts", response_model=None)
async def get_concepts(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List concepts by code."""
    known = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return _page(list(known.concepts.values()), known, cursor, limit)


@router.get("/stores", response_model=None)
async def get_stores(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List stores by code."""
    known = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return _page(list(known.stores.values()), known, cursor, limit)


@router.get("/tills", response_model=None)
async def get_tills(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List tills by code."""
    known = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return _page(list(known.tills.values()), known, cursor, limit)


def drafts_of(body: bytes, kind: type[Struct]) -> list[PlaceDraft]:
    """Return the places that the rows of a CSV file are; raises Refused with everything that is wrong with it."""
    return [PlaceDraft(**msgspec.structs.asdict(item)) for item in items_of_table(body, kind)]


async def _drafts(request: Request, kind: type[Struct]) -> list[PlaceDraft]:
    """Return what the request says, or refuse with everything that is wrong with it."""
    return [PlaceDraft(**msgspec.structs.asdict(item)) for item in await read_items(request, kind)]


def _page(found: Sequence[Zone | Concept | Store | Till], known: Places, cursor: str, limit: int) -> JsonResponse:
    """Return the places after the code *cursor*, at most *limit*, with the cursor of the next page."""
    if not 1 <= limit <= PAGE_MAX:
        raise Refused(Problem("limit", f"must be from 1 to {PAGE_MAX}"))
    ordered = sorted((place for place in found if place.code > cursor), key=lambda place: place.code)
    page = ordered[:limit]
    next_cursor = page[-1].code if len(ordered) > limit else None
    return JsonResponse({"items": [_item(place, known) for place in page], "nextCursor": next_cursor})


def _answer(kept: Sequence[Zone | Concept | Store | Till], known: Places) -> JsonResponse:
    return JsonResponse({"items": [_item(place, known) for place in kept]})


def _item(place: Zone | Concept | Store | Till, known: Places) -> dict[str, Any]:
    item: dict[str, Any] = {"id": place.id, "code": place.code, "name": place.name}
    match place:
        case Store():
            item["zone"] = next((zone.code for zone in known.zones.values() if zone.id == place.zone_id), None)
            item["concept"] = next((one.code for one in known.concepts.values() if one.id == place.concept_id), None)
            external = (place.external_id, place.external_id_1, place.external_id_2)
            item |= dict(zip(("externalId", "externalId1", "externalId2"), external, strict=True))
        case Till():
            item["store"] = next((store.code for store in known.stores.values() if store.id == place.store_id), None)
        case _:
            pass
    return item
