"""Receivers that misbehave: each message arrives at least once, under one id, and the log says what happened."""

import asyncio
from collections.abc import Iterator

import pytest

from milepost.model.time import SECOND_US
from milepost.service.delivery.relay import relay_once
from tests.api.client import ApiClient, OrganisationClient, json_of, opened
from tests.api.client_forms import bill, group, target
from tests.api.receiver import OK, Answering, Got, Stage
from tests.api.webhook_forms import add, answering, attempts, deliveries

HOUR = 3_600 * SECOND_US


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation with a target of 100 a month."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    return organisation


@pytest.fixture
def stage(front: ApiClient) -> Iterator[Stage]:
    """Return a receiver beside the server."""
    stage = Stage(front)
    yield stage
    stage.close()


async def _reset(_got: Got, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _stall(_got: Got, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _drip(_got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(30):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(1)


async def _endless_headers(_got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for place in range(3_000):
        writer.write(b"x-%d: %b\r\n" % (place, b"y" * 100))
    await writer.drain()
    await asyncio.sleep(30)


async def _huge(_got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 No\r\ncontent-length: 100000000\r\n\r\n")
    for _ in range(1_000):
        writer.write(b"z" * 100_000)
        await writer.drain()


async def _endless_body(_got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"186a0\r\n" + b"z" * 100_000 + b"\r\n")
        await writer.drain()


async def _nonsense(_got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"this is not HTTP\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(
    "answer, error, status",
    [
        (answering("500 No"), "STATUS", 500),
        (answering("404 No"), "STATUS", 404),
        (answering("302 Elsewhere", "location: http://127.0.0.1:1/"), "STATUS", 302),
        (_reset, "PROTOCOL", None),
        (_stall, "TIME", None),
        (_drip, "TIME", None),
        (_endless_headers, "PROTOCOL", None),
        (_huge, "STATUS", 500),
        (_endless_body, "STATUS", 500),
        (_nonsense, "PROTOCOL", None),
    ],
)
def test_what_fails_is_made_again_under_the_same_id(
    organisation: OrganisationClient, stage: Stage, answer: bytes | Answering, error: str, status: int | None
) -> None:
    """The log says what was answered; the next attempt by the schedule sends the same bytes and succeeds."""
    webhook = add(organisation, stage)
    stage.receiver.answer = answer
    organisation.send_events(bill("120"))
    stage.deliver()
    (failed,) = attempts(organisation, webhook)
    assert (error, status) == (failed["error"], failed["status"])
    assert len(failed["response"]) <= 16 * 1024
    stage.receiver.answer = OK
    organisation.client.clock.advance(50 * SECOND_US)
    stage.deliver()
    assert 1 == len(stage.receiver.got)
    organisation.client.clock.advance(20 * SECOND_US)
    stage.deliver()
    first, second = stage.receiver.got
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert [("DELIVERED", 2)] == [(one["state"], one["attempts"]) for one in deliveries(organisation, webhook)]


def test_after_the_last_attempt_a_delivery_is_dead_and_can_be_sent_again(
    organisation: OrganisationClient, stage: Stage
) -> None:
    """Three attempts by the schedule of two waits; then resent alone, and once more with all dead letters of a span."""
    webhook = add(organisation, stage)
    stage.receiver.answer = answering("500 No")
    organisation.send_events(bill("120"))
    for _ in range(5):
        stage.deliver()
        organisation.client.clock.advance(HOUR)
    (dead,) = deliveries(organisation, webhook)
    assert ("DEAD", 3, 3) == (dead["state"], dead["attempts"], len(stage.receiver.got))
    path = f"/api/v1/webhooks/{webhook}"
    assert "PENDING" == json_of(organisation.post(f"{path}/deliveries/{dead['id']}/resend", {}))["delivery"]["state"]
    for _ in range(3):
        stage.deliver()
        organisation.client.clock.advance(HOUR)
    stage.receiver.answer = OK
    assert 1 == json_of(organisation.post(f"{path}/recover", {"since": "2026-01-20T00:00:00Z"}))["again"]
    stage.deliver()
    assert ["DELIVERED"] == [one["state"] for one in deliveries(organisation, webhook)]
    assert 1 == len({got.headers["webhook-id"] for got in stage.receiver.got})


def test_a_receiver_that_is_gone_is_not_asked_again(organisation: OrganisationClient, stage: Stage) -> None:
    """410 disables the webhook; made active again, it gets what it missed."""
    webhook = add(organisation, stage)
    stage.receiver.answer = answering("410 Gone")
    organisation.send_events(bill("120"))
    stage.deliver()
    organisation.client.clock.advance(HOUR)
    stage.deliver()
    shown = organisation.get(f"/api/v1/webhooks/{webhook}")
    assert (False, 1) == (shown["active"], len(stage.receiver.got))
    assert "410" in shown["disabledReason"]
    stage.receiver.answer = OK
    organisation.send("PATCH", f"/api/v1/webhooks/{webhook}", json={"active": True})
    stage.deliver()
    assert ["DELIVERED"] == [one["state"] for one in deliveries(organisation, webhook)]


def test_another_webhook_is_told_of_one_that_is_disabled(organisation: OrganisationClient, stage: Stage) -> None:
    """An announcement to those who want it."""
    told = add(organisation, stage, types=["webhook.disabled"], url=stage.receiver.url + "/operator")
    gone = add(organisation, stage)
    stage.receiver.answer = _gone_but_to_the_operator
    organisation.send_events(bill("120"))
    stage.deliver()
    stage.deliver()
    assert [gone] == [got.json["data"]["id"] for got in stage.receiver.got if got.path.endswith("operator")]
    assert ["webhook.disabled"] == [one["type"] for one in deliveries(organisation, told)]


async def _gone_but_to_the_operator(got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(OK if got.path.endswith("operator") else answering("410 Gone"))


@pytest.mark.parametrize("status", ["429 Slow down", "503 Later"])
def test_a_receiver_that_asks_for_time_gets_it(organisation: OrganisationClient, stage: Stage, status: str) -> None:
    """Retry-After holds for the whole webhook, also where its schedule would be earlier."""
    webhook = add(organisation, stage)
    stage.receiver.answer = answering(status, "Retry-After: 600")
    organisation.send_events(bill("120"))
    stage.deliver()
    stage.receiver.answer = OK
    organisation.send_events(bill("120", customer="bert"))
    organisation.client.clock.advance(590 * SECOND_US)
    stage.deliver()
    assert 1 == len(stage.receiver.got)
    organisation.client.clock.advance(20 * SECOND_US)
    stage.deliver()
    assert ["DELIVERED"] * 2 == [one["state"] for one in deliveries(organisation, webhook)]


def test_a_circuit_opens_and_is_tried_by_one_attempt(organisation: OrganisationClient, stage: Stage) -> None:
    """After five failures in a row nothing is sent for ten seconds; then one attempt says whether the rest follows.

    The failures of attempts that were in flight by then do not make it longer.
    """
    webhook = add(organisation, stage)
    stage.receiver.answer = answering("500 No")
    organisation.send_events(*(bill("120", customer=f"c{place}") for place in range(20)))
    stage.deliver()
    open_after = len(stage.receiver.got)
    # Eight are in flight at a time; up to four of them may be followed by others before the fifth failure.
    assert 5 <= open_after <= 12
    assert organisation.get(f"/api/v1/webhooks/{webhook}")["circuitOpenUntil"] is not None
    organisation.client.clock.advance(11 * SECOND_US)
    stage.deliver()
    assert open_after + 1 == len(stage.receiver.got)
    stage.receiver.answer = OK
    organisation.client.clock.advance(400 * SECOND_US)
    stage.deliver()
    assert {"DELIVERED"} == {one["state"] for one in deliveries(organisation, webhook)}


def test_five_days_of_failures_disable(organisation: OrganisationClient, stage: Stage) -> None:
    """One good answer in between would begin the days anew."""
    webhook = add(organisation, stage, schedule=[86_400] * 8)
    stage.receiver.answer = answering("500 No")
    organisation.send_events(bill("120"))
    for _ in range(7):
        stage.deliver()
        organisation.client.clock.advance(27 * HOUR)
    shown = organisation.get(f"/api/v1/webhooks/{webhook}")
    assert (False, "every attempt of five days failed") == (shown["active"], shown["disabledReason"])


def test_a_dead_receiver_does_not_delay_others(organisation: OrganisationClient, stage: Stage) -> None:
    """All attempts in flight of one webhook may stall; another one is served at once."""
    add(organisation, stage, url=stage.receiver.url + "/stalls")
    add(organisation, stage, url=stage.receiver.url + "/fine")
    stage.receiver.answer = _stall_at_one
    organisation.send_events(*(bill("120", customer=f"c{place}") for place in range(30)))

    async def for_a_while() -> int:
        while await relay_once(organisation.client.runtime):
            pass
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < began + 0.9:
            await stage.sender.once()
            await stage.sender.wait(20)
        return len([got for got in stage.receiver.got if got.path.endswith("fine")])

    assert 30 == organisation.client.run(for_a_while)


async def _stall_at_one(got: Got, writer: asyncio.StreamWriter) -> None:
    if got.path.endswith("stalls"):
        await asyncio.sleep(30)
    writer.write(OK)
