"""A member of the loyalty scheme."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from milepost.model.event import Scalar

LOYALTY_TYPE = "loyaltyType"
"""The field that says whether somebody is a member of the scheme: LOYALTY or NON_LOYALTY."""


class IdentifierKind(StrEnum):
    """What an identifier is."""

    # Texts, so that looking a name up costs the hash of a text and not that of a member.

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
    """A name by which a customer is known to the outside."""

    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer's profile; instants in epoch microseconds, `registered_by` is a till's id.

    `fields` are custom fields, and what else the brand lets rules know in them: tiers, statuses, clusters.
    """

    id: int
    first_name: str = ""
    last_name: str = ""
    identifiers: tuple[Identifier, ...] = ()
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    extended_fields: Mapping[str, Scalar] = field(default_factory=dict)
    loyalty_type: Scalar = None
    registered_at: int
    registered_by: int | None = None
    updated_at: int
    updated_by: int | None = None

    def known_fields(self) -> Mapping[str, Scalar]:
        """Return all that rules may read by the name of a field; of two with one name the extended field is meant."""
        loyalty = {} if self.loyalty_type is None else {LOYALTY_TYPE: self.loyalty_type}
        return {**self.fields, **loyalty, **self.extended_fields}
