"""The body of `POST /api/v1/events`: events, and the data of each kind of event."""

import re
from datetime import datetime
from decimal import Decimal
from json import JSONDecoder
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from milepost.api.http.body import DEPTH_MAX, ID_MAX
from milepost.model.event import BILL, CURRENCY, POINTS, RETURN, AwardKind, ReturnKind
from milepost.model.problem import Problem, Refused

LINES_MAX = 5_000
FIELDS_MAX = 200
TEXT_CHARACTERS_MAX = 4_000
NUMBER_CHARACTERS_MAX = 50
"""Characters of a bill's number (facts 2.11)."""

Short = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[int, Meta(ge=1, le=ID_MAX)]
Fields = dict[str, Any]

_raw_events = msgspec.json.Decoder(list[Raw])
_elements = JSONDecoder()
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_BLANKS = re.compile(r"[ \t\r\n]*")


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


class ReturnedLineBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """Returned pieces of an article. Amounts that are left out are computed from the bill."""

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
    """The data of PointsAwarded and CurrencyAwarded. `decision` is the id of the decision about this award, if any."""

    amount: Decimal
    program_id: Id | UnsetType = UNSET
    currency: Short | UnsetType = UNSET
    kind: AwardKind = AwardKind.REGULAR
    decision: Short | UnsetType = UNSET


PAYLOAD_BODIES: dict[str, type[Struct]] = {BILL: BillBody, RETURN: ReturnBody, POINTS: AwardBody, CURRENCY: AwardBody}
"""The data of each event name that Milepost knows. Other events are behavioural; their data are attributes."""


def raw_events(body: bytes, content_type: str) -> list[Raw]:
    """Return the JSON text of each event in *body*; raises Refused."""
    try:
        if "ndjson" in content_type or "jsonl" in content_type:
            return [Raw(line) for line in body.splitlines() if line.strip()]
        if body.lstrip()[:1] == b"[":
            return _listed(body)
        return [msgspec.json.decode(body, type=Raw)]
    except RecursionError:
        raise Refused(Problem("", f"the JSON is deeper than {DEPTH_MAX} levels")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(Problem("", f"the body is not valid JSON: {error}")) from None


def _listed(body: bytes) -> list[Raw]:
    """Return the JSON text of each element of the array *body*.

    The decoder refuses the whole array where one text holds half of a surrogate pair. The array is then divided by a
    reader that passes over it, so that only that event is refused.
    """
    try:
        return _raw_events.decode(body)
    except msgspec.DecodeError:
        if not _SURROGATE.search(body):
            raise
    text, elements = body.decode(), []
    at = _after_blanks(text, text.index("[") + 1)
    while True:
        try:
            _, end = _elements.raw_decode(text, at)
        except ValueError as error:
            raise msgspec.DecodeError(str(error)) from None
        elements.append(Raw(text[at:end].encode()))
        at = _after_blanks(text, end)
        if text[at : at + 1] != ",":
            break
        at = _after_blanks(text, at + 1)
    if text[at:].strip() != "]":
        raise msgspec.DecodeError(f"unexpected text after element {len(elements)}")
    return elements


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()
