"""Identity resolution: finds the customers that events name, and registers unknown external ids."""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.problem import Problem
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.lookup.identifier_lookup import stored_names
from milepost.store import customers
from milepost.store.database import Stale, Transaction
from milepost.store.log import CustomerKey, key_of_customer

IdentifierKey = tuple[int, Identifier]

CODE_UNKNOWN_CUSTOMER = 310011
"""The vendor's code for a user that does not exist."""


class ResolvedIdentities(NamedTuple):
    """The customer that each incoming event names, in order, and the names that were not remembered before.

    In the place of a customer stands the problem of an unknown name. It is None where a new name was not registered,
    because every event that gives it has problems.
    """

    customers: list[CustomerKey | Problem | None]
    names: dict[IdentifierKey, CustomerKey]


async def resolve(
    transaction: Transaction,
    incoming_events: Sequence[IncomingEvent],
    are_sound: Sequence[bool],
    remembered: Mapping[IdentifierKey, CustomerKey],
) -> ResolvedIdentities:
    """Return the customer that each incoming event names; *remembered* are names that were resolved before.

    An unknown external id is registered if one of the events that give it is sound, so that an event that is refused
    makes no customer. An identifier of another kind is registered where such an event says so (facts 8 #91).
    """
    resolved: list[CustomerKey | Problem | None] = []
    positions: dict[IdentifierKey, list[int]] = {}
    for position, incoming_event in enumerate(incoming_events):
        if incoming_event.customer.kind is IdentifierKind.ID:
            resolved.append(key_of_customer(incoming_event.org_id, int(incoming_event.customer.value)))
            continue
        name_key = (incoming_event.org_id, incoming_event.customer)
        customer_key = remembered.get(name_key)
        resolved.append(customer_key)
        if customer_key is None:
            positions.setdefault(name_key, []).append(position)
    if not positions:
        return ResolvedIdentities(resolved, {})
    stored = await stored_names(transaction, list(positions))
    ids = {name: found.customer_id for name, found in stored.items() if found.customer_id is not None}
    unknown = [
        name
        for name, places in positions.items()
        if name not in ids
        and (name[1].kind is IdentifierKind.EXTERNAL_ID or any(incoming_events[place].registers for place in places))
    ]
    registrable = [name for name in unknown if any(are_sound[position] for position in positions[name])]
    fresh = [(name, stored[name].key, incoming_events[positions[name][0]]) for name in registrable]
    ids |= await _register_forms(transaction, fresh)
    names = {name: key_of_customer(name[0], customer_id) for name, customer_id in ids.items()}
    for name in positions.keys() - set(unknown) | names.keys():
        for position in positions[name]:
            resolved[position] = names.get(name) or _unknown(name[1])
    return ResolvedIdentities(resolved, names)


async def _register_forms(
    transaction: Transaction, fresh: Sequence[tuple[IdentifierKey, IdentifierKey, IncomingEvent]]
) -> dict[IdentifierKey, int]:
    """Register new names, each with its form and the event that gives it; names of one form are one customer."""
    causes = {form: cause for _, form, cause in reversed(fresh)}
    ids = await register(transaction, list(causes.items()))
    return {name: ids[form] for name, form, _ in fresh}


def cache_identities(
    remembered: dict[IdentifierKey, CustomerKey],
    names: Mapping[IdentifierKey, CustomerKey],
    *,
    names_max: int = 1_000_000,
) -> None:
    """Add resolved names to *remembered*. Call it only after the commit: a rollback takes new customers back."""
    if len(remembered) < names_max:
        remembered.update(names)


def forget_erased(
    remembered: dict[IdentifierKey, CustomerKey],
    incoming_events: Sequence[IncomingEvent],
    resolved: Sequence[CustomerKey | Problem | None],
    existing: Container[CustomerKey],
) -> None:
    """Forget the names that led to customers who are not among the *existing* ones: they were erased since.

    Raises Stale if there are any, so that the retry resolves these names anew. An id stays what it is.
    """
    erased = [
        (incoming_event.org_id, incoming_event.customer)
        for incoming_event, customer in zip(incoming_events, resolved, strict=True)
        if isinstance(customer, CustomerKey)
        and customer not in existing
        and incoming_event.customer.kind is not IdentifierKind.ID
    ]
    for name in erased:
        remembered.pop(name, None)
    if erased:
        raise Stale


async def register(
    transaction: Transaction, fresh: Sequence[tuple[IdentifierKey, IncomingEvent]]
) -> dict[IdentifierKey, int]:
    """Register a customer for each name and the event that gives it; return the ids by name.

    A name that another transaction registers at the same time gets the id of that customer.
    """
    if not fresh:
        return {}
    names = sorted((name for name, _ in fresh), key=lambda name: (name[0], identifier_order(name[1])))
    causes = dict(fresh)
    ids = dict(zip(names, await customers.fresh_ids(transaction, len(names)), strict=True))
    won = await customers.reserve_identifiers(transaction, names, [ids[name] for name in names])
    added = [
        (
            name[0],
            Customer(
                id=ids[name],
                identifiers=(name[1],),
                registered_at=causes[name].received_at,
                registered_by=causes[name].till_id,
                updated_at=causes[name].received_at,
                updated_by=causes[name].till_id,
            ),
        )
        for name in names
        if name in won
    ]
    if added:
        await customers.add(transaction, added)
    lost = [name for name in names if name not in won]
    return {name: ids[name] for name in won} | (await customers.ids_by_identifier(transaction, lost) if lost else {})


def identifier_order(identifier: Identifier) -> tuple[str, str]:
    """Return the key by which identifiers are sorted before they are locked, so that no two transactions deadlock."""
    return identifier.kind.value, identifier.value


def _unknown(identifier: Identifier) -> Problem:
    path = f"customer.{identifier.kind.value}"
    return Problem(
        path, f'there is no customer with this {identifier.kind.value}: "{identifier.value}"', CODE_UNKNOWN_CUSTOMER
    )
