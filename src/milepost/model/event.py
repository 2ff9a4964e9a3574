"""What a customer did: events and what they carry (structs, because one is made for each event: decision 0003)."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from milepost.model.customer_merge import AbsorbCustomer, LoseIdentifiers, MergeIntoSurvivor
from milepost.model.event_key import EventKey as EventKey  # noqa: PLC0414 - everybody knows it from here
from milepost.model.vendor_import import ImportProgress

Scalar = object
"""A value of an extended field, a line's attribute or a behavioural event's attribute.

One of text, int, Decimal, bool or None; the edge lets nothing else in. It is spelled `object` because stored bytes are
decoded by these annotations, and a union of text and Decimal has no unambiguous reading there.
"""

BILL = "TransactionAdd"
RETURN = "ReturnBill"
POINTS = "PointsAwarded"
CURRENCY = "CurrencyAwarded"
REGISTRATION = "CustomerRegistration"
CUSTOMER_UPDATE = "CustomerUpdate"
ENROL = "milepost.Enrol"
UNENROL = "milepost.Leave"
PERIOD_ROLLOVER = "milepost.PeriodTurn"
GRANT_FREEZES = "milepost.StreakFreeze"
PAUSE_STREAK = "milepost.StreakPause"
AUTHORISE_AWARD = "milepost.AwardDecision"
IMPORT_PROGRESS = "milepost.MoveIn"
ABSORB_CUSTOMER = "milepost.Merge"
MERGE_INTO_SURVIVOR = "milepost.MergeInto"
LOSE_IDENTIFIERS = "milepost.LoseNames"
COMMANDS = frozenset(
    {
        ENROL,
        UNENROL,
        PERIOD_ROLLOVER,
        GRANT_FREEZES,
        PAUSE_STREAK,
        AUTHORISE_AWARD,
        IMPORT_PROGRESS,
        ABSORB_CUSTOMER,
        MERGE_INTO_SURVIVOR,
        LOSE_IDENTIFIERS,
    }
)
"""The names of our own events; no outside event may carry one."""


class Line(Struct, frozen=True, kw_only=True):
    """One line of a bill; `quantity` pieces of article `code`."""

    code: str
    quantity: Decimal
    rate: Decimal
    gross: Decimal
    discount: Decimal
    net: Decimal
    description: str = ""
    attributes: Mapping[str, Scalar]
    extended_fields: Mapping[str, Scalar]


class Bill(Struct, frozen=True, kw_only=True):
    """What was bought: the payload of TransactionAdd.

    `decision` is the id of the decision by which caps have counted it already.
    """

    number: str
    net: Decimal
    gross: Decimal
    discount: Decimal
    lines: tuple[Line, ...]
    extended_fields: Mapping[str, Scalar]
    note: str = ""
    decision: str | None = None


class ReturnKind(Enum):
    """How much of a bill comes back."""

    FULL = "FULL"
    LINE_ITEM = "LINE_ITEM"
    AMOUNT = "AMOUNT"
    CANCELLED = "CANCELLED"


class ReturnedLine(Struct, frozen=True, kw_only=True):
    """Pieces of an article that came back; amounts that are None follow from the bill in proportion to quantity."""

    code: str
    quantity: Decimal
    net: Decimal | None = None
    gross: Decimal | None = None


class Return(Struct, frozen=True, kw_only=True):
    """What was taken back: the payload of ReturnBill.

    `original` is the event id or the number of the bill; `lines` say what came back for LINE_ITEM, `amount` for AMOUNT.
    """

    kind: ReturnKind
    original: str
    lines: tuple[ReturnedLine, ...] = ()
    amount: Decimal | None = None
    extended_fields: Mapping[str, Scalar]


class AwardKind(Enum):
    """Whether a reward came from the programme itself or from a promotion."""

    REGULAR = "REGULAR"
    PROMOTIONAL = "PROMOTIONAL"


class Award(Struct, frozen=True, kw_only=True):
    """Points (`currency` is None) or an alternate currency that a customer was given.

    `decision` is the id of the decision by which caps have counted it already.
    """

    program_id: int | None
    currency: str | None
    kind: AwardKind
    amount: Decimal
    decision: str | None = None


class Activity(Struct, frozen=True):
    """A behavioural event or a customer-level activity, with its attributes."""

    attributes: Mapping[str, Scalar]


class Enrol(Struct, frozen=True, kw_only=True):
    """A request to take part in a target from a period on.

    `balance` replaces the progress of that period; `goals` are the customer's own, by period id; `reset` starts a
    streak again. For a TRANSACTION target it asks that what is stored be counted.
    """

    target_id: int
    period_id: int
    balance: Decimal | None = None
    goals: tuple[tuple[int, Decimal], ...] = ()
    reset: bool = False


class Unenrol(Struct, frozen=True, kw_only=True):
    """A request to take part no more from a period on."""

    target_id: int
    period_id: int


class PeriodRollover(Struct, frozen=True, kw_only=True):
    """A period of a group opened, or closed with its offset days: something that happens because time passes."""

    group_id: int
    period_id: int
    closed: bool


class GrantFreezes(Struct, frozen=True, kw_only=True):
    """Streak freezes granted to a customer."""

    group_id: int
    count: int


class PauseStreak(Struct, frozen=True, kw_only=True):
    """A pause of a customer's streak, from one instant up to another (epoch microseconds)."""

    group_id: int
    starts_at: int
    ends_at: int


class AuthoriseAward(Struct, frozen=True, kw_only=True):
    """An intended award, of which caps may leave less; `bill` is what it is given for."""

    program_id: int | None = None
    currency: str | None = None
    kind: AwardKind
    amount: Decimal
    promotion: str | None = None
    bill: Bill | None = None


MergePayload = AbsorbCustomer | MergeIntoSurvivor | LoseIdentifiers
CommandPayload = (
    Enrol | Unenrol | PeriodRollover | GrantFreezes | PauseStreak | AuthoriseAward | ImportProgress | MergePayload
)
Payload = Bill | Return | Award | Activity | CommandPayload


class Place(NamedTuple):
    """Where an event happened, as things stood when it was judged."""

    till_id: int | None
    store_id: int | None
    store_code: str
    store_name: str
    zone_id: int | None
    concept_id: int | None


NOWHERE = Place(None, None, "", "", None, None)


class CustomerProfile(NamedTuple):
    """The customer's profile as it stood when the event was judged; `registered_at` in epoch microseconds.

    `fields` are those custom and extended fields that the rules in force then asked for.
    """

    first_name: str
    last_name: str
    email: str
    mobile: str
    external_id: str
    registered_at: int
    fields: Mapping[str, Scalar] = {}


class Event(Struct, frozen=True, kw_only=True):
    """Something a customer did; instants in epoch microseconds."""

    key: EventKey
    name: str
    occurred_at: int
    received_at: int
    place: Place
    member: CustomerProfile | None
    payload: Payload
