"""Customers: members of the loyalty scheme, and the identifiers by which other systems know them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from milepost.model.event import Scalar
from milepost.model.time import Micros

LOYALTY_TYPE = "loyaltyType"
"""The field that says whether a customer is a member of the scheme: LOYALTY or NON_LOYALTY."""


class IdentifierKind(StrEnum):
    """The kind of an identifier."""

    # A StrEnum hashes as fast as a text; identifiers are dictionary keys on the ingest path.

    ID = "id"
    EXTERNAL_ID = "externalId"
    MOBILE = "mobile"
    EMAIL = "email"
    CARD = "cardnumber"
    CARD_EXTERNAL_ID = "cardExternalId"
    WECHAT = "wechat"
    MARTJACK = "martjackId"
    FACEBOOK = "fbId"


class Identifier(NamedTuple):
    """A name under which another system knows a customer."""

    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer's profile. Instants are in epoch microseconds; `registered_by` and `updated_by` are till ids.

    `alias` is shown on leaderboards in place of the name; a `hidden` customer is not shown there at all.
    `fields` holds the custom fields. Organisations also send tiers, statuses and clusters in them, for use in rules.
    """

    id: int
    first_name: str = ""
    last_name: str = ""
    identifiers: tuple[Identifier, ...] = ()
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    extended_fields: Mapping[str, Scalar] = field(default_factory=dict)
    loyalty_type: Scalar = None
    registered_at: Micros
    registered_by: int | None = None
    updated_at: Micros
    updated_by: int | None = None
    alias: str = ""
    hidden: bool = False

    def known_fields(self) -> Mapping[str, Scalar]:
        """Return every field that rules may read, by name. An extended field hides a custom field of the same name."""
        loyalty = {} if self.loyalty_type is None else {LOYALTY_TYPE: self.loyalty_type}
        return {**self.fields, **loyalty, **self.extended_fields}
