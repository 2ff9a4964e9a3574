"""Whom an id leads to: a customer who was merged into another leads to that one (docs/rules.md, merging)."""

from collections.abc import Iterable

from milepost.model.standing import Standing
from milepost.store import log
from milepost.store.database import Stale, Transaction
from milepost.store.log import CustomerKey, key_of_customer


async def resolve_survivors(transaction: Transaction, org_id: int, customer_ids: Iterable[int]) -> dict[int, int]:
    """Return whom each of these ids leads to; an id of nobody stays as it is."""
    leads = {id_: id_ for id_ in customer_ids}
    while leads:
        found = await log.standings(transaction, sorted({key_of_customer(org_id, id_) for id_ in leads.values()}))
        into = {
            customer_key.customer_id: one.lineage.merged_into
            for customer_key, one in found.items()
            if one.lineage.merged_into
        }
        if not into:
            break
        leads = {id_: into.get(now, now) for id_, now in leads.items()}
    return leads


async def merge_family(transaction: Transaction, org_id: int, customer_ids: Iterable[int]) -> dict[int, int]:
    """Return whom each of these leads to, and besides them all who were merged into those, with whom they lead to."""
    leads = await resolve_survivors(transaction, org_id, customer_ids)
    found = await log.standings(transaction, sorted({key_of_customer(org_id, id_) for id_ in leads.values()}))
    merged = {
        one.customer_id: customer_key.customer_id
        for customer_key, standing in found.items()
        for one in standing.lineage.merged
    }
    return leads | {id_: id_ for id_ in leads.values()} | merged


def surviving(standings: dict[CustomerKey, Standing]) -> dict[CustomerKey, Standing]:
    """Return locked *standings*; raises Stale where one was merged since its id was followed."""
    if any(standing.lineage.merged_into for standing in standings.values()):
        raise Stale
    return standings
