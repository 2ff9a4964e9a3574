"""References: the codes and names by which files call places and audiences, instead of the ids of one database."""

from collections.abc import Mapping
from dataclasses import dataclass

from milepost.model.target import FilterKind
from milepost.service.definitions.audiences import known_audiences
from milepost.service.snapshot.organisation_snapshot import Places
from milepost.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Ids by code or name: those of places by kind, of tills and of audiences."""

    places: Mapping[FilterKind, Mapping[str, int]]
    tills: Mapping[str, int]
    audiences: Mapping[str, int]


async def read_references(transaction: Transaction, org_id: int, places: Places) -> References:
    """Return the references of an organisation with these *places*."""
    audiences = await known_audiences(transaction, org_id)
    return References(
        places={
            FilterKind.STORE: {code: store.id for code, store in places.stores.items()},
            FilterKind.ZONE: {code: zone.id for code, zone in places.zones.items()},
            FilterKind.CONCEPT: {code: concept.id for code, concept in places.concepts.items()},
        },
        tills={code: till.id for code, till in places.tills.items()},
        audiences={audience.name: audience.id for audience in audiences.values()},
    )
