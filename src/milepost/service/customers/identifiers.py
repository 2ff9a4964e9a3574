"""Adds and removes the identifiers by which a customer is known (facts 3.8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from milepost.model.commands.customer_merge import LoseIdentifiers
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.event import LOSE_IDENTIFIERS, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Standing
from milepost.model.time import Micros
from milepost.service.customers.profile import NO_CUSTOMER
from milepost.service.ingest.identity import identifier_order
from milepost.service.ingest.incoming_event import IncomingEvent, own_event
from milepost.service.ingest.lookup.identifier_lookup import stored_identifiers
from milepost.service.ingest.lookup.survivor_lookup import resolve_survivors, surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import customers, log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, key_of_customer

SOURCE = "milepost/names"
IDENTIFIERS_MAX = 50
"""Identifiers of one customer."""

NOT_THE_CUSTOMERS = 9012
TAKEN: Mapping[IdentifierKind, int] = {
    IdentifierKind.EMAIL: 9002,
    IdentifierKind.EXTERNAL_ID: 9003,
    IdentifierKind.MOBILE: 9005,
}
"""The vendor's codes for an identifier that another customer has; it publishes none for other kinds."""

TAKEN_OTHERWISE = 9049
"""The code for those other kinds."""


async def change_identifiers(
    runtime: Runtime,
    caller: Caller,
    customer_id: int,
    added: Sequence[Identifier],
    removed: Sequence[Identifier],
) -> Customer:
    """Add and remove identifiers of a customer, all or none; doing it again changes nothing. Raises Refused.

    A removed identifier belongs to nobody from then on, and may be given to another customer.
    """

    async def work(transaction: Transaction) -> Customer:
        survivors = await resolve_survivors(transaction, caller.org_id, [customer_id])
        customer_key = key_of_customer(caller.org_id, survivors[customer_id])
        standing = surviving(await log.lock_standings(transaction, [customer_key])).get(customer_key)
        if standing is None:
            raise Refused(NO_CUSTOMER)
        customer = (await customers.profiles(transaction, [customer_key]))[customer_key]
        new = await stored_identifiers(transaction, caller.org_id, added)
        old = await stored_identifiers(transaction, caller.org_id, removed)
        await _check_changes(transaction, customer_key, customer, new, old)
        changed = await _renamed(transaction, customer_key, customer, new, old)
        if any(name in customer.identifiers for name in old):
            await runtime.ingest.inside(
                transaction, [_loss_event(caller, customer_key, standing, old, runtime.clock())]
            )
        changed = replace(changed, updated_at=runtime.clock(), updated_by=caller.till_id)
        await customers.save_profile(transaction, caller.org_id, changed)
        return changed

    return await runtime.database.attempt(work)


async def _check_changes(
    transaction: Transaction,
    customer_key: CustomerKey,
    customer: Customer,
    added: Sequence[Identifier],
    removed: Sequence[Identifier],
) -> None:
    """Raise Refused with every reason why the identifiers cannot be changed, if there is any."""
    names = [(customer_key.org_id, name) for name in (*added, *removed)]
    holders = (
        {name: id_ for (_, name), id_ in (await customers.ids_by_identifier(transaction, names)).items()}
        if names
        else {}
    )
    problems = [
        Problem(
            f"add[{position}]", f"Requested new {name.kind.value} already exists", TAKEN.get(name.kind, TAKEN_OTHERWISE)
        )
        for position, name in enumerate(added)
        if holders.get(name, customer_key.customer_id) != customer_key.customer_id
    ]
    problems += [
        Problem(f"remove[{position}]", "Old value is invalid: it leads to another customer", NOT_THE_CUSTOMERS)
        for position, name in enumerate(removed)
        if holders.get(name, customer_key.customer_id) != customer_key.customer_id
    ]
    problems += [
        Problem(f"remove[{position}]", "is to be added as well")
        for position, name in enumerate(removed)
        if name in added
    ]
    if len({*customer.identifiers, *added} - {*removed}) > IDENTIFIERS_MAX:
        problems.append(Problem("add", f"a customer may have {IDENTIFIERS_MAX} names"))
    if problems:
        raise Refused(*problems)


async def _renamed(
    transaction: Transaction,
    customer_key: CustomerKey,
    customer: Customer,
    added: Sequence[Identifier],
    removed: Sequence[Identifier],
) -> Customer:
    """Remove and add the identifiers in the database; return the customer with the new ones."""
    await customers.release_identifiers(transaction, _ordered(customer_key, removed), customer_key.customer_id)
    new_names = _ordered(customer_key, (name for name in added if name not in customer.identifiers))
    won = (
        await customers.reserve_identifiers(transaction, new_names, [customer_key.customer_id] * len(new_names))
        if new_names
        else set()
    )
    if len(won) < len(new_names):
        raise Refused(Problem("add", "is being taken by another request; send it again"))
    remaining = [name for name in customer.identifiers if name not in removed]
    return replace(customer, identifiers=tuple(dict.fromkeys((*remaining, *added))))


def _ordered(customer_key: CustomerKey, names: Iterable[Identifier]) -> list[customers.IdentifierKey]:
    return [(customer_key.org_id, name) for name in sorted(set(names), key=identifier_order)]


def _loss_event(
    caller: Caller, customer_key: CustomerKey, standing: Standing, removed: Sequence[Identifier], now: Micros
) -> IncomingEvent:
    key = EventKey(SOURCE, str(standing.seq))
    payload = LoseIdentifiers(kinds=tuple(sorted({name.kind.value for name in removed})))
    customer_id = customer_key.customer_id
    return own_event(caller.org_id, customer_id, key, LOSE_IDENTIFIERS, payload, now=now, till_id=caller.till_id)
