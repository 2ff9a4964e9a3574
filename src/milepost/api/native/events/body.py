"""What an event looks like from outside: the shapes of the body of `POST /api/v1/events`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from milepost.api.http.body import ID_MAX
from milepost.model.event import BILL, CURRENCY, POINTS, RETURN, AwardKind, ReturnKind

LINES_MAX = 5_000
FIELDS_MAX = 200
TEXT_CHARACTERS_MAX = 4_000
NUMBER_CHARACTERS_MAX = 50
"""Characters of a bill's number (facts 2.11)."""

Short = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[int, Meta(ge=1, le=ID_MAX)]
Fields = dict[str, Any]


class CustomerBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """Who did it: exactly one of these."""

    id: Id | UnsetType = UNSET
    external_id: Short | UnsetType = UNSET
    mobile: Short | UnsetType = UNSET
    email: Short | UnsetType = UNSET


class PlaceBody(Struct, forbid_unknown_fields=True):
    """Where it happened: an id or a code."""

    id: Id | UnsetType = UNSET
    code: Short | UnsetType = UNSET


def _no_data() -> Raw:
    return Raw(b"{}")


class EventBody(Struct, forbid_unknown_fields=True):
    """One event, plain or as a CloudEvents 1.0 structured event (`subject` may then hold the external id)."""

    id: Short
    source: Short
    type: Annotated[str, Meta(min_length=1, max_length=100)]
    time: Annotated[datetime, Meta(tz=True)]
    customer: CustomerBody | UnsetType = UNSET
    store: PlaceBody | UnsetType = UNSET
    till: PlaceBody | UnsetType = UNSET
    data: Raw = field(default_factory=_no_data)
    specversion: Annotated[str, Meta(pattern=r"^1\.0$")] | UnsetType = UNSET
    subject: Short | UnsetType = UNSET
    datacontenttype: Annotated[str, Meta(pattern=r"^application/(.+\+)?json(;.*)?$")] | UnsetType = UNSET
    dataschema: str | UnsetType = UNSET


class LineBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """One line of a bill."""

    code: Short
    quantity: Decimal = Decimal(1)
    rate: Decimal = Decimal(0)
    gross_amount: Decimal | UnsetType = UNSET
    discount: Decimal = Decimal(0)
    net_amount: Decimal | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    attributes: Fields = {}
    extended_fields: Fields = {}


class BillBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of TransactionAdd; `decision` names the decision by which caps have counted the bill."""

    number: Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]
    net_amount: Decimal
    gross_amount: Decimal | UnsetType = UNSET
    discount: Decimal = Decimal(0)
    lines: Annotated[list[LineBody], Meta(max_length=LINES_MAX)] = []
    extended_fields: Fields = {}
    note: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    decision: Short | UnsetType = UNSET


class ReturnedLineBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """Pieces of an article that came back; amounts that are left out follow from the bill."""

    code: Short
    quantity: Decimal = Decimal(1)
    net_amount: Decimal | UnsetType = UNSET
    gross_amount: Decimal | UnsetType = UNSET


class ReturnBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of ReturnBill."""

    return_type: ReturnKind
    original: Short
    lines: Annotated[list[ReturnedLineBody], Meta(max_length=LINES_MAX)] = []
    amount: Decimal | UnsetType = UNSET
    extended_fields: Fields = {}


class AwardBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of PointsAwarded and CurrencyAwarded; `decision` names the decision that said how much."""

    amount: Decimal
    program_id: Id | UnsetType = UNSET
    currency: Short | UnsetType = UNSET
    kind: AwardKind = AwardKind.REGULAR
    decision: Short | UnsetType = UNSET


PAYLOAD_BODIES: dict[str, type[Struct]] = {BILL: BillBody, RETURN: ReturnBody, POINTS: AwardBody, CURRENCY: AwardBody}
"""What `data` looks like for the event names that have a meaning of their own; others hold plain attributes."""
