"""All of a customer as the vendor's v2 calls show it, and the shape of it (facts 3.8)."""

from typing import Any

from msgspec import Struct, field

from milepost.api.capillary.envelope import Json
from milepost.api.capillary.users.target_groups.answer import thousandths
from milepost.api.http.body import Number
from milepost.model.customer import Identifier, IdentifierKind
from milepost.rules.calendar import nearest_second
from milepost.service.customers.view import CustomerView

REACHED_BY = frozenset({IdentifierKind.EMAIL, IdentifierKind.MOBILE, IdentifierKind.WECHAT})
SOURCE = "INSTORE"
"""Where profiles come from: there is one source here."""


class TillShape(Struct, forbid_unknown_fields=True):
    """The till that made or changed something; empty where none did or it is not known."""

    id: int | None
    code: str | None
    description: str | None
    name: str | None
    type: str | None


class DatedShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """When and by whom something was made and last changed, as v2 says it."""

    create_date: str
    created_by: TillShape
    modified_by: TillShape
    modified_date: str


class NamedShape(Struct, forbid_unknown_fields=True):
    """A name by which the customer is known."""

    type: str
    value: str


class WayShape(Struct, forbid_unknown_fields=True):
    """A way to reach the customer."""

    type: str
    value: str
    primary: bool
    verified: bool
    meta: dict[str, Any]


class DetailedProfileShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """The customer's profile."""

    first_name: str
    last_name: str
    attribution: DatedShape
    fields: dict[str, Any]
    identifiers: list[NamedShape]
    comm_channels: list[WayShape]
    source: str
    user_id: int
    account_id: str
    conflicting_profile_list: list[Any]
    auto_update_time: str


class DetailedLoyaltyShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """Whether the customer is a member, and what was bought so far, less returns."""

    loyalty_type: str
    attribution_v2: DatedShape = field(name="attributionV2")
    lifetime_purchases: Number


class WholeCustomer(Struct, forbid_unknown_fields=True, rename="camel"):
    """All of a customer."""

    id: int
    profiles: list[DetailedProfileShape]
    loyalty_info: DetailedLoyaltyShape
    segments: dict[str, Any]
    extended_fields: dict[str, Any]
    warnings: list[Any]


class CustomerEntity(Struct, forbid_unknown_fields=True):
    """The id of a customer."""

    entity: int
    warnings: list[Any]


def details_shown(view: CustomerView) -> Json:
    """Return all of a customer."""
    customer = view.customer
    dated = _dated(view)
    profile = {
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "attribution": dated,
        "fields": dict(customer.fields),
        "identifiers": [{"type": one.kind.value, "value": one.value} for one in customer.identifiers],
        "commChannels": [_way(one) for one in customer.identifiers if one.kind in REACHED_BY],
        "source": SOURCE,
        "userId": customer.id,
        "accountId": "",
        "conflictingProfileList": [],
        "autoUpdateTime": dated["modifiedDate"],
    }
    loyalty = {
        "loyaltyType": str(customer.loyalty_type or "loyalty").lower(),
        "attributionV2": dated,
        "lifetimePurchases": thousandths(view.standing.purchases),
    }
    return {
        "id": customer.id,
        "profiles": [profile],
        "loyaltyInfo": loyalty,
        "segments": {},
        "extendedFields": dict(customer.extended_fields),
        "warnings": [],
    }


def _dated(view: CustomerView) -> Json:
    customer, calendar = view.customer, view.snapshot.rule_index.calendar
    return {
        "createDate": calendar.iso(nearest_second(customer.registered_at)),
        "createdBy": _till(view, customer.registered_by),
        "modifiedBy": _till(view, customer.updated_by),
        "modifiedDate": calendar.iso(nearest_second(customer.updated_at)),
    }


def _till(view: CustomerView, till_id: int | None) -> Json:
    till = next((one for one in view.snapshot.places.tills.values() if one.id == till_id), None)
    if till is None:
        return {"id": till_id, "code": None, "description": None, "name": None, "type": None}
    return {"id": till.id, "code": till.code, "description": "", "name": till.name, "type": "TILL"}


def _way(identifier: Identifier) -> Json:
    return {"type": identifier.kind.value, "value": identifier.value, "primary": False, "verified": False, "meta": {}}
