"""What a customer sees of other kinds of targets: own windows, sequential periods, streaks (S4, facts 4.4)."""

from typing import Any

import pytest

from tests.api.client import ApiClient, Json, OrganisationClient
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target

EVERY = {"includeInactive": "true"}
CYCLE = {"targetCycleStartDate": "2026-01-10", "targetCycleEndDate": "2026-01-25"}
CYCLIC = {"targetEvaluationType": "CYCLIC_WINDOW", "frequencyType": "DAILY", "frequency": 2, **CYCLE}
AGNOSTIC = {"targetEvaluationType": "PERIOD_AGNOSTIC_WINDOW", **CYCLE}


def own(kind: Json, periods: int = 4, *targets: Json, **changes: Any) -> Json:
    """Return a group whose periods are each customer's own."""
    return group(*targets, periods=(), **kind, **changes) | {"totalPeriods": periods}


def stamps(row: Json) -> tuple[str, str]:
    """Return from when to when a row's period runs."""
    return row["periodStartDateWithTimeStamp"], row["periodEndDateWithTimeStamp"]


def enrol(organisation: OrganisationClient, defined: Json, customer_id: int, **more: Any) -> None:
    """Enrol a customer."""
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    assert 200 == organisation.post(path, [{"customerId": customer_id, **more}]).status_code


def test_windows_that_have_not_begun_are_one_row(organisation: OrganisationClient) -> None:
    """From and to when the group was made, to the nearest second, like the published answer's third sample."""
    organisation.send_events(bill("10", time="2025-01-01T00:00:00Z"))
    organisation.client.clock.set("2026-01-15T20:15:56.847Z")
    defined = organisation.define(own(CYCLIC))
    organisation.client.clock.set("2026-01-20T11:32:56.36Z")
    anna = organisation.customer("anna")
    (row,) = organisation.rows(anna, **EVERY)
    assert (None, defined["periods"][0]["id"], 100, 0) == (
        row["targetId"],
        row["periodId"],
        row["targetValue"],
        row["targetAchievedValue"],
    )
    assert (("2026-01-15T20:15:57.000Z",) * 2, ("2026-01-15",) * 2) == (
        stamps(row),
        (row["periodStartDate"], row["periodEndDate"]),
    )
    assert ("2026-01-20T11:32:56.360+0000", False) == (row["enrolledOn"], row["currentPeriod"])
    assert [] == organisation.rows(anna)


def test_a_customers_own_windows_follow_the_first_event(organisation: OrganisationClient) -> None:
    """Each ends when the next begins, the last one at the group's end; one that the end leaves empty is none."""
    organisation.define(own(CYCLIC, 5))
    organisation.send_events(bill("40", time="2026-01-19T09:43:40Z"))
    anna = organisation.customer("anna")
    rows = organisation.rows(anna, **EVERY)
    assert [
        ("2026-01-21T09:43:40.000Z", "2026-01-23T09:43:40.000Z"),
        ("2026-01-23T09:43:40.000Z", "2026-01-25T09:43:40.000Z"),
        ("2026-01-25T09:43:40.000Z", "2026-01-25T23:59:59.000Z"),
        ("2026-01-19T09:43:40.000Z", "2026-01-21T09:43:40.000Z"),
    ] == [stamps(row) for row in rows]
    assert [True, True, True, False] == [row["targetId"] is None for row in rows]
    assert {False} == {row["currentPeriod"] for row in rows}
    (now,) = organisation.rows(anna)
    assert (40, stamps(rows[3])) == (now["targetAchievedValue"], stamps(now))
    organisation.client.clock.set("2026-01-21T09:43:40Z")
    assert [] == organisation.rows(anna)


def test_until_achieved_every_stamp_is_the_groups_beginning(organisation: OrganisationClient) -> None:
    """A bill of 120 fills the first period and shows 20 in the second (facts 4.17)."""
    organisation.define(own(AGNOSTIC, 3))
    organisation.send_events(bill("120", time="2026-01-19T09:00:00Z"))
    anna = organisation.customer("anna")
    third, first, second = organisation.rows(anna, **EVERY)
    assert [(100, True), (20, False), (0, False)] == [
        (row["targetAchievedValue"], row["targetAchievedDateTime"] is not None) for row in (first, second, third)
    ]
    assert {("2026-01-10T00:00:00.000Z",) * 2} == {stamps(row) for row in (first, second, third)}
    (now,) = organisation.rows(anna)
    assert (second["periodId"], False) == (now["periodId"], now["currentPeriod"])


def test_windows_of_the_enrolled_are_theirs_alone(organisation: OrganisationClient) -> None:
    """A customer who is on the list sees the window to come as a row of their own; who is not sees nothing."""
    defined = organisation.define(own(CYCLIC, 4, target(enrolmentMethod="IMPORT")))
    organisation.send_events(bill(), bill(customer="bert"))
    anna = organisation.customer("anna")
    enrol(organisation, defined, anna)
    (row,) = organisation.rows(anna, **EVERY)
    assert (True, "2026-01-20T12:00:00.000+0000") == (row["targetId"] is not None, row["enrolledOn"])
    assert [] == organisation.rows(organisation.customer("bert"), **EVERY)


def test_a_customer_who_left_is_shown_as_unenrolled(organisation: OrganisationClient) -> None:
    """Rows with progress stay, marked; periods to come are gone."""
    defined = organisation.define(group(target(enrolmentMethod="IMPORT"), periods=(JANUARY, FEBRUARY, MARCH)))
    organisation.send_events(bill("5"))
    anna = organisation.customer("anna")
    enrol(organisation, defined, anna)
    organisation.send_events(bill("40"))
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/unEnroll"
    assert 200 == organisation.post(path, [{"customerId": anna}]).status_code
    organisation.send_events(bill("7"))
    rows = organisation.rows(anna, **EVERY)
    assert [("January", 45, True)] == [
        (row["periodRefCode"], row["targetAchievedValue"], row["unEnrolled"]) for row in rows
    ]


def levels(organisation: OrganisationClient) -> list[Json]:
    """Return two levels of a streak."""
    counts = (2, 3)
    return [{"name": f"{organisation.till_code} {count}", "targetCountOfSequence": count} for count in counts]


def shown(organisation: OrganisationClient) -> list[Json]:
    """Return the streak rows of the only group."""
    (found,) = organisation.groups(organisation.customer("anna"), **EVERY)
    assert list(found)[5:8] == ["targets", "streaks", "targetEvaluationType"]
    rows: list[Json] = found["streaks"]
    return rows


def test_streak_rows_are_the_published_ones(organisation: OrganisationClient) -> None:
    """Not started, in progress, achieved: key for key; what is achieved names the row and the moment."""
    asked = group(target(), periods=(JANUARY, FEBRUARY, MARCH), trackingType="STREAKS", streaks=levels(organisation))
    defined = organisation.define(asked)
    organisation.send_events(bill("1"))
    two, three = ({"streakId": one["id"], "streakName": one["name"]} for one in defined["streaks"])
    nothing = {"status": "NOT_STARTED", "currentCount": 0}
    dates = {"streakAchievedDateTime": None, "streakAchievedDateTimeISO": None}
    assert [
        {"userStreakId": None, **two, **nothing, "totalTargetCountOfSequence": 2, **dates},
        {"userStreakId": None, **three, **nothing, "totalTargetCountOfSequence": 3, **dates},
    ] == shown(organisation)
    organisation.send_events(bill("99"))
    assert [("IN_PROGRESS", 1), ("IN_PROGRESS", 1)] == [
        (row["status"], row["currentCount"]) for row in shown(organisation)
    ]
    organisation.client.clock.set("2026-02-10T00:00:00Z")
    organisation.send_events(bill("100", time="2026-02-09T13:57:58Z"))
    first, second = shown(organisation)
    february = next(
        row for row in organisation.rows(organisation.customer("anna"), **EVERY) if row["periodRefCode"] == "February"
    )
    assert {
        "status": "ACHIEVED",
        "currentCount": 2,
        "totalTargetCountOfSequence": 2,
        "streakAchievedUserTargetId": february["targetId"],
        "streakAchievedDateTime": "2026-02-09T13:57:58.000+0000",
        "streakAchievedDateTimeISO": "2026-02-09T13:57:58Z",
    } == {key: first[key] for key in list(first)[3:]}
    assert ["userStreakId", "streakId", "streakName"] == list(first)[:3]
    assert ("IN_PROGRESS", 2) == (second["status"], second["currentCount"])
    assert len({first["userStreakId"], second["userStreakId"], None}) == 3
    organisation.client.clock.set("2026-04-01T00:00:00Z")
    assert [("ACHIEVED", 2), ("NOT_STARTED", 0)] == [
        (row["status"], row["currentCount"]) for row in shown(organisation)
    ]


def test_members_of_a_unified_group_are_rows_of_their_own(organisation: OrganisationClient) -> None:
    """The vendor's view shows the members; our own shows the composite."""
    members = (target(), target("TRANSACTION", "COUNT", defaultValues=[{"defaultValue": 2}]))
    expression = {"aggregation": "SUM", "thresholdValue": 150}
    defined = organisation.define(group(*members, combinationType="ALL", unifiedTargetExpression=expression))
    organisation.send_events(bill("100"), bill("30"))
    anna = organisation.customer("anna")
    assert [(130, True), (2, True)] == [
        (row["targetAchievedValue"], row["targetAchievedDateTime"] is not None) for row in organisation.rows(anna)
    ]
    (told,) = organisation.get(f"/api/v1/customers/{anna}/progress")["groups"]
    january = defined["periods"][0]["id"]
    whole = {"periodId": january, "needed": 2, "reached": 2, "value": 132, "threshold": 150}
    assert [whole | {"achievedAt": None, "achievedBy": None}] == told["wholes"]
    organisation.send_events(bill("18", time="2026-01-20T11:00:00Z"))
    (told,) = organisation.get(f"/api/v1/customers/{anna}/progress")["groups"]
    assert ("2026-01-20T11:00:00Z", [january]) == (told["wholes"][0]["achievedAt"], told["runningPeriodIds"])


@pytest.mark.parametrize(
    "kind, expected",
    [
        (CYCLIC, [("RUNNING", 40, 60), ("UPCOMING", 0, 100), ("UPCOMING", 0, 100)]),
        (AGNOSTIC, [("RUNNING", 40, 60), ("UPCOMING", 0, 100), ("UPCOMING", 0, 100)]),
    ],
)
def test_progress_is_shown_in_words_of_our_own(
    organisation: OrganisationClient, kind: Json, expected: list[Any]
) -> None:
    """Each period's status, value and what is left to the goal."""
    organisation.define(own(kind, 3))
    organisation.send_events(bill("40", time="2026-01-19T14:00:00Z"))
    (told,) = organisation.get(f"/api/v1/customers/{organisation.customer('anna')}/progress")["groups"]
    (one,) = told["targets"]
    assert expected == [(period["status"], period["value"], period["left"]) for period in one["periods"]]


def test_progress_before_the_first_event_has_no_bounds(organisation: OrganisationClient) -> None:
    """Customers' own windows that have not begun have none."""
    organisation.send_events(bill(time="2025-01-01T00:00:00Z"))
    organisation.define(own(CYCLIC, 3))
    told = organisation.get(f"/api/v1/customers/{organisation.customer('anna')}/progress")
    (one,) = told["groups"][0]["targets"]
    assert {("NOT_BEGUN", None, None)} == {(p["status"], p["startsAt"], p["endsAt"]) for p in one["periods"]}
    assert ("2026-01-20T12:00:00Z", 10, []) == (told["at"], told["lifetimePurchases"], told["caps"])


def test_a_customers_own_goals_are_shown(organisation: OrganisationClient) -> None:
    """A file's goal stands in for the target's, 0 too; a blank leaves the target's; marks follow the own goal."""
    marks = [{"triggerName": "half", "triggerValueType": "PERCENTAGE", "triggerValue": 50}]
    asked = target(enrolmentMethod="IMPORT", targetMilestoneTriggers=marks)
    defined = organisation.define(group(asked, periods=(JANUARY, FEBRUARY, MARCH)))
    organisation.send_events(bill())
    path, headers = f"/api/v1/targetGroups/{defined['id']}/enrolments", {"Content-Type": "text/csv"}
    sent = organisation.send("POST", path, content=b"externalId,January,February,March\nanna,60,0,\n", headers=headers)
    assert 200 == sent.status_code, sent.text
    rows = organisation.rows(organisation.customer("anna"), **EVERY)
    assert [(60, 30), (0, 0), (100, 50)] == [(row["targetValue"], row["milestones"][0]["triggerValue"]) for row in rows]
    (told,) = organisation.get(f"/api/v1/customers/{organisation.customer('anna')}/progress")["groups"]
    assert [60, 0, 100] == [period["goal"] for period in told["targets"][0]["periods"]]


def test_bounds_are_shown_in_the_zone_that_rules(front: ApiClient) -> None:
    """A period of a group's own zone opens at its midnight there.

    When it was enrolled is told in the organisation's zone.
    """
    organisation = front.organisation("Europe/Berlin", timeZonePolicy="GROUP")
    organisation.define(group(periods=(JANUARY,), timeZoneName="Asia/Kolkata"))
    organisation.send_events(bill())
    (row,) = organisation.rows(organisation.customer("anna"))
    assert ("2026-01-01T00:00:00.000Z", "2026-01-31T23:59:59.000Z") == stamps(row)
    assert ("2026-01-01T00:00:00+05:30", "2026-01-20T11:00:00+01:00") == (
        row["periodStartDateWithTimeStampISO"],
        row["enrolledOnISO"],
    )
