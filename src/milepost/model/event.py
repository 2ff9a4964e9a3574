"""Events and their payloads. They are structs, because each received event makes one of each (decision 0003)."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from milepost.model.commands.customer_merge import AbsorbCustomer, LoseIdentifiers, MergeIntoSurvivor
from milepost.model.commands.vendor_import import ImportProgress
from milepost.model.definitions.completion import TARGET_COMPLETED
from milepost.model.event_key import EventKey as EventKey  # noqa: PLC0414 - other modules import it from here
from milepost.model.time import Micros

Scalar = object
"""A value of an extended field, a line's attribute or a behavioural event's attribute.

It is a text, int, Decimal, bool or None; the API admits nothing else. The annotation is `object` because msgspec
decodes stored bytes by it, and a union of text and Decimal would be ambiguous there.
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
"""The names of our own events. An incoming event may not have such a name."""

NOT_BEHAVIOURAL = COMMANDS | {BILL, RETURN, POINTS, CURRENCY, TARGET_COMPLETED}
"""Names that a behavioural event may not have: our own, and those of events whose data have a shape of their own."""


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
    """A purchase: the payload of TransactionAdd.

    `decision` is the id of the award authorisation in which caps have already counted this bill.
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
    """How much of a bill is returned."""

    FULL = "FULL"
    LINE_ITEM = "LINE_ITEM"
    AMOUNT = "AMOUNT"
    CANCELLED = "CANCELLED"


class ReturnedLine(Struct, frozen=True, kw_only=True):
    """Returned pieces of an article. An amount of None means the bill's amount in proportion to the quantity."""

    code: str
    quantity: Decimal
    net: Decimal | None = None
    gross: Decimal | None = None


class Return(Struct, frozen=True, kw_only=True):
    """A return: the payload of ReturnBill.

    `original` is the event id or the number of the returned bill. `lines` lists the returned pieces of a LINE_ITEM
    return; `amount` is the returned amount of an AMOUNT return.
    """

    kind: ReturnKind
    original: str
    lines: tuple[ReturnedLine, ...] = ()
    amount: Decimal | None = None
    extended_fields: Mapping[str, Scalar]


class AwardKind(Enum):
    """Whether an award came from the programme itself or from a promotion."""

    REGULAR = "REGULAR"
    PROMOTIONAL = "PROMOTIONAL"


class Award(Struct, frozen=True, kw_only=True):
    """Points (`currency` is None) or an alternate currency that a customer received.

    `decision` is the id of the award authorisation in which caps have already counted this award.
    """

    program_id: int | None
    currency: str | None
    kind: AwardKind
    amount: Decimal
    decision: str | None = None


class Activity(Struct, frozen=True):
    """The attributes of a behavioural event or of a customer-level activity."""

    attributes: Mapping[str, Scalar]


class Enrol(Struct, frozen=True, kw_only=True):
    """A request to take part in a target from a period on.

    `balance` replaces the progress of that period. `goals` holds the customer's own goals by period id. `reset`
    restarts the streak. For a TRANSACTION target, where every customer takes part, the request makes stored events
    count.
    """

    target_id: int
    period_id: int
    balance: Decimal | None = None
    goals: tuple[tuple[int, Decimal], ...] = ()
    reset: bool = False


class Unenrol(Struct, frozen=True, kw_only=True):
    """A request to leave a target from a period on."""

    target_id: int
    period_id: int


class PeriodRollover(Struct, frozen=True, kw_only=True):
    """A period of a group opened, or closed after its offset days, because time passed."""

    group_id: int
    period_id: int
    closed: bool


class GrantFreezes(Struct, frozen=True, kw_only=True):
    """Streak freezes granted to a customer."""

    group_id: int
    count: int


class PauseStreak(Struct, frozen=True, kw_only=True):
    """A pause of a customer's streak: a half-open span of epoch microseconds."""

    group_id: int
    starts_at: Micros
    ends_at: Micros


class AuthoriseAward(Struct, frozen=True, kw_only=True):
    """A request to authorise an intended award, which caps may reduce. `bill` is the bill that earns the award."""

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
    """Where an event happened: the till, store, zone and concept as they were when the event was applied."""

    till_id: int | None
    store_id: int | None
    store_code: str
    store_name: str
    zone_id: int | None
    concept_id: int | None


NOWHERE = Place(till_id=None, store_id=None, store_code="", store_name="", zone_id=None, concept_id=None)


class CustomerProfile(NamedTuple):
    """The customer's profile as it was when the event was applied; `registered_at` is in epoch microseconds.

    `fields` holds the custom and extended fields that the rules of that organisation version read.
    """

    first_name: str
    last_name: str
    email: str
    mobile: str
    external_id: str
    registered_at: Micros
    fields: Mapping[str, Scalar] = {}


class Event(Struct, frozen=True, kw_only=True):
    """Something that a customer did, or one of our own commands; instants are in epoch microseconds."""

    key: EventKey
    name: str
    occurred_at: Micros
    received_at: Micros
    place: Place
    member: CustomerProfile | None
    payload: Payload
