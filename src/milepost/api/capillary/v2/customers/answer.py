"""Customers as the vendor's v2 calls answer them: registrations, merges, and all of a customer (facts 3.8)."""

from typing import Any

from msgspec import UNSET, UnsetType, field

from milepost.api.capillary.answer import AnswerStruct, thousandths
from milepost.api.capillary.envelope import INVALID_INPUT, WarningAnswer, warning_answers
from milepost.api.capillary.v2.transactions.answer import EffectAnswer, StatusAnswer
from milepost.api.http.body import Number
from milepost.api.http.parameters import parameter_warnings
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem
from milepost.rules.calendar import nearest_second
from milepost.service.customers.view import CustomerView

REACHED_BY = frozenset({IdentifierKind.EMAIL, IdentifierKind.MOBILE, IdentifierKind.WECHAT})
SOURCE = "INSTORE"
"""Where profiles come from; there is one source only."""

NO_STATUS_LABEL = StatusAnswer(status=False, code=8107, message="Default customer status label not set")
"""The warning that the vendor answers to nearly every registration (facts 6)."""


class RegistrationAnswer(AnswerStruct):
    """What became of a registration."""

    created_id: int
    warnings: list[StatusAnswer]
    side_effects: list[EffectAnswer]


class MergeAnswer(AnswerStruct):
    """What became of one request to merge; `entityId` is null when it was refused."""

    entity_id: int | None
    warnings: list[WarningAnswer]
    result: bool | UnsetType = UNSET
    errors: list[StatusAnswer] | UnsetType = UNSET


class MergesAnswer(AnswerStruct):
    """What became of each request, and how many failed."""

    response: list[MergeAnswer]
    total_count: int
    failure_count: int


class CustomerIdAnswer(AnswerStruct):
    """The id of a customer."""

    entity: int
    warnings: list[WarningAnswer]


class DetailsTillAnswer(AnswerStruct):
    """The till that made or changed something; all null where no till did, only the id where it is not known."""

    id: int | None
    code: str | None
    description: str | None
    name: str | None
    type: str | None


class DetailsAttributionAnswer(AnswerStruct):
    """When and by whom something was made and last changed, as v2 says it."""

    create_date: str
    created_by: DetailsTillAnswer
    modified_by: DetailsTillAnswer
    modified_date: str


class DetailsIdentifierAnswer(AnswerStruct):
    """An identifier of the customer."""

    type: str
    value: str


class DetailsChannelAnswer(AnswerStruct):
    """A way to reach the customer."""

    type: str
    value: str
    primary: bool
    verified: bool
    meta: dict[str, Any]


class DetailsProfileAnswer(AnswerStruct):
    """The customer's profile."""

    first_name: str
    last_name: str
    attribution: DetailsAttributionAnswer
    fields: dict[str, Any]
    identifiers: list[DetailsIdentifierAnswer]
    comm_channels: list[DetailsChannelAnswer]
    source: str
    user_id: int
    account_id: str
    conflicting_profile_list: list[Any]
    auto_update_time: str


class DetailsLoyaltyAnswer(AnswerStruct):
    """Whether the customer is a member, and what was bought so far, less returns."""

    loyalty_type: str
    attribution_v2: DetailsAttributionAnswer = field(name="attributionV2")
    lifetime_purchases: Number


class DetailsAnswer(AnswerStruct):
    """All of a customer."""

    id: int
    profiles: list[DetailsProfileAnswer]
    loyalty_info: DetailsLoyaltyAnswer
    segments: dict[str, Any]
    extended_fields: dict[str, Any]
    warnings: list[WarningAnswer]


def registration_answer(customer_id: int, warning: StatusAnswer | None = None) -> RegistrationAnswer:
    """Return what became of a registration, or of a change of a profile or of identifiers."""
    warnings = [] if warning is None else [warning]
    warnings += (StatusAnswer(status=False, code=INVALID_INPUT, message=text) for text in parameter_warnings())
    return RegistrationAnswer(created_id=customer_id, warnings=warnings, side_effects=[])


def merges_answer(merges: list[MergeAnswer]) -> MergesAnswer:
    """Return what became of each request to merge, and how many were refused."""
    refused = sum(merge.entity_id is None for merge in merges)
    return MergesAnswer(response=merges, total_count=len(merges), failure_count=refused)


def refused_merge(problems: tuple[Problem, ...]) -> MergeAnswer:
    """Return that a request to merge was refused, with its problems."""
    return MergeAnswer(entity_id=None, warnings=warning_answers(), errors=[_error(problem) for problem in problems])


def details_answer(view: CustomerView) -> DetailsAnswer:
    """Return all of a customer."""
    customer = view.customer
    attribution = _attribution(view)
    profile = DetailsProfileAnswer(
        first_name=customer.first_name,
        last_name=customer.last_name,
        attribution=attribution,
        fields=dict(customer.fields),
        identifiers=[
            DetailsIdentifierAnswer(type=identifier.kind.value, value=identifier.value)
            for identifier in customer.identifiers
        ],
        comm_channels=[_channel(identifier) for identifier in customer.identifiers if identifier.kind in REACHED_BY],
        source=SOURCE,
        user_id=customer.id,
        account_id="",
        conflicting_profile_list=[],
        auto_update_time=attribution.modified_date,
    )
    loyalty = DetailsLoyaltyAnswer(
        loyalty_type=str(customer.loyalty_type or "loyalty").lower(),
        attribution_v2=attribution,
        lifetime_purchases=thousandths(view.standing.purchases),
    )
    return DetailsAnswer(
        id=customer.id,
        profiles=[profile],
        loyalty_info=loyalty,
        segments={},
        extended_fields=dict(customer.extended_fields),
        warnings=warning_answers(),
    )


def _attribution(view: CustomerView) -> DetailsAttributionAnswer:
    customer, calendar = view.customer, view.snapshot.rule_index.calendar
    return DetailsAttributionAnswer(
        create_date=calendar.iso(nearest_second(customer.registered_at)),
        created_by=_till(view, customer.registered_by),
        modified_by=_till(view, customer.updated_by),
        modified_date=calendar.iso(nearest_second(customer.updated_at)),
    )


def _till(view: CustomerView, till_id: int | None) -> DetailsTillAnswer:
    till = next((till for till in view.snapshot.places.tills.values() if till.id == till_id), None)
    if till is None:
        return DetailsTillAnswer(id=till_id, code=None, description=None, name=None, type=None)
    return DetailsTillAnswer(id=till.id, code=till.code, description="", name=till.name, type="TILL")


def _channel(identifier: Identifier) -> DetailsChannelAnswer:
    return DetailsChannelAnswer(
        type=identifier.kind.value, value=identifier.value, primary=False, verified=False, meta={}
    )


def _error(problem: Problem) -> StatusAnswer:
    where = f"{problem.path}: " if problem.path and problem.code == INVALID_INPUT else ""
    return StatusAnswer(status=False, code=problem.code, message=where + problem.reason)
