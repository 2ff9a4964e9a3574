"""The shape of an explanation: what counted, what did not and why, and what surrounds it."""

from msgspec import Struct

from milepost.api.http.body import Number, NumberOrNull


class EventRef(Struct, rename="camel"):
    """An event by its source and id."""

    source: str
    id: str
    type: str
    occurred_at: str
    received_at: str


class CountedEventItem(Struct, rename="camel"):
    """An event that changed the value: by `amount`, from `before` to `after`; `sum` is the running sum.

    `countedBy` is the enrolment that counted an event which was received before it. `sentence` says it in words.
    """

    event: EventRef
    before: Number
    after: Number
    amount: Number
    sum: Number
    reason: str
    version: int
    counted_by: str | None
    sentence: str


class ConditionPartItem(Struct, rename="camel"):
    """A part of a condition: its text, its value, and its own parts. A value that is not known is null."""

    text: str
    value: str | bool | None
    parts: list["ConditionPartItem"]


class TracedLineItem(Struct, rename="camel"):
    """A line of a bill, by its number from 1, with the values of the condition there."""

    line: int
    code: str
    condition: ConditionPartItem


class ReasonParameters(Struct, rename="camel", omit_defaults=True):
    """What the reason names, as far as it applies.

    `variant` tells kinds of one reason apart. `deciding` is the first part of the condition that decided.
    """

    variant: str | None = None
    event_type: str | None = None
    period: str | None = None
    store: str | None = None
    store_id: int | None = None
    zone_id: int | None = None
    concept_id: int | None = None
    enrolled_at: str | None = None
    late_days: int | None = None
    field: str | None = None
    condition: ConditionPartItem | None = None
    deciding: ConditionPartItem | None = None
    lines: list[TracedLineItem] | None = None


class NotCountedEventItem(Struct, rename="camel"):
    """An event of the period that did not count, and why. `sentence` says it in words."""

    event: EventRef
    reason: str
    parameters: ReasonParameters
    version: int
    sentence: str


class DefinitionChangeItem(Struct, rename="camel"):
    """A version of the organisation that changed the definition, and when."""

    version: int
    changed_at: str


class StreakCellItem(Struct, rename="camel"):
    """A period of a streak: DONE, MISSED, FROZEN, PAUSED, OUTAGE, OPEN or UPCOMING, and the length after it."""

    period: str
    starts_at: str
    ends_at: str
    state: str
    run: int
    event: EventRef | None


class UnifiedMemberItem(Struct, rename="camel"):
    """A target of a unified group with its value in the period."""

    target_id: int
    name: str
    value: Number
    achieved: bool


class CapDecisionItem(Struct, rename="camel"):
    """A decision about an award that the cap may have concerned: what was asked for and what was given."""

    event: EventRef
    asked: Number
    given: Number


class ExplanationPeriod(Struct, rename="camel"):
    """The period that is explained, as it lies for the customer; null bounds if it has not begun."""

    id: int
    ref_code: str
    starts_at: str | None
    ends_at: str | None


class Explanation(Struct, rename="camel"):
    """Why a progress has its value.

    `sentence` is the rule in words. `sum` of the last row of `counted` is the value; `equalsStored` says whether all
    changes sum to the value that is stored. `opening` is the sum of the pages before. `nextCursor` asks for the next
    page; it is null on the last one.
    """

    customer_id: int
    target_id: int
    target: str
    group: str
    period: ExplanationPeriod
    at: str
    time_zone: str
    value: Number
    goal: NumberOrNull
    achieved_at: str | None
    equals_stored: bool
    sentence: str
    version: int
    changes: list[DefinitionChangeItem]
    opening: Number
    counted: list[CountedEventItem]
    not_counted: list[NotCountedEventItem]
    streak: list[StreakCellItem]
    members: list[UnifiedMemberItem]
    decisions: list[CapDecisionItem]
    next_cursor: str | None
