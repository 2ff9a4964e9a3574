"""All of a customer's progress, with what the vendor's view has no fields for."""

from collections.abc import Mapping

from fastapi import APIRouter

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.http.route import READ, READING_ONE, Route
from milepost.api.native.path import view_of
from milepost.api.native.progress.answer import ProgressItem, progress_item

router = APIRouter(prefix="/api/v1", tags=["customers"])


@router.get("/customers/{customer_id}/progress", response_model=None)
async def get_progress(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return a customer's progress in every group in force in which the customer takes part or has progress."""
    view = await view_of(runtime, caller, customer_id)
    return JsonResponse(progress_item(view, runtime.clock()))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/customers/{customer_id}/progress"): Route(READ, ProgressItem, statuses=READING_ONE),
}
