"""Messages that are written to queues of real brokers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from milepost.model.delivery.webhook import Webhook
from milepost.service.delivery.webhooks import add_destination
from tests.api.brokers import KafkaBroker, NatsBroker, TestBroker
from tests.api.client import ApiClient, OrganisationClient, json_of, opened
from tests.api.client_forms import bill, group, target
from tests.api.receiver import Stage
from tests.api.webhook_forms import attempts, deliveries


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture(params=[NatsBroker, KafkaBroker], ids=["nats", "kafka"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestBroker]:
    """Return each kind of broker in turn, with the topic `events`."""
    broker: TestBroker = request.param(tmp_path)
    broker.start()
    try:
        broker.make("events")
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation with a target of 100 a month."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    return organisation


def test_messages_are_written_to_a_queue(organisation: OrganisationClient, broker: TestBroker) -> None:
    """The same body under the same id as to a receiver; the key keeps a customer's messages together."""
    front = organisation.client
    broker.make("achieved")
    webhook = Webhook(url=broker.url("achieved"), types=("target.achieved",))
    org_id = organisation.organisation.id
    added = front.run(lambda: add_destination(front.runtime, org_id, webhook))
    stage = Stage(front)
    try:
        organisation.send_events(*(bill("120", customer=f"c{place}") for place in range(20)))
        stage.deliver()
        found = broker.read("achieved", 20)
        listed = deliveries(organisation, added.stored.id)
        assert {"DELIVERED"} == {one["state"] for one in listed}
        assert {one["messageId"] for one in listed} == {json.loads(one.body)["id"] for one in found}
        for one in found:
            message = json.loads(one.body)
            assert message["id"] == one.headers["webhook-id"]
            assert one.key in {None, str(message["data"]["customer"]["id"])}
    finally:
        stage.close()


def test_a_message_for_a_broker_that_is_away_is_made_again(
    organisation: OrganisationClient, broker: TestBroker
) -> None:
    """The log of the delivery says why; the next attempt by the schedule succeeds."""
    front = organisation.client
    broker.kill()
    webhook = Webhook(url=broker.url("events"), types=("target.achieved",), time_limit=2)
    org_id = organisation.organisation.id
    added = front.run(lambda: add_destination(front.runtime, org_id, webhook))
    stage = Stage(front)
    try:
        organisation.send_events(bill("120"))
        stage.deliver()
        (failed,) = attempts(organisation, added.stored.id)
        assert failed["error"] in {"BROKER", "TIME"}
        broker.start()
        if not broker.keeps_messages:
            broker.make("events")
        front.clock.advance(60_000_000)
        stage.deliver()
        assert ["DELIVERED"] == [one["state"] for one in deliveries(organisation, added.stored.id)]
        assert 1 == len(broker.read("events", 1))
    finally:
        stage.close()


def test_a_queue_is_neither_added_by_the_api_nor_moved(organisation: OrganisationClient) -> None:
    """Whoever administers one organisation reaches no host of the operator's; credentials are not shown."""
    front, org_id = organisation.client, organisation.organisation.id
    refused = organisation.post("/api/v1/webhooks", {"url": "kafka://broker:9092/topic"})
    assert (400, "url") == (refused.status_code, json_of(refused)["problems"][0]["path"])
    webhook = Webhook(url="kafka://me:secret@broker:9092/topic", types=("target.achieved",))
    added = front.run(lambda: add_destination(front.runtime, org_id, webhook))
    path = f"/api/v1/webhooks/{added.stored.id}"
    shown = organisation.send("GET", path)
    assert "kafka://broker:9092/topic" == json_of(shown)["url"]
    assert "secret@" not in shown.text
    moved = organisation.send("PATCH", path, json={"url": "kafka://other:9092/topic"})
    assert (400, "url") == (moved.status_code, json_of(moved)["problems"][0]["path"])
    assert organisation.send("PATCH", path, json={"rate": 5}).is_success
    assert 400 == organisation.post(f"{path}/secret", {}).status_code
    stored = front.connection.execute("select body, secrets from webhook").fetchall()
    assert "me:secret" not in str(stored)
