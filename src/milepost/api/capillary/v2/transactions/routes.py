"""`POST /v2/transactions` and `/v2/transactions/bulk`: bills and returns in the vendor's shape (facts 3.9)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from msgspec import UNSET

from milepost.api.capillary.envelope import Failure, warning_answers
from milepost.api.capillary.identifiers import read_identifier
from milepost.api.capillary.query import boolean
from milepost.api.capillary.v2.transactions.answer import (
    BulkAnswer,
    BulkItemAnswer,
    EffectAnswer,
    TransactionAnswer,
    effect_answers,
    error_answers,
    fault_answers,
    transaction_answer,
    warning_texts,
)
from milepost.api.capillary.v2.transactions.body import (
    BulkTransaction,
    MixedTransaction,
    RegularTransaction,
    ReturnTransaction,
)
from milepost.api.capillary.v2.transactions.incoming_events import (
    IDEMPOTENCY_KEY,
    REPETITION,
    idempotency_key_of,
    is_taken_for_repetition,
    read_events,
)
from milepost.api.http.attribution import HEADERS, Posting
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import BATCH_BYTES_MAX, JsonResponse, read_body, read_json
from milepost.api.http.json_list import BrokenItem, read_json_list
from milepost.api.http.route import EVENTS, Body, Route
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.customers.side_effects import target_effects
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status, raise_faults
from milepost.service.organisations.attribution import AttributedCaller
from milepost.service.runtime.runtime import Runtime

CODE_BATCH_TOO_LARGE = 1060
BULK_MAX = 500
"""Transactions in one call."""

TRANSACTIONS = "/v2/transactions"
BULK = "/v2/transactions/bulk"

router = APIRouter(tags=["transactions"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", TRANSACTIONS): Route(
        EVENTS,
        TransactionAnswer,
        Body((RegularTransaction, ReturnTransaction, MixedTransaction)),
        query=("identifierName", "identifierValue"),
        refused=(TransactionAnswer, Failure),
        headers=(*HEADERS, IDEMPOTENCY_KEY),
        is_hot=True,
    ),
    ("post", BULK): Route(
        EVENTS,
        BulkAnswer,
        Body((BulkTransaction,), alone=False, listed=True),
        headers=(*HEADERS, IDEMPOTENCY_KEY),
        is_hot=True,
    ),
}


@router.post(TRANSACTIONS, response_model=None)
async def post_transaction(
    request: Request, runtime: RunningRuntime, posting: Posting, rawSideEffects: str = "false"
) -> JsonResponse:
    """Receive one bill, return or mixed transaction of the customer in the query; `createdId` is the event's log id.

    A return that equals an earlier one is taken for a repetition, unless each has an `Idempotency-Key` of its own.
    """
    value = read_json(await read_body(request))
    query = request.query_params
    problems: list[Problem] = []
    wants_effects = boolean("rawSideEffects", rawSideEffects, problems)
    customer = read_identifier(query.get("identifierName"), query.get("identifierValue"), problems)
    key = idempotency_key_of(request.headers.get(IDEMPOTENCY_KEY), problems)
    try:
        incoming_events = read_events(value, customer, problems, posting, runtime.clock(), key)
    except Refused as refused:
        return _refused(request, refused.problems)
    answers = await runtime.lanes.receive(incoming_events)
    raise_faults(answers)
    problems_of_events = _problems(answers)
    if problems_of_events:
        return _refused(request, problems_of_events)
    effects = await _effects(runtime, posting, answers) if wants_effects else []
    warnings = _warnings(value, incoming_events, answers)
    return JsonResponse(transaction_answer(answers[0].key.log_id, effects=effects, warnings=warnings))


@router.post(BULK, response_model=None)
async def post_transactions(
    request: Request, runtime: RunningRuntime, posting: Posting, rawSideEffects: str = "false"
) -> JsonResponse:
    """Receive up to 500 transactions, each with its customer; a refused transaction does not affect the others.

    Code 500 is a fault of the server: that transaction is to be sent again (facts 8 #96). An `Idempotency-Key` names
    each return of the call together with its place in it.
    """
    value = read_json_list(await read_body(request, BATCH_BYTES_MAX))
    problems: list[Problem] = []
    wants_effects = boolean("rawSideEffects", rawSideEffects, problems)
    key = idempotency_key_of(request.headers.get(IDEMPOTENCY_KEY), problems)
    parts = _read_list(value, posting, runtime.clock(), key, problems)
    answered = iter(
        await runtime.lanes.receive(
            [incoming_event for part in parts if isinstance(part, list) for incoming_event in part]
        )
    )
    items: list[BulkItemAnswer] = []
    for sent, part in zip(value, parts, strict=True):
        answers = [next(answered) for _ in part] if isinstance(part, list) else []
        refusal = _problems(answers) if isinstance(part, list) else part
        effects = await _effects(runtime, posting, answers) if wants_effects and not refusal else []
        items.append(
            BulkItemAnswer(
                entity_id=None if refusal else answers[0].key.log_id,
                result=None if isinstance(sent, BrokenItem) else sent,
                errors=fault_answers(answers) or error_answers(refusal),
                warnings=warning_answers(_warnings(sent, part, answers)),
                side_effects=effects if wants_effects else UNSET,
            )
        )
    refused = sum(bool(item.errors) for item in items)
    return JsonResponse(BulkAnswer(response=items, total_count=len(items), failure_count=refused))


def _read_list(
    value: Any, posting: AttributedCaller, now: Micros, idempotency_key: str | None, problems: list[Problem]
) -> list[list[IncomingEvent] | tuple[Problem, ...]]:
    """Return what each of several transactions is; raises Refused with *problems* and those of the list."""
    if not isinstance(value, list) or not value:
        problems.append(Problem("", "the body must be a list of transactions"))
    elif len(value) > BULK_MAX:
        problems.append(Problem("", f"a call may hold {BULK_MAX} transactions", CODE_BATCH_TOO_LARGE))
    if problems:
        raise Refused(*problems)
    keys = [None if idempotency_key is None else f"{idempotency_key}/{place}" for place in range(len(value))]
    return [_read(item, posting, now, key) for item, key in zip(value, keys, strict=True)]


def _read(
    item: Any, posting: AttributedCaller, now: Micros, idempotency_key: str | None
) -> list[IncomingEvent] | tuple[Problem, ...]:
    """Return the incoming events of one of several transactions, or all its problems."""
    if isinstance(item, BrokenItem):
        return item.problems
    problems: list[Problem] = []
    body = item if isinstance(item, dict) else {}
    fields = ("identifierType", "identifierValue")
    customer = read_identifier(body.get(fields[0]), body.get(fields[1]), problems, fields)
    try:
        return read_events(item, customer, problems, posting, now, idempotency_key)
    except Refused as refused:
        return refused.problems


def _problems(answers: Sequence[Answer]) -> tuple[Problem, ...]:
    """Return why events were refused; the answer refuses a transaction as a whole if any of its events is refused."""
    return tuple(
        problem
        for answer in answers
        if answer.status in {Status.REFUSED, Status.CONFLICT, Status.FAILED}
        for problem in answer.problems
    )


def _warnings(sent: Any, part: list[IncomingEvent] | tuple[Problem, ...], answers: Sequence[Answer]) -> list[str]:
    """Return what the sender of a transaction should know."""
    is_repetition = isinstance(part, list) and is_taken_for_repetition(sent, part, answers)
    said = warning_texts(warning for answer in answers for warning in answer.warnings)
    return [*([REPETITION] if is_repetition else []), *said]


async def _effects(runtime: Runtime, posting: AttributedCaller, answers: Sequence[Answer]) -> list[EffectAnswer]:
    """Return what the events of one transaction did to the targets of its customer."""
    customer_id = answers[0].customer_id
    if customer_id is None:
        return []
    entries = [entry for answer in answers for entry in answer.entries]
    effects = await target_effects(runtime, posting.caller.org_id, customer_id, entries)
    return effect_answers(customer_id, effects)


def _refused(request: Request, problems: Iterable[Problem]) -> JsonResponse:
    refusal = transaction_answer(None, error_answers(problems))
    return JsonResponse(refusal, status_code=request.app.state.error_status)
