"""`POST …/enroll` and `…/unEnroll` below `/v3/targetGroups/{group}/targets/{target}` (facts 3.5)."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import answer
from milepost.api.capillary.scope import WritingFor
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import ID_MAX, JsonResponse, id_of, read_body, read_json
from milepost.model.amount import fits
from milepost.model.problem import Problem, Refused
from milepost.service.definitions.participation import UNKNOWN_GROUP, UNKNOWN_TARGET, UNKNOWN_USER
from milepost.service.enrolments.single_enrolment import EnrolmentDraft, enrol, unenrol

ENROLMENT_FIELDS = ("customerId", "periodName", "initialBalance", "resetStreakStatus")
LEAVING_FIELDS = ("customerId", "periodName")
"""Older texts name a period when one leaves, too; one leaves from the running one on, whatever it says."""

router = APIRouter(tags=["enrolment"])


@router.post("/v3/targetGroups/{group_id}/targets/{target_id}/enroll", response_model=None)
async def enroll(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Enrol one customer in a target from a period on; the answer's data is the customer's id."""
    draft = read_enrolment(read_json(await read_body(request)))
    group, target = ids_of(group_id, target_id)
    return JsonResponse(answer(await enrol(runtime, caller, group, target, draft)))


@router.post("/v3/targetGroups/{group_id}/targets/{target_id}/unEnroll", response_model=None)
async def unenroll(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Take one customer out of a target from the running period on; the answer's data is the customer's id."""
    customer_id = read_leaving(read_json(await read_body(request)))
    group, target = ids_of(group_id, target_id)
    return JsonResponse(answer(await unenrol(runtime, caller, group, target, customer_id)))


_GATEWAY = "/api_gateway/intouch-api-v3"
_TARGET = "/v3.1/targetGroups/{group_id}/targets/{target_id}"


@router.post(f"{_TARGET}/enroll", response_model=None)
@router.post(f"{_GATEWAY}{_TARGET}/enroll", response_model=None, name="enroll_connected_by_gateway")
async def enroll_connected(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: WritingFor
) -> JsonResponse:
    """Enrol one customer of the caller's organisation, or of the child that the headers name."""
    return await enroll(group_id, target_id, request, runtime, caller)


@router.post(f"{_TARGET}/unEnroll", response_model=None)
@router.post(f"{_GATEWAY}{_TARGET}/unEnroll", response_model=None, name="unenroll_connected_by_gateway")
async def unenroll_connected(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, caller: WritingFor
) -> JsonResponse:
    """Take one customer of the caller's organisation, or of the child that the headers name, out of a target."""
    return await unenroll(group_id, target_id, request, runtime, caller)


def ids_of(group_id: str, target_id: str) -> tuple[int, int]:
    """Return the ids in a path; raises Refused with the vendor's codes where one is none."""
    group, target = id_of(group_id), id_of(target_id)
    if group is None:
        raise Refused(UNKNOWN_GROUP)
    if target is None:
        raise Refused(UNKNOWN_TARGET)
    return group, target


def read_enrolment(value: Any) -> EnrolmentDraft:
    """Return the one enrolment that a body asks for, or refuse with everything that is wrong with it."""
    item, problems = _one(value, "enrolment", ENROLMENT_FIELDS)
    customer_id = _customer(item, problems)
    balance, reset = item.get("initialBalance"), item.get("resetStreakStatus")
    if balance is not None:
        balance = _balance(balance, problems)
    if not isinstance(reset, bool | None):
        problems.append(Problem("[0].resetStreakStatus", "must be true or false"))
    if problems:
        raise Refused(*problems)
    return EnrolmentDraft(
        customer_id=customer_id,
        period_name=item.get("periodName"),
        initial_balance=balance,
        reset_streak=reset is True,
    )


def read_leaving(value: Any) -> int:
    """Return the one customer who leaves, or refuse with everything that is wrong with the body."""
    item, problems = _one(value, "customer", LEAVING_FIELDS)
    customer_id = _customer(item, problems)
    if problems:
        raise Refused(*problems)
    return customer_id


def _one(value: Any, what: str, fields: tuple[str, ...]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the one record of a body (facts 8 #31), with what is wrong with its fields and its period's name."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise Refused(Problem("", f"the body must be a list of exactly one {what}"))
    item: dict[str, Any] = value[0]
    problems = [
        Problem(f"[0].{name}", f"is not a field here; there are {', '.join(fields)}")
        for name in item
        if name not in fields
    ]
    name = item.get("periodName")
    if name is not None and (not isinstance(name, str) or "\0" in name):
        problems.append(Problem("[0].periodName", "must be text"))
    return item, problems


def _customer(item: dict[str, Any], problems: list[Problem]) -> int:
    customer_id = item.get("customerId")
    if isinstance(customer_id, str):
        customer_id = id_of(customer_id)
    if isinstance(customer_id, int) and not isinstance(customer_id, bool) and 0 < customer_id <= ID_MAX:
        return customer_id
    problems.append(UNKNOWN_USER)
    return 0


def _balance(value: object, problems: list[Problem]) -> Decimal | None:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and fits(Decimal(value)):
        return Decimal(value)
    problems.append(Problem("[0].initialBalance", "must be a number of at most 10^15 with at most 4 decimals"))
    return None
