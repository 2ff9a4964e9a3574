"""Recomputation: each customer whom a published change concerns gets one event of our own."""

from collections.abc import Sequence
from dataclasses import replace

from milepost.model.definitions.change import ChangeState, DefinitionChange
from milepost.model.event import REVISE_PROGRESS, Payload
from milepost.service.ingest.incoming_event import IncomingEvent, own_event, raise_faults
from milepost.service.runtime.runtime import Runtime
from milepost.service.trials.revision import RevisedCustomer, revision_of
from milepost.store import log, organisations
from milepost.store.database import Transaction
from milepost.store.drafts import changes
from milepost.store.log import CustomerKey
from milepost.store.scheduled import jobs


async def revise_page(
    runtime: Runtime, transaction: Transaction, change: DefinitionChange, after: tuple[int, int], limit: int
) -> tuple[Sequence[CustomerKey], int]:
    """Revise the next customers behind *after*; return those that were looked at, and how many were concerned.

    Customers who were heard before have the event already. At the end the organisation gets a new version, by which
    every server learns that nobody need be recomputed first any more.
    """
    snapshot = await runtime.snapshots.of_organisation(transaction, change.org_id)
    keys = await jobs.customers_after(transaction, change.org_id, after, limit)
    standings = await log.lock_standings(transaction, keys)
    revision = await revision_of(transaction, change, snapshot.rule_index)
    done = await log.known_events(transaction, [(key, revision.key) for key in keys]) if keys else {}
    waiting = {key: standings[key] for place, key in enumerate(keys) if place not in done and key in standings}
    histories = await log.histories(transaction, list(waiting)) if waiting else {}
    at = change.published_at
    assert at is not None, "a change is recomputed once it is published"
    revised = await revision.of_customers(transaction, waiting, histories, at)
    if revised:
        raise_faults(await runtime.ingest.inside(transaction, [_incoming(change, one) for one in revised]))
    if len(keys) < limit:
        await organisations.raise_version(transaction, change.org_id)
        await changes.save(transaction, replace(change, state=ChangeState.PUBLISHED))
    return keys, len(revised)


def _incoming(change: DefinitionChange, revised: RevisedCustomer) -> IncomingEvent:
    payload: Payload = revised.event.payload
    assert change.published_at is not None, "a change is recomputed once it is published"
    return own_event(
        change.org_id,
        revised.customer_key.customer_id,
        revised.event.key,
        REVISE_PROGRESS,
        payload,
        now=change.published_at,
    )
