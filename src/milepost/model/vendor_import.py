"""What another system said of a customer who comes from there (docs/rules.md, moving in)."""

from decimal import Decimal

from msgspec import Struct


class ImportedRow(Struct, frozen=True, kw_only=True):
    """A progress as another system showed it; stamps in epoch seconds, 0 for never.

    `achieved_by` is the other system's number of the event that crossed, `triggers` are the ids of those reached.
    """

    target_id: int
    period_id: int
    value: Decimal
    enrolled_at: int
    updated_at: int
    achieved_at: int = 0
    achieved_by: int = 0
    triggers: tuple[int, ...] = ()


class ImportedEnrolment(Struct, frozen=True, kw_only=True):
    """Taking part in a target from a period on, with own goals by period id; 0 for one who has not left."""

    target_id: int
    period_id: int
    left_period_id: int = 0
    goals: tuple[tuple[int, Decimal], ...] = ()


class ImportedLevel(Struct, frozen=True, kw_only=True):
    """A streak level that a customer had; the stamp in epoch seconds."""

    group_id: int
    level_id: int
    earned_at: int
    period_id: int


class ImportProgress(Struct, frozen=True, kw_only=True):
    """What another system said of a customer who comes from there: taken over as it is, not counted.

    `anchors` say when windows of the customer's own began, by target id (epoch microseconds).
    """

    rows: tuple[ImportedRow, ...] = ()
    enrolments: tuple[ImportedEnrolment, ...] = ()
    levels: tuple[ImportedLevel, ...] = ()
    anchors: tuple[tuple[int, int], ...] = ()
    purchases: Decimal = Decimal(0)
