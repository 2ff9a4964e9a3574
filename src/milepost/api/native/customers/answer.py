"""What is answered when a customer is looked up."""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from milepost.model.customer import Customer


class CustomerItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A customer, with the identifier of the request."""

    id: int
    external_id: str | UnsetType = UNSET
    mobile: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    cardnumber: str | UnsetType = UNSET
    card_external_id: str | UnsetType = UNSET
    wechat: str | UnsetType = UNSET
    martjack_id: str | UnsetType = UNSET
    fb_id: str | UnsetType = UNSET


class DisplayItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """How leaderboards show a customer."""

    id: int
    alias: str | None
    hidden: bool


def display_item(customer: Customer) -> DisplayItem:
    """Return how leaderboards show *customer*."""
    return DisplayItem(customer.id, customer.alias or None, customer.hidden)


def customer_item(customer_id: int, name: str, value: str) -> CustomerItem:
    """Return the customer that the parameter *name* (such as `externalId`) with this *value* named."""
    return msgspec.convert({"id": customer_id, name: value}, CustomerItem)


class WaitingReturnItem(Struct, rename="camel"):
    """A return or reversal that has not found the event that it names by `original`."""

    source: str
    id: str
    original: str
