"""Whether the server lives, and whether it can serve."""

from fastapi import APIRouter, Response

from milepost.api.authentication import Here
from milepost.service.health import is_ready

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=Response)
async def healthz() -> Response:
    """Answer while the process lives."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz", response_class=Response, responses={503: {"description": "The database does not answer."}})
async def readyz(here: Here) -> Response:
    """Answer 200 when requests can be served, else 503."""
    if await is_ready(here.database):
        return Response("ready\n", media_type="text/plain")
    return Response("the database does not answer\n", status_code=503, media_type="text/plain")
