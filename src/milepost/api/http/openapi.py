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
from milepost.api.http.route import ADMIN, EVENTS, JSON, Body, Route
from milepost.api.native.answer import Problems
from milepost.api.native.audiences import routes as audiences
from milepost.api.native.awards import routes as awards
from milepost.api.native.customers import routes as customers
from milepost.api.native.declarations import routes as declarations
from milepost.api.native.enrolments import routes as enrolments
from milepost.api.native.events import routes as events
from milepost.api.native.events.body import PAYLOAD_BODIES
from milepost.api.native.goals import routes as goals
from milepost.api.native.jobs import routes as jobs
from milepost.api.native.leaderboards import routes as leaderboards
from milepost.api.native.organisations import routes as organisations
from milepost.api.native.places import routes as places
from milepost.api.native.progress import routes as progress
from milepost.api.native.streaks import routes as streaks
from milepost.api.native.target_groups import routes as target_groups

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


NATIVE = (
    events,
    places,
    declarations,
    organisations,
    audiences,
    target_groups,
    goals,
    enrolments,
    jobs,
    customers,
    leaderboards,
    progress,
    awards,
    streaks,
)
"""Modules of our own API, each with the rows of its routes."""

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/healthz"): Route(None),
    ("get", "/readyz"): Route(None),
    ("post", "/webhooks/{webhook_id}"): Route(
        None, WebhookAnswer, Body((WebhookEvent,)), statuses=("400", "404", "413", "503")
    ),
    ("post", "/v3/oauth/token/generate"): Route(None, Envelope[TokenShape], Body((TokenRequest,))),
    **USERS,
    **DEFINITIONS,
    **SECOND,
    **LEADERBOARDS,
    **{address: route for module in NATIVE for address, route in module.ROUTES.items()},
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
