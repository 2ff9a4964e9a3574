"""Requests to merge two customers in the body of `/v2/requests` (docs/compatibility.md)."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from milepost.api.capillary.envelope import Json
from milepost.api.capillary.v2.customers.body import IdentifierBody, read_identifiers
from milepost.api.http.body import holds_nul
from milepost.model.customer import Identifier
from milepost.model.problem import Problem, Refused

TYPE, BASE_TYPE = "CHANGE_IDENTIFIER", "MERGE"
REQUESTS_MAX = 50
"""Requests in one call."""

WRONG_TYPE, WRONG_BASE_TYPE = 9006, 9008
WRONG_COUNT, NO_NAMES = 9041, 9043

OneIdentifier = Annotated[list[IdentifierBody], Meta(min_length=1, max_length=1)]


class BothCustomersBody(Struct, rename="camel"):
    """The survivor's identifier below `add`, the victim's below `remove`."""

    add: OneIdentifier
    remove: OneIdentifier


class MergedCustomersBody(Struct, rename="camel"):
    """The two customers of a request."""

    change_identifiers: BothCustomersBody


class MergeBody(Struct, rename="camel"):
    """A request to merge two customers; it may hold more than what is listed here, which is ignored."""

    type: str
    base_type: str
    change_identifier_request: MergedCustomersBody


def read_merges(value: Any) -> list[Json]:
    """Return the requests that a body holds, a list or a single request; raises Refused."""
    items = value if isinstance(value, list) else [value]
    problems: list[Problem] = []
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if not items or not all(isinstance(item, dict) for item in items):
        problems.append(Problem("", "the body must be a request or a list of requests"))
    if len(items) > REQUESTS_MAX:
        problems.append(Problem("", f"a call may hold {REQUESTS_MAX} requests"))
    if problems:
        raise Refused(*problems)
    return items


def read_victim_and_survivor(item: Json) -> tuple[Identifier, Identifier]:
    """Return the victim and the survivor that a request names; raises Refused with all its problems."""
    problems: list[Problem] = []
    if item.get("type") != TYPE:
        problems.append(Problem("type", f"Request Type is invalid: only {TYPE} is taken", WRONG_TYPE))
    if item.get("baseType") != BASE_TYPE:
        problems.append(
            Problem("baseType", f"Request Base Type is invalid: only {BASE_TYPE} is taken", WRONG_BASE_TYPE)
        )
    details = item.get("changeIdentifierRequest")
    both = details.get("changeIdentifiers") if isinstance(details, dict) else None
    if not isinstance(both, dict):
        path = "changeIdentifierRequest.changeIdentifiers"
        raise Refused(*problems, Problem(path, f"No request identifiers found: {path} is missing", NO_NAMES))
    victims, survivors = (read_identifiers(both.get(field), field, problems, by_id=True) for field in ("remove", "add"))
    if not problems and (len(victims), len(survivors)) != (1, 1):
        reason = "Invalid identifiers count: add names the survivor, remove the victim, each by one name"
        problems.append(Problem("changeIdentifiers", reason, WRONG_COUNT))
    if problems:
        raise Refused(*problems)
    return victims[0], survivors[0]
