"""`POST /api/v1/targetGroups/{id}/countStored`: a group made later counts what was received before, when asked."""

from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, back, bill, group, target


def asked(organisation: OrganisationClient, made: Json, body: Any = b"") -> Json:
    """Ask to count what is stored; return the answer."""
    answered = organisation.post(f"/api/v1/targetGroups/{made['id']}/countStored", body)
    assert answered.status_code == 200, answered.text
    told: Json = json_of(answered)
    return told


def reached(organisation: OrganisationClient, external_id: str) -> list[tuple[str, Any]]:
    """Return what a customer has reached, by period."""
    rows = organisation.rows(organisation.customer(external_id), includeInactive="true")
    return [(row["periodRefCode"], row["targetAchievedValue"]) for row in rows]


def test_stored_bills_count_for_all_customers(organisation: OrganisationClient) -> None:
    """In every period it lies in; the job tells for how many customers that was so."""
    organisation.send_events(
        bill("60"), bill("5", customer="bob"), bill("7", time="2025-06-01T10:00:00Z", customer="carl")
    )
    made = organisation.define(group(target()))
    assert [("January", 0), ("February", 0)] == reached(organisation, "anna")
    told = asked(organisation, made)
    job = f"/api/v1/jobs/{told['jobId']}"
    assert (None, None) == (told["concerned"], organisation.get(job)["doneAt"])
    organisation.work()
    assert ("January", 60) in reached(organisation, "anna")
    assert ("January", 5) in reached(organisation, "bob")
    assert [("January", 0), ("February", 0)] == reached(organisation, "carl")
    done = organisation.get(job)
    assert ("countStored", made["id"], 3, 2, 0, "2026-01-20T12:00:00Z") == (
        done["kind"],
        done["targetGroupId"],
        done["lookedAt"],
        done["concerned"],
        done["failed"],
        done["doneAt"],
    )


def test_a_counted_event_is_not_counted_again(organisation: OrganisationClient) -> None:
    """Neither what came after the group, nor what was asked for before; achieved once."""
    organisation.send_events(bill("60"))
    made = organisation.define(group(target()))
    organisation.send_events(bill("30"))
    anna = organisation.customer("anna")
    assert [1, 0] == [asked(organisation, made, {"customers": [anna]})["concerned"] for _ in range(2)]
    assert ("January", 90) in reached(organisation, "anna")
    asked(organisation, made)
    organisation.work()
    assert ("January", 90) in reached(organisation, "anna")
    organisation.send_events(bill("10"))
    assert ("January", 100) in reached(organisation, "anna")


def test_a_job_that_is_not_done_is_not_begun_again(organisation: OrganisationClient) -> None:
    """The same job is answered."""
    made = organisation.define(group(target()))
    first, second = asked(organisation, made), asked(organisation, made)
    organisation.work()
    assert (first["jobId"], True) == (second["jobId"], asked(organisation, made)["jobId"] != first["jobId"])


def test_stored_returns_are_taken_off(organisation: OrganisationClient) -> None:
    """As at an enrolment."""
    first = bill("60", number="A")
    organisation.send_events(first, back("A", "AMOUNT", amount="20"))
    made = organisation.define(group(target()))
    assert 1 == asked(organisation, made, {"customers": [organisation.customer("anna")]})["concerned"]
    assert ("January", 40) in reached(organisation, "anna")


def test_a_customer_who_left_stays_away(organisation: OrganisationClient) -> None:
    """What was received before is not counted for one who takes part no more."""
    organisation.send_events(bill("60"))
    made = organisation.define(group(target(), periods=(JANUARY, FEBRUARY)))
    anna = organisation.customer("anna")
    path = f"/v3/targetGroups/{made['id']}/targets/{made['targets'][0]['id']}/unEnroll"
    assert 200 == organisation.post(path, [{"customerId": anna}]).status_code
    assert 0 == asked(organisation, made, {"customers": [anna]})["concerned"]
    assert 0 == sum(value for _, value in reached(organisation, "anna"))


def test_a_group_where_nothing_is_to_be_counted_is_refused(organisation: OrganisationClient) -> None:
    """Of a list, in customers' own windows, or none at all."""
    by_list = organisation.define(group(target(enrolmentMethod="IMPORT")))
    cyclic = organisation.define(
        group(target(), targetEvaluationType="CYCLIC_WINDOW", frequencyType="WEEKLY", frequency=1)
    )
    for made in (by_list, cyclic, {"id": 5}, {"id": "x"}):
        assert 400 == organisation.post(f"/api/v1/targetGroups/{made['id']}/countStored", b"").status_code


@pytest.mark.parametrize(
    "body", [[], 5, {"customers": 5}, {"customers": ["x"]}, {"customers": [0]}, {"customers": [2**63]}, {"x": 1}, b"{"]
)
def test_a_bad_request_is_refused(organisation: OrganisationClient, body: Any) -> None:
    """What is wrong is told."""
    made = organisation.define(group(target()))
    assert 400 == organisation.post(f"/api/v1/targetGroups/{made['id']}/countStored", body).status_code


def test_no_more_than_a_thousand_customers_are_named(organisation: OrganisationClient) -> None:
    """At the limit, and one past it."""
    made = organisation.define(group(target()))
    path = f"/api/v1/targetGroups/{made['id']}/countStored"
    assert [200, 400] == [
        organisation.post(path, {"customers": list(range(1, most + 1))}).status_code for most in (1_000, 1_001)
    ]


def test_work_of_others_is_not_shown(organisation: OrganisationClient) -> None:
    """Nor what is none."""
    job = asked(organisation, organisation.define(group(target())))["jobId"]
    other = organisation.client.organisation()
    assert [400, 400, 200] == [
        one.send("GET", f"/api/v1/jobs/{id_}").status_code
        for one, id_ in ((other, job), (organisation, "x"), (organisation, job))
    ]
    organisation.work()
