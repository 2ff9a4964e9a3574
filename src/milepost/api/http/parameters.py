"""Query parameters that a route does not know: our own API refuses them, the vendor's API warns (facts 8 #95)."""

from collections.abc import Iterator
from contextvars import ContextVar
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from milepost.model.problem import Problem, Refused

OWN_API = "/api/v1"

PASSED_OVER = frozenset({"format", "source", "accountId", "use_async", "_"})
"""Parameters of the vendor's API that are published or usual and change nothing here. `_` keeps caches out."""

ANY = "*"
"""Accepts every name: the parameters of an event search name attributes of events."""

NAME_SHOWN_MAX = 60
NAMES_SHOWN_MAX = 10

_warnings: ContextVar[tuple[str, ...]] = ContextVar("parameter_warnings", default=())
"""The warnings of the request that is being answered. Each request runs in a context of its own."""


def check_parameters(request: Request) -> None:
    """Note a warning for each unknown parameter of *request*; below our own API raise Refused with all of them."""
    _warnings.set(())
    route = request.scope["route"]
    if not request.query_params or not isinstance(route, APIRoute):
        return
    address = request.method.lower(), route.path_format
    known = frozenset(_declared(route.dependant)) | request.app.state.parameters.get(address, frozenset())
    if ANY in known:
        return
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if request.url.path.startswith(OWN_API):
        if unknown:
            raise Refused(*(Problem(_shown(name), _reason(name, known)) for name in unknown[:NAMES_SHOWN_MAX]))
        return
    named = [name for name in unknown if name not in PASSED_OVER]
    reasons = (f"{_shown(name)} {_reason(name, known)}; it was not looked at" for name in named[:NAMES_SHOWN_MAX])
    _warnings.set(tuple(reasons))


def parameter_warnings() -> tuple[str, ...]:
    """Return the warnings about parameters of the request that is being answered."""
    return _warnings.get()


def _declared(dependant: Dependant) -> Iterator[str]:
    """Yield the names of the parameters that a handler and its dependencies declare."""
    yield from (parameter.alias for parameter in dependant.query_params)
    for dependency in dependant.dependencies:
        yield from _declared(dependency)


def _reason(name: str, known: frozenset[str]) -> str:
    meant = get_close_matches(name, known, 1)
    hint = f"; did you mean {meant[0]}?" if meant else ""
    there_are = f"there are {', '.join(sorted(known))}" if known else "this call has none"
    return f"is not a parameter here; {there_are}{hint}"


def _shown(name: str) -> str:
    return name if len(name) <= NAME_SHOWN_MAX else f"{name[:NAME_SHOWN_MAX]}…"
