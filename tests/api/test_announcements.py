"""Messages that no bill causes: goals of customers, jobs, leaderboards, caps."""

from collections.abc import Iterator

import pytest

from milepost.service.delivery.relay import relay_once
from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened
from tests.api.client_forms import FEBRUARY, JANUARY, bill, group, target
from tests.store.fixed_clock import tick

FEED = "/api/v1/outcomes"


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


def told(organisation: OrganisationClient) -> list[Json]:
    """Relay everything; return the messages of the feed."""

    async def work() -> None:
        while await relay_once(organisation.client.runtime):
            pass

    organisation.client.run(work)
    items: list[Json] = organisation.get(FEED, limit=500)["items"]
    return items


def of_type(messages: list[Json], type_: str) -> list[Json]:
    """Return the data of the messages of a type."""
    return [message["data"] for message in messages if message["type"] == type_]


def test_a_customers_own_goal_is_told(front: ApiClient) -> None:
    """When it is set, and when it changes; the progress so far is in it."""
    organisation = front.organisation(outcomeFeed="ON")
    template = organisation.define(group(target(), periods=(JANUARY, FEBRUARY)))["targets"][0]["id"]
    settings = {"goalTemplates": [f"{template}:10-500"], "goalDays": 30, "goalsAtOnce": 2}
    assert organisation.send("PATCH", "/api/v1/organisation", json={"settings": settings}).is_success
    organisation.send_events(bill("1"))
    path = f"/api/v1/customers/{organisation.customer('anna')}/goals"
    body = {"template": template, "goal": 100, "startDate": "2026-01-20", "endDate": "2026-01-31"}
    goal = json_of(organisation.post(path, body))
    assert organisation.send("PATCH", f"{path}/{goal['id']}", json={"goal": 120}).is_success
    messages = told(organisation)
    assert ["100"] == [data["goal"] for data in of_type(messages, "goal.created")]
    assert ["120"] == [data["goal"] for data in of_type(messages, "goal.changed")]
    assert {"anna"} == {data["customer"]["externalId"] for data in of_type(messages, "goal.created")}


def test_a_finished_job_and_a_closed_leaderboard_are_told(front: ApiClient) -> None:
    """Once each; their ids follow from their names."""
    organisation = front.organisation(outcomeFeed="ON")
    defined = organisation.define(
        group(target(defaultValues=[{"defaultValue": 100}]), periods=(JANUARY, FEBRUARY), leaderboardEnabled=True)
    )
    organisation.send_events(bill("40"))
    job = json_of(organisation.post(f"/api/v1/targetGroups/{defined['id']}/countStored", b"{}"))["jobId"]
    organisation.work()
    front.clock.set("2026-02-02T00:00:00Z")
    front.run(lambda: tick(front.runtime, page=50))
    messages = told(organisation)
    assert [(job, "countStored")] == [(data["id"], data["kind"]) for data in of_type(messages, "job.finished")]
    assert [defined["periods"][0]["id"]] == [data["periodId"] for data in of_type(messages, "leaderboard.closed")]


def test_a_change_of_a_value_is_told_only_where_it_is_asked_for(front: ApiClient) -> None:
    """One message for each progress that an event changed, with what it added."""
    organisation = front.organisation(outcomeFeed="WITH_VALUES")
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    organisation.send_events(bill("40"), bill("2.5"))
    changes = [data["change"] for data in of_type(told(organisation), "target.value_changed")]
    assert [("40", "0", "40"), ("2.5", "40", "42.5")] == [
        (change["amount"], change["before"], change["after"]) for change in changes
    ]
    quiet = front.organisation(outcomeFeed="ON")
    quiet.define(group(target(defaultValues=[{"defaultValue": 100}])))
    quiet.send_events(bill("40"))
    assert [] == of_type(told(quiet), "target.value_changed")


def test_periods_that_had_ended_before_their_group_are_told_on_request_only(front: ApiClient) -> None:
    """A late bill achieves a period of a group that was defined after it: silent, but for a webhook with tellPast."""
    organisation = front.organisation(outcomeFeed="ON")
    front.clock.set("2026-02-10T00:00:00Z")
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}]), periods=(JANUARY, FEBRUARY)))
    address = {"url": "http://127.0.0.1:9/", "types": ["target.achieved"]}
    ids = [json_of(organisation.post("/api/v1/webhooks", address | more))["id"] for more in ({}, {"tellPast": True})]
    organisation.send_events(bill("120", time="2026-01-15T10:00:00Z"), bill("120", time="2026-02-05T10:00:00Z"))
    assert ["February"] == [data["period"]["name"] for data in of_type(told(organisation), "target.achieved")]
    counts = [len(organisation.get(f"/api/v1/webhooks/{id_}/deliveries")["items"]) for id_ in ids]
    assert [1, 2] == counts
