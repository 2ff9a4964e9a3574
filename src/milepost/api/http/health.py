"""Whether the server lives, and whether it can serve."""

from fastapi import APIRouter, Response

from milepost.api.http.authentication import RunningRuntime
from milepost.service.runtime.health import is_ready

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=Response)
async def healthz() -> Response:
    """Answer while the process lives."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz", response_class=Response, responses={503: {"description": "The database does not answer."}})
async def readyz(runtime: RunningRuntime) -> Response:
    """Answer 200 when requests can be served, else 503."""
    if await is_ready(runtime.database):
        return Response("ready\n", media_type="text/plain")
    return Response("the database does not answer\n", status_code=503, media_type="text/plain")
