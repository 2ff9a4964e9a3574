"""`POST /api/v1/targetGroups/{id}/countStored`: a group made later counts what was heard before, when asked."""

from typing import Any

import pytest

from tests.api.door import Brand, Json, said
from tests.api.forms import FEBRUARY, JANUARY, back, bill, group, target


def asked(brand: Brand, made: Json, body: Any = b"") -> Json:
    """Ask to count what is stored; give what is answered."""
    answered = brand.post(f"/api/v1/targetGroups/{made['id']}/countStored", body)
    assert answered.status_code == 200, answered.text
    told: Json = said(answered)
    return told


def reached(brand: Brand, external_id: str) -> list[tuple[str, Any]]:
    """Give what a customer has reached, by period."""
    rows = brand.rows(brand.customer(external_id), includeInactive="true")
    return [(row["periodRefCode"], row["targetAchievedValue"]) for row in rows]


def test_what_was_bought_before_counts_for_all(brand: Brand) -> None:
    """In every period it lies in; the job tells for how many customers that was so."""
    brand.tell(bill("60"), bill("5", customer="bob"), bill("7", time="2025-06-01T10:00:00Z", customer="carl"))
    made = brand.define(group(target()))
    assert [("January", 0), ("February", 0)] == reached(brand, "anna")
    told = asked(brand, made)
    job = f"/api/v1/jobs/{told['jobId']}"
    assert (None, None) == (told["concerned"], brand.get(job)["doneAt"])
    brand.work()
    assert ("January", 60) in reached(brand, "anna")
    assert ("January", 5) in reached(brand, "bob")
    assert [("January", 0), ("February", 0)] == reached(brand, "carl")
    done = brand.get(job)
    assert ("countStored", made["id"], 3, 2, 0, "2026-01-20T12:00:00Z") == (
        done["kind"],
        done["targetGroupId"],
        done["lookedAt"],
        done["concerned"],
        done["failed"],
        done["doneAt"],
    )


def test_what_has_counted_is_not_counted_again(brand: Brand) -> None:
    """Neither what came after the group, nor what was asked for before; achieved once."""
    brand.tell(bill("60"))
    made = brand.define(group(target()))
    brand.tell(bill("30"))
    anna = brand.customer("anna")
    assert [1, 0] == [asked(brand, made, {"customers": [anna]})["concerned"] for _ in range(2)]
    assert ("January", 90) in reached(brand, "anna")
    asked(brand, made)
    brand.work()
    assert ("January", 90) in reached(brand, "anna")
    brand.tell(bill("10"))
    assert ("January", 100) in reached(brand, "anna")


def test_it_is_asked_for_once_while_it_is_not_done(brand: Brand) -> None:
    """The same job is answered."""
    made = brand.define(group(target()))
    first, second = asked(brand, made), asked(brand, made)
    brand.work()
    assert (first["jobId"], True) == (second["jobId"], asked(brand, made)["jobId"] != first["jobId"])


def test_what_came_back_before_is_taken_off(brand: Brand) -> None:
    """As at an enrolment."""
    first = bill("60", number="A")
    brand.tell(first, back("A", "AMOUNT", amount="20"))
    made = brand.define(group(target()))
    assert 1 == asked(brand, made, {"customers": [brand.customer("anna")]})["concerned"]
    assert ("January", 40) in reached(brand, "anna")


def test_who_has_left_stays_away(brand: Brand) -> None:
    """What was heard before is not counted for one who takes part no more."""
    brand.tell(bill("60"))
    made = brand.define(group(target(), periods=(JANUARY, FEBRUARY)))
    anna = brand.customer("anna")
    path = f"/v3/targetGroups/{made['id']}/targets/{made['targets'][0]['id']}/unEnroll"
    assert 200 == brand.post(path, [{"customerId": anna}]).status_code
    assert 0 == asked(brand, made, {"customers": [anna]})["concerned"]
    assert 0 == sum(value for _, value in reached(brand, "anna"))


def test_a_group_where_nothing_is_to_be_counted_is_refused(brand: Brand) -> None:
    """Of a list, in windows of one's own, or none at all."""
    by_list = brand.define(group(target(enrolmentMethod="IMPORT")))
    cyclic = brand.define(group(target(), targetEvaluationType="CYCLIC_WINDOW", frequencyType="WEEKLY", frequency=1))
    for made in (by_list, cyclic, {"id": 5}, {"id": "x"}):
        assert 400 == brand.post(f"/api/v1/targetGroups/{made['id']}/countStored", b"").status_code


@pytest.mark.parametrize(
    "body", [[], 5, {"customers": 5}, {"customers": ["x"]}, {"customers": [0]}, {"customers": [2**63]}, {"x": 1}, b"{"]
)
def test_a_bad_request_is_refused(brand: Brand, body: Any) -> None:
    """What is wrong is told."""
    made = brand.define(group(target()))
    assert 400 == brand.post(f"/api/v1/targetGroups/{made['id']}/countStored", body).status_code


def test_no_more_than_a_thousand_customers_are_named(brand: Brand) -> None:
    """At the limit, and one past it."""
    made = brand.define(group(target()))
    path = f"/api/v1/targetGroups/{made['id']}/countStored"
    assert [200, 400] == [
        brand.post(path, {"customers": list(range(1, most + 1))}).status_code for most in (1_000, 1_001)
    ]


def test_work_of_others_is_not_shown(brand: Brand) -> None:
    """Nor what is none."""
    job = asked(brand, brand.define(group(target())))["jobId"]
    other = brand.door.brand()
    assert [400, 400, 200] == [
        one.send("GET", f"/api/v1/jobs/{id_}").status_code for one, id_ in ((other, job), (brand, "x"), (brand, job))
    ]
    brand.work()
