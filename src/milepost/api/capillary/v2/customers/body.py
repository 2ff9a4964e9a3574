"""Customers in the body of a v2 call: registrations, changes, and changes of identifiers (facts 3.8)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from milepost.api.capillary.identifiers import read_identifier
from milepost.api.http.body import holds_nul
from milepost.api.native.structure import structure_problems
from milepost.model.customer import LOYALTY_TYPE, Identifier, IdentifierKind
from milepost.model.event import Scalar
from milepost.model.problem import Problem, Refused
from milepost.service.customers.profile import CustomerDraft

IDENTIFIERS_MAX = 20
"""Identifiers in each list of a request."""

ShortText = Annotated[str, Meta(min_length=1, max_length=200)]
_KINDS = {kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID}


class IdentifierBody(Struct, rename="camel"):
    """An identifier of the customer."""

    type: ShortText
    value: ShortText


class ProfileBody(Struct, rename="camel"):
    """One profile; it may hold more than what is listed here, which is not kept."""

    identifiers: Annotated[list[IdentifierBody], Meta(max_length=IDENTIFIERS_MAX)] = []
    first_name: Annotated[str, Meta(max_length=200)] | None = None
    last_name: Annotated[str, Meta(max_length=200)] | None = None
    fields: dict[str, Any] = {}
    comm_channels: list[Any] = []
    source: str | None = None
    account_id: str | None = None


class RegisteredProfileBody(ProfileBody):
    """A profile that names its customer."""

    identifiers: Annotated[list[IdentifierBody], Meta(min_length=1, max_length=IDENTIFIERS_MAX)]


class RegistrationBody(Struct, rename="camel"):
    """A registration of one customer."""

    profiles: Annotated[list[RegisteredProfileBody], Meta(min_length=1, max_length=1)]
    loyalty_info: dict[str, Any] = {}
    associated_with: str | None = None
    extended_fields: dict[str, Any] = {}


class ChangeBody(Struct, rename="camel"):
    """A change of a profile; it may hold identifiers, which stay as they are."""

    profiles: Annotated[list[ProfileBody], Meta(min_length=1, max_length=1)]
    loyalty_info: dict[str, Any] = {}
    associated_with: str | None = None
    extended_fields: dict[str, Any] = {}


class IdentifiersBody(Struct, rename="camel"):
    """The identifiers to add and to remove; the series and status of a card are not kept."""

    add: Annotated[list[IdentifierBody], Meta(max_length=IDENTIFIERS_MAX)] = []
    remove: Annotated[list[IdentifierBody], Meta(max_length=IDENTIFIERS_MAX)] = []


def read_registration(value: Any) -> CustomerDraft:
    """Return the customer that a body registers; raises Refused with all its problems."""
    return _draft(value, RegistrationBody, RegisteredProfileBody)


def read_change(value: Any) -> CustomerDraft:
    """Return the profile that a body changes a customer to; raises Refused with all its problems."""
    return _draft(value, ChangeBody, ProfileBody)


def read_identifier_change(value: Any) -> tuple[list[Identifier], list[Identifier]]:
    """Return the identifiers to add and those to remove; raises Refused with all problems of the body."""
    problems: list[Problem] = []
    if not isinstance(value, dict):
        problems.append(Problem("", "must be a JSON object"))
    elif holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    elif not value.get("add") and not value.get("remove"):
        problems.append(Problem("", "neither add nor remove holds an identifier"))
    if problems:
        raise Refused(*problems)
    added, removed = (read_identifiers(value.get(field), field, problems) for field in ("add", "remove"))
    if problems:
        raise Refused(*problems)
    return added, removed


def read_identifiers(value: Any, field: str, problems: list[Problem], *, by_id: bool = False) -> list[Identifier]:
    """Return the identifiers in a list of objects with `type` and `value`; a single object need not be in a list.

    Problems are added to *problems*, with paths that begin with *field*. The type `id` is allowed with *by_id* only.
    """
    items = [] if value is None else value if isinstance(value, list) else [value]
    if len(items) > IDENTIFIERS_MAX:
        problems.append(Problem(field, f"must not hold more than {IDENTIFIERS_MAX} identifiers"))
        return []
    identifiers: list[Identifier] = []
    for place, item in enumerate(items):
        path = f"{field}[{place}]"
        if not isinstance(item, dict):
            problems.append(Problem(path, "must be an object with type and value"))
            continue
        fields = (f"{path}.type", f"{path}.value")
        identifier = read_identifier(item.get("type"), item.get("value"), problems, fields)
        if identifier is not None and identifier.kind is IdentifierKind.ID and not by_id:
            problems.append(Problem(f"{path}.type", "an id cannot be added or removed"))
        elif identifier is not None:
            identifiers.append(identifier)
    return identifiers


def _draft(value: Any, kind: type[RegistrationBody | ChangeBody], profile_kind: type[ProfileBody]) -> CustomerDraft:
    problems = _known_field_problems(value, kind)
    if not problems:
        problems += [
            problem
            for place, profile in enumerate(value["profiles"])
            for problem in _known_field_problems(profile, profile_kind, f"profiles[{place}]")
        ]
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if problems:
        raise Refused(*problems)
    body = msgspec.convert(value, kind)
    profile = body.profiles[0]
    identifiers = [_identifier(place, identifier, problems) for place, identifier in enumerate(profile.identifiers)]
    fields = _scalars(profile.fields, "profiles[0].fields", problems)
    extended_fields = _scalars(body.extended_fields, "extendedFields", problems)
    loyalty_type = body.loyalty_info.get(LOYALTY_TYPE)
    _scalars({LOYALTY_TYPE: loyalty_type}, "loyaltyInfo", problems)
    if problems:
        raise Refused(*problems)
    return CustomerDraft(
        identifiers=[identifier for identifier in identifiers if identifier is not None],
        first_name=profile.first_name,
        last_name=profile.last_name,
        fields=fields,
        extended_fields=extended_fields,
        loyalty_type=loyalty_type,
    )


def _known_field_problems(value: Any, kind: type[Struct], path: str = "") -> list[Problem]:
    """Return the problems of *value* without those about unknown fields, which are ignored here."""
    return [problem for problem in structure_problems(value, kind, path) if "is not a field" not in problem.reason]


def _scalars(values: Mapping[str, Any], path: str, problems: list[Problem]) -> dict[str, Scalar]:
    for name, value in values.items():
        if not isinstance(value, (str, int, Decimal, bool, type(None))):
            problems.append(Problem(f"{path}.{name}", "must be text, a number, true, false or null"))
    return dict(values)


def _identifier(place: int, body: IdentifierBody, problems: list[Problem]) -> Identifier | None:
    kind = _KINDS.get(body.type)
    if kind is None:
        reason = f"is not a kind of identifier; there are {', '.join(_KINDS)}"
        problems.append(Problem(f"profiles[0].identifiers[{place}].type", reason))
        return None
    return Identifier(kind, body.value.lower() if kind is IdentifierKind.EMAIL else body.value)
