"""Why a progress has its value: what counted, why the rest did not, as of any instant, in two languages."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, back, bill, event, group, line, target


def defined(organisation: OrganisationClient, *targets: Json, **changes: Any) -> list[int]:
    """Define a group and return the ids of its targets."""
    return [one["id"] for one in organisation.define(group(*targets, **changes))["targets"]]


def explanation(organisation: OrganisationClient, target_id: int, query: str = "period=January") -> Json:
    """Return the explanation of Anna's progress on a target."""
    path = f"/api/v1/customers/{organisation.customer('anna')}/targets/{target_id}/explanation"
    found: Json = organisation.get(path, **dict(part.split("=") for part in query.split("&")))
    assert found["equalsStored"] is True
    assert found["value"] == sum(row["amount"] for row in found["counted"])
    return found


def text(organisation: OrganisationClient, target_id: int, query: str = "period=January") -> str:
    """Return the explanation as text."""
    path = f"/api/v1/customers/{organisation.customer('anna')}/targets/{target_id}/explanation"
    answered = organisation.send("GET", f"{path}?format=text&{query}")
    assert answered.status_code == 200, answered.text
    return answered.text


def reasons(found: Json) -> dict[str, str]:
    """Return why each event did not count, by its id."""
    return {row["event"]["id"]: row["reason"] for row in found["notCounted"]}


def test_a_value_adds_up_with_running_sums(organisation: OrganisationClient) -> None:
    """Bills and returns are listed with what they changed and the sum so far."""
    (target_id,) = defined(organisation, target())
    organisation.send_events(
        bill(30, "B1", id="one"), bill("20.5", "B2", id="two"), {**back("B1", "AMOUNT", amount=10), "id": "three"}
    )
    found = explanation(organisation, target_id)

    assert Decimal("40.5") == found["value"]
    assert [("one", 30, 30), ("two", Decimal("20.5"), Decimal("50.5")), ("three", -10, Decimal("40.5"))] == [
        (row["event"]["id"], row["amount"], row["sum"]) for row in found["counted"]
    ]


def test_each_other_event_has_its_reason(organisation: OrganisationClient) -> None:
    """A condition that is not met is shown with its values, and the part that decided."""
    (target_id,) = defined(organisation, target(expression="currentTxn.value>=20 && currentTxn.basketSize>=1"))
    organisation.send_events(
        bill(30, id="counted", lines=(line(),)),
        bill(5, id="small", lines=(line(),)),
        bill(50, id="no lines"),
        event("Run", id="other"),
        {**back("unknown"), "id": "waiting"},
    )
    found = explanation(organisation, target_id)

    assert {
        "small": "CONDITION_FALSE",
        "no lines": "CONDITION_FALSE",
        "other": "OTHER_EVENT",
        "waiting": "OTHER_EVENT",
    } == reasons(found)
    small = next(row for row in found["notCounted"] if row["event"]["id"] == "small")
    deciding = small["parameters"]["deciding"]
    assert ("currentTxn.value>=20", False) == (deciding["text"], deciding["value"])
    assert [("currentTxn.value", "5"), ("20", "20")] == [(part["text"], part["value"]) for part in deciding["parts"]]
    assert "the condition is not met: the net amount of the bill is at least 20 (it was 5)" == small["sentence"]


def test_a_day_counts_once(organisation: OrganisationClient) -> None:
    """A second visit on a day has its reason."""
    (target_id,) = defined(organisation, target(kind="VISIT"))
    organisation.send_events(
        bill(id="first"), bill(id="second", time="2026-01-20T11:00:00Z"), bill(id="third", time="2026-01-19T11:00:00Z")
    )
    found = explanation(organisation, target_id)

    assert {"second": "ALREADY_COUNTED_TODAY"} == reasons(found)
    assert 2 == found["value"]


def test_events_before_an_enrolment_are_explained(front: ApiClient) -> None:
    """Without an enrolment nothing counts; an enrolment that counts stored events says which it counted."""
    organisation = front.organisation()
    (target_id,) = defined(organisation, target(enrolmentMethod="IMPORT", expression="currentTxn.value>=20"))
    organisation.send_events(bill(30, id="large"), bill(5, id="small"))

    assert {"large": "NOT_ENROLLED", "small": "NOT_ENROLLED"} == reasons(explanation(organisation, target_id))


def test_an_answer_of_the_past_is_what_was_answered_then(front: ApiClient) -> None:
    """What was received later is not known, whatever its date."""
    organisation = front.organisation()
    (target_id,) = defined(organisation, target())
    organisation.send_events(bill(30, id="early"))
    front.clock.set("2026-01-21T12:00:00Z")
    organisation.send_events(bill(40, id="late", time="2026-01-19T12:00:00Z"))

    assert 70 == explanation(organisation, target_id)["value"]
    then = explanation(organisation, target_id, "period=January&at=2026-01-20T13:00:00Z")
    assert (30, ["early"]) == (then["value"], [row["event"]["id"] for row in then["counted"]])
    path = f"/v3/users/{organisation.customer('anna')}/targetGroups"
    now, past = (
        organisation.send("GET", path, headers=headers).json()["data"]
        for headers in ({}, {"X-Milepost-At": "2026-01-20T13:00:00Z"})
    )
    assert now != past


def test_whatever_was_answered_is_answered_again(front: ApiClient) -> None:
    """As of each instant, the vendor's view is the one that was given then: late bills, returns, a changed goal."""
    organisation = front.organisation()
    made = organisation.define(group(target()))
    target_id, answers, path = made["targets"][0]["id"], {}, ""
    happening: list[Json] = [
        bill(30, "B1"),
        bill(40, "B2", time="2026-01-19T12:00:00Z"),
        back("B1", "AMOUNT", amount=5),
        bill(70, "B3"),
        back("B3"),
    ]
    path = ""
    for hour, sent in enumerate(happening, 13):
        front.clock.set(f"2026-01-20T{hour}:00:00Z")
        organisation.send_events(sent)
        if hour == 15:
            body = {"id": target_id, "defaultValues": [{"defaultValue": 60}]}
            organisation.data("PUT", f"/v3/targetGroups/{made['id']}/targets/{target_id}", body)
        front.clock.set(f"2026-01-20T{hour}:30:00Z")
        path = f"/v3/users/{organisation.customer('anna')}/targetGroups"
        answers[f"2026-01-20T{hour}:30:00Z"] = organisation.get(path, includeInactive="true")["data"]
    front.clock.set("2026-02-20T12:00:00Z")
    again = {
        at: json_of(organisation.send("GET", f"{path}?includeInactive=true", headers={"X-Milepost-At": at}))["data"]
        for at in answers
    }

    assert answers == again
    assert len({str(one) for one in answers.values()}) == len(happening)


@pytest.mark.parametrize(
    "language, expected",
    [
        ("en", "+30 purchase of 30 on 20 January 2026 = 30"),
        ("de", "+30 Einkauf über 30 am 20. Januar 2026 = 30"),
    ],
)
def test_the_text_for_a_chat_has_no_internal_id(organisation: OrganisationClient, language: str, expected: str) -> None:
    """Support can paste it; it names no id of ours."""
    (target_id,) = defined(organisation, target(name="Monthly spend"))
    organisation.send_events(bill(30, id="secret-id"), event("Run", id="secret-run"))
    answer = text(organisation, target_id, f"period=January&language={language}")

    assert expected in answer
    assert "secret" not in answer
    assert str(target_id) not in answer


def test_what_cannot_be_answered_is_refused(organisation: OrganisationClient) -> None:
    """All that is wrong with a question is said at once."""
    (target_id,) = defined(organisation, target(), periods=(JANUARY, FEBRUARY))
    organisation.send_events(bill())
    path = f"/api/v1/customers/{organisation.customer('anna')}/targets/{target_id}/explanation"
    answered = organisation.send("GET", f"{path}?language=fr&format=xml&at=tomorrow&cursor=x")

    assert 400 == answered.status_code
    assert ["at", "format", "language", "cursor"] == [one["path"] for one in answered.json()["problems"]]
    assert 404 == organisation.send("GET", path.replace("anna", "x").replace("/targets", "0/targets")).status_code
