"""Which day, window or enrolment an event belongs to: the cases 15 to 17 of real input, and their neighbours."""

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target
from tests.api.test_merging import merged

NOVEMBER: tuple[Json, ...] = ({"refCode": "Nov", "startDate": "2026-11-01", "endDate": "2026-11-30"},)
FIRST_OF_DAY = "currentCustomer.numberOfTxnsToday==0"
NOW = "2026-11-15T12:00:00Z"


def at(organisation: OrganisationClient, now: str = NOW) -> OrganisationClient:
    """Return *organisation* with its clock at *now*."""
    organisation.client.clock.set(now)
    return organisation


def values(organisation: OrganisationClient, name: str = "anna") -> list[object]:
    """Return the values of a customer's rows, in the order of the answer."""
    path = f"/api/v1/customers/{organisation.customer(name)}/progress"
    return [
        row["value"]
        for group in organisation.get(path)["groups"]
        for target in group["targets"]
        for row in target["periods"]
    ]


def ny_group(expression: str, **changes: object) -> Json:
    """Return a group of New York over November that counts bills by an expression."""
    one = target("TRANSACTION", "COUNT", expression=expression)
    return group(one, periods=NOVEMBER, timeZoneName="America/New_York", **changes)


THREE = (
    bill("5", time="2026-11-05T23:00:00Z"),
    bill("5", time="2026-11-06T02:00:00Z"),
    bill("5", time="2026-11-06T14:00:00Z"),
)
"""Bills of 5 November 18:00 and 21:00 and of 6 November 09:00 in New York."""


@pytest.mark.parametrize(
    "expression, wanted",
    [
        pytest.param(FIRST_OF_DAY, 2, id="case 15 A: the first bill of the day in New York"),
        pytest.param("currentCustomer.numberOfVisits==1", 2, id="case 15: visits"),
        pytest.param("currentCustomer.avgSpendPerVisit>5", 1, id="case 15: spend per visit"),
    ],
)
def test_facts_by_day_follow_the_zone_that_rules_the_target(
    organisation: OrganisationClient, expression: str, wanted: int
) -> None:
    """In New York the bills are of two days, in UTC the last two are of one."""
    at(organisation).send("PATCH", "/api/v1/organisation", json={"settings": {"timeZonePolicy": "GROUP"}})
    organisation.define(ny_group(expression))
    organisation.send_events(*THREE)
    assert [wanted] == values(organisation)


def test_a_zone_that_is_needed_later_knows_the_days_before(organisation: OrganisationClient) -> None:
    """Case 15: groups that are defined after three bills know the bill of 6 November, each by its own days."""
    at(organisation).send("PATCH", "/api/v1/organisation", json={"settings": {"timeZonePolicy": "GROUP"}})
    organisation.send_events(*THREE)
    organisation.define(ny_group(FIRST_OF_DAY))
    organisation.define(group(target("TRANSACTION", "COUNT", expression=FIRST_OF_DAY), periods=NOVEMBER))
    late_on_the_sixth, on_the_seventh = "2026-11-07T03:00:00Z", "2026-11-07T14:00:00Z"
    organisation.send_events(bill("5", time=late_on_the_sixth))
    assert [0, 1] == values(organisation)
    organisation.send_events(bill("5", time=on_the_seventh))
    assert [1, 1] == values(organisation)


def test_days_of_a_zone_are_united_by_a_merge(organisation: OrganisationClient) -> None:
    """Case 15: after two customers became one, the days of both are known in the group's zone."""
    at(organisation).send("PATCH", "/api/v1/organisation", json={"settings": {"timeZonePolicy": "GROUP"}})
    organisation.send_events(bill("5", time="2026-11-05T23:00:00Z"), bill("5", customer="berta", time=THREE[2]["time"]))
    organisation.define(ny_group(FIRST_OF_DAY))
    merged(organisation, "berta", "anna")
    organisation.send_events(bill("5", time="2026-11-06T18:00:00Z"), bill("5", time="2026-11-07T18:00:00Z"))
    assert [1] == values(organisation)


def list_target() -> Json:
    """Return a target of 500 for customers who are enrolled."""
    return target(enrolmentMethod="IMPORT", defaultValues=[{"defaultValue": 500}])


def enrol(organisation: OrganisationClient, defined: Json, **asked: object) -> Json:
    """Ask to enrol Anna in the target of a group; return the answer's status and error codes."""
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    answered = organisation.post(path, [{"customerId": organisation.customer("anna"), **asked}])
    return {"status": answered.status_code, "codes": [error["code"] for error in json_of(answered)["errors"] or ()]}


ENROLLED = {"status": 200, "codes": []}
NO_PERIOD = {"status": 400, "codes": [310019]}


@pytest.mark.parametrize(
    "time, counted",
    [
        pytest.param("2026-11-04T10:00:00Z", 0, id="case 16 A: a bill of eleven days before"),
        pytest.param("2026-11-15T11:44:59.999999Z", 0, id="case 16: just too early"),
        pytest.param("2026-11-15T11:45:00Z", 7, id="case 16: the bill at which the customer enrols"),
        pytest.param("2026-11-15T12:00:00Z", 7, id="case 16: at the same time"),
    ],
)
@pytest.mark.parametrize("is_heard_before", [True, False])
def test_from_enrolment_the_date_decides_whenever_an_event_is_heard(
    organisation: OrganisationClient, time: str, counted: int, *, is_heard_before: bool
) -> None:
    """Case 16: nothing dated more than 15 minutes before the enrolment counts, heard before or after it."""
    at(organisation).send("PATCH", "/api/v1/organisation", json={"settings": {"enrolMidPeriod": "FROM_ENROLMENT"}})
    defined = organisation.define(group(list_target(), periods=NOVEMBER))
    organisation.send_events(bill("10", time="2026-11-03T10:00:00Z"))
    if is_heard_before:
        organisation.send_events(bill("7", time=time))
    assert ENROLLED == enrol(organisation, defined, periodName="Nov")
    if not is_heard_before:
        organisation.send_events(bill("7", time=time))
    assert [counted] == values(organisation)


def test_changed_goals_do_not_move_the_enrolment(organisation: OrganisationClient) -> None:
    """Case 16: a list that changes the goal of a customer who takes part leaves the date of the enrolment as it was."""
    at(organisation).send("PATCH", "/api/v1/organisation", json={"settings": {"enrolMidPeriod": "FROM_ENROLMENT"}})
    defined = organisation.define(group(list_target(), periods=NOVEMBER))
    organisation.send_events(bill("10", time="2026-11-03T10:00:00Z"))
    assert ENROLLED == enrol(organisation, defined, periodName="Nov")
    at(organisation, "2026-11-20T12:00:00Z")
    rows = f"externalId,TargetName,Nov\nanna,{defined['targets'][0]['name']},50\n"
    path = f"/api/v1/targetGroups/{defined['id']}/enrolments"
    answered = organisation.send("POST", path, content=rows.encode(), headers={"content-type": "text/csv"})
    assert 200 == answered.status_code, answered.text
    organisation.send_events(bill("7", time="2026-11-16T10:00:00Z"))
    assert [7] == values(organisation)


def own_group(**changes: object) -> Json:
    """Return a group with two windows of a customer's own of two days each."""
    return group(
        target(defaultValues=[{"defaultValue": 50}]),
        periods=({"refCode": "W1"}, {"refCode": "W2"}),
        targetEvaluationType="CYCLIC_WINDOW",
        frequencyType="DAILY",
        frequency=2,
        recurringCycles=2,
        targetCycleStartDateISO="2026-01-01T00:00:00Z",
        targetCycleEndDateISO="2026-12-31T23:59:59Z",
        **changes,
    )


def leave(organisation: OrganisationClient, defined: Json) -> int:
    """Take Anna out of the target of a group; return the status."""
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/unEnroll"
    return organisation.post(path, [{"customerId": organisation.customer("anna")}]).status_code


def test_a_balance_after_the_last_window_is_refused(organisation: OrganisationClient) -> None:
    """Case 17 A: W1 stays at 60 and W2 at 20; the enrolment with a balance is refused, one without is taken."""
    defined = at(organisation).define(own_group())
    organisation.send_events(bill("60", time="2026-11-01T10:00:00Z"), bill("20", time="2026-11-04T09:00:00Z"))
    before = organisation.get(f"/api/v1/customers/{organisation.customer('anna')}/progress")
    assert 200 == leave(organisation, defined)
    assert NO_PERIOD == enrol(organisation, defined, initialBalance=5)
    assert [60, 20] == values(organisation)
    assert ENROLLED == enrol(organisation, defined)
    after = organisation.get(f"/api/v1/customers/{organisation.customer('anna')}/progress")
    assert before["groups"][0]["targets"][0]["periods"] == after["groups"][0]["targets"][0]["periods"]


def test_a_balance_belongs_to_the_window_that_runs(organisation: OrganisationClient) -> None:
    """Case 17: who comes back in the second window begins there at the balance; the first stays."""
    defined = at(organisation, "2026-11-04T12:00:00Z").define(own_group())
    organisation.send_events(bill("60", time="2026-11-01T10:00:00Z"), bill("20", time="2026-11-04T09:00:00Z"))
    assert 200 == leave(organisation, defined)
    assert ENROLLED == enrol(organisation, defined, initialBalance=5)
    assert [60, 5] == values(organisation)


TWO: tuple[Json, ...] = (
    {"refCode": "Oct", "startDate": "2026-10-01", "endDate": "2026-10-31"},
    {"refCode": "Nov", "startDate": "2026-11-01", "endDate": "2026-11-30"},
)


def test_a_balance_for_an_ended_period_goes_to_the_running_one(organisation: OrganisationClient) -> None:
    """Case 17: calendar periods too: October stays as it ended; after November there is none left."""
    defined = at(organisation).define(group(target(), periods=TWO))
    organisation.send_events(bill("30", time="2026-10-10T10:00:00Z"), bill("20", time="2026-11-10T10:00:00Z"))
    assert 200 == leave(organisation, defined)
    assert ENROLLED == enrol(organisation, defined, periodName="Oct", initialBalance=5)
    assert [30, 5] == values(organisation)
    assert 200 == leave(organisation, defined)
    at(organisation, "2026-12-02T12:00:00Z")
    assert NO_PERIOD == enrol(organisation, defined, periodName="Oct", initialBalance=7)
    assert [30, 5] == values(organisation)


@pytest.mark.parametrize(
    "grace, time, received, wanted",
    [
        pytest.param("24", "2026-11-14T10:00:00Z", "2026-11-15T12:00:00Z", [67], id="a day before"),
        pytest.param("24", "2026-11-14T09:59:59Z", "2026-11-15T12:00:00Z", [60], id="a second more"),
        pytest.param("24", "2026-11-14T10:00:00Z", "2026-11-17T10:00:00Z", [60], id="when the window is over"),
        pytest.param("0", "2026-11-15T09:59:59Z", "2026-11-15T12:00:00Z", [60], id="as the vendor"),
    ],
)
def test_an_event_from_shortly_before_the_first_own_window_counts_there(
    organisation: OrganisationClient, grace: str, time: str, received: str, wanted: list[int]
) -> None:
    """The window does not move, and what is received while it runs counts from up to the grace before it."""
    at(organisation).send("PATCH", "/api/v1/organisation", json={"settings": {"ownWindowGraceHours": int(grace)}})
    organisation.define(own_group())
    organisation.send_events(bill("60", time="2026-11-15T10:00:00Z"))
    at(organisation, received)
    organisation.send_events(bill("7", time=time))
    assert wanted == values(organisation)[:1]
