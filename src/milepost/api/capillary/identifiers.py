"""The identifier by which the vendor's v2 calls name a customer: `identifierName` and `identifierValue` (facts 3.9)."""

from milepost.api.http.body import id_of
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem

VALUE_CHARACTERS_MAX = 200

KINDS = {kind.value: kind for kind in IdentifierKind}


def read_identifier(
    name: object,
    value: object,
    problems: list[Problem],
    fields: tuple[str, str] = ("identifierName", "identifierValue"),
) -> Identifier | None:
    """Return the identifier of kind *name* with *value*; problems with either of *fields* are added to *problems*."""
    text = value.strip() if isinstance(value, str) else ""
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        problems.append(Problem(fields[0], f"must be one of {', '.join(KINDS)}"))
    if not text or len(text) > VALUE_CHARACTERS_MAX or "\0" in text:
        problems.append(Problem(fields[1], f"must have 1 to {VALUE_CHARACTERS_MAX} characters"))
        return None
    if kind is IdentifierKind.ID and id_of(text) is None:
        problems.append(Problem(fields[1], f"must be a customer's id when {fields[0]} is id"))
        return None
    if kind is None:
        return None
    return Identifier(kind, text.lower() if kind is IdentifierKind.EMAIL else text)
