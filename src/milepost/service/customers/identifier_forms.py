"""Rewrites stored identifiers into the one form that they have, and finds customers who would become one by that."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from milepost.model.customer import Customer, Identifier
from milepost.rules.identifier_forms import form_of
from milepost.service.ingest.identity import identifier_order
from milepost.store import customers, log, organisations
from milepost.store.database import Database, Transaction
from milepost.store.log import CustomerKey, key_of_customer

PAGE = 500


class SharedForm(NamedTuple):
    """Two customers whose identifiers have one form: they look alike, and merging would make them one customer."""

    identifier: Identifier
    customer_id: int
    form: Identifier
    holder_id: int


async def rewrite_identifiers(transaction: Transaction, org_id: int, page: Sequence[CustomerKey]) -> int:
    """Rewrite the identifiers of the customers of *page*; return for how many of them something changed.

    An identifier whose form another customer has stays as it is, and goes on leading to its own customer.
    """
    region = await _phone_region(transaction, org_id)
    # Locked, so that a merge or a change of identifiers at the same time sees all of this or nothing.
    await log.lock_standings(transaction, page)
    changed = 0
    for customer_key, customer in sorted((await customers.profiles(transaction, page)).items()):
        forms = {name: form_of(name, region) for name in customer.identifiers}
        rewritten = [
            name
            for name in sorted(customer.identifiers, key=identifier_order)
            if forms[name] != name and await _rewrite(transaction, customer_key, name, forms[name])
        ]
        if rewritten:
            changed += 1
            identifiers = dict.fromkeys(forms[name] if name in rewritten else name for name in customer.identifiers)
            await customers.save_profile(transaction, org_id, replace(customer, identifiers=tuple(identifiers)))
    return changed


async def _rewrite(transaction: Transaction, customer_key: CustomerKey, name: Identifier, form: Identifier) -> bool:
    """Store *form* in place of *name*; return False if another customer has it."""
    key = (customer_key.org_id, form)
    won = await customers.reserve_identifiers(transaction, [key], [customer_key.customer_id])
    if not won:
        holder_id = (await customers.ids_by_identifier(transaction, [key])).get(key)
        if holder_id != customer_key.customer_id:
            return False
    await customers.release_identifiers(transaction, [(customer_key.org_id, name)], customer_key.customer_id)
    return True


async def shared_forms(database: Database, org_id: int) -> AsyncIterator[SharedForm]:
    """Yield each pair of an organisation's customers who would become one: an identifier of one is the other's form."""
    after = 0
    while True:
        async with database.reading() as reading:
            region = await _phone_region(reading, org_id)
            page = await customers.ids_after(reading, org_id, after, PAGE)
            profiles = await customers.profiles(reading, sorted(key_of_customer(org_id, id_) for id_ in page))
            odd = _odd_identifiers(profiles, region)
            holders = await customers.ids_by_identifier(
                reading, [(org_id, name) for name in dict.fromkeys((*odd, *(form for form, _ in odd.values())))]
            )
        for name, (form, customer_id) in odd.items():
            holder_id = holders.get((org_id, form))
            # A name that is not stored is that of a customer who was merged.
            if holder_id not in {None, customer_id} and holders.get((org_id, name)) == customer_id:
                yield SharedForm(name, customer_id, form, holder_id or 0)
        if len(page) < PAGE:
            return
        after = page[-1]


def _odd_identifiers(
    profiles: Mapping[CustomerKey, Customer], region: str | None
) -> dict[Identifier, tuple[Identifier, int]]:
    """Return the identifiers that are not in their form, each with its form and its customer."""
    return {
        name: (form, customer.id)
        for _, customer in sorted(profiles.items())
        for name in customer.identifiers
        if (form := form_of(name, region)) != name
    }


async def _phone_region(transaction: Transaction, org_id: int) -> str | None:
    version = (await organisations.versions(transaction, [org_id]))[org_id]
    return (await organisations.at_version(transaction, org_id, version)).settings.phone_region
