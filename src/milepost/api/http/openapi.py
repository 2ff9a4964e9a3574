"""The OpenAPI document: the body and the answer of each route, where routes read raw bodies and write exact numbers."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp

from milepost.api.capillary.envelope import Failure
from milepost.api.http.authentication import SESSION_COOKIE
from milepost.api.http.descriptions import described, example_of
from milepost.api.http.request_id import ResponseFields
from milepost.api.http.route import JSON, Body, Route
from milepost.api.http.routes import ROUTES, scope_needed
from milepost.api.native.answer import Problems
from milepost.api.native.events.body import PAYLOAD_BODIES

Json = dict[str, Any]

REF = "#/components/schemas/{name}"
SECURITY: Json = {
    "till": {"type": "http", "scheme": "basic", "description": "Till code and password, plain or as its MD5 hex."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of /v3/oauth/token/generate."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "A session of /api/v1/session. What changes something also carries X-CSRF-Token.",
    },
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
    "403": "The login's role or scopes do not allow it, or a page that may not change anything sent it.",
    "404": "There is no such address, or nothing that it names.",
    "409": "The id was given before, with other content.",
    "429": "Too many wrong passwords, or more requests than the limit: send it again after `Retry-After`.",
    "413": "The body is larger than its limit.",
    "415": "The body is compressed or otherwise encoded; send it as it is.",
    "500": "A fault of the server; nothing was done, send it again.",
    "503": "Too much is waiting, or the database cannot be reached: send it again.",
}

_NAMING = frozenset({"$ref", "title"})
_MODULE = re.compile(r"milepost(?:\.\w+)*\.")


class DocumentedApp(FastAPI):
    """An app whose document is complete."""

    layers: tuple[Callable[[ASGIApp], ASGIApp], ...] = ()
    """What stands around the whole app, the innermost first; what it answers itself passes no layer of FastAPI."""

    def openapi(self) -> Json:
        """Return the document; it is built once."""
        if not self.openapi_schema:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """Return the app as it is called; every answer of it carries the id of its request."""
        app = super().build_middleware_stack()
        for layer in self.layers:
            app = layer(app)
        return ResponseFields(app)


def completed(document: Json) -> Json:
    """Return *document*, as FastAPI builds it, with the bodies, answers, refusals and logins of all routes."""
    schemas = _Schemas()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method, path, ROUTES[method, path], schemas)
    complete = document | {"components": {"schemas": schemas.named, "securitySchemes": SECURITY}}
    return described(complete)


class _Schemas:
    """Schemas by name, of msgspec's structs and pydantic's models alike."""

    def __init__(self) -> None:
        shapes = [shape for route in ROUTES.values() for shape in _shapes(route)]
        structs = [shape for shape in shapes if not _is_model(shape)] + list(PAYLOAD_BODIES.values())
        schemas, named = msgspec.json.schema_components(structs, ref_template=REF)
        self.named: dict[str, Any] = {_plain_name(name): _plain(schema) for name, schema in named.items()}
        assert len(self.named) == len(named), "two structs of different modules have one name"
        self._schemas = [(struct, _plain(schema)) for struct, schema in zip(structs, schemas, strict=True)]
        for model in (shape for shape in shapes if _is_model(shape)):
            self._add_model(model)
        data = [self.of(shape) for shape in dict.fromkeys(PAYLOAD_BODIES.values())]
        self.named["EventBody"]["properties"]["data"] = {"anyOf": [*data, {"type": "object"}]}
        self.named = dict(sorted(self.named.items()))

    def of(self, shape: Any) -> Json:
        """Return the schema of *shape*, which refers to the named schemas."""
        if _is_model(shape):
            return {"$ref": REF.format(name=shape.__name__)}
        return next(schema for struct, schema in self._schemas if struct == shape)

    def one_of(self, shapes: tuple[Any, ...]) -> Json:
        """Return the schema of a value that has one of *shapes*."""
        schemas = [self.of(shape) for shape in shapes]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

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


def _plain(schema: Any) -> Any:
    """Return *schema* with plain names, and with exact amounts as numbers as well as text: both are read."""
    match schema:
        case {"type": "string", "format": "decimal", **rest}:
            return {"type": ["number", "string"], **rest}
        case dict():
            return {key: _plain_name(part) if key in _NAMING else _plain(part) for key, part in schema.items()}
        case list():
            return [_plain(part) for part in schema]
        case _:
            return schema


def _plain_name(name: Any) -> Any:
    """Return the name of a schema without modules, which msgspec writes into the names of generic structs.

    For example `Envelope_list_milepost.api.some.module.PeriodAnswer__` becomes `Envelope_list_PeriodAnswer`.
    """
    return _MODULE.sub("", name).rstrip("_") if isinstance(name, str) else _plain(name)


def _complete(operation: Json, method: str, path: str, route: Route, schemas: _Schemas) -> None:
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body, schemas, operation)}
    parameters = [("query", name) for name in route.query] + [("header", name) for name in route.headers]
    if parameters:
        operation["parameters"] = [
            *operation.get("parameters", ()),
            *({"name": name, "in": place, "schema": {"type": "string"}} for place, name in parameters),
        ]
    if route.needs is not None:
        scope = scope_needed(method, path)
        operation["security"] = [{name: [route.needs.value]} for name in SECURITY]
        words = f"Needs the role {route.needs.value}{'' if scope is None else f' and the scope {scope.value}'}."
        operation["description"] = f"{operation['description']}\n\n{words}"
    if route.answer is None and route.media is None:
        return
    failure = Problems if path.startswith("/api/v1") else Failure
    answers = {route.success: _success(route, schemas)}
    encoded = {"415"} if "413" in route.statuses else set()
    for status in sorted({*route.statuses, *encoded, *_statuses_of_callers(method, path, route), "500"}):
        shapes = route.refused if status == "400" and route.refused else (failure,)
        answers[status] = _answer(REFUSALS[status], schemas.one_of(shapes))
    operation["responses"] = answers


def _statuses_of_callers(method: str, path: str, route: Route) -> set[str]:
    """Return the statuses of callers who may not send a request, or not now.

    403 is for a role or a scope that is not enough, and for a page that may not change anything.
    """
    if route.needs is None:
        return set()
    return {"429"} if method == "get" and scope_needed(method, path) is None else {"429", "403"}


def _success(route: Route, schemas: _Schemas) -> Json:
    if route.media is None:
        return _answer("Done.", schemas.of(route.answer))
    return {"description": "A file.", "content": {route.media: {"schema": {"type": "string"}}}}


def _answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {JSON: {"schema": schema}}}


def _content(body: Body, schemas: _Schemas, operation: Json) -> Json:
    single = schemas.one_of(body.shapes)
    several = {"type": "array", "items": single}
    forms = [single] * body.alone + [several] * body.listed
    content: Json = {kind: {"schema": forms[0] if len(forms) == 1 else {"anyOf": forms}} for kind in body.types}
    example: Any = None
    if body.shapes:
        example = example_of(operation["operationId"], body.shapes[0].__name__)
        for kind in content.values():
            kind["example"] = example if body.alone else [example]
    if body.by_line is not None:
        content[body.by_line] = {"schema": {"type": "string", "description": "One JSON object on each line."}}
        content[body.by_line]["example"] = f"{json.dumps(example)}\n"
    if body.table is not None:
        content["text/csv"] = {"schema": {"type": "string", "description": body.table}, "example": body.table_example}
    return content
