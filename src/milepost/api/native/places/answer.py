"""What is answered about zones, concepts, stores and tills."""

from msgspec import Struct

from milepost.model.organisation import Concept, Store, Till, Zone
from milepost.service.snapshot.organisation_snapshot import Places


class NamedItem(Struct, forbid_unknown_fields=True):
    """A zone or a concept."""

    id: int
    code: str
    name: str


class StoreItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A store, with the codes of its zone and concept, and its ids in other systems."""

    id: int
    code: str
    name: str
    zone: str | None
    concept: str | None
    external_id: str | None
    external_id_1: str | None
    external_id_2: str | None


class TillItem(Struct, forbid_unknown_fields=True):
    """A till, with the code of its store."""

    id: int
    code: str
    name: str
    store: str | None


def named_item(place: Zone | Concept) -> NamedItem:
    """Return a zone or a concept."""
    return NamedItem(place.id, place.code, place.name)


def store_item(store: Store, places: Places) -> StoreItem:
    """Return a store with the codes of its zone and concept, which are among *places*."""
    return StoreItem(
        id=store.id,
        code=store.code,
        name=store.name,
        zone=next((zone.code for zone in places.zones.values() if zone.id == store.zone_id), None),
        concept=next((concept.code for concept in places.concepts.values() if concept.id == store.concept_id), None),
        external_id=store.external_id,
        external_id_1=store.external_id_1,
        external_id_2=store.external_id_2,
    )


def till_item(till: Till, places: Places) -> TillItem:
    """Return a till with the code of its store, which is among *places*."""
    code = next((store.code for store in places.stores.values() if store.id == till.store_id), None)
    return TillItem(till.id, till.code, till.name, code)
