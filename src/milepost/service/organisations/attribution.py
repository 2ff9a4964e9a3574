"""For which till or store something is posted, where that is not the till that logged in (facts 7)."""

from dataclasses import dataclass, replace
from enum import Enum

from milepost.model.organisation import Store
from milepost.model.problem import Problem, Refused
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import PlaceName, Places

ENTITY_CODE = "X-CAP-API-ATTRIBUTION-ENTITY-CODE"
"""The header that names a till or store."""


class AttributionKind(Enum):
    """What the value of an attribution names."""

    TILL = "TILL"
    STORE_CODE = "STORE_CODE"
    STORE_NAME = "STORE_NAME"
    STORE_EXTERNAL_ID = "STORE_EXTERNAL_ID"
    STORE_EXTERNAL_ID_1 = "STORE_EXTERNAL_ID_1"
    STORE_EXTERNAL_ID_2 = "STORE_EXTERNAL_ID_2"


@dataclass(frozen=True, slots=True)
class Attributed:
    """Who posts, as it is kept, and where it happened if that is not the till's own place."""

    caller: Caller
    place: PlaceName | None = None


async def attributed(runtime: Runtime, caller: Caller, kind: AttributionKind, value: str) -> Attributed:
    """Return *caller* on behalf of the till, or at the store, that *value* names; raises Refused."""
    async with runtime.database.transaction() as transaction:
        known = (await runtime.snapshots.one(transaction, caller.org_id)).places
    return _of_till(caller, known, value) if kind is AttributionKind.TILL else _at_store(caller, known, kind, value)


def _of_till(caller: Caller, known: Places, code: str) -> Attributed:
    till = known.tills.get(code)
    if till is None:
        raise Refused(Problem(ENTITY_CODE, f'there is no till with the code "{code}"'))
    author = replace(caller.author, id=till.id, code=till.code, name=till.name, kind="TILL")
    return Attributed(replace(caller, author=author, till_id=till.id))


def _at_store(caller: Caller, known: Places, kind: AttributionKind, value: str) -> Attributed:
    found = [store for store in known.stores.values() if _called(store, kind) == value]
    what = kind.value.removeprefix("STORE_").lower().replace("_", " ")
    if not found:
        raise Refused(Problem(ENTITY_CODE, f'there is no store with the {what} "{value}"'))
    if len(found) > 1:
        raise Refused(Problem(ENTITY_CODE, f'several stores have the {what} "{value}"; give a code'))
    return Attributed(caller, PlaceName("store", found[0].id))


def _called(store: Store, kind: AttributionKind) -> str | None:
    """Return what a store is called in one way."""
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
