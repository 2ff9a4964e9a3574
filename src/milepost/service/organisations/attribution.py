"""Attributes a request to another till or store than the till that logged in (facts 7)."""

from dataclasses import dataclass, replace
from enum import Enum

from milepost.model.organisation import Store
from milepost.model.problem import Problem, Refused
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import PlaceName, Places

ENTITY_CODE = "X-CAP-API-ATTRIBUTION-ENTITY-CODE"
"""The header that names a till or store."""


class AttributionKind(Enum):
    """What the value of the attribution header names."""

    TILL = "TILL"
    STORE_CODE = "STORE_CODE"
    STORE_NAME = "STORE_NAME"
    STORE_EXTERNAL_ID = "STORE_EXTERNAL_ID"
    STORE_EXTERNAL_ID_1 = "STORE_EXTERNAL_ID_1"
    STORE_EXTERNAL_ID_2 = "STORE_EXTERNAL_ID_2"


@dataclass(frozen=True, slots=True)
class AttributedCaller:
    """The caller that is recorded for a request, and the place of its events if that is not the till's own place."""

    caller: Caller
    place: PlaceName | None = None


async def attributed_caller(runtime: Runtime, caller: Caller, kind: AttributionKind, value: str) -> AttributedCaller:
    """Return *caller* on behalf of the till, or at the store, that *value* names. Raises Refused if there is none."""
    places = (await current_snapshot(runtime, caller.org_id)).places
    return _of_till(caller, places, value) if kind is AttributionKind.TILL else _at_store(caller, places, kind, value)


def _of_till(caller: Caller, places: Places, code: str) -> AttributedCaller:
    till = places.tills.get(code)
    if till is None:
        raise Refused(Problem(ENTITY_CODE, f'there is no till with the code "{code}"'))
    author = replace(caller.author, id=till.id, code=till.code, name=till.name, kind="TILL")
    return AttributedCaller(replace(caller, author=author, till_id=till.id))


def _at_store(caller: Caller, places: Places, kind: AttributionKind, value: str) -> AttributedCaller:
    stores = [store for store in places.stores.values() if _name_of(store, kind) == value]
    kind_text = kind.value.removeprefix("STORE_").lower().replace("_", " ")
    if not stores:
        raise Refused(Problem(ENTITY_CODE, f'there is no store with the {kind_text} "{value}"'))
    if len(stores) > 1:
        raise Refused(Problem(ENTITY_CODE, f'several stores have the {kind_text} "{value}"; give a code'))
    return AttributedCaller(caller, PlaceName("store", stores[0].id))


def _name_of(store: Store, kind: AttributionKind) -> str | None:
    """Return the text by which *kind* would name *store*."""
    match kind:
        case AttributionKind.STORE_CODE:
            return store.code
        case AttributionKind.STORE_NAME:
            return store.name
        case AttributionKind.STORE_EXTERNAL_ID:
            return store.external_id
        case AttributionKind.STORE_EXTERNAL_ID_1:
            return store.external_id_1
        case AttributionKind.STORE_EXTERNAL_ID_2:
            return store.external_id_2
        case AttributionKind.TILL:
            return None
