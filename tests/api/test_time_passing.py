"""Notices because time passes, for each kind of window and for streaks."""

from collections.abc import Iterator

import pytest

from milepost.model.standing import Outcome, OutcomeKind
from milepost.store import codec
from tests.api.client import ApiClient, Json, OrganisationClient, opened
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target
from tests.store.fixed_clock import tick

CYCLE = {"targetCycleStartDate": "2026-01-01", "targetCycleEndDate": "2026-01-31"}
KINDS = (OutcomeKind.PERIOD_CLOSED, OutcomeKind.PERIOD_STARTED, OutcomeKind.STREAK_BROKEN, OutcomeKind.STREAK_ENDED)


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: time passes for all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation of the test's own, with a feed, so that outcomes are kept."""
    return front.organisation(outcomeFeed="ON")


def later(organisation: OrganisationClient, text: str) -> None:
    """Set the clock to *text* and do everything that is due by then."""
    organisation.client.clock.set(text)
    organisation.client.run(lambda: tick(organisation.client.runtime, page=50))


def heard(organisation: OrganisationClient) -> list[tuple[OutcomeKind, int]]:
    """Return the outcomes of passing time, in order: kind and period."""
    query = "select body from outbox where org_id = %s order by customer_id, seq"
    rows = organisation.client.connection.execute(query, (organisation.organisation.id,)).fetchall()
    outcomes: list[Outcome] = [outcome for (body,) in rows for outcome in codec.decode_outcomes(body)]
    return [(one.kind, one.period_id) for one in outcomes if one.kind in KINDS]


def ids(defined: Json) -> list[int]:
    """Return the ids of a group's periods."""
    return [period["id"] for period in defined["periods"]]


def test_customers_own_windows_close_and_open_one_by_one(organisation: OrganisationClient) -> None:
    """Windows of a day that begin at half past ten have notices at the next full hour, once each, also many at a time.

    The first one opened with the customer's own bill.
    """
    asked = group(periods=(), totalPeriods=3, targetEvaluationType="CYCLIC_WINDOW", frequencyType="DAILY", **CYCLE)
    first, second, third = ids(organisation.define(asked))
    organisation.send_events(bill("10", time="2026-01-20T10:30:00Z"))
    later(organisation, "2026-01-21T10:45:00Z")
    assert [] == heard(organisation)
    later(organisation, "2026-01-21T11:00:00Z")
    later(organisation, "2026-01-21T11:30:00Z")
    assert [(OutcomeKind.PERIOD_CLOSED, first), (OutcomeKind.PERIOD_STARTED, second)] == heard(organisation)
    organisation.send_events(bill("10", time="2026-01-21T11:00:00Z"))
    later(organisation, "2026-01-31T11:00:00Z")
    # In the third window nothing happened: it opened, and closed in silence.
    assert [(OutcomeKind.PERIOD_CLOSED, second), (OutcomeKind.PERIOD_STARTED, third)] == heard(organisation)[2:]


def test_windows_wait_for_the_offset_and_end_with_the_group(front: ApiClient) -> None:
    """The last window is cut at the group's end and told two days later; then nobody looks any more.

    That a window opened waits for nothing.
    """
    organisation = front.organisation(outcomeFeed="ON", offsetDays="2")
    asked = group(periods=(), totalPeriods=9, targetEvaluationType="CYCLIC_WINDOW", frequencyType="WEEKLY", **CYCLE)
    first, second, *_ = ids(organisation.define(asked))
    organisation.send_events(bill("10", time="2026-01-20T10:00:00Z"))
    front.clock.set("2026-01-28T10:00:00Z")
    organisation.send_events(bill("10", time="2026-01-28T10:00:00Z"))
    later(organisation, "2026-02-02T23:59:59Z")
    assert [(OutcomeKind.PERIOD_CLOSED, first), (OutcomeKind.PERIOD_STARTED, second)] == heard(organisation)
    later(organisation, "2026-02-03T01:00:00Z")
    assert [(OutcomeKind.PERIOD_CLOSED, second)] == heard(organisation)[2:]
    undone = "select count(*) from turn where org_id = %s and done_at is null"
    assert 0 == front.number(undone, organisation.organisation.id)


def test_until_achieved_ends_with_the_group(organisation: OrganisationClient) -> None:
    """The running period has its closing notice when the group ends; achieved periods had their outcomes before."""
    asked = group(periods=(), totalPeriods=3, targetEvaluationType="PERIOD_AGNOSTIC_WINDOW", **CYCLE)
    _, second, _ = ids(organisation.define(asked))
    organisation.send_events(bill("120", time="2026-01-20T10:00:00Z"))
    later(organisation, "2026-01-31T23:59:59Z")
    assert [] == heard(organisation)
    later(organisation, "2026-02-01T00:00:00Z")
    assert [(OutcomeKind.PERIOD_CLOSED, second)] == heard(organisation)


def streak(**changes: object) -> Json:
    """Return a streak of January to March with one level."""
    levels = [{"name": "two in a row", "targetCountOfSequence": 2}]
    periods = (JANUARY, FEBRUARY, MARCH)
    return group(target(), periods=periods, trackingType="STREAKS", streaks=levels) | changes


def test_a_streak_breaks_when_a_missed_period_closes(organisation: OrganisationClient) -> None:
    """A customer without events in February has StreakBroken, and after March StreakEnded."""
    first, second, third = ids(organisation.define(streak()))
    organisation.send_events(bill("100", time="2026-01-20T10:00:00Z"))
    later(organisation, "2026-02-28T23:59:59Z")
    assert [(OutcomeKind.PERIOD_CLOSED, first), (OutcomeKind.PERIOD_STARTED, second)] == heard(organisation)
    later(organisation, "2026-03-01T00:00:00Z")
    assert {(OutcomeKind.STREAK_BROKEN, second), (OutcomeKind.PERIOD_STARTED, third)} == set(heard(organisation)[2:])
    later(organisation, "2026-04-01T00:00:00Z")
    assert [(OutcomeKind.STREAK_ENDED, third)] == heard(organisation)[4:]


def test_a_group_that_is_not_in_force_notifies_no_customer(organisation: OrganisationClient) -> None:
    """An inactive group opens and closes without notices."""
    organisation.define(group())
    organisation.define(group(active=False))
    organisation.send_events(bill("10"))
    later(organisation, "2026-02-01T00:00:00Z")
    assert 2 == len(heard(organisation))


def test_periods_of_a_groups_own_zone_close_by_its_midnight(front: ApiClient) -> None:
    """January is over in New York five hours after it is in the organisation's zone."""
    organisation = front.organisation(outcomeFeed="ON", timeZonePolicy="GROUP")
    (period_id,) = ids(organisation.define(group(target(), periods=(JANUARY,), timeZoneName="America/New_York")))
    organisation.send_events(bill("10"))
    later(organisation, "2026-02-01T04:59:59Z")
    assert [] == heard(organisation)
    later(organisation, "2026-02-01T05:00:00Z")
    assert [(OutcomeKind.PERIOD_CLOSED, period_id)] == heard(organisation)


def test_board_is_closed_with_its_period(organisation: OrganisationClient) -> None:
    """Once the period's close was worked on, late bills change progress and not the board."""
    defined = organisation.define(group(target(), leaderboardEnabled=True))
    rule, period = defined["targets"][0]["id"], ids(defined)[0]
    organisation.send_events(bill("10", customer="anna"), bill("5", customer="bert"))
    later(organisation, "2026-02-01T01:00:00Z")
    organisation.send_events(bill("100", customer="bert"))
    board = organisation.get(f"/api/v1/leaderboards/{rule}", periodId=period)
    assert (True, [10, 5]) == (board["closed"], [one["value"] for one in board["top"]])
