"""The body of `POST /api/v1/events`: events, and the data of each kind of event."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from milepost.api.http.body import DEPTH_MAX, ID_MAX
from milepost.api.http.json_list import list_items
from milepost.model.event import BILL, CURRENCY, POINTS, RETURN, REVERSAL, AwardKind, ReturnKind
from milepost.model.problem import Problem, Refused

LINES_MAX = 5_000
FIELDS_MAX = 200
TEXT_CHARACTERS_MAX = 4_000
NUMBER_CHARACTERS_MAX = 50
"""Characters of a bill's number (facts 2.11)."""

Short = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[int, Meta(ge=1, le=ID_MAX)]
CurrencyCode = Annotated[str, Meta(pattern=r"^[A-Za-z]{3}$")]
"""The code of a currency, such as USD (ISO 4217)."""

Fields = dict[str, Any]


class CustomerBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The customer of an event, by exactly one of these."""

    id: Id | UnsetType = UNSET
    external_id: Short | UnsetType = UNSET
    mobile: Short | UnsetType = UNSET
    email: Short | UnsetType = UNSET


class PlaceBody(Struct, forbid_unknown_fields=True):
    """The store or till where something happened, by its id or its code."""

    id: Id | UnsetType = UNSET
    code: Short | UnsetType = UNSET


def _no_data() -> Raw:
    return Raw(b"{}")


class EventBody(Struct, forbid_unknown_fields=True):
    """One event, also as a CloudEvents 1.0 structured event; `subject` may then hold the customer's external id."""

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
    id: Short | UnsetType = UNSET
    quantity: Decimal = Decimal(1)
    rate: Decimal = Decimal(0)
    gross_amount: Decimal | UnsetType = UNSET
    discount: Decimal = Decimal(0)
    net_amount: Decimal | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    attributes: Fields = {}
    extended_fields: Fields = {}


class BillBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of TransactionAdd. `decision` is the id of the award decision that has counted for caps already."""

    number: Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]
    net_amount: Decimal
    gross_amount: Decimal | UnsetType = UNSET
    discount: Decimal = Decimal(0)
    lines: Annotated[list[LineBody], Meta(max_length=LINES_MAX)] = []
    extended_fields: Fields = {}
    note: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    decision: Short | UnsetType = UNSET
    currency: CurrencyCode | UnsetType = UNSET


class ReturnedLineBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """Returned pieces of an article, or of the line with an `id`.

    Amounts that are left out are computed from the bill.
    """

    code: Short | UnsetType = UNSET
    id: Short | UnsetType = UNSET
    quantity: Decimal = Decimal(1)
    net_amount: Decimal | UnsetType = UNSET
    gross_amount: Decimal | UnsetType = UNSET
    extended_fields: Fields = {}


class OriginalBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """What a return says of its bill: its id and source, or its number and where and on which day it was bought."""

    id: Short | UnsetType = UNSET
    source: Short | UnsetType = UNSET
    number: Short | UnsetType = UNSET
    store: PlaceBody | UnsetType = UNSET
    till: PlaceBody | UnsetType = UNSET
    date: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | UnsetType = UNSET


class ReversedBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The event that a reversal takes back: its id, and its source if it is not the reversal's own."""

    id: Short
    source: Short | UnsetType = UNSET


class ReversalBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of EventReversed: it takes back another event, such as a check-in or an award."""

    original: Short | ReversedBody


class ReturnBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of ReturnBill."""

    return_type: ReturnKind
    original: Short | OriginalBody
    lines: Annotated[list[ReturnedLineBody], Meta(max_length=LINES_MAX)] = []
    amount: Decimal | UnsetType = UNSET
    extended_fields: Fields = {}
    currency: CurrencyCode | UnsetType = UNSET


class AwardBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The data of PointsAwarded and CurrencyAwarded. `decision` is the id of the decision about this award, if any."""

    amount: Decimal
    program_id: Id | UnsetType = UNSET
    currency: Short | UnsetType = UNSET
    kind: AwardKind = AwardKind.REGULAR
    decision: Short | UnsetType = UNSET


PAYLOAD_BODIES: dict[str, type[Struct]] = {
    BILL: BillBody,
    RETURN: ReturnBody,
    POINTS: AwardBody,
    CURRENCY: AwardBody,
    REVERSAL: ReversalBody,
}
"""The data of each event name that Milepost knows. Other events are behavioural; their data are attributes."""


def raw_events(body: bytes, content_type: str) -> list[bytes]:
    """Return the JSON text of each event in *body*; raises Refused."""
    try:
        if has_lines(content_type):
            return [line for line in body.splitlines() if line.strip()]
        if body.lstrip()[:1] == b"[":
            return list_items(body)
        return [bytes(msgspec.json.decode(body, type=Raw))]
    except RecursionError:
        raise Refused(Problem("", f"the JSON is deeper than {DEPTH_MAX} levels")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(Problem("", f"the body is not valid JSON: {error}")) from None


def has_lines(content_type: str) -> bool:
    """Whether a body of this type has one event on each line."""
    return "ndjson" in content_type or "jsonl" in content_type
