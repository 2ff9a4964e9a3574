"""Queues of real brokers: events that are read from them, and messages that are written to them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from milepost.api.native.queues.body import read_queued_event
from milepost.operation.metrics import Metrics
from milepost.service.queues.queues import add_queue
from milepost.service.queues.reader import QueueReader, lease_queue
from tests.api.brokers import KafkaBroker, NatsBroker, TestBroker
from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened
from tests.api.client_forms import bill, group, target

PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: a reader takes any queue behind it."""
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
def organisation(front: ApiClient) -> Iterator[OrganisationClient]:
    """Return an organisation with a target of 100 a month; its queues are deleted after the test."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    yield organisation
    front.connection.execute("delete from queue")


def messages(*events: Json) -> list[tuple[str, bytes]]:
    """Return events as messages, each with its customer as key."""
    return [(event["customer"]["externalId"], json.dumps(event).encode()) for event in events]


def add(organisation: OrganisationClient, broker: TestBroker) -> int:
    """Add the queue of the broker; return its id."""
    front = organisation.client
    org_id = organisation.organisation.id
    return front.run(lambda: add_queue(front.runtime, org_id, broker.url("events"))).id


async def new_reader(front: ApiClient) -> QueueReader:
    """Return a reader of the queue that nobody reads."""
    queued = await lease_queue(front.runtime)
    assert queued is not None
    return QueueReader(front.runtime, queued, read_queued_event)


def read(organisation: OrganisationClient, until: Callable[[], Awaitable[bool]]) -> None:
    """Read the queue until a condition holds."""
    front = organisation.client

    async def work() -> None:
        reader = await new_reader(front)
        task = asyncio.create_task(reader.run())
        await soon(until)
        reader.stop()
        await task

    front.run(work)


async def soon(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, "nothing happened"
        await asyncio.sleep(0.02)


def has_read(organisation: OrganisationClient, count: int) -> Callable[[], Awaitable[bool]]:
    """Return a condition: so many messages were taken off all queues of the organisation."""
    query = "select coalesce(sum(position), 0) from queue_position where org_id = %s"
    first = organisation.client.number(
        "select count(*) from queue where org_id = %s and url like 'nats%%'", _id(organisation)
    )

    async def condition() -> bool:
        # The positions of Kafka begin at 0, those of a stream at 1.
        return organisation.client.number(query, _id(organisation)) - first >= count

    return condition


def _id(organisation: OrganisationClient) -> int:
    return organisation.organisation.id


def values(organisation: OrganisationClient, *customers: str) -> list[str]:
    """Return the value that each customer reached."""
    return [organisation.rows(organisation.customer(name))[0]["targetAchievedValue"] for name in customers]


def test_messages_are_received_as_events(organisation: OrganisationClient, broker: TestBroker) -> None:
    """Each once; the log of requests says of each where it came from."""
    queue = add(organisation, broker)
    broker.fill("events", messages(*(bill("10", customer=f"c{place % 5}") for place in range(200))))
    read(organisation, has_read(organisation, 200))
    assert [400] * 5 == [float(value) for value in values(organisation, *(f"c{place}" for place in range(5)))]
    shown = organisation.get(f"/api/v1/queues/{queue}")
    assert (broker.url("events"), True, None, 0) == (
        shown["url"],
        shown["active"],
        shown["failure"],
        shown["deadLetters"],
    )


def test_a_message_without_an_id_has_that_of_its_place(organisation: OrganisationClient, broker: TestBroker) -> None:
    """So that reading the queue again from the beginning changes nothing."""
    add(organisation, broker)
    event = {name: value for name, value in bill("30").items() if name not in {"id", "source"}}
    broker.fill("events", messages(event, event))
    for _ in range(2):
        read(organisation, has_read(organisation, 2))
        organisation.client.connection.execute("delete from queue_position")
    assert [60] == [float(value) for value in values(organisation, "anna")]


def test_what_is_no_event_is_a_dead_letter_with_its_reason(
    organisation: OrganisationClient, broker: TestBroker
) -> None:
    """It keeps nothing waiting; once the reason is gone, it is received again by hand."""
    queue = add(organisation, broker)
    refused = bill("120", customer="bert", store={"code": "new"})
    bodies = [("x", b"not JSON"), *messages(refused), ("x", b"\xff\x00"), *messages(bill("120"))]
    broker.fill("events", bodies)
    read(organisation, has_read(organisation, 4))
    path = f"/api/v1/queues/{queue}/deadLetters"
    letters = organisation.get(path)["items"]
    assert 3 == len(letters)
    (unknown,) = (one for one in letters if "bert" in one["body"])
    assert "store" in unknown["reason"]
    assert [120] == [float(value) for value in values(organisation, "anna")]
    again = json_of(organisation.post(f"{path}/{unknown['id']}/retry", {}))
    assert ("refused", ["store.code"]) == (again["status"], [problem["path"] for problem in again["problems"]])
    assert organisation.post("/api/v1/stores", {"code": "new"}).is_success
    assert "applied" == json_of(organisation.post(f"{path}/{unknown['id']}/retry", {}))["status"]
    assert 2 == len(organisation.get(path)["items"])


def test_a_reader_that_lost_its_lease_writes_no_position(organisation: OrganisationClient, broker: TestBroker) -> None:
    """What it received is there, and the next reader receives it as duplicates: nothing is counted twice."""
    add(organisation, broker)
    broker.fill("events", messages(*(bill("10") for _ in range(20))))
    front = organisation.client

    async def work() -> None:
        reader = await new_reader(front)
        front.connection.execute("update queue set epoch = epoch + 1, leased_until = null")
        await reader.run()

    front.run(work)
    assert 0 == front.number("select count(*) from queue_position")
    read(organisation, has_read(organisation, 20))
    assert [200] == [float(value) for value in values(organisation, "anna")]


def test_a_broker_that_dies_is_read_on_when_it_is_back(organisation: OrganisationClient, broker: TestBroker) -> None:
    """The reason is shown meanwhile. Where the broker lost what it had, that is said and a rewind begins anew."""
    queue = add(organisation, broker)
    broker.fill("events", messages(*(bill("10") for _ in range(30))))
    read(organisation, has_read(organisation, 30))
    broker.kill()

    async def fails() -> bool:
        return organisation.client.number("select count(*) from queue where failure is not null") == 1

    read(organisation, fails)
    assert organisation.get(f"/api/v1/queues/{queue}")["failure"]
    broker.start()
    if not broker.keeps_messages:
        broker.make("events")
        broker.fill("events", messages(bill("10")))
        organisation.client.connection.execute("update queue set failure = null")
        read(organisation, fails)
        assert "rewind" in organisation.get(f"/api/v1/queues/{queue}")["failure"]
        organisation.client.connection.execute("delete from queue_position")
        read(organisation, has_read(organisation, 1))
    else:
        broker.fill("events", messages(bill("10")))
        read(organisation, has_read(organisation, 31))
    assert [310] == [float(value) for value in values(organisation, "anna")]


def test_how_many_messages_wait_is_a_metric(organisation: OrganisationClient, broker: TestBroker) -> None:
    """At `/metrics`, as the database knows it, whichever process reads the queue."""
    queue = add(organisation, broker)
    broker.fill("events", messages(*(bill("1") for _ in range(70))))
    front = organisation.client

    async def seen() -> bool:
        return front.number("select count(*) from queue where lag is not null") == 1

    read(organisation, seen)
    metrics = Metrics()
    front.connection.execute("update queue set lag = 70")
    front.run(lambda: metrics.sample(front.runtime))
    text = metrics.text().decode()
    assert f'milepost_queue_lag_messages{{queue="{queue}"}} 70.0' in text
    assert f'milepost_queue_dead_letters{{queue="{queue}"}} 0.0' in text


def test_a_queue_that_is_paused_is_not_read(organisation: OrganisationClient, broker: TestBroker) -> None:
    """Nobody leases it; its reader stops without moving on, so that what it had in hand is read again."""
    queue = add(organisation, broker)
    front = organisation.client

    async def work() -> None:
        reader = await new_reader(front)
        task = asyncio.create_task(reader.run())
        await asyncio.to_thread(broker.fill, "events", messages(bill("10")))
        await soon(has_read(organisation, 1))
        front.connection.execute("update queue set is_active = false")
        await asyncio.to_thread(broker.fill, "events", messages(bill("10")))
        await asyncio.wait_for(task, PATIENCE_SECONDS)
        assert await lease_queue(front.runtime) is None

        assert not await has_read(organisation, 2)()

    front.run(work)
    shown = json_of(organisation.send("PATCH", f"/api/v1/queues/{queue}", json={"active": True}))
    assert shown["active"]
    read(organisation, has_read(organisation, 2))
    assert [20] == [float(value) for value in values(organisation, "anna")]
