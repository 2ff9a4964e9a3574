"""The HTTP app: the vendor's API and our own, and how each failure is answered."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version as version_of
from typing import NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from milepost.api.capillary.envelope import failure
from milepost.api.http import health
from milepost.api.http.authentication import (
    CSRF_HEADER,
    ForeignOrigin,
    ForgedRequest,
    NotAllowed,
    NotRecognised,
)
from milepost.api.http.body import Encoded, JsonResponse, TooLarge
from milepost.api.http.hot_routes import HotRoutes
from milepost.api.http.openapi import DocumentedApp
from milepost.api.http.pages import console, viewer
from milepost.api.http.parameters import ANY
from milepost.api.http.request_log import AnsweredRequest, RequestLog
from milepost.api.http.routes import MODULES, ROUTES, hot_routes, scope_needed
from milepost.model.problem import Fault, Problem, Refused, Unavailable
from milepost.service.ingest.lanes.lane import Overloaded
from milepost.service.organisations.sessions import NotSignedIn
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.login_limits import FAILURES_MAX, WINDOW_SECONDS, TooManyLogins
from milepost.service.snapshot.rate_limits import TooManyRequests

RETRY_SECONDS = "1"
COMPRESSED_BYTES_MIN = 4_096
"""Bytes from which an answer is compressed, if the client accepts that; a smaller one fits a few packets anyway."""

COMPRESSION_LEVEL = 1
"""The quickest level of gzip: a customer's 50 target groups shrink from 77 kB to about 5."""

LOGIN_PAUSE_SECONDS = 1
"""How long a caller waits who has sent too many wrong passwords, before it is told."""

ACCESS_DENIED = 4000
"""The vendor's code for a login whose role is not enough (facts 3.0)."""

SIGN_IN_FAILED = (
    "the address, the organisation or the password is wrong; name the organisation if you have users in several"
)
FAULT = "the server could not do this, and its log says why; send it again"

BASIC_CHALLENGE = 'Basic realm="milepost", charset="UTF-8"'
SESSION_CHALLENGE = 'Session realm="milepost"'

ABOUT = "Loyalty targets: the vendor's API is below /v2 and /v3; what it cannot express is below /api/v1."


class Observers(NamedTuple):
    """What is called for each answered request, and what returns the metrics as text."""

    request: Callable[[AnsweredRequest], None] | None = None
    metrics: Callable[[], bytes] | None = None


NO_OBSERVERS = Observers()


def create_app(
    runtime: Runtime,
    *,
    error_status: int,
    answer_templates: bool = True,
    takes_shortcuts: bool = True,
    allowed_origins: Sequence[str] = (),
    observers: Observers = NO_OBSERVERS,
) -> FastAPI:
    """Return the app of *runtime*; a refused request to the vendor's API is answered with *error_status*.

    *answer_templates* says whether answers are written from compiled texts where there is such a way, *takes_shortcuts*
    whether the routes that are asked most are called without FastAPI. Pages of *allowed_origins* may send requests from
    a browser. *observers* see every request.
    """
    app = routed_app()
    app.include_router(viewer.router)
    app.include_router(console.router)
    app.state.runtime = runtime
    app.state.error_status = error_status
    app.state.answer_templates = answer_templates
    app.state.allowed_origins = frozenset(allowed_origins)
    app.state.metrics = observers.metrics
    app.layers = _layers(app, allowed_origins, observers.request, takes_shortcuts=takes_shortcuts)
    _note_rules(app)
    _answer_failures(app)
    _answer_callers(app)
    _answer_limits(app)
    _answer_faults(app)
    return app


def _layers(
    app: FastAPI,
    allowed_origins: Sequence[str],
    observe: Callable[[AnsweredRequest], None] | None,
    *,
    takes_shortcuts: bool,
) -> tuple[Callable[[ASGIApp], ASGIApp], ...]:
    """Return what stands around *app*, the innermost first."""
    layers: list[Callable[[ASGIApp], ASGIApp]] = []
    if takes_shortcuts:
        layers.append(partial(HotRoutes, routes=hot_routes(), handlers=app.exception_handlers))
    layers.append(partial(GZipMiddleware, minimum_size=COMPRESSED_BYTES_MIN, compresslevel=COMPRESSION_LEVEL))
    if observe is not None:
        layers.append(partial(RequestLog, observe=observe))
    if allowed_origins:
        layers.append(
            partial(
                CORSMiddleware, allow_origins=allowed_origins, allow_methods=["*"], allow_headers=["*"], max_age=600
            )
        )
    return tuple(layers)


def _note_rules(app: FastAPI) -> None:
    """Note what the routes need of callers, and which parameters they have."""
    app.state.needs = {
        address: (route.needs, scope_needed(*address)) for address, route in ROUTES.items() if route.needs is not None
    }
    app.state.parameters = {
        address: frozenset((*route.query, ANY) if route.any_query else route.query) for address, route in ROUTES.items()
    }


def routed_app() -> DocumentedApp:
    """Return an app with all routes and their document, but without a runtime, so that it cannot serve requests."""
    app = DocumentedApp(
        title="Milepost",
        version=version_of("milepost"),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    for module in (health, *MODULES):
        app.include_router(module.router)
    return app


def _answer_failures(app: FastAPI) -> None:
    """Register how each kind of failure is answered."""

    @app.exception_handler(Refused)
    async def _(request: Request, error: Refused) -> JsonResponse:
        return _failed(request, 400, *error.problems)

    @app.exception_handler(TooLarge)
    async def _(request: Request, error: TooLarge) -> JsonResponse:
        return _failed(request, 413, Problem("", str(error), 413))

    @app.exception_handler(Encoded)
    async def _(request: Request, error: Encoded) -> JsonResponse:
        return _failed(request, 415, Problem("", str(error), 415))

    @app.exception_handler(Overloaded)
    async def _(request: Request, error: Overloaded) -> JsonResponse:
        return _later(request, Problem("", str(error), 503))

    @app.exception_handler(Unavailable)
    async def _(request: Request, error: Unavailable) -> JsonResponse:
        return _later(request, Problem("", str(error), 503))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> JsonResponse:
        problems = [Problem(".".join(map(str, detail["loc"][1:])), detail["msg"]) for detail in error.errors()]
        return _failed(request, 400, *problems)

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> JsonResponse:
        return _failed(request, error.status_code, Problem("", str(error.detail), error.status_code))


def _answer_callers(app: FastAPI) -> None:
    """Register how a caller who may not send the request is answered."""

    @app.exception_handler(NotRecognised)
    async def _(request: Request, _error: NotRecognised) -> JsonResponse:
        response = _failed(request, 401, Problem("", "the login is missing or wrong", 401))
        # To a challenge by Basic, a browser would ask the person itself, over the page whose script sent the request.
        of_script = request.headers.get("sec-fetch-dest") == "empty"
        response.headers["WWW-Authenticate"] = SESSION_CHALLENGE if of_script else BASIC_CHALLENGE
        return response

    @app.exception_handler(ForeignOrigin)
    async def _(request: Request, error: ForeignOrigin) -> JsonResponse:
        return _failed(request, 403, Problem("", str(error), ACCESS_DENIED))

    @app.exception_handler(NotSignedIn)
    async def _(request: Request, _error: NotSignedIn) -> JsonResponse:
        return _failed(request, 401, Problem("", SIGN_IN_FAILED, 401))

    @app.exception_handler(ForgedRequest)
    async def _(request: Request, _error: ForgedRequest) -> JsonResponse:
        return _failed(
            request, 403, Problem(CSRF_HEADER, "is missing, or not the token of this session", ACCESS_DENIED)
        )

    @app.exception_handler(NotAllowed)
    async def _(request: Request, error: NotAllowed) -> JsonResponse:
        return _failed(request, 403, Problem("", str(error), ACCESS_DENIED))


def _answer_limits(app: FastAPI) -> None:
    """Register how a caller is answered who has sent too much."""

    @app.exception_handler(TooManyLogins)
    async def _(request: Request, error: TooManyLogins) -> JsonResponse:
        # Whoever guesses without end is answered late, so that the guesses leave the processor to events.
        await asyncio.sleep(LOGIN_PAUSE_SECONDS)
        response = _failed(request, 429, Problem("", str(error), 429))
        response.headers["Retry-After"] = str(error.seconds)
        response.headers["RateLimit-Policy"] = f'"login";q={FAILURES_MAX};w={WINDOW_SECONDS}'
        response.headers["RateLimit"] = f'"login";r=0;t={error.seconds}'
        return response

    @app.exception_handler(TooManyRequests)
    async def _(request: Request, error: TooManyRequests) -> JsonResponse:
        request.state.rate_limit = error.limit
        response = _failed(request, 429, Problem("", str(error), 429))
        response.headers["Retry-After"] = str(error.limit.seconds)
        return response


def _answer_faults(app: FastAPI) -> None:
    """Register that a fault of ours is a 5xx, so that the client sends the request again (facts 8 #96)."""

    @app.exception_handler(Fault)
    async def _(request: Request, error: Fault) -> JsonResponse:
        return _later(request, Problem("", str(error), 500), 500)

    @app.exception_handler(ClientDisconnect)
    async def _(request: Request, _error: ClientDisconnect) -> JsonResponse:
        # Nobody reads this answer: the client went away, or did not send its body in time.
        return _failed(request, 408, Problem("", "the request did not arrive as a whole", 408))

    @app.exception_handler(Exception)
    async def _(request: Request, _error: Exception) -> JsonResponse:
        return _later(request, Problem("", FAULT, 500), 500)


def _failed(request: Request, status: int, *problems: Problem) -> JsonResponse:
    """Return the failure in the form of the API that the request was sent to."""
    if request.url.path.startswith("/api/v1"):
        body = {"problems": [{"path": problem.path, "reason": problem.reason} for problem in problems]}
        return JsonResponse(body, status_code=status)
    if status == 400:
        status = request.app.state.error_status
    return JsonResponse(failure(problems), status_code=status)


def _later(request: Request, problem: Problem, status: int = 503) -> JsonResponse:
    """Return the failure of a request that is to be sent again."""
    response = _failed(request, status, problem)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response
