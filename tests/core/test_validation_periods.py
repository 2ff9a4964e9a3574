"""What is wrong with periods, and which spans of time the sound ones are."""

from dataclasses import replace
from typing import Any

import pytest

from milepost.model.organisation import PERIODS_USUAL, Organisation
from milepost.model.target import Evaluation
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.draft import GroupDraft, PeriodDraft
from tests.core.sample_drafts import (
    GROUP,
    NOVEMBER,
    NOW,
    OCTOBER,
    ORGANISATION,
    found,
    group,
    made,
    problems,
    with_period,
)

UTC = calendar_of("UTC")


def daily(number: int) -> GroupDraft:
    """Return a group of *number* days, one period each."""
    first = UTC.read("2024-01-01").day
    days = [UTC.date_text(UTC.opens(first + place)) for place in range(number)]
    periods = tuple(PeriodDraft(ref_code=f"Day {place}", starts=day, ends=day) for place, day in enumerate(days))
    return group(periods=periods)


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"ref_code": None}, ["refCode"]),
        ({"ref_code": ""}, ["refCode"]),
        ({"ref_code": "r" * 200}, []),
        ({"ref_code": "r" * 201}, ["refCode"]),
        ({"description": "d" * 255}, []),
        ({"description": "d" * 256}, ["description"]),
        ({"starts": None}, ["startDate"]),
        ({"ends": None}, ["endDate"]),
        ({"starts": None, "ends": None}, ["startDate", "endDate"]),
        ({"starts": "2024-10-32"}, ["startDate"]),
        ({"starts": "01.10.2024", "ends": "NaN"}, ["startDate", "endDate"]),
        ({"ends": "2024-09-30"}, ["endDate"]),
        ({"starts": "2024-10-05T12:00:00", "ends": "2024-10-05T11:59:59"}, ["endDate"]),
        ({"starts": "2024-10-05T12:00:00", "ends": "2024-10-05"}, []),
    ],
)
def test_a_bad_period_is_refused_with_the_field(changes: dict[str, Any], expected: list[str]) -> None:
    """Each mistake in a period is one problem at its path."""
    assert problems(with_period(**changes)) == [(f"periods[0].{path}", 300004) for path in expected]


def test_periods_are_limited() -> None:
    """A hundred periods are accepted, one more is not."""
    assert (problems(daily(PERIODS_USUAL)), problems(daily(PERIODS_USUAL + 1))) == ([], [("periods", 300004)])


def test_period_codes_are_unique_in_their_group() -> None:
    """Two periods of a group may not share a code, whatever its case."""
    assert problems(group(periods=(OCTOBER, replace(NOVEMBER, ref_code="CYCLE_1")))) == [("periods[1].refCode", 300004)]


@pytest.mark.parametrize(
    "starts, ends, expected",
    [
        ("2024-10-31", "2024-11-30", ["periods[1]"]),
        ("2024-10-31T23:59:59", "2024-11-30", ["periods[1]"]),
        ("2024-10-10", "2024-10-11", ["periods[1]"]),
        ("2024-09-01", "2024-10-01", ["periods[0]"]),
        ("2024-09-01", "2024-09-30", []),
    ],
)
def test_periods_share_no_day(starts: str, ends: str, expected: list[str]) -> None:
    """Periods may be listed in any order, but no day belongs to two of them."""
    second = PeriodDraft(ref_code="Other", starts=starts, ends=ends)
    assert [problem.path for problem in found(group(periods=(OCTOBER, second)))] == expected


def test_a_period_covers_whole_days() -> None:
    """A period from one minute past midnight to one before it covers its days from midnight to midnight."""
    period = made(with_period(starts="2024-10-01T00:01:00.000", ends="2024-10-31T23:59:00.000")).periods[0]
    expected = (UTC.read("2024-10-01").instant, UTC.read("2024-11-01").instant, "2024-10-01", "2024-10-31")
    assert (period.opens_at, period.closes_at, period.starts_on, period.ends_on) == expected


def test_days_are_those_of_the_organisation() -> None:
    """In Berlin a period begins at Berlin's midnight and has an hour more when clocks go back."""
    berlin = replace(ORGANISATION, zone="Europe/Berlin")
    period = made(GROUP, berlin).periods[0]
    assert (period.closes_at - period.opens_at) // 3_600_000_000 == 31 * 24 + 1


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, ("2024-10-01T00:00:00.000Z", "2024-11-30T23:59:59.000Z")),
        ({"periods": (NOVEMBER, OCTOBER)}, ("2024-10-01T00:00:00.000Z", "2024-11-30T23:59:59.000Z")),
        (
            {"cycle_opens": "2024-08-20T08:42:00.529Z", "cycle_closes": "2024-12-20T08:42:00.529Z"},
            ("2024-08-20T08:42:00.529Z", "2024-12-20T08:42:00.529Z"),
        ),
        (
            {"cycle_opens_iso": "2024-01-01T10:30:00+05:30", "cycle_opens": "2024-08-20T00:00:00Z"},
            ("2024-01-01T05:00:00.000Z", "2024-11-30T23:59:59.000Z"),
        ),
        ({"cycle_closes": "2024-12-24"}, ("2024-10-01T00:00:00.000Z", "2024-12-24T23:59:59.000Z")),
    ],
)
def test_the_cycle_window_is_given_or_lies_around_the_periods(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Given dates are kept to the millisecond, others follow from the periods, to the last second of the last day."""
    built = made(group(**changes))
    assert (UTC.glued(built.cycle_opens_at), UTC.glued(built.cycle_closes_at)) == expected


def test_cycles_of_customers_are_named_by_their_group() -> None:
    """Where each customer's clock rules, as many periods as asked for span the whole window, named after the group."""
    draft = group(evaluation=Evaluation.CYCLIC_WINDOW, periods=(), total_periods=3)
    built = made(draft)
    names = [f"PERIOD_G_{built.id}_{place}" for place in (1, 2, 3)]
    assert [period.ref_code for period in built.periods] == names
    assert {(period.opens_at, period.closes_at) for period in built.periods} == {(NOW, UTC.later(NOW, years=5))}


def test_validity_bounds_the_cycles_of_customers() -> None:
    """Without cycle dates the validity of the group is the window."""
    draft = group(
        evaluation=Evaluation.PERIOD_AGNOSTIC_WINDOW,
        periods=(),
        valid_from="2024-08-20T08:41:00.529Z",
        valid_to="2024-10-20",
    )
    built = made(draft)
    assert (built.valid_from, built.valid_to) == ("2024-08-20", "2024-10-20")
    assert UTC.glued(built.cycle_closes_at) == "2024-10-20T23:59:59.000Z"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Apia"])
def test_a_z_in_a_period_is_local(zone: str) -> None:
    """S2's periods mean the eleventh of June everywhere."""
    organisation = Organisation(id=1, name="Brand", zone=zone, version=1, settings=ORGANISATION.settings)
    draft = with_period(starts="2025-06-11T00:00:00.000Z", ends="2025-06-11T23:59:59.999Z")
    period = made(draft, organisation).periods[0]
    assert (period.starts_on, period.ends_on) == ("2025-06-11", "2025-06-11")
