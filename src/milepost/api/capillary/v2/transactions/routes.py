"""`POST /v2/transactions` and `/v2/transactions/bulk`: bills and returns in the vendor's shape (facts 3.9)."""

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import Json
from milepost.api.capillary.identifiers import read_identifier
from milepost.api.capillary.query import boolean
from milepost.api.capillary.v2.transactions.answer import effects_shown
from milepost.api.capillary.v2.transactions.incoming_events import read_offers
from milepost.api.http.attribution import Posting
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import BATCH_BYTES_MAX, JsonResponse, read_body, read_json
from milepost.model.problem import Problem, Refused
from milepost.service.customers.side_effects import target_effects
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.organisations.attribution import AttributedCaller
from milepost.service.runtime.runtime import Runtime

CODE_INVALID_BILL = 624
CODE_NO_CUSTOMER = 603
CODE_BATCH_TOO_LARGE = 1060
BULK_MAX = 500
"""Transactions in one call."""

router = APIRouter(tags=["transactions"])


@router.post("/v2/transactions", response_model=None)
async def post_transaction(
    request: Request, runtime: RunningRuntime, posting: Posting, rawSideEffects: str = "false"
) -> JsonResponse:
    """Receive one bill, return or mixture of the customer that the query names; `createdId` is the event's log id."""
    value = read_json(await read_body(request))
    query = request.query_params
    problems: list[Problem] = []
    wants_effects = boolean("rawSideEffects", rawSideEffects, problems)
    customer = read_identifier(query.get("identifierName"), query.get("identifierValue"), problems)
    try:
        incoming_events = read_offers(value, customer, problems, posting, runtime.clock())
    except Refused as refused:
        return _refused(request, refused.problems)
    answers = await runtime.lanes.receive(incoming_events)
    wrong = _wrong(answers)
    if wrong:
        return _refused(request, wrong)
    effects = await _effects(runtime, posting, answers) if wants_effects else []
    return JsonResponse(_shown(answers[0].key.log_id, effects=effects))


@router.post("/v2/transactions/bulk", response_model=None)
async def post_transactions(
    request: Request, runtime: RunningRuntime, posting: Posting, rawSideEffects: str = "false"
) -> JsonResponse:
    """Receive up to 500 transactions, each naming its customer; one bad item never spoils its neighbours."""
    value = read_json(await read_body(request, BATCH_BYTES_MAX))
    problems: list[Problem] = []
    wants_effects = boolean("rawSideEffects", rawSideEffects, problems)
    if not isinstance(value, list) or not value:
        problems.append(Problem("", "the body must be a list of transactions"))
    elif len(value) > BULK_MAX:
        problems.append(Problem("", f"a call may hold {BULK_MAX} transactions", CODE_BATCH_TOO_LARGE))
    if problems:
        raise Refused(*problems)
    parts = [_read(item, posting, runtime.clock()) for item in value]
    waiting = iter(
        await runtime.lanes.receive(
            [incoming_event for part in parts if isinstance(part, list) for incoming_event in part]
        )
    )
    told: list[Json] = []
    for item, part in zip(value, parts, strict=True):
        answers = [next(waiting) for _ in part] if isinstance(part, list) else []
        wrong = _wrong(answers) if isinstance(part, list) else part
        entity_id = None if wrong else answers[0].key.log_id
        one = {"entityId": entity_id, "result": item, "errors": _errors(wrong), "warnings": []}
        if wants_effects:
            one["sideEffects"] = [] if wrong else await _effects(runtime, posting, answers)
        told.append(one)
    failed = sum(bool(one["errors"]) for one in told)
    return JsonResponse({"response": told, "totalCount": len(told), "failureCount": failed})


def _read(item: Any, posting: AttributedCaller, now: int) -> list[IncomingEvent] | tuple[Problem, ...]:
    """Return the events that one of several transactions is, or everything that is wrong with it."""
    problems: list[Problem] = []
    given = item if isinstance(item, dict) else {}
    fields = ("identifierType", "identifierValue")
    customer = read_identifier(given.get(fields[0]), given.get(fields[1]), problems, fields)
    try:
        return read_offers(item, customer, problems, posting, now)
    except Refused as refused:
        return refused.problems


def _wrong(answers: Sequence[Answer]) -> tuple[Problem, ...]:
    """Return why events were not taken; a transaction stands or falls as a whole in what is answered."""
    return tuple(
        problem
        for answer in answers
        if answer.status in {Status.REFUSED, Status.CONFLICT}
        for problem in answer.problems
    )


async def _effects(runtime: Runtime, posting: AttributedCaller, answers: Sequence[Answer]) -> list[Json]:
    """Return what the events of one transaction, which are of one customer, did to targets."""
    customer_id = answers[0].customer_id
    if customer_id is None:
        return []
    entries = [entry for answer in answers for entry in answer.entries]
    effects = await target_effects(runtime, posting.caller.org_id, customer_id, entries)
    return effects_shown(customer_id, effects)


def _shown(created_id: int | None, errors: Sequence[Json] = (), effects: Sequence[Json] = ()) -> Json:
    return {
        "createdId": created_id,
        "warnings": [],
        "errors": list(errors),
        "sideEffects": list(effects),
        "loyaltyDetails": [],
        "customerInfo": {},
    }


def _refused(request: Request, problems: Iterable[Problem]) -> JsonResponse:
    return JsonResponse(_shown(None, _errors(problems)), status_code=request.app.state.error_status)


def _errors(problems: Iterable[Problem]) -> list[Json]:
    return [
        {
            "status": False,
            "code": CODE_NO_CUSTOMER if problem.path.startswith("customer") else CODE_INVALID_BILL,
            "message": f"{problem.path}: {problem.reason}" if problem.path else problem.reason,
        }
        for problem in problems
    ]
