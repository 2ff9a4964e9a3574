"""`POST …/unEnroll`, and coming back (facts 3.5, 4.7)."""

from typing import Any

import pytest

from milepost.model.standing import OutcomeKind
from milepost.store.codec import decode_outcomes
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target
from tests.api.test_enrolment import WORDS


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation of the test's own, with a feed, so that outcomes are kept."""
    return front.organisation(outcomeFeed="ON")


class Stage:
    """An organisation with a target over three months, and Anna, who takes part and bought for 250 in January."""

    def __init__(self, organisation: OrganisationClient, method: str = "IMPORT", **changes: Any) -> None:
        """Set the stage."""
        self.organisation = organisation
        asked = target(enrolmentMethod=method, defaultValues=[{"defaultValue": 1000}])
        self.group = organisation.define(group(asked, periods=(JANUARY, FEBRUARY, MARCH), **changes))
        organisation.send_events(bill("250"))
        self.anna = organisation.customer("anna")
        if method == "IMPORT":
            self.call("enroll", periodName="January")

    def path(self, word: str) -> str:
        """Return the address of a call."""
        return f"/v3/targetGroups/{self.group['id']}/targets/{self.group['targets'][0]['id']}/{word}"

    def call(self, word: str, **changes: Any) -> Json:
        """Enrol Anna or take her out; return the answer and assert that it succeeded."""
        answered = self.organisation.post(self.path(word), [{"customerId": self.anna} | changes])
        assert answered.status_code == 200, answered.text
        told: Json = json_of(answered)
        return told

    def refused(self, word: str, body: Any) -> list[tuple[int, str]]:
        """Send a call that is refused; return its errors."""
        answered = self.organisation.post(self.path(word), body)
        assert 400 == answered.status_code
        return [(error["code"], error["message"]) for error in json_of(answered)["errors"]]

    def values(self) -> dict[str, Any]:
        """Return what Anna has reached, by period."""
        rows = self.organisation.rows(self.anna, includeInactive="true")
        return {row["periodRefCode"]: row["targetAchievedValue"] for row in rows}


@pytest.fixture
def stage(organisation: OrganisationClient) -> Stage:
    """Return a stage of the test's own."""
    return Stage(organisation)


def test_leaving_is_answered_with_the_customer(stage: Stage) -> None:
    """The data is the customer's id; a period that is named says nothing."""
    assert {"data": stage.anna, "errors": None, "warnings": None} == stage.call("unEnroll", periodName="March")


def test_a_customer_who_left_counts_no_more(stage: Stage) -> None:
    """From the running period on; what was counted stays."""
    stage.call("unEnroll")
    stage.organisation.send_events(bill("10"))
    assert 250 == stage.values()["January"]
    assert [] == stage.organisation.get(f"/v3/users/{stage.anna}/enrolledTargets")["data"]


def test_periods_before_the_one_of_leaving_go_on_counting(stage: Stage) -> None:
    """An event of January that is received in February, after Anna left."""
    stage.organisation.client.clock.set("2026-02-10T00:00:00Z")
    stage.call("unEnroll")
    stage.organisation.send_events(bill("10"), bill("5", time="2026-02-09T00:00:00Z"))
    assert (260, 0) == (stage.values()["January"], stage.values().get("February", 0))


def test_a_target_that_is_open_to_all_can_be_left(organisation: OrganisationClient) -> None:
    """A customer may come back; bills in between do not count."""
    stage = Stage(organisation, "TRANSACTION")
    stage.call("unEnroll")
    organisation.send_events(bill("10"))
    assert [(310119, "User is not enrolled")] == stage.refused("unEnroll", [{"customerId": stage.anna}])
    stage.call("enroll")
    organisation.send_events(bill("1"))
    assert 251 == stage.values()["January"]


@pytest.mark.parametrize("balance, expected", [(0, 1), (100, 101), (None, 251)])
def test_coming_back_begins_with_the_balance_or_goes_on(stage: Stage, balance: int | None, expected: int) -> None:
    """A balance of 0 begins again, a value replaces, no balance resumes (facts 4.7)."""
    stage.call("unEnroll")
    stage.organisation.send_events(bill("10"))
    stage.call("enroll", initialBalance=balance)
    stage.organisation.send_events(bill("1"))
    assert expected == stage.values()["January"]


def test_a_customer_may_leave_and_come_back_repeatedly(stage: Stage) -> None:
    """Each enrolment and each leave is an event of its own, and of each kind only one at a time."""
    for _ in range(3):
        assert [(310119, "User is already enrolled")] == stage.refused("enroll", [{"customerId": stage.anna}])
        stage.call("unEnroll")
        assert [(310119, "User is not enrolled")] == stage.refused("unEnroll", [{"customerId": stage.anna}])
        stage.call("enroll")
    stage.organisation.send_events(bill("1"))
    assert 251 == stage.values()["January"]


def test_a_customer_who_takes_no_part_cannot_leave(stage: Stage) -> None:
    """310119, as the vendor lists it (facts 8 #29); and each other error."""
    stage.organisation.send_events(bill("1", customer="bob"))
    bob = stage.organisation.customer("bob")
    assert [(310119, "User is not enrolled")] == stage.refused("unEnroll", [{"customerId": bob}])
    assert [(310011, "Invalid userId")] == stage.refused("unEnroll", [{"customerId": 5}])
    answered = stage.organisation.post("/v3/targetGroups/5/targets/5/unEnroll", [{"customerId": stage.anna}])
    assert [310017] == [error["code"] for error in json_of(answered)["errors"]]


def test_after_the_last_period_there_is_nothing_to_leave(stage: Stage) -> None:
    """No period runs and none is to come."""
    stage.organisation.client.clock.set("2026-04-01T00:00:00Z")
    assert [(310019, "Target period is not found")] == stage.refused("unEnroll", [{"customerId": stage.anna}])


@pytest.mark.parametrize("body", [[], {}, [{}, {}], [{"customerId": 1, "initialBalance": 5}], [{"periodName": 5}], "x"])
def test_a_bad_call_is_refused(stage: Stage, body: Any) -> None:
    """Exactly one customer, and no unknown fields."""
    assert {300004, 310011} >= {code for code, _ in stage.refused("unEnroll", body)}


def test_a_field_that_is_none_is_named(stage: Stage) -> None:
    """With those that are."""
    told = stage.refused("unEnroll", [{"customerId": stage.anna, "initialBalance": 5}])
    assert [(300004, WORDS + "[0].initialBalance: is not a field here; there are customerId, periodName")] == told


@pytest.mark.parametrize("reset, expected", [(True, 2), (False, 1)])
def test_a_streak_starts_again_on_request(organisation: OrganisationClient, *, reset: bool, expected: int) -> None:
    """With resetStreakStatus a level can be earned again."""
    levels: Json = {"trackingType": "STREAKS", "streaks": [{"name": "once", "targetCountOfSequence": 1}]}
    stage = Stage(organisation, **levels)
    organisation.send_events(bill("800"))
    stage.call("unEnroll")
    stage.call("enroll", resetStreakStatus=reset)
    organisation.client.clock.set("2026-02-10T00:00:00Z")
    organisation.send_events(bill("1000", time="2026-02-09T00:00:00Z"))
    rows = organisation.client.connection.execute(
        "select body from outbox where org_id = %s", [organisation.organisation.id]
    ).fetchall()
    outcomes = [outcome.kind for (body,) in rows for outcome in decode_outcomes(body)]
    assert expected == outcomes.count(OutcomeKind.STREAK_LEVEL_ACHIEVED)
