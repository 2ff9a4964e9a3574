"""Progress corrected by hand: shown first, made once, explained with its reason, and taken back."""

from typing import Any

import pytest
from httpx2 import Response

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, bill, group, target


def defined(organisation: OrganisationClient, **changes: Any) -> int:
    """Define a target of 100 a month and return its id; Anna has bought for 90 in January."""
    made = organisation.define(group(target(**changes.pop("aim", {})), **changes))
    organisation.send_events(bill("90", "B1"))
    return int(made["targets"][0]["id"])


def adjust(organisation: OrganisationClient, target_id: int, amount: object = 20, **body: object) -> Response:
    """Ask for a correction."""
    path = f"/api/v1/customers/{organisation.customer('anna')}/adjustments"
    asked = {"id": "a-1", "targetId": target_id, "amount": amount, "reason": "the till was offline"} | body
    return organisation.post(path, asked)


def reverse(organisation: OrganisationClient, id_: str = "a-1", **body: object) -> Response:
    """Ask that a correction be taken back."""
    path = f"/api/v1/customers/{organisation.customer('anna')}/adjustments/{id_}/reversal"
    return organisation.post(path, {"reason": "a mistake"} | body)


def explained(organisation: OrganisationClient, target_id: int, **query: str) -> Json:
    """Return the explanation of Anna's January; it adds up."""
    path = f"/api/v1/customers/{organisation.customer('anna')}/targets/{target_id}/explanation"
    found: Json = organisation.get(path, period="January", **query)
    assert found["equalsStored"] is True
    assert found["value"] == sum(row["amount"] for row in found["counted"])
    return found


def problems(answered: Response) -> list[tuple[str, str]]:
    """Return the fields and reasons of a refusal."""
    assert answered.status_code == 400, answered.text
    return [(one["path"], one["reason"]) for one in json_of(answered)["problems"]]


def test_a_correction_is_shown_made_once_and_taken_back(organisation: OrganisationClient) -> None:
    """90 and 20 achieve the goal of 100. Shown first, nothing changes; sent twice, it counts once."""
    target_id = defined(organisation)
    shown = json_of(adjust(organisation, target_id, dryRun=True))
    assert ("dryRun", 90, 110, 100) == (shown["status"], shown["before"], shown["after"], shown["goal"])
    assert ["ACHIEVED"] == [one["type"] for one in shown["leadsTo"]]
    assert 90 == explained(organisation, target_id)["value"]

    made, again = json_of(adjust(organisation, target_id)), json_of(adjust(organisation, target_id))
    assert ("applied", 90, 110, None) == (made["status"], made["before"], made["after"], made["leadsTo"])
    assert ("duplicate", 90, 110) == (again["status"], again["before"], again["after"])
    assert 409 == adjust(organisation, target_id, 30).status_code
    assert 110 == explained(organisation, target_id)["value"]

    back = json_of(reverse(organisation))
    assert ("applied", -20, 90, "a-1") == (back["status"], back["amount"], back["after"], back["reverses"])
    assert "duplicate" == json_of(reverse(organisation))["status"]
    assert [90, 20, -20] == [row["amount"] for row in explained(organisation, target_id)["counted"]]


def test_an_explanation_names_the_reason(organisation: OrganisationClient) -> None:
    """In both languages, and the event says who asked for it."""
    target_id = defined(organisation)
    adjust(organisation, target_id, author="mira")
    path = f"/api/v1/customers/{organisation.customer('anna')}/targets/{target_id}/explanation"
    for language, sentence in (("en", "correction on 20 January 2026: the till was offline"), ("de", "Korrektur am")):
        text = organisation.send("GET", f"{path}?period=January&format=text&language={language}").text
        assert sentence in text
        assert "+20" in text
    (event,) = organisation.get(
        "/api/v1/events", customer=str(organisation.customer("anna")), type="milepost.Adjustment"
    )["items"]
    assert ("milepost/adjustments", "a-1") == (event["source"], event["id"])
    assert ("mira", "the till was offline") == (event["data"]["author"], event["data"]["reason"])


@pytest.mark.parametrize("after, left", [("KEEP", True), ("REVOKE", False)])
def test_what_is_taken_off_follows_the_setting_of_returns(
    organisation: OrganisationClient, after: str, *, left: bool
) -> None:
    """A correction below the goal takes an achievement back where a return would."""
    target_id = defined(organisation)
    settings = {"settings": {"afterAchievement": after}}
    assert 200 == organisation.send("PATCH", "/api/v1/organisation", json=settings).status_code
    adjust(organisation, target_id)
    lowered = json_of(adjust(organisation, target_id, -50, id="a-2", dryRun=True))
    assert [] == lowered["leadsTo"] if left else ["UNACHIEVED"] == [one["type"] for one in lowered["leadsTo"]]


def test_all_that_is_wrong_is_said_at_once(organisation: OrganisationClient) -> None:
    """Reason, author, amount, target and period; nothing is applied."""
    target_id = defined(organisation)
    fields = dict(problems(adjust(organisation, target_id, 0, reason=" ", author="x" * 101, period="May")))
    assert {"reason", "author", "amount", "period"} == fields.keys()
    assert [("targetId", "there is no such target")] == problems(adjust(organisation, 99))
    assert "has not begun yet" in dict(problems(adjust(organisation, target_id, period="February")))["period"]
    assert 400 == adjust(organisation, target_id, 0.00001).status_code
    assert 404 == reverse(organisation, "nothing").status_code
    organisation.client.clock.set("2026-02-03T12:00:00Z")
    assert "endedPeriod" in dict(problems(adjust(organisation, target_id, period="January")))["period"]
    assert 110 == json_of(adjust(organisation, target_id, period="January", endedPeriod=True))["after"]
    assert 110 == explained(organisation, target_id)["value"]


def test_progress_without_a_value_of_its_own_is_not_corrected(organisation: OrganisationClient) -> None:
    """Nor that of a customer who takes no part, nor a count by a part of one."""
    total = defined(
        organisation,
        targetEvaluationType="PERIOD_AGNOSTIC_WINDOW",
        totalPeriods=2,
        periods=(),
        targetCycleStartDate="2026-01-01T00:00:00Z",
        targetCycleEndDate="2026-03-31T23:59:59Z",
    )
    listed = defined(organisation, aim={"enrolmentMethod": "IMPORT"}, periods=(JANUARY, FEBRUARY))
    counted = defined(organisation, aim={"targetType": "COUNT"}, periods=(JANUARY, FEBRUARY))
    assert "one total" in dict(problems(adjust(organisation, total)))["targetId"]
    assert "does not take part" in dict(problems(adjust(organisation, listed)))["targetId"]
    assert "whole" in dict(problems(adjust(organisation, counted, 0.5)))["amount"]
