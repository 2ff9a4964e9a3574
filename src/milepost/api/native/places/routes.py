"""Zones, concepts, stores and tills: `POST` adds or changes them by code, `GET` lists them."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.http.route import Route
from milepost.api.native.answer import Items
from milepost.api.native.items import read_items, routes_of_list
from milepost.api.native.paging import PAGE_MAX, page_by_key
from milepost.api.native.places.answer import NamedItem, StoreItem, TillItem, named_item, store_item, till_item
from milepost.api.native.places.body import NamedBody, StoreBody, TillBody, drafts_of
from milepost.model.organisation import Concept, Store, Till, Zone
from milepost.service.organisations.places import keep_concepts, keep_stores, keep_tills, keep_zones, known_places

router = APIRouter(prefix="/api/v1", tags=["places"])


@router.post("/zones", response_model=None)
async def post_zones(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change zones."""
    drafts = drafts_of(await read_items(request, NamedBody))
    zones = await keep_zones(runtime.database, runtime.snapshots, caller.org_id, drafts)
    return JsonResponse(Items([named_item(zone) for zone in zones]))


@router.post("/concepts", response_model=None)
async def post_concepts(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change concepts."""
    drafts = drafts_of(await read_items(request, NamedBody))
    concepts = await keep_concepts(runtime.database, runtime.snapshots, caller.org_id, drafts)
    return JsonResponse(Items([named_item(concept) for concept in concepts]))


@router.post("/stores", response_model=None)
async def post_stores(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change stores."""
    drafts = drafts_of(await read_items(request, StoreBody))
    stores = await keep_stores(runtime.database, runtime.snapshots, caller.org_id, drafts)
    places = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return JsonResponse(Items([store_item(store, places) for store in stores]))


@router.post("/tills", response_model=None)
async def post_tills(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Add or change tills."""
    drafts = drafts_of(await read_items(request, TillBody))
    tills = await keep_tills(runtime.database, runtime.snapshots, caller.org_id, drafts)
    places = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return JsonResponse(Items([till_item(till, places) for till in tills]))


@router.get("/zones", response_model=None)
async def get_zones(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List zones by code."""
    places = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return JsonResponse(page_by_key(list(places.zones.values()), _code, named_item, cursor, limit))


@router.get("/concepts", response_model=None)
async def get_concepts(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List concepts by code."""
    places = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    return JsonResponse(page_by_key(list(places.concepts.values()), _code, named_item, cursor, limit))


@router.get("/stores", response_model=None)
async def get_stores(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List stores by code."""
    places = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    stores = list(places.stores.values())
    return JsonResponse(page_by_key(stores, _code, lambda store: store_item(store, places), cursor, limit))


@router.get("/tills", response_model=None)
async def get_tills(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List tills by code."""
    places = await known_places(runtime.database, runtime.snapshots, caller.org_id)
    tills = list(places.tills.values())
    return JsonResponse(page_by_key(tills, _code, lambda till: till_item(till, places), cursor, limit))


def _code(place: Zone | Concept | Store | Till) -> str:
    return place.code


_STORE_COLUMNS = "code, id, name, zone, concept, externalId, externalId1, externalId2"

ROUTES: Mapping[tuple[str, str], Route] = {
    **routes_of_list("/api/v1/zones", NamedBody, NamedItem, "code, id, name"),
    **routes_of_list("/api/v1/concepts", NamedBody, NamedItem, "code, id, name"),
    **routes_of_list("/api/v1/stores", StoreBody, StoreItem, _STORE_COLUMNS),
    **routes_of_list("/api/v1/tills", TillBody, TillItem, "code, id, name, store"),
}
