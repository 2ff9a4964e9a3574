"""Finding customers by the names that events give them; unknown external ids are registered."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.problem import Problem
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.store import customers
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, key_of_customer

IdentifierKey = tuple[int, Identifier]

CODE_UNKNOWN_CUSTOMER = 310011
"""The vendor's code for a user that does not exist (S3)."""


class ResolvedIdentities(NamedTuple):
    """Whom each offer names, in order, and the names that were not remembered.

    In place of a customer stands what is wrong with the name, or None for one that is left out: nobody is registered
    for an offer that cannot be heard.
    """

    customers: list[CustomerKey | Problem | None]
    names: dict[IdentifierKey, CustomerKey]


async def resolve(
    transaction: Transaction,
    incoming_events: Sequence[IncomingEvent],
    are_sound: Sequence[bool],
    remembered: Mapping[IdentifierKey, CustomerKey],
) -> ResolvedIdentities:
    """Return the customer that each offer names; *remembered* holds names that never change.

    Unknown external ids are registered if one of the offers that give them is sound.
    """
    found: list[CustomerKey | Problem | None] = []
    asked: dict[IdentifierKey, list[int]] = {}
    for position, incoming_event in enumerate(incoming_events):
        if incoming_event.customer.kind is IdentifierKind.ID:
            found.append(key_of_customer(incoming_event.org_id, int(incoming_event.customer.value)))
            continue
        named = (incoming_event.org_id, incoming_event.customer)
        customer_key = remembered.get(named)
        found.append(customer_key)
        if customer_key is None:
            asked.setdefault(named, []).append(position)
    if not asked:
        return ResolvedIdentities(found, {})
    known = await customers.ids_by_identifier(transaction, list(asked))
    fresh = [name for name in asked if name not in known and name[1].kind is IdentifierKind.EXTERNAL_ID]
    sound = [name for name in fresh if any(are_sound[position] for position in asked[name])]
    known |= await register(transaction, [(name, incoming_events[asked[name][0]]) for name in sound])
    names = {name: key_of_customer(name[0], customer_id) for name, customer_id in known.items()}
    for name in asked.keys() - set(fresh) | names.keys():
        for position in asked[name]:
            found[position] = names.get(name) or _unknown(name[1])
    return ResolvedIdentities(found, names)


def cache_identities(
    remembered: dict[IdentifierKey, CustomerKey],
    found: Mapping[IdentifierKey, CustomerKey],
    *,
    names_max: int = 1_000_000,
) -> None:
    """Add names to those that need no asking; called only after their transaction was kept."""
    if len(remembered) < names_max:
        remembered.update(found)


async def register(
    transaction: Transaction, fresh: Sequence[tuple[IdentifierKey, IncomingEvent]]
) -> dict[IdentifierKey, int]:
    """Register customers under one name each, for the event beside it; return their ids, old or new."""
    if not fresh:
        return {}
    names = sorted((name for name, _ in fresh), key=lambda name: (name[0], name[1].kind.value, name[1].value))
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


def _unknown(identifier: Identifier) -> Problem:
    path = f"customer.{identifier.kind.value}"
    return Problem(
        path, f'there is no customer with this {identifier.kind.value}: "{identifier.value}"', CODE_UNKNOWN_CUSTOMER
    )
