"""Senders and relays that die or are paused: each message arrives at least once, under one id, with its number."""

import asyncio
from collections.abc import Iterator

import pytest

from milepost.model.problem import Unavailable
from milepost.model.time import SECOND_US
from milepost.service.delivery.relay import relay_once
from tests.api.client import ApiClient, OrganisationClient, json_of, opened
from tests.api.client_forms import bill, group, target
from tests.api.receiver import OK, Stage, kill
from tests.api.webhook_forms import add, answering, attempts, deliveries


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


def test_a_sender_that_dies_leaves_its_deliveries_to_another(organisation: OrganisationClient, stage: Stage) -> None:
    """The message had arrived and nobody knew: it arrives again, under the same id and number."""
    webhook = add(organisation, stage)
    organisation.send_events(bill("120"))

    async def send_and_die() -> None:
        while await relay_once(organisation.client.runtime):
            pass
        dying = stage.new_sender()
        await dying.once()
        await stage.receiver.arrived.wait()
        await kill(dying)

    organisation.client.run(send_and_die)
    stage.deliver()
    assert 1 == len(stage.receiver.got)
    organisation.client.connection.execute("update delivery set leased_until = now() - interval '1 second'")
    stage.deliver()
    first, second = stage.receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert ("1", "1") == (first.headers["milepost-sequence"], second.headers["milepost-sequence"])
    assert ["DELIVERED"] == [one["state"] for one in deliveries(organisation, webhook)]


def test_a_sender_that_was_paused_changes_nothing_afterwards(organisation: OrganisationClient, stage: Stage) -> None:
    """Another one delivered meanwhile; that the first one failed is in the log, and the delivery stays made."""
    webhook = add(organisation, stage)
    organisation.send_events(bill("120"))
    stage.receiver.answer = answering("500 No")
    paused = stage.new_sender()

    async def begin() -> None:
        while await relay_once(organisation.client.runtime):
            pass
        await paused.once()
        await paused.wait(5_000)

    organisation.client.run(begin)
    organisation.client.connection.execute("update delivery set leased_until = now() - interval '1 second'")
    stage.receiver.answer = OK
    stage.deliver()
    organisation.client.run(lambda: paused.finish(5))
    assert [("DELIVERED", 1)] == [(one["state"], one["attempts"]) for one in deliveries(organisation, webhook)]
    assert ["STATUS", None] == [one["error"] for one in attempts(organisation, webhook)]


def test_a_relay_that_dies_writes_nothing_or_everything(organisation: OrganisationClient, stage: Stage) -> None:
    """Two relays at once, and one that fails at its last statement: each message is written once."""
    webhook = add(organisation, stage)
    organisation.send_events(*(bill("120", customer=f"c{place}") for place in range(40)))
    connection = organisation.client.connection
    connection.execute(
        "create or replace function fail() returns trigger as $$ begin raise 'no'; end $$ language plpgsql"
    )
    connection.execute("create trigger failing before delete on outbox execute function fail()")

    with pytest.raises(Unavailable):
        organisation.client.run(lambda: relay_once(organisation.client.runtime))
    assert [] == deliveries(organisation, webhook)
    connection.execute("drop trigger failing on outbox")
    connection.execute("update relay set leased_until = null")
    connection.execute("update outbox set failed_at = null")

    async def race() -> None:
        await asyncio.gather(*(relay_once(organisation.client.runtime) for _ in range(20)))

    organisation.client.run(race)
    stage.deliver()
    ids = [got.headers["webhook-id"] for got in stage.receiver.got]
    assert (40, 40) == (len(ids), len(set(ids)))


def test_messages_of_a_customer_are_numbered_without_gaps(organisation: OrganisationClient, stage: Stage) -> None:
    """In the order of the customer's events, however they arrive."""
    add(organisation, stage, types=["target.value_changed"])
    organisation.send_events(*(bill("10", time=f"2026-01-{day:02}T10:00:00Z") for day in range(1, 19)))
    stage.deliver()
    by_number = {got.json["data"]["sequence"]: got.json["data"]["change"]["before"] for got in stage.receiver.got}
    assert {number: str(10 * (number - 1)) for number in range(1, 19)} == by_number


def test_a_rate_is_kept(organisation: OrganisationClient, stage: Stage) -> None:
    """Five a second: of twelve messages five leave at once, and five more a second later."""
    add(organisation, stage, rate=5)
    organisation.send_events(*(bill("120", customer=f"c{place}") for place in range(12)))
    stage.deliver()
    assert 5 == len(stage.receiver.got)
    organisation.client.clock.advance(SECOND_US)
    stage.deliver()
    assert 10 == len(stage.receiver.got)


def test_a_new_webhook_gets_what_was_before_it_by_replay(organisation: OrganisationClient, stage: Stage) -> None:
    """What nobody waited for was not written; the log gives it, once, under the id that it would have had."""
    organisation.send_events(bill("120", id="early"))
    webhook = add(organisation, stage)
    organisation.send_events(bill("120", customer="bert"))
    stage.deliver()
    assert ["bert"] == [got.json["data"]["customer"]["externalId"] for got in stage.receiver.got]
    organisation.client.clock.advance(SECOND_US)
    asked = {"since": "2026-01-01T00:00:00Z", "states": [], "missed": True}
    recovered = json_of(organisation.post(f"/api/v1/webhooks/{webhook}/recover", asked))
    assert recovered["jobId"] is not None
    organisation.work()
    stage.deliver()
    assert ["anna", "bert"] == sorted(got.json["data"]["customer"]["externalId"] for got in stage.receiver.got)
