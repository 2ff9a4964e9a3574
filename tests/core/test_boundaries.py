"""Which boundaries a group has, and when they are due."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from milepost.model.organisation import Organisation, Settings, TimeZonePolicy
from milepost.model.scheduled.boundary import NO_PERIOD, BoundaryKind
from milepost.model.target import Evaluation, Period, TargetGroup
from milepost.model.time import DAY_US, Micros
from milepost.rules.calendar import TZDB, calendar_of
from milepost.rules.compiled.boundaries import (
    WINDOW_CHECK_EVERY_US,
    boundaries_of,
    last_window_check,
    next_window_check,
)
from milepost.rules.definition.draft import PeriodDraft
from milepost.rules.edits.amendment import EditContext, PeriodAmendment
from milepost.rules.edits.period_edits import add_periods, change_periods
from tests.core.sample_drafts import AUTHOR, NOW, ORGANISATION, group, made

UTC = calendar_of("UTC")


def told(built: TargetGroup, settings: Settings = ORGANISATION.settings) -> list[tuple[str, str, str]]:
    """Return the boundaries in order of time: when, which kind, and the period's code."""
    codes = {period.id: period.ref_code for period in built.periods} | {NO_PERIOD: "-"}
    turns = sorted(boundaries_of(built, settings), key=lambda turn: turn.due_at)
    return [(UTC.iso(turn.due_at), turn.kind.value, codes[turn.period_id]) for turn in turns]


def test_periods_that_lie_ahead_open_and_close() -> None:
    """The group is of 15 October: October had begun and only closes, November does both."""
    assert [
        ("2024-11-01T00:00:00Z", "closed", "Cycle_1"),
        ("2024-11-01T00:00:00Z", "opened", "Cycle_2"),
        ("2024-12-01T00:00:00Z", "closed", "Cycle_2"),
    ] == sorted(told(made(group())))


def test_closing_waits_for_the_offset() -> None:
    """Sixty times 24 hours later; opening does not wait."""
    found = told(made(group()), Settings(offset_days=60))
    assert [
        ("2024-11-01T00:00:00Z", "opened"),
        ("2024-12-31T00:00:00Z", "closed"),
        ("2025-01-30T00:00:00Z", "closed"),
    ] == [(at, kind) for at, kind, _ in found]


@pytest.mark.parametrize("changes", [{"active": False}, {"deleted": True}])
def test_a_group_that_is_not_in_force_has_no_boundaries(changes: Any) -> None:
    """Inactive groups, deleted groups and inactive periods have no boundaries."""
    built = made(group())
    assert [] == told(replace(built, **changes))
    assert [] == told(replace(built, periods=tuple(replace(period, active=False) for period in built.periods)))


def test_a_group_of_the_past_has_no_boundaries() -> None:
    """What had closed when it was defined, to the microsecond, was never open."""
    built = made(group())
    closes = built.periods[-1].closes_at
    later = replace(built, attribution=replace(built.attribution, created_at=closes))
    assert ([], 1) == (
        told(later),
        len(told(replace(later, attribution=replace(later.attribution, created_at=Micros(closes - 1))))),
    )


def test_until_achieved_ends_once() -> None:
    """With the group, whose last second is shown."""
    draft = group(evaluation=Evaluation.PERIOD_AGNOSTIC_WINDOW, periods=(), cycle_closes="2024-12-24")
    assert [("2024-12-25T00:00:00Z", "closed", "-")] == told(made(draft))


def test_windows_of_customers_are_looked_through_from_the_next_hour_on() -> None:
    """Up to the last hour in which one may end, offset days included."""
    built = made(group(evaluation=Evaluation.CYCLIC_WINDOW, periods=(), cycle_closes="2024-12-24"))
    (turn,) = boundaries_of(built, ORGANISATION.settings)
    assert (BoundaryKind.WINDOWS, NOW, next_window_check(NOW)) == (turn.kind, turn.since, turn.due_at)
    assert (0, True) == (
        next_window_check(NOW) % WINDOW_CHECK_EVERY_US,
        NOW < next_window_check(NOW) <= NOW + WINDOW_CHECK_EVERY_US,
    )
    assert UTC.read("2024-12-25").instant + 2 * DAY_US == last_window_check(built, Settings(offset_days=2))


def test_a_skipped_day_has_no_boundaries() -> None:
    """A period without an instant opens, but its closing concerns no customer."""
    built = made(group())
    empty = replace(built.periods[1], closes_at=built.periods[1].opens_at)
    kinds = [kind for _, kind, code in told(replace(built, periods=(empty,))) if code == "Cycle_2"]
    assert ["opened"] == kinds


def ids() -> Iterator[int]:
    """Return ids that nothing else has."""
    yield from range(900, 1000)


@pytest.mark.parametrize(
    "ends, description, tzdb",
    [("2024-11-29", None, TZDB), (None, "longer to read", "1999a")],
)
def test_bounds_reckoned_anew_name_their_zone_database(ends: str | None, description: str | None, tzdb: str) -> None:
    """An edit that moves a bound is of today's; one that moves none leaves what was recorded."""
    numbers = ids()
    where = EditContext(organisation=ORGANISATION, author=AUTHOR, at=NOW, ids=lambda _kind: next(numbers), audiences={})
    old = replace(made(group()), tzdb="1999a")
    november: Period = old.periods[1]
    draft = PeriodDraft(ends=ends, description=description)
    changed = change_periods(old, (PeriodAmendment(path="[0]", id=november.id, draft=draft),), where)
    assert ((), tzdb) == (changed.problems, changed.group.tzdb)


def test_a_new_period_follows_the_zone_of_its_group() -> None:
    """Added later, in a group whose own zone rules, it opens at that zone's midnight."""
    organisation = Organisation(
        id=1, name="B", zone="UTC", version=1, settings=Settings(time_zone_policy=TimeZonePolicy.GROUP)
    )
    numbers = ids()
    where = EditContext(organisation=organisation, author=AUTHOR, at=NOW, ids=lambda _kind: next(numbers), audiences={})
    draft = PeriodDraft(ref_code="Cycle_3", starts="2024-12-01", ends="2024-12-31")
    built = made(group(time_zone_name="Asia/Kolkata"), organisation)
    after = add_periods(built, (PeriodAmendment(path="[0]", id=None, draft=draft),), where).group
    assert "2024-11-30T18:30:00Z" == UTC.iso(after.periods[-1].opens_at)
