"""`POST …/enroll` and `…/unEnroll` below `/v3/targetGroups/{group}/targets/{target}` (facts 3.5)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import Envelope, answer
from milepost.api.capillary.query import group_id_of, target_id_of
from milepost.api.capillary.scope import HEADERS, WritingFor
from milepost.api.capillary.users.enrolments.body import EnrolmentBody, LeavingBody, read_enrolment, read_leaving
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import EVENTS, Body, Route
from milepost.service.enrolments.single_enrolment import enrol, unenrol

ENROLL = "/v3/targetGroups/{group_id}/targets/{target_id}/enroll"
UNENROLL = "/v3/targetGroups/{group_id}/targets/{target_id}/unEnroll"
CONNECTED_ENROLL = "/v3.1/targetGroups/{group_id}/targets/{target_id}/enroll"
CONNECTED_UNENROLL = "/v3.1/targetGroups/{group_id}/targets/{target_id}/unEnroll"
_GATEWAY = "/api_gateway/intouch-api-v3"

_ENROLMENT = Body((EnrolmentBody,), alone=False, listed=True)
_LEAVING = Body((LeavingBody,), alone=False, listed=True)

router = APIRouter(tags=["enrolment"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", ENROLL): Route(EVENTS, Envelope[int], _ENROLMENT),
    ("post", UNENROLL): Route(EVENTS, Envelope[int], _LEAVING),
    ("post", CONNECTED_ENROLL): Route(EVENTS, Envelope[int], _ENROLMENT, headers=HEADERS),
    ("post", CONNECTED_UNENROLL): Route(EVENTS, Envelope[int], _LEAVING, headers=HEADERS),
    ("post", f"{_GATEWAY}{CONNECTED_ENROLL}"): Route(EVENTS, Envelope[int], _ENROLMENT, headers=HEADERS),
    ("post", f"{_GATEWAY}{CONNECTED_UNENROLL}"): Route(EVENTS, Envelope[int], _LEAVING, headers=HEADERS),
}


@router.post(ENROLL, response_model=None)
async def enroll(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Enrol one customer in a target from a period on; the answer's data is the customer's id."""
    draft = read_enrolment(read_json(await read_body(request)))
    group, target = group_id_of(group_id), target_id_of(target_id)
    return JsonResponse(answer(await enrol(runtime, caller, group, target, draft)))


@router.post(UNENROLL, response_model=None)
async def unenroll(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Take one customer out of a target from the running period on; the answer's data is the customer's id."""
    customer_id = read_leaving(read_json(await read_body(request)))
    group, target = group_id_of(group_id), target_id_of(target_id)
    return JsonResponse(answer(await unenrol(runtime, caller, group, target, customer_id)))


@router.post(CONNECTED_ENROLL, response_model=None)
@router.post(f"{_GATEWAY}{CONNECTED_ENROLL}", response_model=None, name="enroll_connected_by_gateway")
async def enroll_connected(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: WritingFor
) -> JsonResponse:
    """Enrol one customer of the caller's organisation, or of the child organisation that the headers name."""
    return await enroll(group_id, target_id, request, runtime, caller)


@router.post(CONNECTED_UNENROLL, response_model=None)
@router.post(f"{_GATEWAY}{CONNECTED_UNENROLL}", response_model=None, name="unenroll_connected_by_gateway")
async def unenroll_connected(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: WritingFor
) -> JsonResponse:
    """Take one customer of the caller's organisation, or of the child that the headers name, out of a target."""
    return await unenroll(group_id, target_id, request, runtime, caller)
