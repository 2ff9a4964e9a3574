"""A customer's streak: which periods were achieved, which levels earned, and what protects it."""

from typing import NamedTuple

from milepost.model.time import Micros, Seconds


class EarnedLevel(NamedTuple):
    """A streak level that a customer has earned: when (epoch seconds), by which event (log id), in which period."""

    level_id: int
    earned_at: Seconds
    earned_by: int
    period_id: int


class Freezes(NamedTuple):
    """A number of streak freezes that were granted at `at` (epoch microseconds)."""

    at: Micros
    pieces: int


class Pause(NamedTuple):
    """A pause of a streak: a half-open span of epoch microseconds."""

    starts_at: Micros
    ends_at: Micros


FROM_THE_FIRST = 0
"""The value of `since_period_id` of a streak that has not restarted."""

NO_MORE = -1
"""The value of `since_period_id` of a streak that restarted after all periods had ended: no period counts."""


class Streak(NamedTuple):
    """What one customer has done in a streak group. Runs and breaks are computed from it and the calendar.

    `achieved` holds the ids of achieved periods. `since_period_id` is the period from which the streak counts,
    FROM_THE_FIRST or NO_MORE.
    """

    group_id: int
    achieved: tuple[int, ...] = ()
    levels: tuple[EarnedLevel, ...] = ()
    since_period_id: int = FROM_THE_FIRST
    freezes: tuple[Freezes, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def counts_no_period(self) -> bool:
        """Whether the streak restarted after all periods had ended."""
        return self.since_period_id == NO_MORE
