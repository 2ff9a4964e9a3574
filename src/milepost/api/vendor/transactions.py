"""`POST /v2/transactions`: bills and returns in the vendor's shape (semantics 3.9)."""

from hashlib import blake2b
from typing import Any

from fastapi import APIRouter, Request

from milepost.api.authentication import Asking, Here
from milepost.api.body import JsonResponse, holds_nul, id_of, read_body, read_json, write_json
from milepost.api.vendor.transaction_body import KINDS, RETURN_KIND, bill_payload, return_payload
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import BILL, RETURN, EventKey, Payload
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.access import Caller
from milepost.service.offer import Offer, Status

CODE_INVALID_BILL = 624
CODE_NO_CUSTOMER = 603
VALUE_CHARACTERS_MAX = 200

_IDENTIFIERS = {kind.value: kind for kind in IdentifierKind}

router = APIRouter(tags=["transactions"])


@router.post("/v2/transactions", response_model=None)
async def post_transaction(request: Request, here: Here, caller: Asking) -> JsonResponse:
    """Receive one bill or return of the customer that the query names; `createdId` is the event's log id."""
    value = read_json(await read_body(request))
    try:
        offer = _offer(value, dict(request.query_params), caller, here.clock())
    except Refused as refused:
        return _refused(request, *refused.problems)
    (answer,) = await here.lanes.receive([offer])
    if answer.status in {Status.REFUSED, Status.CONFLICT}:
        return _refused(request, *answer.problems)
    return JsonResponse(_shown(answer.key.log_id))


def _shown(created_id: int | None, errors: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "createdId": created_id,
        "warnings": [],
        "errors": list(errors),
        "sideEffects": [],
        "loyaltyDetails": [],
        "customerInfo": {},
    }


def _refused(request: Request, *problems: Problem) -> JsonResponse:
    errors = tuple(
        {
            "status": False,
            "code": CODE_NO_CUSTOMER if problem.path.startswith("customer") else CODE_INVALID_BILL,
            "message": f"{problem.path}: {problem.reason}" if problem.path else problem.reason,
        }
        for problem in problems
    )
    return JsonResponse(_shown(None, errors), status_code=request.app.state.error_status)


def _offer(value: Any, query: dict[str, str], caller: Caller, now: int) -> Offer:
    """Give what the request offers, or refuse with everything that is wrong with it."""
    if not isinstance(value, dict):
        raise Refused(Problem("", "the body must be a JSON object"))
    problems: list[Problem] = []
    customer = _identifier(query, problems)
    name, payload = _payload(value, problems)
    occurred_at = _instant(value.get("billingDate"), now, problems)
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if problems or customer is None or payload is None:
        raise Refused(*problems)
    return Offer(
        org_id=caller.org_id,
        customer=customer,
        key=EventKey(f"v2/{caller.author.code}", _event_id(name, value)),
        name=name,
        occurred_at=occurred_at,
        received_at=now,
        place=None,
        till_id=caller.till_id,
        payload=payload,
    )


def _event_id(name: str, value: dict[str, Any]) -> str:
    """Give a bill's number; a return has none of its own, so it is known by the bill and by what it says."""
    number = str(value["billNumber"])
    if name == BILL:
        return number
    return f"{number}/return/{blake2b(write_json(value), digest_size=12).hexdigest()}"


def _identifier(query: dict[str, str], problems: list[Problem]) -> Identifier | None:
    name, value = query.get("identifierName", ""), query.get("identifierValue", "").strip()
    kind = _IDENTIFIERS.get(name)
    if kind is None:
        problems.append(Problem("identifierName", f"must be one of {', '.join(_IDENTIFIERS)}"))
    if not value or len(value) > VALUE_CHARACTERS_MAX or "\0" in value:
        problems.append(Problem("identifierValue", f"must have 1 to {VALUE_CHARACTERS_MAX} characters"))
        return None
    if kind is IdentifierKind.ID and id_of(value) is None:
        problems.append(Problem("identifierValue", "must be a customer's id when identifierName is id"))
        return None
    if kind is None:
        return None
    return Identifier(kind, value.lower() if kind is IdentifierKind.EMAIL else value)


def _payload(value: dict[str, Any], problems: list[Problem]) -> tuple[str, Payload | None]:
    kind = value.get("type")
    if kind not in KINDS:
        problems.append(
            Problem("type", f"must be one of {', '.join(KINDS)}; not-interested bills have no customer to count for")
        )
        return "", None
    if kind == RETURN_KIND:
        return RETURN, return_payload(value, problems)
    return BILL, bill_payload(value, problems)


def _instant(text: object, now: int, problems: list[Problem]) -> int:
    """Give the instant of the bill: without an offset it is UTC; without a date it is now."""
    if text is None:
        return now
    try:
        instant = calendar_of("UTC").read(text if isinstance(text, str) else "").instant
    except Unreadable as error:
        problems.append(Problem("billingDate", str(error)))
        return now
    if instant < 0:
        problems.append(Problem("billingDate", "lies before 1970"))
    return instant
