"""The body of `POST /api/v1/customers/{id}/awards`, and the request that it makes."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.api.native.events.body import BillBody, Id, PlaceBody, Short
from milepost.api.native.events.incoming_event import instant_of, place_of
from milepost.api.native.events.numbers import positive_amount
from milepost.api.native.events.payload import bill_of
from milepost.model.commands.correction import VoidAward
from milepost.model.event import AuthoriseAward, AwardKind
from milepost.model.problem import Problem, Refused
from milepost.service.awards.authorisation import AuthorisationRequest, VoidRequest

PROMOTION_CHARACTERS_MAX = 200


class AwardRequest(Struct, forbid_unknown_fields=True, rename="camel"):
    """An intended award of points, or of an alternate currency if `currency` is named.

    `bill` is the bill that it is for; `store` or `till` is where it is given.
    """

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


class VoidBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A decision that is void, wholly or by `amount` of what it gave; a request with the same `id` counts once."""

    id: Short
    decision: Short
    amount: Decimal | UnsetType = UNSET
    time: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


def void_request(customer_id: int, body: VoidBody) -> VoidRequest:
    """Return the request to void the decision that *body* names; raises Refused with every problem."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    amount = None if body.amount is UNSET else positive_amount("amount", body.amount, problems, warnings)
    at = None if body.time is UNSET else instant_of("time", body.time, problems)
    if problems:
        raise Refused(*problems)
    payload = VoidAward(decision=body.decision, amount=amount)
    return VoidRequest(id=body.id, customer_id=customer_id, at=at, payload=payload, warnings=tuple(warnings))


def authorisation_request(customer_id: int, body: AwardRequest) -> AuthorisationRequest:
    """Return the request to authorise the award that *body* describes; raises Refused with every problem."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    amount = positive_amount("amount", body.amount, problems, warnings)
    currency = None if body.currency is UNSET else body.currency
    program_id = None if body.program_id is UNSET else body.program_id
    if currency is not None and program_id is None:
        problems.append(Problem("programId", "is needed with a currency"))
    # A list of its own: bill_of derives no amounts from amounts that are wrong.
    bill_problems: list[Problem] = []
    bill = None if body.bill is UNSET else bill_of(body.bill, bill_problems, warnings, "bill")
    at = None if body.time is UNSET else instant_of("time", body.time, problems)
    place = place_of(body.store, body.till, problems)
    if problems or bill_problems:
        raise Refused(*problems, *bill_problems)
    payload = AuthoriseAward(
        program_id=program_id,
        currency=currency,
        kind=body.kind,
        amount=amount,
        promotion=None if body.promotion is UNSET else body.promotion,
        bill=bill,
    )
    return AuthorisationRequest(
        id=body.id, customer_id=customer_id, at=at, place=place, payload=payload, warnings=tuple(warnings)
    )
