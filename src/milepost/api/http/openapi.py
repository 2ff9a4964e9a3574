"""The OpenAPI document: what each route takes and answers, where routes read raw bodies and write exact numbers.

The table names, for every route of the app, the shapes of its body and answer; tests hold that no route is missing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from pydantic import BaseModel

from milepost.api.capillary.answer import Envelope, Failure, TokenShape, WebhookAnswer
from milepost.api.capillary.definitions.document_rows import DEFINITIONS
from milepost.api.capillary.leaderboards.document_rows import LEADERBOARDS
from milepost.api.capillary.users.document_rows import USERS
from milepost.api.capillary.v2.document_rows import SECOND
from milepost.api.capillary.v2.request_shapes import TokenRequest, WebhookEvent
from milepost.api.http.route import ADMIN, EVENTS, JSON, READ, READING, TELLING, Body, Route
from milepost.api.native.answer import CustomerItem, Page, Problems
from milepost.api.native.audiences.routes import (
    AudienceBody,
    AudienceItem,
    EnteredItem,
    LeftItem,
    MemberBody,
    MemberItem,
    VersionBody,
)
from milepost.api.native.customers.document_rows import CUSTOMERS
from milepost.api.native.declarations.document_rows import REFERENCE
from milepost.api.native.enrolments.routes import EnrolmentsItem
from milepost.api.native.events.body import PAYLOAD_BODIES, EventBody
from milepost.api.native.events.routes import Answers
from milepost.api.native.goals.routes import ChosenGoalBody, GoalChangeBody, GoalItem
from milepost.api.native.jobs.routes import JobItem
from milepost.api.native.leaderboards.routes import BoardItem
from milepost.api.native.organisations.routes import OrganisationItem, SettingsBody, SettingsItem
from milepost.api.native.target_groups.routes import CountingBody, CountingItem
from milepost.model.customer import IdentifierKind

Json = dict[str, Any]

REF = "#/components/schemas/{name}"
SECURITY: Json = {
    "till": {"type": "http", "scheme": "basic", "description": "Till code and password, plain or as its MD5 hex."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of /v3/oauth/token/generate."},
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CAP-API-OAUTH-TOKEN",
        "description": "The same token, in the vendor's header.",
    },
}
REFUSALS = {
    "400": "The request was refused; the answer holds everything that is wrong with it.",
    "401": "The login is missing or wrong.",
    "403": "The login's role does not allow it.",
    "404": "There is no such address, or nothing that it names.",
    "409": "The id was given before, with other content.",
    "413": "The body is larger than its limit.",
    "503": "Too much is waiting, or the database cannot be reached: send it again.",
}


_EVENTS = Body(
    (EventBody,),
    listed=True,
    types=(JSON, "application/cloudevents+json", "application/cloudevents-batch+json"),
    by_line="application/x-ndjson",
)
_ENROLMENTS = Body(
    (),
    alone=False,
    types=(),
    table="An identifier, TargetName, CreatedBy, UpdatedBy, and one column for each period, named by its refCode.",
)
_NAMES = tuple(kind.value for kind in IdentifierKind if kind is not IdentifierKind.ID)

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/healthz"): Route(None),
    ("get", "/readyz"): Route(None),
    ("post", "/api/v1/events"): Route(EVENTS, Answers, _EVENTS),
    ("get", "/api/v1/customers"): Route(READ, Page[CustomerItem], query=_NAMES, statuses=READING),
    ("get", "/api/v1/leaderboards/{target_id}"): Route(READ, BoardItem, statuses=READING),
    ("get", "/api/v1/organisation"): Route(READ, OrganisationItem, statuses=TELLING),
    ("patch", "/api/v1/organisation"): Route(ADMIN, OrganisationItem, Body((SettingsBody,))),
    ("get", "/api/v1/organisation/versions"): Route(READ, Page[SettingsItem], statuses=READING),
    ("get", "/api/v1/audiences"): Route(READ, Page[AudienceItem], statuses=READING),
    ("post", "/api/v1/audiences"): Route(ADMIN, AudienceItem, Body((AudienceBody,))),
    ("get", "/api/v1/audiences/{audience_id}"): Route(READ, AudienceItem, statuses=READING),
    ("patch", "/api/v1/audiences/{audience_id}"): Route(ADMIN, AudienceItem, Body((AudienceBody,))),
    ("delete", "/api/v1/audiences/{audience_id}"): Route(ADMIN, AudienceItem, statuses=READING),
    ("post", "/api/v1/audiences/{audience_id}/versions"): Route(ADMIN, AudienceItem, Body((VersionBody,))),
    ("get", "/api/v1/audiences/{audience_id}/members"): Route(READ, Page[MemberItem], statuses=READING),
    ("post", "/api/v1/audiences/{audience_id}/members"): Route(
        ADMIN,
        EnteredItem,
        Body((MemberBody,), alone=False, listed=True, table="One column of identifiers, named by its kind."),
    ),
    ("put", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Route(ADMIN, EnteredItem, statuses=READING),
    ("delete", "/api/v1/audiences/{audience_id}/members/{customer_id}"): Route(ADMIN, LeftItem, statuses=READING),
    ("post", "/api/v1/targetGroups/{group_id}/countStored"): Route(ADMIN, CountingItem, Body((CountingBody,))),
    ("post", "/api/v1/targetGroups/{group_id}/enrolments"): Route(EVENTS, EnrolmentsItem, _ENROLMENTS),
    ("post", "/api/v1/customers/{customer_id}/goals"): Route(EVENTS, GoalItem, Body((ChosenGoalBody,))),
    ("get", "/api/v1/customers/{customer_id}/goals"): Route(READ, Page[GoalItem], statuses=READING),
    ("patch", "/api/v1/customers/{customer_id}/goals/{goal_id}"): Route(EVENTS, GoalItem, Body((GoalChangeBody,))),
    ("delete", "/api/v1/customers/{customer_id}/goals/{goal_id}"): Route(EVENTS, GoalItem, statuses=READING),
    ("get", "/api/v1/jobs/{job_id}"): Route(READ, JobItem, statuses=READING),
    ("post", "/webhooks/{webhook_id}"): Route(
        None, WebhookAnswer, Body((WebhookEvent,)), statuses=("400", "404", "413", "503")
    ),
    ("post", "/v3/oauth/token/generate"): Route(None, Envelope[TokenShape], Body((TokenRequest,))),
    **USERS,
    **DEFINITIONS,
    **SECOND,
    **REFERENCE,
    **LEADERBOARDS,
    **CUSTOMERS,
}


class DocumentedApp(FastAPI):
    """An app whose document is complete."""

    def openapi(self) -> Json:
        """Return the document; it is made once."""
        if not self.openapi_schema:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


def completed(document: Json) -> Json:
    """Return *document*, as the framework makes it, with bodies, answers, refusals and logins."""
    schemas = _Schemas()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, path, ROUTES[method, path], schemas)
    return document | {"components": {"schemas": schemas.named, "securitySchemes": SECURITY}}


class _Schemas:
    """Schemas by name, of msgspec's structs and pydantic's models alike."""

    def __init__(self) -> None:
        shapes = [shape for route in ROUTES.values() for shape in _shapes(route)]
        structs = [shape for shape in shapes if not _is_model(shape)] + list(PAYLOAD_BODIES.values())
        found, named = msgspec.json.schema_components(structs, ref_template=REF)
        self.named: dict[str, Any] = {name: _with_plain_amounts(schema) for name, schema in named.items()}
        self._found = list(zip(structs, found, strict=True))
        for model in (shape for shape in shapes if _is_model(shape)):
            self._add_model(model)
        data = [self.of(shape) for shape in dict.fromkeys(PAYLOAD_BODIES.values())]
        self.named["EventBody"]["properties"]["data"] = {"anyOf": [*data, {"type": "object"}]}
        self.named = dict(sorted(self.named.items()))

    def of(self, shape: Any) -> Json:
        """Return the schema of *shape*, which refers to the named ones."""
        if _is_model(shape):
            return {"$ref": REF.format(name=shape.__name__)}
        return next(schema for known, schema in self._found if known == shape)

    def one_of(self, shapes: tuple[Any, ...]) -> Json:
        """Return the schema of what has one of *shapes*."""
        found = [self.of(shape) for shape in shapes]
        return found[0] if len(found) == 1 else {"anyOf": found}

    def _add_model(self, model: type[BaseModel]) -> None:
        schema = model.model_json_schema(ref_template=REF.format(name="{model}"))
        self.named |= schema.pop("$defs", {})
        self.named[model.__name__] = schema


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def _shapes(route: Route) -> Iterator[Any]:
    yield Problems
    yield Failure
    yield from (shape for shape in (route.answer, *route.refused) if shape is not None)
    if route.body is not None:
        yield from route.body.shapes


def _with_plain_amounts(schema: Any) -> Any:
    """Let exact amounts be numbers as well as text: so they are read."""
    match schema:
        case {"type": "string", "format": "decimal", **rest}:
            return {"type": ["number", "string"], **rest}
        case dict():
            return {name: _with_plain_amounts(part) for name, part in schema.items()}
        case list():
            return [_with_plain_amounts(part) for part in schema]
        case _:
            return schema


def _complete(operation: Json, path: str, route: Route, schemas: _Schemas) -> None:
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body, schemas)}
    read_by_hand = [("query", name) for name in route.query] + [("header", name) for name in route.headers]
    if read_by_hand:
        operation["parameters"] = [
            *operation.get("parameters", ()),
            *({"name": name, "in": place, "schema": {"type": "string"}} for place, name in read_by_hand),
        ]
    if route.needs is not None:
        operation["security"] = [{name: [route.needs.value]} for name in SECURITY]
        operation["description"] = f"{operation['description']}\n\nNeeds the role {route.needs.value}."
    if route.answer is None:
        return
    failure = Problems if path.startswith("/api/v1") else Failure
    answers = {"200": _answer("Done.", schemas.of(route.answer))}
    for status in sorted({*route.statuses, *({"403"} if route.needs in {EVENTS, ADMIN} else ())}):
        shapes = route.refused if status == "400" and route.refused else (failure,)
        answers[status] = _answer(REFUSALS[status], schemas.one_of(shapes))
    operation["responses"] = answers


def _answer(told: str, schema: Json) -> Json:
    return {"description": told, "content": {JSON: {"schema": schema}}}


def _content(body: Body, schemas: _Schemas) -> Json:
    one = schemas.one_of(body.shapes)
    many = {"type": "array", "items": one}
    meant = [one] * body.alone + [many] * body.listed
    content: Json = {kind: {"schema": meant[0] if len(meant) == 1 else {"anyOf": meant}} for kind in body.types}
    if body.by_line is not None:
        content[body.by_line] = {"schema": {"type": "string", "description": "One JSON object on each line."}}
    if body.table is not None:
        content["text/csv"] = {"schema": {"type": "string", "description": body.table}}
    return content
