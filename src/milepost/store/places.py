"""Zones, concepts, stores and tills."""

from collections.abc import Sequence

from milepost.model.organisation import Concept, Store, Till, Zone
from milepost.store.database import Transaction


async def fresh_ids(transaction: Transaction, count: int) -> list[int]:
    """Return *count* ids for places to be added."""
    return [id_ for (id_,) in await transaction.rows("fresh_reference_ids", {"count": count})] if count else []


async def zones(transaction: Transaction, org_id: int) -> list[Zone]:
    """Return the zones of an organisation, by id."""
    rows = await transaction.rows("zones", {"org_id": org_id})
    return [Zone(id=id_, code=code, name=name) for id_, code, name in rows]


async def concepts(transaction: Transaction, org_id: int) -> list[Concept]:
    """Return the concepts of an organisation, by id."""
    rows = await transaction.rows("concepts", {"org_id": org_id})
    return [Concept(id=id_, code=code, name=name) for id_, code, name in rows]


async def stores(transaction: Transaction, org_id: int) -> list[Store]:
    """Return the stores of an organisation, by id."""
    rows = await transaction.rows("stores", {"org_id": org_id})
    return [
        Store(
            id=id_,
            code=code,
            name=name,
            zone_id=zone,
            concept_id=concept,
            external_id=external,
            external_id_1=external_1,
            external_id_2=external_2,
        )
        for id_, code, name, zone, concept, external, external_1, external_2 in rows
    ]


async def tills(transaction: Transaction, org_id: int) -> list[Till]:
    """Return the tills of an organisation, by id."""
    rows = await transaction.rows("tills", {"org_id": org_id})
    return [Till(id=id_, code=code, name=name, store_id=store_id) for id_, code, name, store_id in rows]


async def keep_zones(transaction: Transaction, org_id: int, kept: Sequence[Zone]) -> None:
    """Write zones, new or changed."""
    await transaction.run("keep_zones", _named(org_id, kept))


async def keep_concepts(transaction: Transaction, org_id: int, kept: Sequence[Concept]) -> None:
    """Write concepts, new or changed."""
    await transaction.run("keep_concepts", _named(org_id, kept))


async def keep_stores(transaction: Transaction, org_id: int, kept: Sequence[Store]) -> None:
    """Write stores, new or changed."""
    within = {"zones": [store.zone_id for store in kept], "concepts": [store.concept_id for store in kept]}
    called = {
        "externals": [store.external_id for store in kept],
        "externals_first": [store.external_id_1 for store in kept],
        "externals_second": [store.external_id_2 for store in kept],
    }
    await transaction.run("keep_stores", _named(org_id, kept) | within | called)


async def keep_tills(transaction: Transaction, org_id: int, kept: Sequence[Till]) -> None:
    """Write tills, new or changed."""
    await transaction.run("keep_tills", _named(org_id, kept) | {"stores": [till.store_id for till in kept]})


def _named(org_id: int, kept: Sequence[Zone | Concept | Store | Till]) -> dict[str, object]:
    return {
        "orgs": [org_id] * len(kept),
        "ids": [one.id for one in kept],
        "codes": [one.code for one in kept],
        "names": [one.name for one in kept],
    }
