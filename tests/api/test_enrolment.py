"""`POST /v3/targetGroups/{group}/targets/{target}/enroll` (facts 3.5, 4.7), with every error it has."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.api.client import PASSWORD, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target

WORDS = "Invalid input, check all values and ensure they are correct. "


class Stage:
    """An organisation with an IMPORT target of 1000 over three months, and Anna, who bought for 250 in January."""

    def __init__(self, organisation: OrganisationClient) -> None:
        """Set the stage."""
        self.organisation = organisation
        goals = [{"defaultValue": 1000}]
        self.group = organisation.define(
            group(target(enrolmentMethod="IMPORT", defaultValues=goals), periods=(JANUARY, FEBRUARY, MARCH))
        )
        organisation.send_events(bill("250"))
        self.anna = organisation.customer("anna")

    def path(self, group_id: object = None, target_id: object = None) -> str:
        """Return the address of the call."""
        group_id = self.group["id"] if group_id is None else group_id
        target_id = self.group["targets"][0]["id"] if target_id is None else target_id
        return f"/v3/targetGroups/{group_id}/targets/{target_id}/enroll"

    def enrol(self, period: str | None = "January", **changes: Any) -> Any:
        """Enrol Anna; return what the answer says."""
        body = [{"customerId": self.anna} | ({} if period is None else {"periodName": period}) | changes]
        return json_of(self.organisation.post(self.path(), body))

    def refused(self, body: Any, path: str | None = None) -> list[tuple[int, str]]:
        """Send a call that is refused; return its errors. Nothing is stored."""
        before = self.organisation.stored()
        answered = self.organisation.post(path or self.path(), body)
        told = json_of(answered)
        assert (400, None, None) == (answered.status_code, told["data"], told["warnings"]), answered.text
        assert before == self.organisation.stored()
        return [(error["code"], error["message"]) for error in told["errors"]]

    def values(self, **query: str) -> dict[str, Any]:
        """Return what Anna has reached, by period."""
        return {row["periodRefCode"]: row["targetAchievedValue"] for row in self.organisation.rows(self.anna, **query)}


@pytest.fixture
def stage(organisation: OrganisationClient) -> Stage:
    """Return a stage of the test's own."""
    return Stage(organisation)


def test_enrolling_is_answered_with_the_customer(stage: Stage) -> None:
    """The data is the customer's id."""
    assert {"data": stage.anna, "errors": None, "warnings": None} == stage.enrol()


def test_an_id_may_come_as_text(stage: Stage) -> None:
    """As some clients send it."""
    assert stage.anna == stage.enrol(customerId=str(stage.anna))["data"]


def test_stored_events_of_the_running_period_count(stage: Stage) -> None:
    """What was bought before the enrolment counts from the log (facts 8 #21)."""
    assert {} == stage.values()
    stage.enrol()
    assert {"January": 250} == stage.values()


def test_stored_events_do_not_count_where_the_organisation_says_so(front: Any) -> None:
    """With enrolMidPeriod FROM_ENROLMENT only what is dated later counts."""
    stage = Stage(front.organisation(enrolMidPeriod="FROM_ENROLMENT"))
    stage.enrol()
    stage.organisation.send_events(bill("10", time="2026-01-20T12:00:00Z"), bill("7"))
    assert {"January": 10} == stage.values()


def test_a_balance_replaces_the_progress(stage: Stage) -> None:
    """300 of 1000 leaves 700 (facts 4.17); the goal is not stamped by a balance (facts 8 #27)."""
    stage.enrol(initialBalance=300)
    stage.organisation.send_events(bill("699.9999"))
    (row,) = stage.organisation.rows(stage.anna)
    assert ("999.9999", None) == (str(row["targetAchievedValue"]), row["targetAchievedDateTime"])
    stage.organisation.send_events(bill("0.0001"))
    (row,) = stage.organisation.rows(stage.anna)
    assert (1000, "2026-01-20T10:00:00Z") == (row["targetAchievedValue"], row["targetAchievedDateTimeISO"])


def test_enrolment_covers_the_period_and_all_later_ones(stage: Stage) -> None:
    """From February on: what happened in January does not count (facts 4.7)."""
    stage.enrol("February")
    assert {"February": 0, "March": 0} == stage.values(includeInactive="true")


@pytest.mark.parametrize(
    "now, period",
    [
        ("2026-01-20T00:00:00Z", "January"),
        ("2025-12-01T00:00:00Z", "January"),
        ("2026-02-01T00:00:00Z", "February"),
        ("2026-03-31T23:59:59.999999Z", "March"),
    ],
)
def test_without_a_name_the_running_or_next_period_is_meant(stage: Stage, now: str, period: str) -> None:
    """Facts 8 #30."""
    stage.organisation.client.clock.set(now)
    assert stage.anna == stage.enrol(None)["data"]
    assert period == next(iter(stage.values(includeInactive="true")))


def test_a_name_is_known_whatever_its_case(stage: Stage) -> None:
    """As names of periods are compared."""
    assert stage.anna == stage.enrol("JANUARY")["data"]


def test_each_published_error_is_provoked(stage: Stage) -> None:
    """Unknown user, group, target and period, each with its code."""
    asked = {"customerId": stage.anna, "periodName": "January"}
    assert [(310011, "Invalid userId")] == stage.refused([asked | {"customerId": 5}])
    assert [(310017, "Target group is not found or is deactivated")] == stage.refused([asked], stage.path(5))
    assert [(310018, "Target rule is not found")] == stage.refused([asked], stage.path(None, 5))
    assert [(310019, "Target period is not found")] == stage.refused([asked | {"periodName": "July"}])


def test_after_the_last_period_there_is_none(stage: Stage) -> None:
    """Without a name no period is left to be meant."""
    stage.organisation.client.clock.set("2026-04-01T00:00:00Z")
    assert [(310019, "Target period is not found")] == stage.refused([{"customerId": stage.anna}])


def test_no_customer_is_enrolled_twice(stage: Stage) -> None:
    """In the same period or another, with or without a balance."""
    stage.enrol()
    for changes in ({}, {"periodName": "February"}, {"initialBalance": 5}):
        body = [{"customerId": stage.anna, "periodName": "January"} | changes]
        assert [(310119, "User is already enrolled")] == stage.refused(body)
    assert {"January": 250} == stage.values()


@pytest.mark.parametrize("path_id", ["x", "-1", "9" * 30, "1e3", "%00"])
def test_an_id_that_is_none_names_nothing(stage: Stage, path_id: str) -> None:
    """A path that holds no id is answered like an unknown one."""
    asked = [{"customerId": stage.anna, "periodName": "January"}]
    assert [310017, 310018] == [
        stage.refused(asked, path)[0][0] for path in (stage.path(path_id), stage.path(None, path_id))
    ]


def test_a_target_that_is_not_in_force_is_not_found(stage: Stage) -> None:
    """Groups and targets that are defined as inactive."""
    asked = [{"customerId": stage.anna, "periodName": "January"}]
    idle = stage.organisation.define(group(target(enrolmentMethod="IMPORT"), active=False))
    lazy = stage.organisation.define(group(target(enrolmentMethod="IMPORT", active=False)))
    assert [310017, 310018] == [
        stage.refused(asked, stage.path(one["id"], one["targets"][0]["id"]))[0][0] for one in (idle, lazy)
    ]


def test_a_target_of_another_group_is_not_found(stage: Stage) -> None:
    """The two ids of the path belong together."""
    other = stage.organisation.define(group(target(enrolmentMethod="IMPORT")))
    asked = [{"customerId": stage.anna, "periodName": "January"}]
    assert 310018 == stage.refused(asked, stage.path(None, other["targets"][0]["id"]))[0][0]


def test_in_a_target_that_is_open_to_all_everybody_takes_part(stage: Stage) -> None:
    """A customer who has not left is enrolled already."""
    other = stage.organisation.define(group(target()))
    path = stage.path(other["id"], other["targets"][0]["id"])
    asked = {"customerId": stage.anna, "periodName": "January"}
    assert [(310119, "User is already enrolled")] == stage.refused([asked], path)


@pytest.mark.parametrize("tracking", ["DEFAULT", "CAPPING"])
@pytest.mark.parametrize("method", ["IMPORT", "AUDIENCE_FILTER"])
def test_a_customer_not_enrolled_by_activity_is_enrolled_by_a_call(stage: Stage, method: str, tracking: str) -> None:
    """Targets of a list, targets of an audience that nobody chose yet, and caps (facts 4.7, 4.11)."""
    other = stage.organisation.define(group(target(enrolmentMethod=method), trackingType=tracking))
    path = stage.path(other["id"], other["targets"][0]["id"])
    body = [{"customerId": stage.anna, "periodName": "January"}]
    assert (200, stage.anna) == (
        (answered := stage.organisation.post(path, body)).status_code,
        json_of(answered)["data"],
    )
    assert [(310119, "User is already enrolled")] == stage.refused(body, path)


def test_one_of_two_calls_at_the_same_time_enrols(stage: Stage) -> None:
    """The other calls are refused because the customer is enrolled already, also if they ask for something else."""
    bodies = [[{"customerId": stage.anna, "periodName": "January", "initialBalance": place}] for place in range(6)]
    organisation = stage.organisation

    async def together() -> list[httpx2.Response]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            return await asyncio.gather(*(client.post(stage.path(), json=body) for body in bodies))

    told = [json_of(answered) for answered in organisation.client.run(together)]
    assert [stage.anna] == [one["data"] for one in told if one["errors"] is None]
    assert [310119] * 5 == [one["errors"][0]["code"] for one in told if one["errors"] is not None]


def test_streaks_have_no_balance_and_only_they_start_again(stage: Stage) -> None:
    """Facts 4.7."""
    levels: Json = {"trackingType": "STREAKS", "streaks": [{"name": "twice", "targetCountOfSequence": 2}]}
    other = stage.organisation.define(group(target(enrolmentMethod="IMPORT"), **levels))
    path = stage.path(other["id"], other["targets"][0]["id"])
    asked = {"customerId": stage.anna}
    words = WORDS + "[0].initialBalance: does not go with streaks"
    assert [(300004, words)] == stage.refused([asked | {"initialBalance": 5}], path)
    words = WORDS + "[0].resetStreakStatus: goes with streaks only"
    assert [(300004, words)] == stage.refused([asked | {"resetStreakStatus": True}])
    assert stage.anna == json_of(stage.organisation.post(path, [asked | {"periodName": "whatever"}]))["data"]


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"colour": 1}, "[0].colour: is not a field here; there are customerId, periodName, initialBalance, "),
        ({"periodName": 5}, "[0].periodName: must be text"),
        ({"periodName": "\0"}, "[0].periodName: must be text"),
        ({"initialBalance": "x"}, "[0].initialBalance: must be a number of at most 10^15 with at most 4 decimals"),
        ({"initialBalance": True}, "[0].initialBalance: must be a number of at most 10^15 with at most 4 decimals"),
        ({"initialBalance": 10**15 + 1}, "[0].initialBalance: must be a number of at most 10^15 with at most 4"),
        ({"initialBalance": 0.00001}, "[0].initialBalance: must be a number of at most 10^15 with at most 4 decimals"),
        ({"resetStreakStatus": 1}, "[0].resetStreakStatus: must be true or false"),
    ],
)
def test_a_bad_enrolment_is_refused(stage: Stage, changes: Json, expected: str) -> None:
    """Each invalid input is refused with its path and reason."""
    ((code, message),) = stage.refused([{"customerId": stage.anna, "periodName": "January"} | changes])
    assert (300004, WORDS + expected) == (code, message[: len(WORDS + expected)])


@pytest.mark.parametrize("customer_id", [None, "anna", True, -5, 0, 2**63, "9" * 40, [], {}])
def test_a_text_that_is_no_id_is_no_user(stage: Stage, customer_id: Any) -> None:
    """Whatever stands in the place of an id."""
    assert [(310011, "Invalid userId")] == stage.refused([{"customerId": customer_id, "periodName": "January"}])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b"[NaN]", [], {}, [[]], [{}, {}], "text", 5, None, b'[{"customerId": ' + b"9" * 5_000],
)
def test_a_call_enrols_one_customer(stage: Stage, body: Any) -> None:
    """Exactly one, in a list (facts 8 #31)."""
    assert [300004] == [code for code, _ in stage.refused(body)]


def test_a_body_of_20_megabytes_is_refused(stage: Stage) -> None:
    """Past 1 MiB nothing is read on."""
    assert 413 == stage.organisation.post(stage.path(), b" " * 20_000_000).status_code
