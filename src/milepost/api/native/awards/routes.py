"""Caps: what they leave of an award, and what is left of them (facts 4.11, docs/rules.md)."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, Number, number, read_body
from milepost.api.native.events.body import BillBody, Id, PlaceBody, Short
from milepost.api.native.events.incoming_event import bill_of, instant_of, place_of
from milepost.api.native.events.numbers import check_positive
from milepost.api.native.path import iso_or_null, path_id, view_of
from milepost.api.native.structure import read_struct
from milepost.model.event import AuthoriseAward, AwardKind
from milepost.model.problem import Problem, Refused
from milepost.service.awards.authorisation import Authorisation, AuthorisationRequest, authorise_award
from milepost.service.customers.caps import RunningCap, running_caps
from milepost.service.ingest.identity import CODE_UNKNOWN_CUSTOMER
from milepost.service.ingest.incoming_event import Status

PROMOTION_CHARACTERS_MAX = 200

router = APIRouter(prefix="/api/v1", tags=["caps"])


class AwardRequest(Struct, forbid_unknown_fields=True, rename="camel"):
    """An intended award: points, or an alternate currency; the bill is what it is given for, the place where."""

    id: Short
    amount: Decimal
    time: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET
    kind: AwardKind = AwardKind.REGULAR
    currency: Short | UnsetType = UNSET
    program_id: Id | UnsetType = UNSET
    promotion: Annotated[str, Meta(min_length=1, max_length=PROMOTION_CHARACTERS_MAX)] | UnsetType = UNSET
    bill: BillBody | UnsetType = UNSET
    store: PlaceBody | UnsetType = UNSET
    till: PlaceBody | UnsetType = UNSET


class UsedCapItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """What the decision used of one cap: from *before* to *after*, of at most *limit*."""

    target_id: int
    period_id: int
    limit: Number
    before: Number
    after: Number


class DecisionItem(Struct, forbid_unknown_fields=True):
    """How much may be given: all that was asked for (granted), less (reduced), or nothing (denied)."""

    id: str
    status: str
    asked: Number
    given: Number
    caps: list[UsedCapItem]


class CapItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A cap in the period that runs; bounds are null until the customer's own window begins."""

    group_id: int
    group_name: str
    target_id: int
    target_name: str
    period_id: int
    period_ref_code: str
    scope: str
    limit: Number
    used: Number
    left: Number
    starts_at: str | None
    ends_at: str | None


@router.post("/customers/{customer_id}/awards", response_model=None)
async def decide_award(
    customer_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller
) -> JsonResponse:
    """Decide how much of an award may be given, and use the caps up; the same id gets the same answer."""
    customer = path_id(customer_id, "customer")
    body = read_struct(await read_body(request), AwardRequest)
    decided = await authorise_award(runtime, caller, _asked(customer, body))
    if decided.status is Status.CONFLICT:
        raise HTTPException(409, "a decision with this id was taken before, about something else")
    if decided.status is Status.REFUSED:
        unknown = any(problem.code == CODE_UNKNOWN_CUSTOMER for problem in decided.problems)
        raise HTTPException(404, f"there is no customer {customer}") if unknown else Refused(*decided.problems)
    return JsonResponse(_decision(body.id, decided))


@router.get("/customers/{customer_id}/caps", response_model=None)
async def get_caps(customer_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return the caps that bound what the customer may be given now, and what is left of each."""
    view = await view_of(runtime, caller, customer_id)
    items = [cap_item(cap) for cap in running_caps(view, runtime.clock())]
    return JsonResponse({"items": items, "nextCursor": None})


def cap_item(cap: RunningCap) -> CapItem:
    """Return a running cap as our face tells it."""
    span = cap.span
    return CapItem(
        cap.group.id,
        cap.group.name,
        cap.target.id,
        cap.target.name,
        cap.period.id,
        cap.period.ref_code,
        cap.group.cap_scope.value,
        number(cap.limit),
        number(cap.used),
        number(cap.left),
        iso_or_null(None if span is None else span.opens_at),
        iso_or_null(None if span is None else span.closes_at),
    )


def _asked(customer_id: int, body: AwardRequest) -> AuthorisationRequest:
    problems: list[Problem] = []
    check_positive("amount", body.amount, problems)
    currency = None if body.currency is UNSET else body.currency
    program_id = None if body.program_id is UNSET else body.program_id
    if currency is not None and program_id is None:
        problems.append(Problem("programId", "is needed with a currency"))
    bill_problems: list[Problem] = []
    bill = None if body.bill is UNSET else bill_of(body.bill, bill_problems, "bill")
    at = None if body.time is UNSET else instant_of("time", body.time, problems)
    place = place_of(body.store, body.till, problems)
    if problems or bill_problems:
        raise Refused(*problems, *bill_problems)
    payload = AuthoriseAward(
        program_id=program_id,
        currency=currency,
        kind=body.kind,
        amount=body.amount,
        promotion=None if body.promotion is UNSET else body.promotion,
        bill=bill,
    )
    return AuthorisationRequest(id=body.id, customer_id=customer_id, at=at, place=place, payload=payload)


def _decision(id_: str, decided: Authorisation) -> DecisionItem:
    caps = [
        UsedCapItem(
            cap.target_id,
            cap.period_id,
            None if cap.limit is None else number(cap.limit),
            number(cap.before),
            number(cap.after),
        )
        for cap in decided.caps
    ]
    status = "denied" if not decided.granted else "granted" if decided.granted == decided.requested else "reduced"
    return DecisionItem(id_, status, number(decided.requested), number(decided.granted), caps)
