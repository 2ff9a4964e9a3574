"""The tables of places: zones, concepts, stores and tills.

A place is saved by a transaction that has locked the organisation, and that raises its version: the place is marked
with the version to come.
"""

from collections.abc import Sequence

from milepost.model.organisation import Concept, Store, Till, Zone
from milepost.store.database import Transaction

EVER = -1
"""Stands for a version before every change of a place."""


async def fresh_ids(transaction: Transaction, count: int) -> list[int]:
    """Return *count* new ids for places."""
    return [id_ for (id_,) in await transaction.rows("fresh_reference_ids", {"count": count})] if count else []


async def zones(transaction: Transaction, org_id: int, since: int = EVER) -> list[Zone]:
    """Return the zones of an organisation that changed after the version *since*, in the order of ids."""
    rows = await transaction.rows("zones", {"org_id": org_id, "since": since})
    return [Zone(id=id_, code=code, name=name) for id_, code, name in rows]


async def concepts(transaction: Transaction, org_id: int, since: int = EVER) -> list[Concept]:
    """Return the concepts of an organisation that changed after the version *since*, in the order of ids."""
    rows = await transaction.rows("concepts", {"org_id": org_id, "since": since})
    return [Concept(id=id_, code=code, name=name) for id_, code, name in rows]


async def stores(transaction: Transaction, org_id: int, since: int = EVER) -> list[Store]:
    """Return the stores of an organisation that changed after the version *since*, in the order of ids."""
    rows = await transaction.rows("stores", {"org_id": org_id, "since": since})
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


async def tills(transaction: Transaction, org_id: int, since: int = EVER) -> list[Till]:
    """Return the tills of an organisation that changed after the version *since*, in the order of ids."""
    rows = await transaction.rows("tills", {"org_id": org_id, "since": since})
    return [Till(id=id_, code=code, name=name, store_id=store_id) for id_, code, name, store_id in rows]


async def save_zones(transaction: Transaction, org_id: int, changed: Sequence[Zone]) -> None:
    """Add zones, or replace those with the same id."""
    await transaction.run("save_zones", _common_columns(org_id, changed))


async def save_concepts(transaction: Transaction, org_id: int, changed: Sequence[Concept]) -> None:
    """Add concepts, or replace those with the same id."""
    await transaction.run("save_concepts", _common_columns(org_id, changed))


async def save_stores(transaction: Transaction, org_id: int, changed: Sequence[Store]) -> None:
    """Add stores, or replace those with the same id."""
    within = {"zones": [store.zone_id for store in changed], "concepts": [store.concept_id for store in changed]}
    external_ids = {
        "externals": [store.external_id for store in changed],
        "externals_first": [store.external_id_1 for store in changed],
        "externals_second": [store.external_id_2 for store in changed],
    }
    await transaction.run("save_stores", _common_columns(org_id, changed) | within | external_ids)


async def save_tills(transaction: Transaction, org_id: int, changed: Sequence[Till]) -> None:
    """Add tills, or replace those with the same id."""
    await transaction.run(
        "save_tills", _common_columns(org_id, changed) | {"stores": [till.store_id for till in changed]}
    )


def _common_columns(org_id: int, changed: Sequence[Zone | Concept | Store | Till]) -> dict[str, object]:
    return {
        "orgs": [org_id] * len(changed),
        "ids": [place.id for place in changed],
        "codes": [place.code for place in changed],
        "names": [place.name for place in changed],
    }
