"""Health checks: whether the process runs, and whether it can answer requests."""

from fastapi import APIRouter, Response

from milepost.api.http.authentication import RunningRuntime
from milepost.service.runtime.health import is_ready

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=Response)
async def healthz() -> Response:
    """Answer 200 while the process runs."""
    return Response("ok\n", media_type="text/plain")


@router.get(
    "/readyz",
    response_class=Response,
    responses={503: {"description": "The database does not answer, or a table is missing."}},
)
async def readyz(runtime: RunningRuntime) -> Response:
    """Answer 200 if requests can be answered, 503 if the database cannot be reached or lacks a table."""
    if await is_ready(runtime.database):
        return Response("ready\n", media_type="text/plain")
    return Response("the database does not answer, or lacks a table\n", status_code=503, media_type="text/plain")
