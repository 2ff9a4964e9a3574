"""Finding customers by the names that events give them; unknown external ids are registered."""

from collections.abc import Iterable, Sequence

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.problem import Problem
from milepost.service.offer import Offer
from milepost.store import customers
from milepost.store.database import Transaction

Named = tuple[int, Identifier]

CODE_UNKNOWN_CUSTOMER = 310011
"""The vendor's code for a user that does not exist (S3)."""


async def customers_of(
    transaction: Transaction, offers: Sequence[Offer], sound: set[Named], remembered: dict[Named, int]
) -> dict[Named, int | Problem]:
    """Give the customer that each offer names; *remembered* holds names that never change.

    Unknown external ids are registered if they are among *sound*, the names that offers without problems give.
    """
    found: dict[Named, int | Problem] = {}
    asked: dict[Named, Offer] = {}
    for offer in offers:
        named = (offer.org_id, offer.customer)
        if offer.customer.kind is IdentifierKind.ID:
            found[named] = int(offer.customer.value)
        elif named in remembered:
            found[named] = remembered[named]
        else:
            asked.setdefault(named, offer)
    if asked:
        known = await customers.known(transaction, list(asked))
        fresh = [name for name in asked if name not in known and name[1].kind is IdentifierKind.EXTERNAL_ID]
        known |= await register(transaction, [(name, asked[name]) for name in fresh if name in sound])
        left_out = {name for name in fresh if name not in sound}
        found |= {name: known.get(name, _unknown(name[1])) for name in asked if name not in left_out}
    return found


def remember(remembered: dict[Named, int], found: Iterable[tuple[Named, int]], *, names_max: int = 1_000_000) -> None:
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
