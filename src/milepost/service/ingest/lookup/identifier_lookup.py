"""Finds customers by identifiers, which are stored in one form whatever they look like (facts 8 #70).

An identifier that is stored as it is given leads to its customer; it may have been stored before identifiers had one
form. Any other is looked up in its form.
"""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.customer import Identifier, IdentifierKind
from milepost.rules.identifier_forms import form_of
from milepost.store import customers, organisations
from milepost.store.customers import IdentifierKey
from milepost.store.database import Transaction


class StoredName(NamedTuple):
    """The key under which an identifier is stored, or would be; and its customer's id, None if it is not stored."""

    key: IdentifierKey
    customer_id: int | None


async def stored_names(transaction: Transaction, names: Sequence[IdentifierKey]) -> dict[IdentifierKey, StoredName]:
    """Return how each of *names*, which clients gave, is stored."""
    if not names:
        return {}
    regions = {org_id: await _phone_region(transaction, org_id) for org_id in sorted(_with_mobiles(names))}
    forms = {name: (name[0], form_of(name[1], regions.get(name[0]))) for name in names}
    ids = await customers.ids_by_identifier(transaction, list(dict.fromkeys((*forms, *forms.values()))))
    return {
        name: StoredName(name, ids[name]) if name in ids else StoredName(form, ids.get(form))
        for name, form in forms.items()
    }


async def stored_identifiers(
    transaction: Transaction, org_id: int, identifiers: Sequence[Identifier]
) -> list[Identifier]:
    """Return *identifiers* of one organisation as they are stored, or would be, in their order."""
    names = [(org_id, identifier) for identifier in identifiers if identifier.kind is not IdentifierKind.ID]
    stored = await stored_names(transaction, names)
    return [
        identifier if identifier.kind is IdentifierKind.ID else stored[org_id, identifier].key[1]
        for identifier in identifiers
    ]


async def ids_of_names(transaction: Transaction, names: Sequence[IdentifierKey]) -> dict[IdentifierKey, int]:
    """Return the customer ids of *names* as clients gave them. Unknown names are left out."""
    stored = await stored_names(transaction, names)
    return {name: found.customer_id for name, found in stored.items() if found.customer_id is not None}


def _with_mobiles(names: Sequence[IdentifierKey]) -> set[int]:
    return {org_id for org_id, identifier in names if identifier.kind is IdentifierKind.MOBILE}


async def _phone_region(transaction: Transaction, org_id: int) -> str | None:
    version = (await organisations.versions(transaction, [org_id])).get(org_id)
    if version is None:
        return None
    return (await organisations.at_version(transaction, org_id, version)).settings.phone_region
