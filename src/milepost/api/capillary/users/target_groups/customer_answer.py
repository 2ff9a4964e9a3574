"""The customer beside the target groups of a view (S4, facts 2.9)."""

from typing import Annotated, Any

from msgspec import Meta

from milepost.api.capillary.answer import AnswerStruct, AttributionAnswer, AuthorAnswer, thousandths
from milepost.api.http.body import Number
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.rules.calendar import Calendar, nearest_second
from milepost.service.customers.view import CustomerView

_REACHED_BY = frozenset({IdentifierKind.EMAIL, IdentifierKind.MOBILE})

LoyaltyType = Annotated[Any, Meta(extra_json_schema={"type": "string"})]
"""Text, as the document says; whatever scalar a registration stored is answered as it is."""


class UserChannelAnswer(AnswerStruct):
    """A way to reach the customer."""

    type: str
    account_id: str | None
    value: str
    primary: bool
    verified: bool
    subscribed: bool | None
    attributes: dict[str, Any] | None


class UserProfileAnswer(AnswerStruct):
    """A profile of the customer."""

    first_name: str
    last_name: str
    comm_channels: list[UserChannelAnswer]
    source: str
    account_id: str
    user_id: int
    org_source_id: int


class UserLoyaltyAnswer(AnswerStruct):
    """What the customer bought so far, less returns."""

    attribution: AttributionAnswer
    loyalty_type: LoyaltyType
    lifetime_purchases: Number


class UserCustomerAnswer(AnswerStruct):
    """Who the customer is."""

    id: int
    profiles: list[UserProfileAnswer]
    loyalty_info: UserLoyaltyAnswer
    custom_fields: dict[str, Any]


def customer_answer(view: CustomerView) -> UserCustomerAnswer:
    """Return who the customer is."""
    customer = view.customer
    profile = UserProfileAnswer(
        first_name=customer.first_name,
        last_name=customer.last_name,
        comm_channels=[_channel(identifier) for identifier in customer.identifiers if identifier.kind in _REACHED_BY],
        source="instore",
        account_id="",
        user_id=customer.id,
        org_source_id=-1,
    )
    loyalty = UserLoyaltyAnswer(
        attribution=_registration(customer, view.snapshot.rule_index.calendar),
        loyalty_type=customer.loyalty_type or "loyalty",
        lifetime_purchases=thousandths(view.standing.purchases),
    )
    return UserCustomerAnswer(
        id=customer.id, profiles=[profile], loyalty_info=loyalty, custom_fields=dict(customer.fields)
    )


def _channel(identifier: Identifier) -> UserChannelAnswer:
    return UserChannelAnswer(
        type=identifier.kind.value,
        account_id=None,
        value=identifier.value,
        primary=False,
        verified=False,
        subscribed=None,
        attributes=None,
    )


def _registration(customer: Customer, calendar: Calendar) -> AttributionAnswer:
    created, updated = nearest_second(customer.registered_at), nearest_second(customer.updated_at)
    return AttributionAnswer(
        created_on=calendar.stamp(created),
        created_on_iso=calendar.iso(created),
        last_updated_on=calendar.stamp(updated),
        last_updated_on_iso=calendar.iso(updated),
        last_updated_by=_till(customer.updated_by),
        created_by=_till(customer.registered_by),
    )


def _till(till_id: int | None) -> AuthorAnswer:
    """Return a till of which only the id is shown (facts 2.8)."""
    return AuthorAnswer(id=till_id, code=None, description=None, name=None, type=None)
