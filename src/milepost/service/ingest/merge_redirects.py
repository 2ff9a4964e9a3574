"""Customers whose standing says that more has to be looked at: merged ones, and those who lost a name.

Each is known by its standing once that is locked; so a server learns of it without being told (decision 0022).
"""

from collections.abc import Mapping, Sequence

from milepost.model.customer import IdentifierKind
from milepost.model.event import AUTHORISE_AWARD, COMMANDS, GRANT_FREEZES, IMPORT_PROGRESS, PAUSE_STREAK
from milepost.model.standing import Standing
from milepost.service.ingest.deduplication import ResolvedEvent, answer_again
from milepost.service.ingest.identity import IdentifierKey
from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.store import customers, log
from milepost.store.database import Stale, Transaction
from milepost.store.log import CustomerKey, key_of_customer

NAMED_BY_STANDING = COMMANDS - {AUTHORISE_AWARD, GRANT_FREEZES, PAUSE_STREAK, IMPORT_PROGRESS}
"""Own events that are named by what a standing was: two customers have heard different ones of one name."""

Redirects = dict[CustomerKey, CustomerKey]
"""Into whom merged customers were merged: it never changes."""


def redirected(redirects: Redirects, customer_key: CustomerKey) -> CustomerKey:
    """Return whom *customer_key* is by now, as far as that is known."""
    while customer_key in redirects:
        customer_key = redirects[customer_key]
    return customer_key


def record_redirects(redirects: Redirects, redirected_customers: Sequence[tuple[CustomerKey, Standing]]) -> None:
    """Note who is merged into somebody; raises Stale if anybody is, so that all begins again with whom they are now."""
    found = {
        customer_key: key_of_customer(customer_key.org_id, one.lineage.merged_into)
        for customer_key, one in redirected_customers
        if one.lineage.merged_into
    }
    redirects.update(found)
    if found:
        raise Stale


async def recheck_identifiers(
    transaction: Transaction,
    redirects: Redirects,
    names: dict[IdentifierKey, CustomerKey],
    incoming_events: Sequence[IncomingEvent],
    redirected_customers: Sequence[tuple[CustomerKey, Standing]],
    fresh: Mapping[CustomerKey, Sequence[ResolvedEvent]],
) -> None:
    """Ask for the names of those who lost one; raises Stale, and forgets them, if one leads to somebody else by now."""
    asked = {
        (incoming_event.org_id, incoming_event.customer): customer_key
        for customer_key, standing in redirected_customers
        if standing.lineage.has_lost_names
        for incoming_event in (incoming_events[one.position] for one in fresh[customer_key])
        if incoming_event.customer.kind is not IdentifierKind.ID
    }
    if not asked:
        return
    known = await customers.ids_by_identifier(transaction, list(asked))
    wrong = [
        name for name, customer_key in asked.items() if not _is_still(redirects, name, known.get(name), customer_key)
    ]
    for name in wrong:
        names.pop(name, None)
    if wrong:
        raise Stale


def _is_still(redirects: Redirects, name: IdentifierKey, customer_id: int | None, customer_key: CustomerKey) -> bool:
    return customer_id is not None and redirected(redirects, key_of_customer(name[0], customer_id)) == customer_key


async def deduplicate_merged(
    transaction: Transaction,
    redirected_customers: Sequence[tuple[CustomerKey, Standing]],
    fresh: Mapping[CustomerKey, list[ResolvedEvent]],
    answers: list[Answer | None],
) -> dict[CustomerKey, list[ResolvedEvent]]:
    """Answer what a merged customer had heard before, and give the rest."""
    asked = [
        (key_of_customer(customer_key.org_id, merged.customer_id), one)
        for customer_key, standing in redirected_customers
        for merged in standing.lineage.merged
        for one in fresh[customer_key]
        if one.event.name not in NAMED_BY_STANDING
    ]
    if asked:
        keys = [(customer_key, one.event.key) for customer_key, one in asked]
        for place, row in sorted((await log.known_events(transaction, keys)).items(), reverse=True):
            one = asked[place][1]
            answers[one.position] = answer_again(one, row)
    return {
        customer_key: [one for one in fresh[customer_key] if answers[one.position] is None]
        for customer_key, _ in redirected_customers
    }
