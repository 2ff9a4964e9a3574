"""A customer is erased: nothing of the person stays in the database or in the log, and nobody else is touched."""

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx2
import pytest

from milepost.api.http.app import Observers, create_app
from milepost.operation.logs import log_as_json
from milepost.operation.observation import Observation
from milepost.service.delivery.relay import relay_once
from milepost.service.scheduled.verify import verify
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer
from milepost.store.privacy.erasures import hold_senders
from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened
from tests.api.client_forms import bill, group, target
from tests.api.personal_data import CANARIES, Person, dump_of, found_in, repeat
from tests.api.receiver import Stage


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def lonely(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return the client of a database that nobody else uses: a dump is of a whole database."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def person(front: ApiClient) -> Iterator[Person]:
    """Return a person of whom every kind of data is stored."""
    stage = Stage(front, repeat)
    yield Person(front.organisation(), stage)
    stage.close()


def differing(front: ApiClient) -> list[Any]:
    """Return the customers whose progress does not follow from the stored events."""

    async def work() -> list[Any]:
        return [found async for found in verify(front.runtime.database) if not found.agrees]

    return front.run(work)


def test_nothing_of_an_erased_customer_is_in_the_database_or_in_the_log(
    lonely: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each canary is found before, which shows that the search sees it, and none afterwards."""
    written = BytesIO()
    monkeypatch.setattr(logging.root, "handlers", [*logging.root.handlers])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    log_as_json("debug", written)
    observation = Observation(lonely.runtime, None)
    observers = Observers(observation.request, observation.metrics.text)
    app = create_app(lonely.runtime, error_status=400, observers=observers)
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://milepost")
    monkeypatch.setattr(lonely, "_http", client)
    stage = Stage(lonely, repeat)
    person = Person(lonely.organisation(), stage)
    try:
        assert CANARIES.keys() == found_in(dump_of(lonely.url))
        answer = person.erase()
        assert ("ticket 4711", 2) == (answer["reference"], len(answer["customerIds"]))
        stage.deliver()
        assert set() == found_in(dump_of(lonely.url))
        lines = written.getvalue().decode()
        assert "/api/v1/customers/{customer_id}/erasure" in lines
        assert set() == found_in(lines)
        assert [] == differing(lonely)
    finally:
        stage.close()


def test_everybody_else_stays_as_they_were(person: Person) -> None:
    """Progress, sums and places of others do not change; the place of the erased customer closes."""
    organisation = person.organisation
    organisation.send_events(bill("300", customer="bob"), bill("20", customer="cleo"))
    others = [organisation.customer(name) for name in ("bob", "cleo")]
    board = f"/api/v1/leaderboards/{person.group['targets'][0]['id']}"
    before = [organisation.rows(id_) for id_ in others]
    assert [person.id, *others] == [row["customerId"] for row in organisation.get(board)["top"]]
    person.erase()
    assert before == [organisation.rows(id_) for id_ in others]
    assert others == [row["customerId"] for row in organisation.get(board)["top"]]
    assert [] == differing(organisation.client)
    assert (404, 404) == tuple(
        organisation.send("GET", f"/api/v1/customers/{person.id}/{part}").status_code for part in ("progress", "export")
    )


def test_digests_of_the_events_stay(person: Person) -> None:
    """Each event leaves its number and a digest, without a gap, so that the log stays provable."""
    number = person.organisation.client.number
    events = number("select count(*) from event where customer_id = %s", person.id)
    assert 5 <= events
    person.erase()
    query = "select count(*) from erased_event where customer_id = %s and length(digest) = 32 and seq between 1 and %s"
    assert events == number(query, person.id, events)
    assert 0 == number("select count(*) from event where customer_id = %s", person.id)


def test_an_erasure_is_made_once(person: Person) -> None:
    """Sent again, the record of then is returned, for the customer as for the one who was merged."""
    first = person.erase()
    number = person.organisation.client.number
    assert first["erasedAt"] == person.erase()["erasedAt"]
    victim = next(id_ for id_ in first["customerIds"] if id_ != person.id)
    assert first["erasedAt"] == person.erase(victim)["erasedAt"]
    acts = "select count(*) from administrative_act where act = 'customer erase' and org_id = %s"
    assert 1 == number(acts, person.organisation.organisation.id)


def test_a_merged_customer_is_erased_with_the_survivor(person: Person) -> None:
    """Both are one person, whichever id is given."""
    merged = "select customer_id from customer where org_id = %s and customer_id <> %s"
    org_id, number = person.organisation.organisation.id, person.organisation.client.number
    assert person.id in person.erase(number(merged, org_id, person.id))["customerIds"]
    assert 0 == number("select count(*) from customer where org_id = %s", org_id)


def test_a_later_event_is_a_new_customers(person: Person) -> None:
    """The identifiers are free; what was received before does not count for the newcomer."""
    organisation = person.organisation
    person.erase()
    sent = person.events()[0]
    (again,) = organisation.send_events(sent)
    assert "conflict" == again["status"]
    (fresh,) = organisation.send_events(bill("9", customer=CANARIES["external"]))
    assert "applied" == fresh["status"]
    newcomer = organisation.customer(CANARIES["external"])
    assert newcomer != person.id
    assert [9] == [row["targetAchievedValue"] for row in organisation.rows(newcomer)][:1]


def test_an_id_of_an_erased_customer_is_unknown(person: Person) -> None:
    """Events that name it are refused."""
    person.erase()
    (refused,) = person.organisation.send_events(bill("9", customer={"id": person.id}))
    assert "refused" == refused["status"]


def test_what_others_remember_of_an_erased_customer_is_forgotten(front: ApiClient) -> None:
    """A server that remembers an identifier receives its next event for a new customer."""
    organisation = front.organisation()
    organisation.send_events(bill("9"))
    names = front.runtime.ingest._names
    before = dict(names)
    organisation.post(f"/api/v1/customers/{organisation.customer('anna')}/erasure", {"reference": "x"})
    assert before == names, "the server that erased is as forgetful as any other"
    (fresh,) = organisation.send_events(bill("4"))
    assert ("applied", 1) == (fresh["status"], organisation.stored()["standing"])


def test_a_relay_writes_nothing_while_a_customer_is_erased(person: Person) -> None:
    """What waits to be told of the customer is not told meanwhile."""
    front = person.organisation.client
    key = key_of_customer(person.organisation.organisation.id, person.id)
    waiting = "select count(*) from outbox where customer_id = %s"

    async def work() -> int:
        async def held(transaction: Transaction) -> int:
            await hold_senders(transaction, [key])
            await relay_once(front.runtime)
            return front.number(waiting, person.id)

        return await front.runtime.database.attempt(held)

    assert 0 < front.number(waiting, person.id) == front.run(work)
    person.stage.deliver()
    assert 0 == front.number(waiting, person.id)


def test_an_attempt_that_ends_later_is_not_kept(person: Person) -> None:
    """What a receiver answered about an erased customer is not stored."""
    front = person.organisation.client

    async def work() -> None:
        while await relay_once(front.runtime):
            pass
        await person.stage.sender.once()

    front.run(work)
    assert 0 < person.stage.sender.in_flight
    person.erase()
    person.stage.deliver()
    org_id = person.organisation.organisation.id
    assert 0 == front.number("select count(*) from attempt where org_id = %s", org_id)


@pytest.mark.parametrize("reference", ["", "x" * 101])
def test_a_reference_is_short(organisation: OrganisationClient, reference: str) -> None:
    """It stays when the person is gone."""
    organisation.send_events(bill("9"))
    id_ = organisation.customer("anna")
    refused = organisation.post(f"/api/v1/customers/{id_}/erasure", {"reference": reference})
    assert (400, ["reference"]) == (refused.status_code, [one["path"] for one in json_of(refused)["problems"]])
    assert 1 == organisation.stored()["customer"]


def test_the_export_holds_every_kind_of_data(person: Person) -> None:
    """All canaries but one: the name of the behaviour is the organisation's."""
    exported = person.organisation.get(f"/api/v1/customers/{person.id}/export")
    assert CANARIES.keys() - {"answer"} == found_in(str(exported))
    first: Json = exported["customers"][0]
    assert (person.id, 2) == (first["id"], len(exported["customers"]))
    assert 624 in [row["value"] for row in first["progress"]]


def test_closed_boards_leave_an_erased_customer_out(organisation: OrganisationClient) -> None:
    """Also where the board was read before."""
    defined = organisation.define(group(target(), leaderboardEnabled=True))
    organisation.send_events(bill("9"), bill("8", customer="bob"))
    organisation.client.clock.set("2026-02-20T00:00:00Z")
    path, period = f"/api/v1/leaderboards/{defined['targets'][0]['id']}", defined["periods"][0]["id"]
    anna, bob = organisation.customer("anna"), organisation.customer("bob")
    assert [anna, bob] == [row["customerId"] for row in organisation.get(path, periodId=period)["top"]]
    organisation.post(f"/api/v1/customers/{anna}/erasure", {"reference": "x"})
    assert [(1, bob)] == [(row["rank"], row["customerId"]) for row in organisation.get(path, periodId=period)["top"]]
