"""A route that is called without FastAPI's machinery answers as it does with it, refusals and successes alike."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2
import pytest

from milepost.api.http.app import COMPRESSED_BYTES_MIN, create_app
from milepost.api.http.body import BATCH_BYTES_MAX, write_json
from milepost.api.http.routes import ROUTES, hot_routes
from milepost.model.access.role import Role
from milepost.model.problem import Fault, Unavailable
from milepost.service.ingest.lanes.lane import Overloaded
from tests.api.client import PASSWORD, OrganisationClient, let_in
from tests.api.client_forms import bill, group

CHANGING = frozenset({"date", "x-request-id"})
EVENTS, TRANSACTIONS, BULK = "/api/v1/events", "/v2/transactions", "/v2/transactions/bulk"


class Both(NamedTuple):
    """An organisation, and two clients of one runtime: with shortcuts, and without."""

    organisation: OrganisationClient
    short: httpx2.AsyncClient
    whole: httpx2.AsyncClient

    def ask(self, method: str, path: str, **options: Any) -> tuple[httpx2.Response, httpx2.Response]:
        """Return the answers of both ways to the same request, by the organisation's till if no other login is said."""
        options.setdefault("auth", (self.organisation.till_code, PASSWORD))
        run = self.organisation.client.run
        short = run(lambda: self.short.request(method, path, **options))
        return short, run(lambda: self.whole.request(method, path, **options))


@pytest.fixture
def both(organisation: OrganisationClient) -> Both:
    """Return the two ways to the shared runtime."""
    clients = []
    for takes_shortcuts in (True, False):
        app = create_app(organisation.client.runtime, error_status=400, takes_shortcuts=takes_shortcuts)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        clients.append(httpx2.AsyncClient(transport=transport, base_url="http://milepost"))
    return Both(organisation, *clients)


def assert_equal(answers: tuple[httpx2.Response, httpx2.Response], path: str) -> None:
    """Assert that two answers are the same, but for what differs in every answer."""
    short, whole = answers
    headers = [{name: value for name, value in one.headers.items() if name not in CHANGING} for one in (short, whole)]
    assert (short.status_code, short.content) == (whole.status_code, whole.content), path
    assert headers[0] == headers[1], path


@dataclass
class Refusal:
    """A request that a hot route refuses, and the status of the answer."""

    status: int
    options: dict[str, Any] = field(default_factory=dict)
    query: str = ""


WRONG_LOGINS = [
    Refusal(401, {"auth": None}),
    Refusal(401, {"auth": ("nobody", "nothing")}),
    Refusal(401, {"auth": None, "headers": {"authorization": "Basic !"}}),
    Refusal(401, {"auth": None, "headers": {"x-cap-api-oauth-token": "unknown"}}),
    Refusal(400, {}, "?nonsense=1"),
]
BAD_BODIES = [
    Refusal(400, {"content": b"{"}),
    Refusal(400, {"content": b"[" * 40 + b"]" * 40}),
    Refusal(413, {"content": b" " * (BATCH_BYTES_MAX + 1)}),
    *(
        Refusal(415, {"content": b"{}", "headers": {"content-encoding": name}})
        for name in ("gzip", "br", "identity, gzip")
    ),
    Refusal(403, {"content": b"{}", "headers": {"origin": "https://elsewhere.example"}}),
]
BAD_POSTING = [
    Refusal(400, {"content": b"{}", "headers": {"X-CAP-API-ATTRIBUTION-LOOKUP": "till"}}),
    Refusal(400, {"content": b"{}", "headers": {"X-CAP-API-ATTRIBUTION-ENTITY-CODE": "no such till"}}),
    Refusal(400, {"content": b"{}"}, "?rawSideEffects=perhaps"),
    Refusal(400, {"content": b"{}"}, "?identifierName=nonsense"),
]
BAD_SCOPES = [
    Refusal(400, {"headers": {"DATA-SCOPE": "EVERYTHING"}}),
    Refusal(400, {"headers": {"DATA-SCOPE": "PARTIAL", "DATA-SCOPE-ORG": "x"}}),
]
BAD_ROWS = [
    Refusal(400, {}, "?includeInactive=perhaps&trackingDate=yesterday"),
    Refusal(400, {}, "?targetRuleId=a"),
    Refusal(400, {}, "?includeInactive=&includeInactive=x"),
]
BAD_PLACES = [Refusal(400, {}, "?top=many&around=-1&periodId=x"), Refusal(400, {}, "?top=&customerId=%00")]
TOO_MANY = Refusal(400, {"content": b"[" + b",".join([b"{}"] * 1_001) + b"]"})


def refusals(path: str) -> list[Refusal]:
    """Return what is wrong with requests to *path*."""
    if path == EVENTS:
        return [*BAD_BODIES, TOO_MANY]
    if path in {TRANSACTIONS, BULK}:
        return [*BAD_BODIES, *BAD_POSTING]
    if path.endswith("/{user_id}/targetGroups"):
        return [*BAD_ROWS, Refusal(400), *(() if path.startswith("/v3/") else BAD_SCOPES)]
    return BAD_PLACES if path.startswith("/api/v1") else [*BAD_SCOPES, Refusal(400)]


@pytest.mark.parametrize("route", hot_routes(), ids=lambda route: route.name)
def test_every_refusal_is_answered_the_same(both: Both, route: Any) -> None:
    """The login, its role, the origin, parameters, headers, the body and its size; for unknown ids as well."""
    (method,) = route.methods
    code = f"reader of {both.organisation.organisation.name}"
    database = both.organisation.client.runtime.database
    org_id = both.organisation.organisation.id
    both.organisation.client.run(lambda: let_in(database, org_id, code, Role.READ))
    path = route.path.replace("{user_id}", "17").replace("{group_id}", "17").replace("{target_id}", "17")
    statuses = set()
    for refusal in [*WRONG_LOGINS, *refusals(route.path)]:
        answers = both.ask(method, path + refusal.query, **refusal.options)
        assert_equal(answers, f"{path}{refusal.query} {refusal.options.keys()}")
        statuses.add(answers[0].status_code)
        if refusal.status != 400:
            assert refusal.status == answers[0].status_code, answers[0].text
    as_reader = both.ask(method, path, auth=(code, PASSWORD), content=b"{}")
    assert_equal(as_reader, path)
    assert (as_reader[0].status_code == 403) is (ROUTES[method.lower(), route.path].needs is not Role.READ)
    documented = {int(status) for status in ROUTES[method.lower(), route.path].statuses} - {503}
    if method == "POST":
        assert documented <= statuses
    elif "413" not in ROUTES[method.lower(), route.path].statuses:
        assert {400, 401} <= statuses


@pytest.mark.parametrize(
    "error",
    [
        lambda: Overloaded("too much"),
        lambda: Unavailable("away"),
        lambda: Fault("a fault"),
        lambda: ZeroDivisionError("a mistake"),
    ],
    ids=["overloaded", "unavailable", "fault", "mistake"],
)
def test_faults_are_answered_the_same(
    both: Both, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]
) -> None:
    """The client is told to send the request again, whatever way it took."""

    async def fails(_events: object) -> None:
        raise error()

    monkeypatch.setattr(both.organisation.client.runtime.lanes, "receive", fails)
    answers = both.ask("POST", EVENTS, content=write_json([bill(5)]))
    assert_equal(answers, EVENTS)
    assert (answers[0].status_code >= 500, answers[0].headers["retry-after"]) == (True, "1")


def test_successes_are_answered_the_same(both: Both) -> None:
    """Values of parameters arrive, the last of several as FastAPI takes it; a known event is a duplicate both ways."""
    defined = both.organisation.define(group())
    known = bill(5)
    both.organisation.send_events(known)
    assert_equal(both.ask("POST", EVENTS, content=write_json([known, {"id": 1}])), EVENTS)
    customer = both.organisation.customer(known["customer"]["externalId"])
    target = defined["targets"][0]["id"]
    for path in (
        f"/v3/users/{customer}/targetGroups",
        f"/v3/users/{customer}/targetGroups?includeInactive=false&includeInactive=true",
        f"/v3/users/{customer}/targetGroups?targetRuleId={target}",
        f"/v3.1/users/{customer}/targetGroups?unknown=1",
        f"/api/v1/leaderboards/{target}",
        f"/v3.1/leaderboards/targetGroups/{defined['id']}?targetId={target}",
    ):
        answers = both.ask("GET", path)
        assert_equal(answers, path)


def test_other_methods_and_addresses_go_the_usual_way(both: Both) -> None:
    """Only what is hot is called directly."""
    for method, path in (
        ("DELETE", EVENTS),
        ("PUT", "/v3/users/1/targetGroups"),
        ("GET", "/v3/users/1/2/targetGroups"),
    ):
        answers = both.ask(method, path)
        assert_equal(answers, path)
        assert answers[0].status_code in {404, 405}


def test_a_large_answer_is_compressed_for_those_who_accept_it(both: Both) -> None:
    """The bytes that are sent shrink, what they say does not."""
    for _ in range(10):
        both.organisation.define(group())
    both.organisation.send_events(bill(5))
    path = f"/v3/users/{both.organisation.customer(bill(5)['customer']['externalId'])}/targetGroups"
    small, plain = (
        both.ask("GET", path, headers={"accept-encoding": accepted})[0] for accepted in ("gzip", "identity")
    )
    assert len(plain.content) >= COMPRESSED_BYTES_MIN
    assert small.content == plain.content
    assert (small.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert int(small.headers["content-length"]) < len(plain.content) / 3
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
