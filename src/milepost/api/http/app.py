"""The HTTP app: both faces, and one table that says how each failure is answered."""

from importlib.metadata import version as version_of

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from milepost.api.capillary.definitions.communications import routes as communications
from milepost.api.capillary.definitions.milestones import routes as milestones
from milepost.api.capillary.definitions.periods import routes as periods
from milepost.api.capillary.definitions.target_groups import routes as target_groups
from milepost.api.capillary.definitions.targets import routes as targets
from milepost.api.capillary.envelope import failure
from milepost.api.capillary.leaderboards import routes as leaderboards
from milepost.api.capillary.users.enrolments import routes as enrolment
from milepost.api.capillary.users.target_groups import routes as users
from milepost.api.capillary.users.tracked_events import routes as tracked
from milepost.api.capillary.v2.customers import identifier_routes, merge_routes
from milepost.api.capillary.v2.customers import routes as customers
from milepost.api.capillary.v2.event_definitions import routes as behaviours
from milepost.api.capillary.v2.login import routes as oauth
from milepost.api.capillary.v2.transactions import routes as transactions
from milepost.api.capillary.webhooks import routes as webhooks
from milepost.api.http import health, viewer
from milepost.api.http.authentication import NotAllowed, NotRecognised
from milepost.api.http.body import JsonResponse, TooLarge
from milepost.api.http.openapi import ROUTES, DocumentedApp
from milepost.api.native.audiences import routes as audiences
from milepost.api.native.awards import routes as awards
from milepost.api.native.customers import routes as native_customers
from milepost.api.native.declarations import routes as declared
from milepost.api.native.enrolments import routes as enrolments
from milepost.api.native.events import routes as events
from milepost.api.native.goals import routes as goals
from milepost.api.native.jobs import routes as jobs
from milepost.api.native.leaderboards import routes as native_boards
from milepost.api.native.organisations import routes as organisation
from milepost.api.native.places import routes as places
from milepost.api.native.progress import routes as progress
from milepost.api.native.streaks import routes as streaks
from milepost.api.native.target_groups import routes as groups
from milepost.model.problem import Problem, Refused, Unavailable
from milepost.service.ingest.lanes import Overloaded
from milepost.service.runtime.runtime import Runtime

RETRY_SECONDS = "1"
ACCESS_DENIED = 4000
"""The vendor's code for it (facts 3.0)."""

ABOUT = "Loyalty targets: the vendor's shapes below /v2 and /v3, and what those cannot say below /api/v1."

MODULES = (
    health,
    events,
    places,
    declared,
    organisation,
    audiences,
    groups,
    goals,
    enrolments,
    jobs,
    native_customers,
    native_boards,
    oauth,
    communications,
    target_groups,
    milestones,
    periods,
    targets,
    enrolment,
    users,
    leaderboards,
    tracked,
    transactions,
    customers,
    identifier_routes,
    merge_routes,
    webhooks,
    behaviours,
    progress,
    awards,
    streaks,
)
"""Where the routes are, in the order of the document."""


def create_app(runtime: Runtime, *, error_status: int) -> FastAPI:
    """Return the app of a running installation; refused requests of the vendor's face get *error_status*."""
    app = routed_app()
    app.include_router(viewer.router)
    app.state.runtime = runtime
    app.state.error_status = error_status
    app.state.needs = {address: route.needs for address, route in ROUTES.items() if route.needs is not None}
    _answer_failures(app)
    return app


def routed_app() -> FastAPI:
    """Return the app's routes and their document, with no installation behind them yet."""
    app = DocumentedApp(
        title="Milepost",
        version=version_of("milepost"),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    for module in MODULES:
        app.include_router(module.router)
    return app


def _answer_failures(app: FastAPI) -> None:
    """Say how each kind of failure is answered."""

    @app.exception_handler(Refused)
    async def _(request: Request, error: Refused) -> JsonResponse:
        return _failed(request, 400, *error.problems)

    @app.exception_handler(NotRecognised)
    async def _(request: Request, _error: NotRecognised) -> JsonResponse:
        response = _failed(request, 401, Problem("", "the login is missing or wrong", 401))
        response.headers["WWW-Authenticate"] = 'Basic realm="milepost", charset="UTF-8"'
        return response

    @app.exception_handler(NotAllowed)
    async def _(request: Request, error: NotAllowed) -> JsonResponse:
        return _failed(request, 403, Problem("", str(error), ACCESS_DENIED))

    @app.exception_handler(TooLarge)
    async def _(request: Request, error: TooLarge) -> JsonResponse:
        return _failed(request, 413, Problem("", str(error), 413))

    @app.exception_handler(Overloaded)
    async def _(request: Request, error: Overloaded) -> JsonResponse:
        return _later(request, Problem("", str(error), 503))

    @app.exception_handler(Unavailable)
    async def _(request: Request, error: Unavailable) -> JsonResponse:
        return _later(request, Problem("", str(error), 503))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> JsonResponse:
        problems = [Problem(".".join(map(str, one["loc"][1:])), one["msg"]) for one in error.errors()]
        return _failed(request, 400, *problems)

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> JsonResponse:
        return _failed(request, error.status_code, Problem("", str(error.detail), error.status_code))


def _failed(request: Request, status: int, *problems: Problem) -> JsonResponse:
    """Return the failure in the words of the face that was asked."""
    if request.url.path.startswith("/api/v1"):
        told = {"problems": [{"path": problem.path, "reason": problem.reason} for problem in problems]}
        return JsonResponse(told, status_code=status)
    if status == 400:
        status = request.app.state.error_status
    return JsonResponse(failure(problems), status_code=status)


def _later(request: Request, problem: Problem) -> JsonResponse:
    response = _failed(request, 503, problem)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response
