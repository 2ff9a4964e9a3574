"""Periods that follow from a frequency and a first day."""

from typing import Any

import pytest

from milepost.model.organisation import PERIODS_LIMIT
from milepost.model.target import Frequency
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.draft import GroupDraft
from milepost.rules.definition.recurring import LENGTH_MAX, expand_periods
from tests.core.sample_drafts import GROUP, OCTOBER, found, group, made

UTC = calendar_of("UTC")


def recurring(first: str, kind: Frequency, count: int, frequency: int | None = None) -> GroupDraft:
    """Return a group of *count* periods that it does not list."""
    draft = group(periods=(), cycle_opens=first, frequency_kind=kind, frequency=frequency, total_periods=count)
    return expand_periods(draft, UTC)


def days(draft: GroupDraft) -> list[tuple[str | None, str | None]]:
    """Return first and last day of each period."""
    return [(period.starts, period.ends) for period in draft.periods]


@pytest.mark.parametrize(
    "first, kind, frequency, expected",
    [
        ("2026-02-27", Frequency.DAILY, None, ["2026-02-27/2026-02-27", "2026-02-28/2026-02-28"]),
        ("2026-02-27", Frequency.DAILY, 10, ["2026-02-27/2026-03-08", "2026-03-09/2026-03-18"]),
        ("2026-01-05", Frequency.WEEKLY, 0, ["2026-01-05/2026-01-11", "2026-01-12/2026-01-18"]),
        ("2026-01-05", Frequency.WEEKLY, 2, ["2026-01-05/2026-01-18", "2026-01-19/2026-02-01"]),
        ("2026-01-05", Frequency.CUSTOM, 3, ["2026-01-05/2026-01-07", "2026-01-08/2026-01-10"]),
        ("2026-01-31", Frequency.MONTHLY, 1, ["2026-01-31/2026-02-27", "2026-02-28/2026-03-30"]),
        ("2024-01-31", Frequency.MONTHLY, 1, ["2024-01-31/2024-02-28", "2024-02-29/2024-03-30"]),
        ("2026-11-30", Frequency.QUARTERLY, 1, ["2026-11-30/2027-02-27", "2027-02-28/2027-05-29"]),
        ("2026-08-31", Frequency.HALF_YEARLY, 1, ["2026-08-31/2027-02-27", "2027-02-28/2027-08-30"]),
        ("2024-02-29", Frequency.YEARLY, 1, ["2024-02-29/2025-02-27", "2025-02-28/2026-02-27"]),
        ("2026-12-15", Frequency.MONTHLY, 2, ["2026-12-15/2027-02-14", "2027-02-15/2027-04-14"]),
    ],
)
def test_periods_follow_from_the_first_day(
    first: str, kind: Frequency, frequency: int | None, expected: list[str]
) -> None:
    """Each begins where the one before ended, counted from the first day; a month without the day has its last."""
    assert expected == ["/".join(map(str, span)) for span in days(recurring(first, kind, 2, frequency))]


def test_leap_days_come_back() -> None:
    """Years counted from a 29th of February begin on it whenever there is one."""
    assert days(recurring("2024-02-29", Frequency.YEARLY, 5))[4] == ("2028-02-29", "2029-02-27")


def test_derived_periods_are_named_and_sound() -> None:
    """They are called as the vendor's console calls them, and the group around them is defined like any other."""
    draft = recurring("2026-01-31", Frequency.MONTHLY, 3)
    assert found(draft) == ()
    assert [period.ref_code for period in made(draft).periods] == ["Cycle_1", "Cycle_2", "Cycle_3"]


@pytest.mark.parametrize(
    "changes",
    [
        {"frequency_kind": None},
        {"cycle_opens": None},
        {"cycle_opens": "soon"},
        {"total_periods": None},
        {"total_periods": 0},
        {"total_periods": PERIODS_LIMIT + 1},
        {"frequency": LENGTH_MAX + 1},
        {"frequency_kind": Frequency.CUSTOM, "frequency": 0},
        {"cycle_opens": "9990-01-01", "frequency": 100},
    ],
)
def test_nothing_follows_from_too_little(changes: dict[str, Any]) -> None:
    """What does not say its periods is told that they are needed."""
    said = {"periods": (), "cycle_opens": "2026-01-01", "frequency_kind": Frequency.MONTHLY, "frequency": 1}
    draft = expand_periods(group(**said | changes), UTC)
    assert draft.periods == ()
    assert "periods" in [problem.path for problem in found(draft)]


@pytest.mark.parametrize("count, frequency", [(PERIODS_LIMIT, 1), (1, LENGTH_MAX)])
def test_limits_are_reached(count: int, frequency: int) -> None:
    """A hundred periods follow, and one of ten years of days."""
    assert len(recurring("2026-01-01", Frequency.DAILY, count, frequency).periods) == count


def test_listed_periods_stay() -> None:
    """A frequency beside a list of periods says nothing more."""
    draft = group(frequency_kind=Frequency.DAILY, cycle_opens="2024-10-01")
    assert expand_periods(draft, UTC) == draft
    assert draft.periods[0] == OCTOBER == GROUP.periods[0]
