"""Events and their payloads. They are structs, because each received event makes one of each (decision 0003)."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType

from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import OriginalBill, ReverseEvent, VoidAward
from milepost.model.commands.customer_merge import AbsorbCustomer, LoseIdentifiers, MergeIntoSurvivor
from milepost.model.commands.revision import ReviseProgress
from milepost.model.commands.vendor_import import ImportProgress
from milepost.model.event_key import EventKey as EventKey  # noqa: PLC0414 - other modules import it from here
from milepost.model.place import NOWHERE as NOWHERE  # noqa: PLC0414 - other modules import it from here
from milepost.model.place import Place as Place  # noqa: PLC0414 - other modules import it from here
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
REVERSAL = "EventReversed"
REGISTRATION = "CustomerRegistration"
CUSTOMER_UPDATE = "CustomerUpdate"
ENROL = "milepost.Enrol"
UNENROL = "milepost.Leave"
PERIOD_ROLLOVER = "milepost.PeriodTurn"
GRANT_FREEZES = "milepost.StreakFreeze"
PAUSE_STREAK = "milepost.StreakPause"
AUTHORISE_AWARD = "milepost.AwardDecision"
VOID_AWARD = "milepost.AwardVoid"
IMPORT_PROGRESS = "milepost.MoveIn"
ABSORB_CUSTOMER = "milepost.Merge"
MERGE_INTO_SURVIVOR = "milepost.MergeInto"
LOSE_IDENTIFIERS = "milepost.LoseNames"
REVISE_PROGRESS = "milepost.DefinitionChange"
ADJUST_PROGRESS = "milepost.Adjustment"
PERIOD_SOURCE = "milepost/period"
"""The source of events by which Milepost tells customers that a period ended or began."""

AWARDS_SOURCE = "milepost/awards"
"""The source of award decisions, whose ids the organisation chooses."""

COMMANDS = frozenset(
    {
        ENROL,
        UNENROL,
        PERIOD_ROLLOVER,
        GRANT_FREEZES,
        PAUSE_STREAK,
        AUTHORISE_AWARD,
        VOID_AWARD,
        IMPORT_PROGRESS,
        ABSORB_CUSTOMER,
        MERGE_INTO_SURVIVOR,
        LOSE_IDENTIFIERS,
        REVISE_PROGRESS,
        ADJUST_PROGRESS,
    }
)
"""The names of our own events. An incoming event may not have such a name."""


class Line(Struct, frozen=True, kw_only=True):
    """One line of a bill; `quantity` pieces of article `code`.

    `id` is the name by which a return may name the line. Fields that are younger than stored events are UNSET where
    they are absent: the stored text of an event, and the digest of it, stay as they were.
    """

    code: str
    quantity: Decimal
    rate: Decimal
    gross: Decimal
    discount: Decimal
    net: Decimal
    description: str = ""
    attributes: Mapping[str, Scalar]
    extended_fields: Mapping[str, Scalar]
    id: str | UnsetType = UNSET

    @property
    def is_given_back(self) -> bool:
        """Whether the line gives goods or money back to the customer instead of selling anything."""
        return self.quantity < 0 or self.net < 0


class Bill(Struct, frozen=True, kw_only=True):
    """A purchase: the payload of TransactionAdd.

    `decision` is the id of the award authorisation in which caps have already counted this bill. `currency` is the code
    of the currency that the bill names, UNSET without one: then it is not stored, so that bills that are older than
    this field keep their bytes.
    """

    number: str
    net: Decimal
    gross: Decimal
    discount: Decimal
    lines: tuple[Line, ...]
    extended_fields: Mapping[str, Scalar]
    note: str = ""
    decision: str | None = None
    currency: str | UnsetType = UNSET

    @property
    def is_refund(self) -> bool:
        """Whether nothing was bought: all lines give something back or, without lines, the net amount is negative."""
        for line in self.lines:
            if not line.is_given_back:
                return False
        return bool(self.lines) or self.net < 0


class ReturnKind(Enum):
    """How much of a bill is returned."""

    FULL = "FULL"
    LINE_ITEM = "LINE_ITEM"
    AMOUNT = "AMOUNT"
    CANCELLED = "CANCELLED"


class ReturnedLine(Struct, frozen=True, kw_only=True):
    """Returned pieces of an article. An amount of None means the bill's amount in proportion to the quantity.

    `id` names the line; `extended_fields` are what comes back of the line's numeric fields.
    """

    code: str
    quantity: Decimal
    net: Decimal | None = None
    gross: Decimal | None = None
    id: str | UnsetType = UNSET
    extended_fields: Mapping[str, Scalar] | UnsetType = UNSET


class Return(Struct, frozen=True, kw_only=True):
    """A return: the payload of ReturnBill.

    `original` is the event id or the number of the returned bill; `bill` says which of the two, and more of the bill.
    `lines` lists the returned pieces of a LINE_ITEM return; `amount` is the returned amount of an AMOUNT return;
    `extended_fields` are what comes back of the bill's numeric fields. `currency` is the code of the currency that it
    names, UNSET without one.
    """

    kind: ReturnKind
    original: str
    lines: tuple[ReturnedLine, ...] = ()
    amount: Decimal | None = None
    extended_fields: Mapping[str, Scalar]
    bill: OriginalBill | UnsetType = UNSET
    currency: str | UnsetType = UNSET


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
    Enrol
    | Unenrol
    | PeriodRollover
    | GrantFreezes
    | PauseStreak
    | AuthoriseAward
    | VoidAward
    | ImportProgress
    | ReviseProgress
    | AdjustProgress
    | MergePayload
)
Payload = Bill | Return | ReverseEvent | Award | Activity | CommandPayload


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
    """Something that a customer did, or one of our own commands; instants are in epoch microseconds.

    `given_at` is the time that the client gave, where the event is judged as of its receipt (facts 8 #67).
    """

    key: EventKey
    name: str
    occurred_at: Micros
    received_at: Micros
    place: Place
    member: CustomerProfile | None
    payload: Payload
    given_at: Micros | None = None

    @property
    def dated_at(self) -> Micros:
        """The time by which a repetition is recognised: the one that the client gave."""
        return self.occurred_at if self.given_at is None else self.given_at
