"""Payloads in our own style. Fields are only ever added; amounts are text."""

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType

from milepost.model.delivery.outcome_type import OutcomeType


class IdentifierPart(Struct, frozen=True, rename="camel", kw_only=True):
    """An identifier of the customer."""

    type: str
    value: str


class CustomerPart(Struct, frozen=True, rename="camel", kw_only=True):
    """The customer, as known when the message was written."""

    id: int
    external_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    identifiers: tuple[IdentifierPart, ...] = ()


class NamedPart(Struct, frozen=True, rename="camel", kw_only=True):
    """A thing with an id and a name."""

    id: int
    name: str


class TargetPart(Struct, frozen=True, rename="camel", kw_only=True):
    """A target."""

    id: int
    name: str
    description: str | None = None


class PeriodPart(Struct, frozen=True, rename="camel", kw_only=True):
    """A period, with the bounds that it has for the customer: `startsAt` belongs to it, `endsAt` to the next."""

    id: int
    name: str
    starts_at: str | None = None
    ends_at: str | None = None
    zone: str


class StorePart(Struct, frozen=True, rename="camel", kw_only=True):
    """The store where the event happened."""

    id: int
    code: str
    name: str


class EventPart(Struct, frozen=True, rename="camel", kw_only=True):
    """The event that caused the outcome. `requestId` is the X-Request-Id of the request that brought it."""

    source: str
    id: str
    type: str
    occurred_at: str
    received_at: str
    request_id: str | None = None
    bill: str | None = None
    store: StorePart | None = None
    till_id: int | None = None


class MilestonePart(Struct, frozen=True, rename="camel", kw_only=True):
    """A mark on the way to the goal."""

    id: int
    name: str
    value: str | None = None


class ChangePart(Struct, frozen=True, rename="camel", kw_only=True):
    """What the event added, and the value before and after it."""

    amount: str
    before: str
    after: str


class LevelPart(Struct, frozen=True, rename="camel", kw_only=True):
    """A level of a streak: the achieved periods that it takes."""

    id: int
    name: str
    count: int


class MemberPart(Struct, frozen=True, rename="camel", kw_only=True):
    """A target of a unified group, and the customer's progress on it."""

    id: int
    name: str
    value: str
    goal: str | None = None
    achieved: bool


class CustomerOutcome(Struct, frozen=True, rename="camel", kw_only=True):
    """What every message about a customer holds. `version` is the definition's; `sequence` counts from 1."""

    customer: CustomerPart
    group: NamedPart
    period: PeriodPart | None = None
    event: EventPart
    version: int
    sequence: int | UnsetType = UNSET


class TargetOutcome(CustomerOutcome, frozen=True, rename="camel", kw_only=True):
    """A target of a customer in a period: value, goal, and what is left to the goal."""

    target: TargetPart
    value: str
    goal: str | None = None
    remaining: str | None = None
    milestone: MilestonePart | UnsetType = UNSET
    change: ChangePart | UnsetType = UNSET
    achieved: bool | UnsetType = UNSET


class GroupOutcome(CustomerOutcome, frozen=True, rename="camel", kw_only=True):
    """A unified group of a customer in a period."""

    value: str
    members: tuple[MemberPart, ...]


class StreakOutcome(CustomerOutcome, frozen=True, rename="camel", kw_only=True):
    """A streak of a customer; `run` counts the achieved periods in a row where that is known."""

    target: TargetPart
    run: int
    level: LevelPart | UnsetType = UNSET


class BoardOutcome(Struct, frozen=True, rename="camel", kw_only=True):
    """A leaderboard that closed."""

    group: NamedPart
    target: TargetPart
    period_id: int


class JobOutcome(Struct, frozen=True, rename="camel", kw_only=True):
    """A job that is finished."""

    id: int
    kind: str
    target_group_id: int
    looked_at: int
    concerned: int
    failed: int


class WebhookOutcome(Struct, frozen=True, rename="camel", kw_only=True):
    """A webhook that was disabled, and why."""

    id: int
    url: str
    reason: str


Content = TargetOutcome | GroupOutcome | StreakOutcome | BoardOutcome | JobOutcome | WebhookOutcome


class Message(Struct, frozen=True, kw_only=True):
    """A message of our own style: `id` is the same for each attempt and each webhook."""

    id: str
    type: str
    time: str
    organisation: int
    data: Content


_TARGET = frozenset(
    {
        OutcomeType.TARGET_ENROLLED,
        OutcomeType.TARGET_UNENROLLED,
        OutcomeType.TARGET_VALUE_CHANGED,
        OutcomeType.TARGET_MILESTONE_REACHED,
        OutcomeType.TARGET_ACHIEVED,
        OutcomeType.TARGET_UNACHIEVED,
        OutcomeType.CAP_REACHED,
        OutcomeType.PERIOD_STARTED,
        OutcomeType.PERIOD_CLOSED,
        OutcomeType.GOAL_CREATED,
        OutcomeType.GOAL_CHANGED,
    }
)
_OTHERS: Mapping[OutcomeType, type[Struct]] = {
    OutcomeType.GROUP_ACHIEVED: GroupOutcome,
    OutcomeType.GROUP_UNACHIEVED: GroupOutcome,
    OutcomeType.LEADERBOARD_CLOSED: BoardOutcome,
    OutcomeType.JOB_FINISHED: JobOutcome,
    OutcomeType.WEBHOOK_DISABLED: WebhookOutcome,
}


def shape_of(type_: OutcomeType) -> type[Struct]:
    """Return the shape of the data of a type."""
    return TargetOutcome if type_ in _TARGET else _OTHERS.get(type_, StreakOutcome)
