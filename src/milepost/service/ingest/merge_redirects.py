"""Merge redirects and moved identifiers, discovered from a customer's locked standing (decision 0022).

A standing says whether its customer was merged or lost an identifier. So each server finds out when it locks the
standing, and needs no message from the server that merged.
"""

from collections.abc import Mapping, Sequence

from milepost.model.customer import IdentifierKind
from milepost.model.event import AUTHORISE_AWARD, COMMANDS, GRANT_FREEZES, IMPORT_PROGRESS, PAUSE_STREAK
from milepost.model.standing import Standing
from milepost.service.ingest.deduplication import ResolvedEvent, answer_again
from milepost.service.ingest.identity import IdentifierKey
from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.service.ingest.lookup.identifier_lookup import ids_of_names
from milepost.store import log
from milepost.store.database import Stale, Transaction
from milepost.store.log import CustomerKey, key_of_customer

NAMED_BY_STANDING = COMMANDS - {AUTHORISE_AWARD, GRANT_FREEZES, PAUSE_STREAK, IMPORT_PROGRESS}
"""Commands named by a count of the standing: two customers may have different ones of one name, both valid."""

Redirects = dict[CustomerKey, CustomerKey]
"""The customer into whom each merged customer was merged; this never changes."""


def redirected(redirects: Redirects, customer_key: CustomerKey) -> CustomerKey:
    """Return the survivor of *customer_key* as far as *redirects* know; itself if it was not merged."""
    while customer_key in redirects:
        customer_key = redirects[customer_key]
    return customer_key


def record_redirects(redirects: Redirects, redirected_customers: Sequence[tuple[CustomerKey, Standing]]) -> None:
    """Record the merge redirects found in this batch.

    Raises Stale if there are any, so that the transaction is retried with the surviving customers.
    """
    merged = {
        customer_key: key_of_customer(customer_key.org_id, survivor)
        for customer_key, standing in redirected_customers
        if (survivor := standing.lineage.survivor) is not None
    }
    redirects.update(merged)
    if merged:
        raise Stale


async def recheck_identifiers(
    transaction: Transaction,
    redirects: Redirects,
    names: dict[IdentifierKey, CustomerKey],
    incoming_events: Sequence[IncomingEvent],
    redirected_customers: Sequence[tuple[CustomerKey, Standing]],
    fresh: Mapping[CustomerKey, Sequence[ResolvedEvent]],
) -> None:
    """Look up again the identifiers by which the batch named customers who lost an identifier.

    Raises Stale if one belongs to another customer by now, and forgets it, so that the retry resolves it anew.
    """
    customer_by_name = {
        (incoming_event.org_id, incoming_event.customer): customer_key
        for customer_key, standing in redirected_customers
        if standing.lineage.has_lost_names
        for incoming_event in (
            incoming_events[resolved.position]
            for resolved in fresh[customer_key]
            if resolved.position < len(incoming_events)  # a revision came from nobody
        )
        if incoming_event.customer.kind is not IdentifierKind.ID
    }
    await check_names(transaction, redirects, names, customer_by_name)


async def check_names(
    transaction: Transaction,
    redirects: Redirects,
    names: dict[IdentifierKey, CustomerKey],
    customer_by_name: Mapping[IdentifierKey, CustomerKey],
) -> None:
    """Look up the names of customers again. Raises Stale if one belongs to another customer by now, and forgets it."""
    if not customer_by_name:
        return
    current_ids = await ids_of_names(transaction, list(customer_by_name))
    moved = [
        name
        for name, customer_key in customer_by_name.items()
        if not _is_still(redirects, name, current_ids.get(name), customer_key)
    ]
    for name in moved:
        names.pop(name, None)
    if moved:
        raise Stale


def _is_still(redirects: Redirects, name: IdentifierKey, customer_id: int | None, customer_key: CustomerKey) -> bool:
    return customer_id is not None and redirected(redirects, key_of_customer(name[0], customer_id)) == customer_key


async def deduplicate_merged(
    transaction: Transaction,
    redirected_customers: Sequence[tuple[CustomerKey, Standing]],
    fresh: Mapping[CustomerKey, list[ResolvedEvent]],
    answers: list[Answer | None],
) -> dict[CustomerKey, list[ResolvedEvent]]:
    """Write the answers of events that a customer had received before being merged, and return the new events."""
    candidates = [
        (key_of_customer(customer_key.org_id, merged.customer_id), resolved)
        for customer_key, standing in redirected_customers
        for merged in standing.lineage.merged
        for resolved in fresh[customer_key]
        if resolved.event.name not in NAMED_BY_STANDING
    ]
    if candidates:
        keys = [(customer_key, resolved.event.key) for customer_key, resolved in candidates]
        for index, row in sorted((await log.known_events(transaction, keys)).items(), reverse=True):
            duplicate = candidates[index][1]
            answers[duplicate.position] = answer_again(duplicate, row)
    return {
        customer_key: [resolved for resolved in fresh[customer_key] if answers[resolved.position] is None]
        for customer_key, _ in redirected_customers
    }
