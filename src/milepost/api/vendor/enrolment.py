"""`POST /v3/targetGroups/{group}/targets/{target}/enroll` (semantics 3.5)."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request

from milepost.api.authentication import Asking, Here
from milepost.api.body import ID_MAX, JsonResponse, id_of, read_body, read_json
from milepost.api.vendor.envelope import answer
from milepost.model.amount import fits
from milepost.model.problem import Problem, Refused
from milepost.service.enrolling import UNKNOWN_GROUP, UNKNOWN_TARGET, UNKNOWN_USER, EnrolmentDraft, enrol

FIELDS = ("customerId", "periodName", "initialBalance", "resetStreakStatus")

router = APIRouter(tags=["enrolment"])


@router.post("/v3/targetGroups/{group_id}/targets/{target_id}/enroll", response_model=None)
async def enroll(group_id: str, target_id: str, request: Request, here: Here, caller: Asking) -> JsonResponse:
    """Enrol one customer in an IMPORT target from a period on; the answer's data is the customer's id."""
    draft = _draft(read_json(await read_body(request)))
    group, target = id_of(group_id), id_of(target_id)
    if group is None:
        raise Refused(UNKNOWN_GROUP)
    if target is None:
        raise Refused(UNKNOWN_TARGET)
    return JsonResponse(answer(await enrol(here, caller, group, target, draft)))


def _draft(value: Any) -> EnrolmentDraft:
    """Give the one enrolment that the body asks for, or refuse with everything that is wrong with it."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise Refused(Problem("", "the body must be a list of exactly one enrolment"))
    item = value[0]
    problems = [
        Problem(f"[0].{name}", f"is not a field here; there are {', '.join(FIELDS)}")
        for name in item
        if name not in FIELDS
    ]
    customer_id, name, balance = item.get("customerId"), item.get("periodName"), item.get("initialBalance")
    if isinstance(customer_id, str):
        customer_id = id_of(customer_id)
    if not isinstance(customer_id, int) or isinstance(customer_id, bool) or not 0 < customer_id <= ID_MAX:
        problems.append(UNKNOWN_USER)
    if name is not None and (not isinstance(name, str) or "\0" in name):
        problems.append(Problem("[0].periodName", "must be text"))
    if balance is not None:
        balance = _balance(balance, problems)
    if not isinstance(item.get("resetStreakStatus", False), (bool, type(None))):
        problems.append(Problem("[0].resetStreakStatus", "must be true or false"))
    if problems or not isinstance(customer_id, int):
        raise Refused(*problems)
    return EnrolmentDraft(customer_id=customer_id, period_name=name, initial_balance=balance)


def _balance(value: object, problems: list[Problem]) -> Decimal | None:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and fits(Decimal(value)):
        return Decimal(value)
    problems.append(Problem("[0].initialBalance", "must be a number of at most 10^15 with at most 4 decimals"))
    return None
