"""Awards within caps: how much of an award may be given, and what each cap still allows (facts 4.11, docs/rules.md)."""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import CHANGING_ONE, EVENTS, READ, READING_ONE, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.awards.answer import CapItem, DecisionItem, VoidItem, cap_item, decision_item, void_item
from milepost.api.native.awards.body import AwardRequest, VoidBody, authorisation_request, void_request
from milepost.api.native.path import path_id, view_of
from milepost.api.native.structure import read_struct
from milepost.model.problem import Refused
from milepost.service.awards.authorisation import authorise_award, void_award
from milepost.service.customers.caps import running_caps
from milepost.service.ingest.identity import CODE_UNKNOWN_CUSTOMER
from milepost.service.ingest.incoming_event import Status

router = APIRouter(prefix="/api/v1", tags=["caps"])


@router.post("/customers/{customer_id}/awards", response_model=None)
async def decide_award(
    customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Decide how much of an award may be given, and count that against the caps.

    A request with the same id and content gets the same answer again and counts once.
    """
    customer = path_id(customer_id, "customer")
    body = read_struct(await read_body(request), AwardRequest)
    decision = await authorise_award(runtime, caller, authorisation_request(customer, body))
    if decision.status is Status.CONFLICT:
        raise HTTPException(409, "a decision with this id was made before, for a request with other content")
    if decision.status is Status.REFUSED:
        is_unknown = any(problem.code == CODE_UNKNOWN_CUSTOMER for problem in decision.problems)
        raise HTTPException(404, f"there is no customer {customer}") if is_unknown else Refused(*decision.problems)
    return JsonResponse(decision_item(body.id, decision))


@router.post("/customers/{customer_id}/awards/voids", response_model=None)
async def void_decision(
    customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Void a decision, wholly or in part: its caps get back what it had used.

    A request with the same id and content gets the same answer again and counts once.
    """
    customer = path_id(customer_id, "customer")
    body = read_struct(await read_body(request), VoidBody)
    answer = await void_award(runtime, caller, void_request(customer, body))
    if answer is None:
        raise HTTPException(404, f'customer {customer} has no decision "{body.decision}"')
    if answer.status is Status.CONFLICT:
        raise HTTPException(409, "a decision was voided with this id before, by a request with other content")
    if answer.status is Status.REFUSED:
        raise Refused(*answer.problems)
    return JsonResponse(void_item(body.id, body.decision, answer))


@router.get("/customers/{customer_id}/caps", response_model=None)
async def get_caps(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return the caps that limit the customer's awards now, and what each of them still allows."""
    view = await view_of(runtime, caller, customer_id)
    return JsonResponse(Page([cap_item(cap) for cap in running_caps(view, runtime.clock())], None))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/customers/{customer_id}/caps"): Route(READ, Page[CapItem], statuses=READING_ONE),
    ("post", "/api/v1/customers/{customer_id}/awards"): Route(
        EVENTS, DecisionItem, Body((AwardRequest,)), statuses=CHANGING_ONE
    ),
    ("post", "/api/v1/customers/{customer_id}/awards/voids"): Route(
        EVENTS, VoidItem, Body((VoidBody,)), statuses=CHANGING_ONE
    ),
}
