"""The routes that are asked most are called straight from the server, without FastAPI's machinery around each request.

What a handler and its dependencies declare is read once, when the app is made; a request then calls the same functions
with the same values, and a failure is answered by the same handlers. So a route has two ways and one meaning; tests ask
both ways for every refusal (decision 0038).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple, cast

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

ExceptionHandlers = Mapping[Any, Callable[[Request, Any], Response | Awaitable[Response]]]
"""What answers a failure, by the class of the exception."""

TEXTS = (str, str | None)
"""The types of parameters that need no reading: what came is the value."""


class _Call(NamedTuple):
    """A function to call for a request: a dependency, or the handler; the results of others are its arguments.

    `path` and `query` are the names of its arguments with those of the parameters, and the value of a parameter that a
    request does not give.
    """

    function: Callable[..., Awaitable[Any]]
    request: str | None
    results: tuple[tuple[str, Callable[..., Awaitable[Any]]], ...]
    path: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str, str | None], ...]


class HotRoutes:
    """Answers the requests of some routes, and passes all others on."""

    def __init__(self, app: ASGIApp, routes: Iterable[APIRoute], handlers: ExceptionHandlers) -> None:
        """Stand before *app*, which has these *routes* too; *handlers* answer failures, any Exception among them."""
        self._app = app
        self._handlers = handlers
        self._whole: dict[tuple[str, str], tuple[APIRoute, list[_Call]]] = {}
        self._parts: list[tuple[str, str, APIRoute, list[_Call]]] = []
        for route in routes:
            calls = _calls(route.dependant)
            for method in route.methods or ():
                if route.dependant.path_params:
                    self._parts.append((method, route.path.partition("{")[0], route, calls))
                else:
                    self._whole[method, route.path] = route, calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        found = self._found(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if found is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await _result(request, found)
        except Exception as error:
            handler = next(self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers)
            answered = handler(request, error)
            response = answered if isinstance(answered, Response) else await answered
            if handler is self._handlers[Exception]:
                # A fault of ours that nobody foresaw is answered, and then logged by the server.
                await response(scope, receive, send)
                raise
        await response(scope, receive, send)

    def _found(self, scope: Scope) -> list[_Call] | None:
        """Return what is to be called for the route of a request, and note the route; None for any other route."""
        method, path = scope["method"], scope["path"]
        whole = self._whole.get((method, path))
        if whole is not None:
            scope["route"], scope["path_params"] = whole[0], {}
            return whole[1]
        for asked, prefix, route, calls in self._parts:
            if asked == method and path.startswith(prefix):
                match, child_scope = route.matches(scope)
                if match is Match.FULL:
                    scope.update(child_scope)
                    return calls
        return None


async def _result(request: Request, calls: list[_Call]) -> Response:
    """Return the result of the last of *calls*, the handler."""
    results: dict[Callable[..., Awaitable[Any]], Any] = {}
    for call in calls:
        values: dict[str, Any] = {name: results[function] for name, function in call.results}
        if call.request is not None:
            values[call.request] = request
        for name, parameter in call.path:
            values[name] = request.path_params[parameter]
        for name, parameter, default in call.query:
            values[name] = request.query_params.get(parameter, default)
        results[call.function] = await call.function(**values)
    return cast("Response", results[calls[-1].function])


def _calls(dependant: Dependant) -> list[_Call]:
    """Return what FastAPI would call for a route, in its order, each function once."""
    calls: dict[Callable[..., Awaitable[Any]], _Call] = {}
    _collect(dependant, calls)
    return [*calls.values()]


def _collect(dependant: Dependant, calls: dict[Callable[..., Awaitable[Any]], _Call]) -> None:
    for dependency in dependant.dependencies:
        _collect(dependency, calls)
    fields = [*dependant.path_params, *dependant.query_params]
    others = (dependant.header_params, dependant.cookie_params, dependant.body_params, dependant.response_param_name)
    assert not any(others), f"{dependant.call} declares what only FastAPI reads"
    assert all(field.field_info.annotation in TEXTS for field in fields), f"{dependant.call} declares other than texts"
    assert dependant.call is not None, "a route has a handler"
    calls.setdefault(
        dependant.call,
        _Call(
            function=dependant.call,
            request=dependant.request_param_name,
            results=tuple(
                (dependency.name, dependency.call)
                for dependency in dependant.dependencies
                if dependency.name is not None and dependency.call is not None
            ),
            path=tuple((field.name, field.alias) for field in dependant.path_params),
            query=tuple((field.name, field.alias, field.get_default()) for field in dependant.query_params),
        ),
    )
