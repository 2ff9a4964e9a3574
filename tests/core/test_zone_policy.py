"""Whose calendar rules the dates of a group: the organisation's, or the group's own zone."""

from dataclasses import replace

import pytest

from milepost.model.organisation import Organisation, Settings, TimeZonePolicy
from milepost.rules.calendar import TZDB, calendar_of
from milepost.rules.definition.draft import PeriodDraft
from tests.core.sample_drafts import ORGANISATION, group, made, problems

HOUR = 3_600_000_000
OWN = replace(ORGANISATION, zone="Asia/Kolkata", settings=Settings(time_zone_policy=TimeZonePolicy.GROUP))
SERVERS = replace(OWN, settings=Settings())


@pytest.mark.parametrize(
    "organisation, zone, expected",
    [
        (OWN, "America/New_York", "2024-10-01T04:00:00Z"),
        (OWN, None, "2024-09-30T18:30:00Z"),
        (SERVERS, "America/New_York", "2024-09-30T18:30:00Z"),
    ],
)
def test_bounds_are_of_the_zone_that_rules(organisation: Organisation, zone: str | None, expected: str) -> None:
    """Under GROUP a group's own zone rules its days and its cycle window, else it is a label."""
    built = made(group(time_zone_name=zone), organisation)
    opens = calendar_of("UTC").read(expected).instant
    assert (built.periods[0].opens_at, built.cycle_opens_at) == (opens, opens)


def test_a_zone_that_rules_has_to_be_one() -> None:
    """What is only a label under SERVER is a mistake under GROUP, told at its field."""
    draft = group(time_zone_name="Nowhere/At_All")
    assert (problems(draft, OWN), problems(draft, SERVERS)) == ([("timeZoneName", 300004)], [])


@pytest.mark.parametrize(
    "zone, day, hours",
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Havana", "2024-11-03", 25),
        ("Pacific/Apia", "2011-12-29", 24),
    ],
)
def test_days_have_the_hours_of_their_zone(zone: str, day: str, hours: int) -> None:
    """A missing midnight, a repeated one and a skipped day give a period of a day the hours that it has there."""
    periods = (PeriodDraft(ref_code="Day", starts=day, ends=day),)
    (period,) = made(group(periods=periods, time_zone_name=zone), OWN).periods
    assert (period.closes_at - period.opens_at) // HOUR == hours


def test_the_zone_database_is_named() -> None:
    """A group says by which version of the zone database its bounds were computed."""
    assert (made(group()).tzdb, len(TZDB)) == (TZDB, len("2026b"))
