"""What operators see: a line and a number for each request, the last requests, problems told once."""

import json
import logging
from io import BytesIO

import httpx2
import pytest
import structlog

from milepost.api.http.app import Observers, create_app
from milepost.api.http.body import write_json
from milepost.operation.alerts import Alerts
from milepost.operation.logs import SAME_LINES_MAX, SameLines, log_as_json
from milepost.operation.observation import Observation
from milepost.service.runtime.health import HealthProblem, Readiness
from tests.api.client import PASSWORD, ApiClient, OrganisationClient
from tests.api.client_forms import bill, group


@pytest.fixture
def observed(front: ApiClient, monkeypatch: pytest.MonkeyPatch) -> tuple[Observation, BytesIO]:
    """Let the shared server be observed during a test; return the observation and what is logged."""
    written = BytesIO()
    monkeypatch.setattr(logging.root, "handlers", [*logging.root.handlers])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    log_as_json("info", written)
    observation = Observation(front.runtime, None)
    observers = Observers(observation.request, observation.metrics.text)
    app = create_app(front.runtime, error_status=400, observers=observers)
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://milepost")
    monkeypatch.setattr(front, "_http", client)
    return observation, written


def lines(written: BytesIO, event: str = "request") -> list[dict[str, object]]:
    """Return the lines of one kind that were logged."""
    parsed = [json.loads(line) for line in written.getvalue().splitlines()]
    return [line for line in parsed if line["event"] == event]


def test_a_request_has_a_line(organisation: OrganisationClient, observed: tuple[Observation, BytesIO]) -> None:
    """Who asked for what, how it was answered, and how many events it brought; no value of the address is there."""
    organisation.define(group())
    body = write_json([bill(5), bill(6)])
    organisation.send("POST", "/api/v1/events?x=secret", content=body)
    organisation.send("POST", "/api/v1/events", content=body, headers={"x-request-id": "r1"})
    seen = lines(observed[1])
    assert ["/v3/targetGroups", "/api/v1/events", "/api/v1/events"] == [line["route"] for line in seen]
    assert [200, 400, 200] == [line["status"] for line in seen]
    last = seen[-1]
    assert (organisation.till_code, "POST", 2, "r1") == (
        last["login"],
        last["method"],
        last["events"],
        last["request_id"],
    )
    assert b"secret" not in observed[1].getvalue()
    assert PASSWORD.encode() not in observed[1].getvalue()


def test_a_wrong_password_has_a_line(organisation: OrganisationClient, observed: tuple[Observation, BytesIO]) -> None:
    """It names the login and the address, and never the password."""
    organisation.client.send("GET", "/api/v1/zones", auth=(organisation.till_code, "not the right one"))
    (line,) = lines(observed[1], "login_failed")
    assert (organisation.till_code, "127.0.0.1") == (line["code"], line["address"])
    assert b"not the right one" not in observed[1].getvalue()


def test_requests_and_events_are_counted(
    organisation: OrganisationClient, observed: tuple[Observation, BytesIO]
) -> None:
    """By route and status, and by what became of each event."""
    organisation.define(group())
    organisation.send_events(bill(5), bill(6))
    front = organisation.client
    front.run(lambda: observed[0].metrics.sample(front.runtime))
    text = front.send("GET", "/metrics").text
    assert 'milepost_http_requests_total{method="POST",route="/api/v1/events",status="200"} 1.0' in text
    assert 'milepost_events_total{status="applied"} 2.0' in text
    assert f'milepost_organisation_events_total{{organisation="{organisation.organisation.id}"}} 2.0' in text
    assert "milepost_receives_events 1.0" in text
    assert 'milepost_database_connections{state="pool_size"}' in text


def test_the_last_requests_are_listed(organisation: OrganisationClient, observed: tuple[Observation, BytesIO]) -> None:
    """Latest first, in pages, those of one's own organisation; those that failed can be asked for."""
    other = organisation.client.organisation()
    other.get("/api/v1/zones")
    organisation.get("/api/v1/zones")
    organisation.post("/api/v1/zones", b"{}")
    organisation.get("/api/v1/stores")
    front = organisation.client
    front.run(front.runtime.requests.save)
    page = organisation.get("/api/v1/requests", limit="2")
    rest = organisation.get("/api/v1/requests", cursor=page["nextCursor"])
    failed = organisation.get("/api/v1/requests", statusFrom="400")
    assert ["/api/v1/stores", "/api/v1/zones", "/api/v1/zones"] == [
        item["route"] for item in page["items"] + rest["items"]
    ]
    assert [("POST", 400)] == [(item["method"], item["status"]) for item in failed["items"]]
    assert observed[0] is not None


def test_lines_of_one_kind_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a window, the next one says how many were left out; lines of requests all stay."""
    now = 0.0
    monkeypatch.setattr("milepost.operation.logs.time.monotonic", lambda: now)
    limit = SameLines()
    kept = 0
    for _ in range(SAME_LINES_MAX + 30):
        try:
            limit(None, "", {"event": "a fault"})
        except structlog.DropEvent:
            continue
        kept += 1
    now = 11.0
    assert SAME_LINES_MAX == kept
    assert {"event": "a fault", "left_out": 30} == limit(None, "", {"event": "a fault"})
    assert all(limit(None, "", {"event": "request"}) for _ in range(SAME_LINES_MAX * 2))


def test_a_problem_is_told_when_it_begins_and_when_it_ends(front: ApiClient) -> None:
    """Once each, also where its numbers grow; what could not be told is told at the next look."""
    sent: list[tuple[object, object]] = []
    works = False

    async def send(alert: dict[str, object]) -> None:
        if not works:
            raise httpx2.ConnectError("away")
        sent.append((alert["change"], alert["text"]))

    alerts = Alerts(send)
    late = [
        Readiness(True, [HealthProblem("scheduler", f"period boundaries are {seconds} s behind")])
        for seconds in (400, 500)
    ]
    front.run(lambda: alerts.look(late[0], "t"))
    works = True
    for readiness in (*late, Readiness(True, []), Readiness(True, [])):
        front.run(lambda readiness=readiness: alerts.look(readiness, "t"))  # type: ignore[misc]
    assert [("began", "period boundaries are 400 s behind"), ("ended", "")] == sent


@pytest.mark.parametrize("days, kept", [(1, []), (3, ["/api/v1/zones"])])
def test_a_request_is_kept_for_some_days(
    organisation: OrganisationClient,
    observed: tuple[Observation, BytesIO],
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    kept: list[str],
) -> None:
    """It is deleted after a day, or after as many as the setting says."""
    front = organisation.client
    monkeypatch.setattr(front.runtime.requests, "days", days)
    organisation.get("/api/v1/zones")
    front.run(front.runtime.requests.save)
    front.clock.set("2026-01-22T12:00:00Z")
    organisation.get("/api/v1/stores")
    front.run(front.runtime.requests.save)
    listed = organisation.get("/api/v1/requests")["items"]
    assert ["/api/v1/stores", *kept] == [item["route"] for item in listed]
    assert observed[0] is not None
