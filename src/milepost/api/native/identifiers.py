"""How requests of our own API name a customer, such as by `userId`, `externalId`, `mobile` or `email`."""

from collections.abc import Mapping

from milepost.api.http.body import id_of
from milepost.model.customer import Identifier, IdentifierKind

VALUE_CHARACTERS_MAX = 200
EXTERNAL_NAMES: Mapping[str, IdentifierKind] = {
    kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID
}
"""The kinds of identifiers that other systems gave out, by their names in files and requests."""

NAMES: Mapping[str, IdentifierKind] = {"userId": IdentifierKind.ID, **EXTERNAL_NAMES}
"""All kinds of identifiers by their names in files and requests; `userId` is Milepost's own."""


def identifier_of(kind: IdentifierKind, value: str) -> Identifier | str:
    """Return the identifier of this *kind* and *value*, or the reason why *value* is not valid."""
    if not value or len(value) > VALUE_CHARACTERS_MAX or "\0" in value:
        return f"must have 1 to {VALUE_CHARACTERS_MAX} characters, none of them U+0000"
    if kind is IdentifierKind.ID:
        customer_id = id_of(value)
        return Identifier(kind, str(customer_id)) if customer_id else "must be an id, a whole number above 0"
    return Identifier(kind, value.lower() if kind is IdentifierKind.EMAIL else value)
