"""How our own face lets customers be named: by `userId`, `externalId`, `mobile`, `email` or `cardnumber`."""

from collections.abc import Mapping

from milepost.api.http.body import id_of
from milepost.model.customer import Identifier, IdentifierKind

VALUE_CHARACTERS_MAX = 200
NAMES: Mapping[str, IdentifierKind] = {"userId": IdentifierKind.ID} | {
    kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID
}
"""The kinds of identifiers by the names that files and bodies give them."""


def identifier_of(kind: IdentifierKind, value: str) -> Identifier | str:
    """Return the identifier that *value* is, or what is wrong with it."""
    if not value or len(value) > VALUE_CHARACTERS_MAX or "\0" in value:
        return f"must have 1 to {VALUE_CHARACTERS_MAX} characters, none of them U+0000"
    if kind is IdentifierKind.ID:
        known = id_of(value)
        return "is not an id" if not known else Identifier(kind, str(known))
    return Identifier(kind, value.lower() if kind is IdentifierKind.EMAIL else value)
