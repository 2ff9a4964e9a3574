"""Health checks: whether the process runs, and whether it can answer requests."""

from fastapi import APIRouter, Request, Response

from milepost.api.http.authentication import RunningRuntime

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=Response)
async def healthz() -> Response:
    """Answer 200 while the process runs. The database is not asked."""
    return Response("ok\n", media_type="text/plain")


@router.get(
    "/readyz",
    response_class=Response,
    responses={503: {"description": "Events cannot be received: the database is away, read-only or not whole."}},
)
async def readyz(runtime: RunningRuntime) -> Response:
    """Answer 200 if events can be received, else 503; the text names all that is wrong, a line for each."""
    readiness = await runtime.health.readiness(runtime.database)
    lines = ["ready" if readiness.receives_events else "not ready", *(problem.text for problem in readiness.problems)]
    status = 200 if readiness.receives_events else 503
    return Response("".join(f"{line}\n" for line in lines), status_code=status, media_type="text/plain")


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Return the metrics in the format of Prometheus. They name no customer and no login."""
    text = request.app.state.metrics
    return Response(b"" if text is None else text(), media_type=METRICS_TYPE)
