"""How far all customers are with a group, and what came in last."""

import asyncio
from decimal import Decimal

import pytest

from milepost.model.problem import Unavailable
from milepost.service.explanations import group_summary
from milepost.service.runtime.remembered_results import RememberedResults
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

HOUR = 3_600_000_000


def january(organisation: OrganisationClient, group_id: int) -> list[Json]:
    """Return the summary of January of each target."""
    organisation.client.runtime.remembered.forget_all()
    found = organisation.get(f"/api/v1/targetGroups/{group_id}/summary", period="January")
    assert [1] * len(found["targets"]) == [len(one["periods"]) for one in found["targets"]]
    return [one["periods"][0] for one in found["targets"]]


def test_customers_are_counted_by_how_far_they_are(organisation: OrganisationClient) -> None:
    """Of five customers one is below a twentieth, one at 55 of 100, one just missed, and two are over the goal."""
    made = organisation.define(group())
    amounts = ("4.5", "55", "99.99", "100", "250")
    organisation.send_events(*(bill(net, customer=f"c{place}") for place, net in enumerate(amounts)))
    (counted,) = january(organisation, made["id"])
    assert (5, 5, 4, 2, 2, 0) == tuple(
        counted[name] for name in ("enrolled", "started", "half", "achieved", "over", "withoutGoal")
    )
    assert {0: 1, 11: 1, 19: 1} == {place: number for place, number in enumerate(counted["bins"]) if number}
    assert Decimal("509.49") == Decimal(str(counted["sum"]))


def test_a_summary_is_what_each_customer_is_answered(organisation: OrganisationClient) -> None:
    """Enrolled without a bill, left, with a goal of one's own, and archived progress: as each one's own list says."""
    listed, everybody = target(enrolmentMethod="IMPORT"), target()
    made = organisation.define(group(listed, everybody, trackingType="DEFAULT"))
    organisation.send_events(*(bill("70", customer=f"c{place}") for place in range(4)))
    ids = [organisation.customer(f"c{place}") for place in range(4)]
    path = f"/v3/targetGroups/{made['id']}/targets/{made['targets'][0]['id']}"
    for id_ in ids[:3]:
        wanted = [{"customerId": id_, "periodName": "January"}]
        assert 200 == organisation.post(f"{path}/enroll", wanted).status_code
    organisation.send_events(bill("40", customer="c0"))
    assert 200 == organisation.post(f"{path}/unEnroll", [{"customerId": ids[2]}]).status_code
    organisation.client.clock.advance(30 * 24 * HOUR)
    organisation.send_events(bill("1", customer="c1", time="2026-02-18T10:00:00Z"))
    shown = [
        row
        for id_ in ids
        for one in organisation.get(f"/api/v1/customers/{id_}/progress")["groups"]
        for aim in one["targets"]
        for row in aim["periods"]
        if row["refCode"] == "January" and aim["id"] == made["targets"][1]["id"]
    ]
    first, second = january(organisation, made["id"])
    assert sum(Decimal(str(row["value"])) for row in shown) == Decimal(str(second["sum"]))
    assert (3, 4) == (first["enrolled"], second["enrolled"])


def test_what_costs_much_is_computed_once_for_all_who_ask() -> None:
    """Within some seconds; a failure is not remembered; who cannot wait is told to ask again."""

    async def life() -> tuple[list[int], int]:
        results, made = RememberedResults(), list[int]()

        async def compute() -> int:
            made.append(1)
            await asyncio.sleep(0.05)
            return len(made)

        async def fail() -> int:
            raise ValueError

        found = await asyncio.gather(*(results.get("a", compute, kept=60, patience=5) for _ in range(5)))
        with pytest.raises(ValueError):  # noqa: PT011 - the failure of the computation itself
            await results.get("b", fail, kept=60, patience=5)
        with pytest.raises(Unavailable):
            await results.get("c", compute, kept=60, patience=0)
        return found, await results.get("c", compute, kept=60, patience=5)

    found, later = asyncio.run(life())
    assert ([1] * 5, 2) == (found, later)


def test_the_latest_events_come_in_the_order_of_receipt(organisation: OrganisationClient) -> None:
    """Of all customers, whatever their dates, with what each changed; another organisation's are not among them."""
    organisation.define(group())
    other = organisation.client.organisation()
    organisation.send_events(bill("1", customer="anna", id="first"))
    organisation.client.clock.advance(26 * HOUR)
    organisation.send_events(bill("2", customer="bert", id="second", time="2026-01-02T10:00:00Z"))
    other.send_events(bill("9", id="theirs"))
    organisation.client.clock.advance(1)
    organisation.send_events(bill("3", customer="anna", id="third"))
    found = organisation.get("/api/v1/events/recent")["items"]
    assert ["third", "second", "first"] == [one["event"]["id"] for one in found]
    assert [organisation.customer(name) for name in ("anna", "bert", "anna")] == [one["customerId"] for one in found]
    assert [[4], [2], [1]] == [[entry["after"] for entry in one["event"]["entries"]] for one in found]
    assert ["third"] == [one["event"]["id"] for one in organisation.get("/api/v1/events/recent", limit=1)["items"]]
    organisation.client.clock.advance(46 * 24 * HOUR)
    assert [] == organisation.get("/api/v1/events/recent")["items"]
    assert 400 == organisation.send("GET", "/api/v1/events/recent?limit=201").status_code


def test_a_summary_of_nothing_is_refused(organisation: OrganisationClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that is none, a period that is none, and a count that takes too long."""
    made = organisation.define(group())
    path = f"/api/v1/targetGroups/{made['id']}/summary"
    assert 404 == organisation.send("GET", "/api/v1/targetGroups/77/summary").status_code
    assert "period" == json_of(organisation.send("GET", f"{path}?period=May"))["problems"][0]["path"]
    organisation.client.runtime.remembered.forget_all()
    monkeypatch.setattr(group_summary, "COUNTING_SECONDS_MAX", -1)
    assert 503 == organisation.send("GET", path).status_code
