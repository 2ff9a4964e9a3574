"""At a period boundary: reads are right before any customer was notified, and notifying changes nothing of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target
from tests.store.fixed_clock import tick

LAST, FIRST = "2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z"
CYCLE = {"targetCycleStartDate": "2026-01-01", "targetCycleEndDate": "2026-02-10"}
CYCLIC: Json = {"targetEvaluationType": "CYCLIC_WINDOW", "frequencyType": "DAILY", "frequency": 12, **CYCLE}
"""Twelve days of a customer's own: who begins on the twentieth of January at midnight ends with the month."""

AGNOSTIC: Json = {"targetEvaluationType": "PERIOD_AGNOSTIC_WINDOW", **CYCLE, "targetCycleEndDate": "2026-01-31"}
OWN: Json = {"periods": (), "totalPeriods": 3}
LEVELS = [{"name": "two in a row", "targetCountOfSequence": 2}]


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: time passes for all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


def values(organisation: OrganisationClient, anna: int) -> list[Any]:
    """Return the values of the periods that are shown, and whether each is the running one."""
    every = organisation.rows(anna, includeInactive="true")
    return sorted((row["periodRefCode"], row["targetAchievedValue"], row["currentPeriod"]) for row in every)


def statuses(organisation: OrganisationClient, anna: int) -> list[Any]:
    """Return the statuses and values of periods, in plain words."""
    (told,) = organisation.get(f"/api/v1/customers/{anna}/progress")["groups"]
    return [(period["status"], period["value"]) for one in told["targets"] for period in one["periods"]]


def streaks(organisation: OrganisationClient, anna: int) -> list[Any]:
    """Return what is shown of streaks."""
    (found,) = organisation.groups(anna, includeInactive="true")
    return [(row["status"], row["currentCount"]) for row in found["streaks"]]


def caps(organisation: OrganisationClient, anna: int) -> list[Any]:
    """Return what is left of caps."""
    found = organisation.get(f"/api/v1/customers/{anna}/caps")["items"]
    return [(one["used"], one["left"]) for one in found]


def all_of_it(organisation: OrganisationClient, anna: int, defined: Json) -> list[Any]:
    """Return everything that can be read of a customer, and the boards."""
    rule = defined["targets"][0]["id"]
    boards = [
        organisation.get(f"/api/v1/leaderboards/{rule}", periodId=period["id"], customerId=anna)
        for period in defined["periods"][:2]
        if defined.get("leaderboardEnabled")
    ]
    return [
        organisation.groups(anna),
        organisation.groups(anna, includeInactive="true"),
        organisation.get(f"/v3/users/{anna}/enrolledTargets"),
        organisation.get(f"/api/v1/customers/{anna}/progress"),
        organisation.get(f"/api/v1/customers/{anna}/caps"),
        [[board["top"], board["own"], board["customers"]] for board in boards],
    ]


def rolled_over(
    organisation: OrganisationClient, body: Json, *events: Json, enrol: bool = False
) -> Callable[[Any], list[Any]]:
    """Define a group, tell of events, and let the month turn with nobody told; return a way to look before and after.

    What is looked at is the same after everybody was told.
    """
    organisation.client.clock.set("2026-01-20T12:00:00Z")
    defined = organisation.define(body)
    if enrol:
        organisation.send_events(bill("1", time="2025-12-01T00:00:00Z"))
        path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
        assert 200 == organisation.post(path, [{"customerId": organisation.customer("anna")}]).status_code
    organisation.send_events(*events)
    anna = organisation.customer("anna")

    def look(read: Callable[[OrganisationClient, int], list[Any]]) -> list[Any]:
        found = []
        for instant in (LAST, FIRST):
            organisation.client.clock.set(instant)
            found.append(read(organisation, anna))
        untold = all_of_it(organisation, anna, defined)
        _tell(organisation)
        assert untold == all_of_it(organisation, anna, defined)
        return found

    return look


def _tell(organisation: OrganisationClient) -> None:
    """Notify all customers of the boundaries that are due."""
    organisation.client.run(lambda: tick(organisation.client.runtime, page=50))
    told = "select count(*) from event where org_id = %s and source = 'milepost/period'"
    assert 0 < organisation.client.number(told, organisation.organisation.id)


def test_the_latest_events_are_those_that_were_sent(organisation: OrganisationClient) -> None:
    """Every customer is told that the month is over; what is listed is the bill."""
    rolled_over(organisation, group(), bill("40", id="sent"))(values)
    assert ["sent"] == [one["event"]["id"] for one in organisation.get("/api/v1/events/recent")["items"]]


def test_a_month_begins_with_nothing(organisation: OrganisationClient) -> None:
    """At midnight January is over with what it has, and February runs."""
    look = rolled_over(organisation, group(leaderboardEnabled=True), bill("40"))
    assert [
        [("February", 0, False), ("January", 40, True)],
        [("February", 0, True), ("January", 40, False)],
    ] == look(values)


def test_an_enrolled_customer_is_shown_the_new_month(organisation: OrganisationClient) -> None:
    """A customer who takes part by a list has a row of the running period at once."""
    look = rolled_over(organisation, group(target(enrolmentMethod="IMPORT")), bill("40"), enrol=True)
    assert [[("January", 40)], [("February", 0)]] == look(
        lambda organisation, anna: [
            (row["periodRefCode"], row["targetAchievedValue"]) for row in organisation.rows(anna)
        ]
    )


def test_a_customers_own_window_ends_by_itself(organisation: OrganisationClient) -> None:
    """Twelve days after the first event the second window runs."""
    look = rolled_over(organisation, group(**CYCLIC, **OWN), bill("40", time="2026-01-20T00:00:00Z"))
    assert [
        [("RUNNING", 40), ("UPCOMING", 0), ("UPCOMING", 0)],
        [("ENDED", 40), ("RUNNING", 0), ("UPCOMING", 0)],
    ] == look(statuses)


def test_until_achieved_ends_with_its_group(organisation: OrganisationClient) -> None:
    """The period that was being filled is over with the group."""
    look = rolled_over(organisation, group(**AGNOSTIC, **OWN), bill("120"))
    before, after = look(statuses)
    assert [("ENDED", 100), ("RUNNING", 20), ("UPCOMING", 0)] == before
    assert [("ENDED", 100), ("ENDED", 20)] == after[:2]


@pytest.mark.parametrize("net, expected", [("100", ("IN_PROGRESS", 1)), ("99", ("NOT_STARTED", 0))])
def test_a_streak_is_what_it_was_while_the_next_month_runs(
    organisation: OrganisationClient, net: str, expected: tuple[str, int]
) -> None:
    """A customer who reached January's goal has a run of one; a customer who missed it has none."""
    months = (JANUARY, FEBRUARY, MARCH)
    look = rolled_over(organisation, group(periods=months, trackingType="STREAKS", streaks=LEVELS), bill(net))
    assert [expected] == look(streaks)[1]


def test_a_missed_month_breaks_a_streak_by_itself(organisation: OrganisationClient) -> None:
    """December was reached and January was not: at midnight nothing is left of the run."""
    december = {"refCode": "December", "startDate": "2025-12-01", "endDate": "2025-12-31"}
    body = group(periods=(december, JANUARY, FEBRUARY), trackingType="STREAKS", streaks=LEVELS)
    look = rolled_over(organisation, body, bill("100", time="2025-12-20T10:00:00Z"))
    assert [[("IN_PROGRESS", 1)], [("NOT_STARTED", 0)]] == look(streaks)


def test_a_unified_group_begins_anew(organisation: OrganisationClient) -> None:
    """Members of January stay with January."""
    members = (target(), target("TRANSACTION", "COUNT"))
    look = rolled_over(organisation, group(*members, combinationType="ALL"), bill("40"))
    assert [
        [("February", 0, False), ("February", 0, False), ("January", 1, True), ("January", 40, True)],
        [("February", 0, True), ("February", 0, True), ("January", 1, False), ("January", 40, False)],
    ] == look(values)


def test_a_cap_is_unused_again(organisation: OrganisationClient) -> None:
    """What January used up is there again for February, and an award of the first instant gets it."""
    capped = target("REWARDS", "ALL_POINTS", defaultValues=[{"defaultValue": 100}])
    organisation.send_events(bill("1", time="2025-12-01T00:00:00Z"))
    look = rolled_over(organisation, group(capped, trackingType="CAPPING"))
    anna = organisation.customer("anna")
    path = f"/api/v1/customers/{anna}/awards"
    assert 70 == json_of(organisation.post(path, {"id": "a", "amount": 70, "kind": "REGULAR"}))["given"]
    assert [[(70, 30)], [(0, 100)]] == look(caps)
    assert 90 == json_of(organisation.post(path, {"id": "b", "amount": 90, "kind": "REGULAR"}))["given"]


def test_what_happens_in_the_first_instant_counts_for_the_new_month(organisation: OrganisationClient) -> None:
    """An event of midnight is February's, one of the instant before is January's, though nobody was told yet."""
    defined = organisation.define(group())
    organisation.client.clock.set(FIRST)
    organisation.send_events(bill("7", time=FIRST), bill("5", time=LAST))
    anna = organisation.customer("anna")
    expected = [("February", 7, True), ("January", 5, False)]
    assert expected == values(organisation, anna)
    untold = all_of_it(organisation, anna, defined)
    _tell(organisation)
    assert (expected, untold) == (values(organisation, anna), all_of_it(organisation, anna, defined))
