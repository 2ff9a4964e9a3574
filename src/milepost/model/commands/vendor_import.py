"""Progress of a customer that is imported from another system (docs/rules.md, moving in)."""

from decimal import Decimal

from msgspec import Struct

from milepost.model.time import Micros, Seconds


class ImportedRow(Struct, frozen=True, kw_only=True):
    """A progress as the other system showed it. Stamps are in epoch seconds; 0 means never.

    `achieved_by` is the other system's number of the event that reached the goal, 0 for none. `triggers` holds the ids
    of the reached triggers.
    """

    target_id: int
    period_id: int
    value: Decimal
    enrolled_at: Seconds
    updated_at: Seconds
    achieved_at: Seconds = Seconds(0)
    achieved_by: int = 0
    triggers: tuple[int, ...] = ()

    @property
    def is_achieved(self) -> bool:
        """Whether the goal was reached in the other system."""
        return self.achieved_by != 0


class ImportedEnrolment(Struct, frozen=True, kw_only=True):
    """An enrolment in the other system: a target, its first period, and the customer's own goals by period id.

    `left_period_id` is the first period in which the customer no longer takes part, 0 for a customer who has not left.
    """

    target_id: int
    period_id: int
    left_period_id: int = 0
    goals: tuple[tuple[int, Decimal], ...] = ()


class ImportedLevel(Struct, frozen=True, kw_only=True):
    """A streak level that a customer had earned in the other system; `earned_at` is in epoch seconds."""

    group_id: int
    level_id: int
    earned_at: Seconds
    period_id: int


class ImportProgress(Struct, frozen=True, kw_only=True):
    """The event that imports a customer's progress from another system. The values are taken over, not counted again.

    `anchors` holds the start of the customer's own windows by target id (epoch microseconds). `purchases` is the net
    amount that the customer had bought.
    """

    rows: tuple[ImportedRow, ...] = ()
    enrolments: tuple[ImportedEnrolment, ...] = ()
    levels: tuple[ImportedLevel, ...] = ()
    anchors: tuple[tuple[int, Micros], ...] = ()
    purchases: Decimal = Decimal(0)
