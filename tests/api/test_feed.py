"""The feed, the types with their schemas, samples, the inspector, secrets: what is there besides sending."""

import asyncio
from collections.abc import Iterator

import jsonschema_rs
import psycopg
import pytest

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.service.delivery.payloads.schemas import all_types, schema_of
from milepost.service.delivery.relay import relay_once
from milepost.store.delivery.outbox import BUCKETS_EACH
from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened
from tests.api.client_forms import bill, group, target
from tests.api.receiver import Stage
from tests.api.test_webhooks_delivery import signs

FEED = "/api/v1/outcomes"


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def stage(front: ApiClient) -> Iterator[Stage]:
    """Return a receiver beside the server."""
    stage = Stage(front)
    yield stage
    stage.close()


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation with a feed and a target of 100 a month."""
    organisation = front.organisation(outcomeFeed="ON")
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    return organisation


def relay(front: ApiClient) -> None:
    """Relay everything."""

    async def work() -> None:
        while await relay_once(front.runtime):
            pass

    front.run(work)


def kinds(page: Json) -> list[tuple[str, str]]:
    """Return customer and type of each message of a page."""
    return [(one["data"]["customer"]["externalId"], one["type"]) for one in page["items"]]


def test_a_reader_of_the_feed_skips_nothing(front: ApiClient, organisation: OrganisationClient) -> None:
    """Page by page while more is committed, each message once, and those of a customer in order (R15)."""
    seen: list[Json] = []
    cursor = "start"
    for round_ in range(6):
        organisation.send_events(*(bill("60", customer=f"c{place}") for place in range(12)))
        relay(front)
        for _ in range(2 if round_ < 5 else 20):
            page = organisation.get(FEED, after=cursor, limit=5)
            seen += page["items"]
            cursor = page["cursor"]
    assert 12 * 2 == len(seen) == len({one["id"] for one in seen})
    for place in range(12):
        told = [one["type"] for one in seen if one["data"]["customer"]["externalId"] == f"c{place}"]
        assert ["target.enrolled", "target.achieved"] == told
    assert [] == organisation.get(FEED, after=cursor)["items"]


def test_a_transaction_that_commits_late_is_not_skipped(front: ApiClient, organisation: OrganisationClient) -> None:
    """One begins first and commits last, and the cursor reads between; cursors by number or time skip it (R15)."""
    names = [f"c{place}" for place in range(40)]
    organisation.send_events(*(bill("120", customer=name) for name in names))
    front.connection.execute("create table naive (id bigserial, at timestamptz default now(), customer_id bigint)")
    naive = "insert into naive (customer_id) values (%s)"
    early, *rest = _first_group(front)
    front.connection.execute("delete from outbox where customer_id = any(%s)", ([row[2] for row in (early, *rest)],))
    put = "insert into outbox (bucket, org_id, customer_id, seq, body) values (%s, %s, %s, %s, %s)"
    with psycopg.connect(front.url) as long:
        long.execute(put, early)
        long.execute(naive, (early[2],))
        for row in rest:
            front.connection.execute(put, row)
            front.connection.execute(naive, (row[2],))
        relay(front)
        between = organisation.get(FEED, limit=500)
        (seen,) = front.connection.execute("select max(id), max(at) from naive").fetchall()
        long.commit()
    relay(front)
    after = organisation.get(FEED, after=between["cursor"], limit=500)
    late = {one["data"]["customer"]["id"] for one in after["items"]}
    assert {early[2]} == late
    assert early[2] not in {one["data"]["customer"]["id"] for one in between["items"]}
    assert 0 == front.number("select count(*) from naive where id > %s", seen[0])
    assert 0 == front.number("select count(*) from naive where at > %s", seen[1])
    front.connection.execute("drop table naive")


def _first_group(front: ApiClient) -> list[tuple[int, int, int, int, str]]:
    """Return the rows of the outbox, in the order of their keys, of the group of buckets with the most rows."""
    rows = front.connection.execute("select bucket, org_id, customer_id, seq, body from outbox order by 1, 2, 3, 4")
    groups: dict[int, list[tuple[int, int, int, int, str]]] = {}
    for row in rows.fetchall():
        groups.setdefault(row[0] // BUCKETS_EACH, []).append(row)
    found = max(groups.values(), key=len)
    assert len({row[2] for row in found}) > 1, "one group has rows of several customers"
    return found


def test_the_feed_waits_for_the_first_message(front: ApiClient, organisation: OrganisationClient) -> None:
    """Long polling: the answer comes soon after the message, not at the end of the wait."""
    cursor = organisation.get(FEED, after="end")["cursor"]

    async def life() -> tuple[Json, float]:
        login = (organisation.till_code, "Pass123word")
        async with front.client(auth=login) as client:
            began = asyncio.get_running_loop().time()
            waiting = asyncio.create_task(client.get(FEED, params={"after": cursor, "wait": 20}))
            await asyncio.sleep(0.3)
            await client.post("/api/v1/events", json=[bill("120")])
            while await relay_once(front.runtime):
                pass
            return json_of(await waiting), asyncio.get_running_loop().time() - began

    page, took = front.run(life)
    assert ("anna", "target.achieved") in kinds(page)
    assert took < 10


@pytest.mark.parametrize(
    "query, path",
    [({"after": "1.2"}, "after"), ({"after": "x"}, "after"), ({"limit": "0"}, "limit"), ({"wait": "31"}, "wait")],
)
def test_a_wrong_question_is_refused(organisation: OrganisationClient, query: dict[str, str], path: str) -> None:
    """With the parameter and its limit."""
    answered = organisation.send("GET", FEED, params=query)
    assert (400, [path]) == (answered.status_code, [one["path"] for one in json_of(answered)["problems"]])


def test_without_the_setting_there_is_no_feed_and_nothing_is_written(front: ApiClient) -> None:
    """Nobody waits, so nothing is in the outbox; the answer says which setting."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    organisation.send_events(bill("120"))
    assert 0 == front.number("select count(*) from outbox where org_id = %s", organisation.organisation.id)
    assert "outcomeFeed" in organisation.send("GET", FEED).text


def test_rows_that_are_older_than_webhooks_are_deleted_unread(
    front: ApiClient, organisation: OrganisationClient
) -> None:
    """Nobody could wait for them; the log still gives what they told."""
    insert = "insert into outbox (bucket, org_id, customer_id, seq, body) values (7, %s, 1, 1, %s)"
    front.connection.execute(insert, (organisation.organisation.id, "[[3,3001,30001,1768903200,1200000,0]]"))
    relay(front)
    assert 0 == front.number("select count(*) from outbox")
    assert [] == organisation.get(FEED)["items"]


def test_a_row_that_cannot_be_relayed_lets_the_others_pass(front: ApiClient, organisation: OrganisationClient) -> None:
    """It is set aside, and the log of the server names it; what it told can be recovered by replay."""
    organisation.send_events(*(bill("120", customer=f"d{place}") for place in range(4)))
    first = "(select customer_id from outbox order by bucket limit 1)"
    front.connection.execute(f"update outbox set body = '[2]' where customer_id = {first}".encode())
    relay(front)
    assert 3 == len({customer for customer, _ in kinds(organisation.get(FEED))})
    assert 1 == front.number("select count(*) from outbox where failed_at is not null")
    front.connection.execute("delete from outbox")


def test_every_message_fits_the_schema_of_its_type(front: ApiClient, organisation: OrganisationClient) -> None:
    """Real ones of the feed, and the examples of all types; the schemas do not take each other's."""
    organisation.send_events(bill("120"), bill("120", type="Run", customer="bert", data={}))
    relay(front)
    for message in organisation.get(FEED)["items"]:
        jsonschema_rs.validate(schema_of(OutcomeType(message["type"])), message)
    for view in all_types():
        jsonschema_rs.validate(view.schema, view.example)
        assert not jsonschema_rs.is_valid(view.schema, {**view.example, "type": "nothing"})
    shown = {item["type"]: item["schema"] for item in organisation.get("/api/v1/webhooks/types")["items"]}
    assert {type_.value for type_ in OutcomeType} == set(shown)


def test_a_sample_of_each_type_is_sent(organisation: OrganisationClient, stage: Stage) -> None:
    """In both styles and as CloudEvents, each signed; their ids say that they are samples."""
    for options in ({}, {"style": "capillary"}, {"envelope": "cloudevents"}):
        added = json_of(organisation.post("/api/v1/webhooks", {"url": stage.receiver.url, **options}))
        stage.receiver.got.clear()
        organisation.post(f"/api/v1/webhooks/{added['id']}/test", {})
        stage.deliver()
        assert len(added["types"]) == len(stage.receiver.got)
        assert all(got.headers["webhook-id"].startswith("test_") for got in stage.receiver.got)
        assert all(signs(added["secret"], got) for got in stage.receiver.got)
    assert {"1.0"} == {got.json["specversion"] for got in stage.receiver.got}
    assert {"application/cloudevents+json"} == {got.headers["content-type"] for got in stage.receiver.got}


def test_two_secrets_sign_while_one_is_replaced(organisation: OrganisationClient, stage: Stage) -> None:
    """For as long as was chosen; afterwards the new one alone."""
    added = json_of(organisation.post("/api/v1/webhooks", {"url": stage.receiver.url, "types": ["target.achieved"]}))
    path = f"/api/v1/webhooks/{added['id']}"
    fresh = json_of(organisation.post(f"{path}/secret", {"overlapSeconds": 60}))["secret"]
    organisation.send_events(bill("120"))
    stage.deliver()
    organisation.client.clock.advance(61_000_000)
    organisation.send_events(bill("120", customer="bert"))
    stage.deliver()
    first, second = stage.receiver.got
    assert (True, True) == (signs(added["secret"], first), signs(fresh, first))
    assert (False, True) == (signs(added["secret"], second), signs(fresh, second))
    stored = organisation.client.connection.execute("select secrets from webhook").fetchall()
    assert not [row for (row,) in stored if added["secret"] in row or fresh in row]


def test_the_inspector_shows_what_arrived(organisation: OrganisationClient) -> None:
    """With whether the signature is good; of one's own organisation alone."""
    added = json_of(organisation.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9/api/v1/inspector/mine"}))
    posted = organisation.client.send("POST", "/api/v1/inspector/mine", json={"id": "x"})
    assert {"verified": False} == json_of(posted)
    (item,) = organisation.get("/api/v1/inspector")["items"]
    assert (added["id"], False, {"id": "x"}) == (item["webhookId"], item["verified"], item["message"])
    assert [] == organisation.client.organisation().get("/api/v1/inspector")["items"]
    assert 400 == organisation.client.send("POST", "/api/v1/inspector/nobody", json={}).status_code


@pytest.mark.parametrize(
    "body, paths",
    [
        ({"url": "gopher://x"}, ["url"]),
        ({"url": "https://x.example", "types": ["no"]}, ["types[0]"]),
        ({"url": "https://x.example", "types": []}, ["types"]),
        ({"url": "https://x.example", "style": "capillary", "types": ["target.achieved"]}, ["types[0]"]),
        ({"url": "https://x.example", "style": "capillary", "envelope": "cloudevents"}, ["envelope"]),
        (
            {"url": "https://x.example", "headers": {"Webhook-Id": "1", "a b": "2", "c": "\n"}},
            ["headers.Webhook-Id", "headers.a b", "headers.c"],
        ),
        ({"url": "https://x.example", "rate": 0, "timeLimit": 31, "schedule": [0]}, ["schedule", "timeLimit", "rate"]),
        ({"url": "https://x.example", "secret": "whsec_short"}, ["secret"]),
        ({"url": "https://x.example", "colour": "red"}, ["colour"]),
    ],
)
def test_what_is_wrong_with_a_webhook_is_answered(
    organisation: OrganisationClient, body: Json, paths: list[str]
) -> None:
    """All at once, each with its path."""
    answered = organisation.post("/api/v1/webhooks", body)
    assert (400, paths) == (answered.status_code, [one["path"] for one in json_of(answered)["problems"]])
