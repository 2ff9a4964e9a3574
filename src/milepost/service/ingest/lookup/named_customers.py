"""Which identifiers, as clients gave them, are those of one customer, whether that customer is registered or not."""

from collections.abc import Mapping, Sequence

from milepost.model.customer import Identifier, IdentifierKind
from milepost.service.ingest.lookup.identifier_lookup import stored_names
from milepost.service.ingest.lookup.survivor_lookup import resolve_survivors
from milepost.store.database import Transaction


async def customer_texts(
    transaction: Transaction, org_id: int, identifiers: Sequence[Identifier]
) -> Mapping[Identifier, str]:
    """Return for each of *identifiers* a text that all identifiers of the customer share.

    Customers who were merged are one; a customer who is not registered has the form of the identifier.
    """
    named = [(org_id, identifier) for identifier in identifiers if identifier.kind is not IdentifierKind.ID]
    stored = await stored_names(transaction, named)
    ids = {identifier: int(identifier.value) for identifier in identifiers if identifier.kind is IdentifierKind.ID}
    ids |= {name[1]: found.customer_id for name, found in stored.items() if found.customer_id is not None}
    survivors = await resolve_survivors(transaction, org_id, set(ids.values())) if ids else {}
    return {
        identifier: str(survivors[ids[identifier]])
        if identifier in ids
        else f"{stored[org_id, identifier].key[1].kind.value}:{stored[org_id, identifier].key[1].value}"
        for identifier in identifiers
    }
