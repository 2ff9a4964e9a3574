"""When too much waits or the database is away: nothing is half done, and senders are told to come again."""

import asyncio
from collections.abc import Iterator

import httpx2
import psycopg
import pytest

from milepost.service.ingest.lanes.lane import Limits
from tests.api.client import PASSWORD, ApiClient, OrganisationClient, json_of, opened
from tests.api.client_forms import bill


@pytest.fixture(scope="module")
def narrow(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client behind which two events may wait in each lane."""
    with opened(admin_url, template, Limits(batch_events_max=2, waiting_events_max=2)) as client:
        yield client


async def _waited_for(client: ApiClient) -> int:
    """Return the backend that waits for a row, once there is one."""
    query = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    for _ in range(1_000):
        row = client.connection.execute(query).fetchone()
        if row is not None:
            return int(row[0])
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


def test_requests_are_turned_away_when_too_many_events_wait(narrow: ApiClient) -> None:
    """503 with Retry-After, in the words of each API; events that waited are applied, refused events are not."""
    organisation = narrow.organisation()
    id_ = organisation.send_events(bill())[0]["customerId"]

    async def crowd() -> tuple[httpx2.Response, ...]:
        with psycopg.connect(narrow.url) as blocker:
            blocker.execute("select 1 from standing for update")
            async with narrow.client(auth=(organisation.till_code, PASSWORD)) as client:
                named = {"id": id_}
                first = asyncio.create_task(client.post("/api/v1/events", json=[bill(customer=named)] * 2))
                await _waited_for(narrow)
                ours = await client.post("/api/v1/events", json=bill(customer=named))
                query = {"identifierName": "id", "identifierValue": str(id_)}
                bought = {"type": "REGULAR", "billNumber": "N", "billAmount": 1}
                theirs = await client.post("/v2/transactions", json=bought, params=query)
                blocker.rollback()
                return await first, ours, theirs

    first, ours, theirs = narrow.run(crowd)
    assert ["applied", "duplicate"] == [item["status"] for item in json_of(first)["items"]]
    assert (503, "1", 503, "1") == (
        ours.status_code,
        ours.headers["retry-after"],
        theirs.status_code,
        theirs.headers["retry-after"],
    )
    reason = "more than 2 events wait already"
    assert {"problems": [{"path": "", "reason": reason}]} == json_of(ours)
    assert {"data": None, "errors": [{"code": 503, "message": reason}], "warnings": None} == json_of(theirs)
    assert 2 == organisation.stored()["event"]


def test_a_lost_connection_is_answered_and_the_event_may_be_sent_again(organisation: OrganisationClient) -> None:
    """503 if it is not known whether a batch was committed; sending it again counts it once."""
    client = organisation.client
    id_ = organisation.send_events(bill())[0]["customerId"]
    sent = [bill(customer={"id": id_})]

    async def cut_off() -> httpx2.Response:
        with psycopg.connect(client.url) as blocker:
            blocker.execute("select 1 from standing where org_id = %s for update", [organisation.organisation.id])
            async with client.client(auth=(organisation.till_code, PASSWORD)) as http:
                waiting = asyncio.create_task(http.post("/api/v1/events", json=sent))
                client.connection.execute("select pg_terminate_backend(%s)", [await _waited_for(client)])
                answered = await waiting
            blocker.rollback()
        return answered

    lost = client.run(cut_off)
    problems = [{"path": "", "reason": "the database cannot be reached"}]
    assert (503, {"problems": problems}) == (lost.status_code, json_of(lost))
    assert ["applied"] == [item["status"] for item in organisation.send_events(*sent)]
    assert ["duplicate"] == [item["status"] for item in organisation.send_events(*sent)]


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("GET", "/api/v1/zones", None),
        ("POST", "/api/v1/zones", b'[{"code": "north"}]'),
        ("POST", "/api/v1/events", b"[]"),
        ("GET", "/v3/users/5/targetGroups", None),
        ("POST", "/v3/targetGroups", b"{}"),
        ("POST", "/v2/customers", b'{"profiles": [{"identifiers": [{"type": "mobile", "value": "1"}]}]}'),
    ],
)
def test_a_database_that_went_away_is_reported(
    organisation: OrganisationClient, method: str, path: str, body: bytes | None
) -> None:
    """503 while connections are lost, then as ever; also where a login has to be looked up."""
    client = organisation.client
    others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
    client.connection.execute(f"{others} and pid <> pg_backend_pid()".encode())
    statuses: list[int] = []
    while not statuses or (statuses[-1] == 503 and len(statuses) < 20):
        statuses.append(organisation.send(method, path, content=body).status_code)
    assert 503 == statuses[0]
    assert statuses[-1] in {200, 400}


def test_health_needs_no_login(front: ApiClient) -> None:
    """The process lives; it can serve while the database answers."""
    assert (200, "ok\n") == ((told := front.send("GET", "/healthz")).status_code, told.text)
    assert (200, "ready\n") == ((told := front.send("GET", "/readyz")).status_code, told.text)


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/v3/nothing", 404),
        ("PUT", "/api/v1/events", 405),
        ("GET", "/nothing", 404),
    ],
)
def test_an_unknown_address_is_answered(front: ApiClient, method: str, path: str, status: int) -> None:
    """In the words of the API that was called."""
    answered = front.send(method, path)
    told = {"problems"} if path.startswith("/api/v1") else {"data", "errors", "warnings"}
    assert (status, told) == (answered.status_code, set(json_of(answered)))
