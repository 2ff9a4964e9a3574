"""Finds the survivors of customers who were merged (docs/rules.md, merging)."""

from collections.abc import Iterable

from milepost.model.standing import Standing
from milepost.store import log
from milepost.store.database import Stale, Transaction
from milepost.store.log import CustomerKey, key_of_customer


async def resolve_survivors(transaction: Transaction, org_id: int, customer_ids: Iterable[int]) -> dict[int, int]:
    """Map each id to its survivor's; the id of a customer who was not merged, or does not exist, to itself."""
    survivors = {id_: id_ for id_ in customer_ids}
    while survivors:
        standings = await log.standings(
            transaction, sorted({key_of_customer(org_id, id_) for id_ in survivors.values()})
        )
        merged_into = {
            customer_key.customer_id: survivor
            for customer_key, standing in standings.items()
            if (survivor := standing.lineage.survivor) is not None
        }
        if not merged_into:
            break
        survivors = {id_: merged_into.get(id_now, id_now) for id_, id_now in survivors.items()}
    return survivors


async def merge_family(transaction: Transaction, org_id: int, customer_ids: Iterable[int]) -> dict[int, int]:
    """Map each id, its survivor, and every customer merged into that survivor to the survivor's id."""
    survivors = await resolve_survivors(transaction, org_id, customer_ids)
    standings = await log.standings(transaction, sorted({key_of_customer(org_id, id_) for id_ in survivors.values()}))
    merged = {
        merged_customer.customer_id: customer_key.customer_id
        for customer_key, standing in standings.items()
        for merged_customer in standing.lineage.merged
    }
    return survivors | {id_: id_ for id_ in survivors.values()} | merged


def surviving(standings: dict[CustomerKey, Standing]) -> dict[CustomerKey, Standing]:
    """Return locked *standings*; raises Stale if one was merged after its survivor was looked up."""
    if any(standing.lineage.survivor is not None for standing in standings.values()):
        raise Stale
    return standings
