"""Finding customers by the names that events give them; unknown external ids are registered."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.problem import Problem
from milepost.service.offer import Offer
from milepost.store import customers
from milepost.store.database import Transaction
from milepost.store.log import Who, who_is

Named = tuple[int, Identifier]

CODE_UNKNOWN_CUSTOMER = 310011
"""The vendor's code for a user that does not exist (S3)."""


class Found(NamedTuple):
    """Whom each offer names, in order, and the names that were not remembered.

    In place of a customer stands what is wrong with the name, or None for one that is left out: nobody is registered
    for an offer that cannot be heard.
    """

    customers: list[Who | Problem | None]
    names: dict[Named, Who]


async def customers_of(
    transaction: Transaction, offers: Sequence[Offer], are_sound: Sequence[bool], remembered: Mapping[Named, Who]
) -> Found:
    """Give the customer that each offer names; *remembered* holds names that never change.

    Unknown external ids are registered if one of the offers that give them is sound.
    """
    found: list[Who | Problem | None] = []
    asked: dict[Named, list[int]] = {}
    for position, offer in enumerate(offers):
        if offer.customer.kind is IdentifierKind.ID:
            found.append(who_is(offer.org_id, int(offer.customer.value)))
            continue
        named = (offer.org_id, offer.customer)
        who = remembered.get(named)
        found.append(who)
        if who is None:
            asked.setdefault(named, []).append(position)
    if not asked:
        return Found(found, {})
    known = await customers.known(transaction, list(asked))
    fresh = [name for name in asked if name not in known and name[1].kind is IdentifierKind.EXTERNAL_ID]
    sound = [name for name in fresh if any(are_sound[position] for position in asked[name])]
    known |= await register(transaction, [(name, offers[asked[name][0]]) for name in sound])
    names = {name: who_is(name[0], customer_id) for name, customer_id in known.items()}
    for name in asked.keys() - set(fresh) | names.keys():
        for position in asked[name]:
            found[position] = names.get(name) or _unknown(name[1])
    return Found(found, names)


def remember(remembered: dict[Named, Who], found: Mapping[Named, Who], *, names_max: int = 1_000_000) -> None:
    """Add names to those that need no asking; called only after their transaction was kept."""
    if len(remembered) < names_max:
        remembered.update(found)


async def register(transaction: Transaction, fresh: Sequence[tuple[Named, Offer]]) -> dict[Named, int]:
    """Register customers under one name each, for the offer beside it; give their ids, also where another was first."""
    if not fresh:
        return {}
    names = sorted((name for name, _ in fresh), key=lambda name: (name[0], name[1].kind.value, name[1].value))
    causes = dict(fresh)
    ids = dict(zip(names, await customers.fresh_ids(transaction, len(names)), strict=True))
    won = await customers.claim(transaction, names, [ids[name] for name in names])
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
    return {name: ids[name] for name in won} | (await customers.known(transaction, lost) if lost else {})


def _unknown(identifier: Identifier) -> Problem:
    path = f"customer.{identifier.kind.value}"
    return Problem(
        path, f'there is no customer with this {identifier.kind.value}: "{identifier.value}"', CODE_UNKNOWN_CUSTOMER
    )
