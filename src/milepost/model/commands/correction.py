"""Corrections: what takes another event back, and how it names that event (facts 8 #71, #80, #81)."""

from decimal import Decimal
from enum import Enum

from msgspec import Struct


class NamedBy(Enum):
    """Whether a return names its bill by the event id or by the number on the bill."""

    ID = "ID"
    NUMBER = "NUMBER"


class OriginalBill(Struct, frozen=True, kw_only=True):
    """What a return says of its bill besides the name: the source of the id, or where and on which day it was bought.

    A store or till is named by its id or its code; a till's code is looked up when the return is received. `day` is a
    calendar day (proleptic ordinal) of the organisation's zone. `log_id` is the bill's number in the vendor's answers:
    of several bills that fit, the one with this number is meant. What is None is not said.
    """

    by: NamedBy
    source: str | None = None
    store_id: int | None = None
    store_code: str | None = None
    till_id: int | None = None
    till_code: str | None = None
    day: int | None = None
    log_id: int | None = None


class ReverseEvent(Struct, frozen=True, kw_only=True):
    """The payload of EventReversed: it takes back the event with the id `original`, which is no bill.

    Without a `source` an event of the reversal's own source is meant, or else one of any source.
    """

    original: str
    source: str | None = None


class VoidAward(Struct, frozen=True, kw_only=True):
    """A request to void the award decision with the id `decision`: wholly, or by `amount` of what it gave."""

    decision: str
    amount: Decimal | None = None
