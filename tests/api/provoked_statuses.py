"""Requests that provoke each status that the document tells of a route: one after the other until it is answered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any, NamedTuple

import httpx2

from milepost.api.http.body import write_json
from milepost.api.native.enrolments.file import FILE_BYTES_MAX
from milepost.model.access.role import Role
from milepost.service.organisations.credentials import limit_requests
from milepost.service.snapshot.login_limits import FAILURES_MAX, LoginLimits
from milepost.service.snapshot.rate_limits import WINDOW_SECONDS
from milepost.store.access.logins import Rates
from tests.api.client import PASSWORD, ApiClient, Json, let_in
from tests.api.client_forms import group
from tests.api.random_stage import Stage
from tests.api.route_rules import NOTHING

CUTS_MAX = 20
"""How often connections are cut before a route is believed not to mind: the pool may have made new ones meanwhile."""


class Asked(NamedTuple):
    """A request; `ids` are the parameters of its address."""

    method: str
    path: str
    ids: dict[str, str]
    query: dict[str, str]
    body: bytes | None
    media: str


class Provoker:
    """Asks the routes of a runtime for each status; `document` is the OpenAPI document."""

    def __init__(self, client: ApiClient, document: Json) -> None:
        """Add an organisation with something of everything."""
        self._door = client
        self._document = document
        self.stage = Stage(client.organisation())
        self._sandbox = client.organisation()
        client.connection.execute("insert into sandbox (org_id) values (%s)", [self._sandbox.organisation.id])
        self._sandbox.define(group())
        organisation = self.stage.organisation.organisation
        self._limits = LoginLimits()
        self.reader = f"reader of {organisation.name}"
        self.narrow = f"narrow {self.reader}"
        for code in (self.reader, self.narrow):
            client.run(partial(let_in, client.runtime.database, organisation.id, code, Role.READ))
        client.connection.execute("update login set scopes = '{}' where code = %s", [self.narrow])

    def is_answered(self, status: str, method: str, path: str) -> bool:
        """Return whether the route answers so to one of the requests that may provoke it."""
        sound = self.sound(method, path)
        return any(int(status) == told for told in WAYS[status](self, sound))

    def sound(self, method: str, path: str) -> Asked:
        """Return a request that the route takes."""
        stage, chance = self.stage, Random(path)
        place = stage.somewhere(path, chance)
        known = {name: str(place.get(name, values[0])) for name, values in stage.known.items()}
        told = self._document["paths"][path][method].get("parameters", ())
        ids = {one["name"]: known[one["name"]] for one in told if one["in"] == "path"}
        query = {name: known[name] for name in stage.asked(method, path)}
        body = stage.sound(method.upper(), path)
        media = "text/csv" if isinstance(body, str) else "application/json"
        written = None if body is None else body.encode() if isinstance(body, str) else write_json(body)
        return Asked(method, path, ids, query, written, media)

    def send(self, asked: Asked, login: tuple[str, str] | None, **headers: str) -> int:
        """Send a request; return the status."""
        return self.ask(asked, login, **headers).status_code

    def ask(self, asked: Asked, login: tuple[str, str] | None, **headers: str) -> httpx2.Response:
        """Send a request; return the answer."""
        address = asked.path
        for name, value in asked.ids.items():
            address = address.replace(f"{{{name}}}", value)
        return self._door.send(
            asked.method.upper(),
            address,
            params=asked.query,
            content=asked.body,
            headers={"content-type": asked.media} | headers,
            **({} if login is None else {"auth": login}),
        )

    def faulty(self, asked: Asked, login: tuple[str, str]) -> int:
        """Send a request that a fault answers; return the status that a client sees."""
        transport = httpx2.ASGITransport(app=self._door.app, raise_app_exceptions=False)

        async def answered() -> int:
            async with httpx2.AsyncClient(transport=transport, base_url="http://milepost") as client:
                address = asked.path
                for name, value in asked.ids.items():
                    address = address.replace(f"{{{name}}}", value)
                headers = {"content-type": asked.media}
                request = client.build_request(
                    asked.method.upper(), address, params=asked.query, content=asked.body, headers=headers
                )
                return (await client.send(request, auth=login)).status_code

        return self._door.run(answered)

    def known(self, asked: Asked, **headers: str) -> int:
        """Send a request as the organisation's till, as that of a sandbox if it is for sandboxes; return the status."""
        return self.told(asked, **headers).status_code

    def told(self, asked: Asked, **headers: str) -> httpx2.Response:
        """Send a request as `known` does; return the answer."""
        answered = self.ask(asked, (self.stage.organisation.till_code, PASSWORD), **headers)
        is_for_sandboxes = answered.status_code == 403 and asked.path.startswith("/api/v1/clock")
        return self.ask(asked, (self._sandbox.till_code, PASSWORD), **headers) if is_for_sandboxes else answered

    def parameters(self, asked: Asked) -> list[Json]:
        """Return the document's parameters of a request's route."""
        told: list[Json] = self._document["paths"][asked.path][asked.method].get("parameters", [])
        return told

    def cut_off(self) -> None:
        """Cut the runtime's connections to its database, as a server does that is stopped."""
        others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
        self._door.connection.execute(f"{others} and pid <> pg_backend_pid()".encode())

    @contextmanager
    def without_tables(self) -> Iterator[None]:
        """Take all tables away for a while."""
        self._door.connection.execute("alter schema public rename to away")
        self._door.connection.execute("create schema public")
        try:
            yield
        finally:
            self._door.connection.execute("drop schema public")
            self._door.connection.execute("alter schema away rename to public")

    @contextmanager
    def one_request_a_second(self) -> Iterator[None]:
        """Limit the requests of the organisation for a while."""
        runtime, name = self._door.runtime, self.stage.organisation.organisation.name

        def limit(rate: int | None) -> None:
            self._door.run(lambda: limit_requests(runtime.database, name, Rates(rate, None)))
            runtime.access.forget()

        limit(1)
        try:
            yield
        finally:
            limit(None)

    def with_login_limits(self, asked: Asked) -> int:
        """Send a request without a login to a server that counts wrong passwords; return the status."""
        limits = self._door.runtime.access.limits
        self._door.runtime.access.limits = self._limits
        try:
            return self.send(asked, None)
        finally:
            self._door.runtime.access.limits = limits

    def mend(self) -> None:
        """Make the runtime notice each connection that was cut."""
        for _ in range(CUTS_MAX):
            self._door.send("GET", "/api/v1/organisation", auth=(self.stage.organisation.till_code, PASSWORD))


def _well(provoker: Provoker, sound: Asked) -> Iterator[int]:
    yield provoker.known(sound)


def _wrongly(provoker: Provoker, sound: Asked) -> Iterator[int]:
    """Send malformed bodies, malformed parameters and unknown ids."""
    if sound.body is not None:
        yield provoker.known(sound._replace(body=b"{"))
        yield provoker.known(sound._replace(body=b"[7]"))
    for one in provoker.parameters(sound):
        if one["in"] == "query":
            yield provoker.known(sound._replace(query=sound.query | {one["name"]: "\0nothing"}))
    yield provoker.known(sound._replace(query=sound.query | {"unheard_of": "1"}))
    yield provoker.known(sound._replace(ids=dict.fromkeys(sound.ids, str(NOTHING))))
    yield provoker.known(sound._replace(ids=dict.fromkeys(sound.ids, "nothing")))


def _as_nobody(provoker: Provoker, sound: Asked) -> Iterator[int]:
    """Ask without a login; where the body is the login, with a wrong one."""
    yield provoker.send(sound, None)
    for word in (b'"secret":"', b'"password":"'):
        yield provoker.send(sound._replace(body=(sound.body or b"").replace(word, word + b"not ")), None)


def _as_a_reader(provoker: Provoker, sound: Asked) -> Iterator[int]:
    """Ask with a login that only reads, with one that has no scope, and from a page of another origin."""
    yield provoker.send(sound, (provoker.reader, PASSWORD))
    yield provoker.send(sound, (provoker.narrow, PASSWORD))
    yield provoker.send(sound, (provoker.reader, PASSWORD), origin="https://evil.example")


def _about_nothing(provoker: Provoker, sound: Asked) -> Iterator[int]:
    yield provoker.known(sound._replace(ids=dict.fromkeys(sound.ids, str(NOTHING))))


def _otherwise(provoker: Provoker, sound: Asked) -> Iterator[int]:
    """Return an id a second time, with other content."""
    yield provoker.known(sound)
    body = sound.body or b""
    amounts, days = ((b'"amount":5', b'"amount":6'), (b'"count":1', b'"count":2')), (b"2026-02-20", b"2026-02-21")
    for told, other in (*amounts, days, (b"a mistake", b"an error")):
        body = body.replace(told, other)
    yield provoker.known(sound._replace(body=body))


def _at_length(provoker: Provoker, sound: Asked) -> Iterator[int]:
    yield provoker.known(sound._replace(body=b" " * (FILE_BYTES_MAX + 1)))


def _compressed(provoker: Provoker, sound: Asked) -> Iterator[int]:
    yield provoker.known(sound, **{"content-encoding": "gzip"})


def _too_often(provoker: Provoker, sound: Asked) -> Iterator[int]:
    """Ask as an organisation with a low limit, and then with wrong passwords for an account that has too many."""
    with provoker.one_request_a_second():
        for _ in range(2 * WINDOW_SECONDS):
            yield provoker.known(sound._replace(body=b"{"))
    body = write_json({"email": "nobody@brand.example", "password": "wrong"})
    for _ in range(FAILURES_MAX + 1):
        yield provoker.with_login_limits(sound._replace(body=body))


def _cut_off(provoker: Provoker, sound: Asked) -> Iterator[int]:
    """Ask while connections are lost: as one who is remembered, then as one whose login has to be looked up."""
    provoker.known(sound._replace(body=b"{"))
    stranger = ("nobody in particular", PASSWORD)
    for turn in range(CUTS_MAX):
        provoker.cut_off()
        yield provoker.send(sound, stranger) if turn % 2 else provoker.known(sound)


def _without_tables(provoker: Provoker, sound: Asked) -> Iterator[int]:
    """Ask while the database lacks its tables, as somebody whose login has to be looked up."""
    with provoker.without_tables():
        yield provoker.faulty(sound, ("nobody in particular", PASSWORD))


WAYS: dict[str, Callable[[Provoker, Asked], Iterator[int]]] = {
    "200": _well,
    "202": _well,
    "400": _wrongly,
    "401": _as_nobody,
    "403": _as_a_reader,
    "404": _about_nothing,
    "409": _otherwise,
    "413": _at_length,
    "415": _compressed,
    "429": _too_often,
    "500": _without_tables,
    "503": _cut_off,
}
"""How each status is provoked."""


def told_of(document: Any) -> list[tuple[str, str, str]]:
    """Return each status that the document tells of, as status, method and path; addresses in order, deletions last."""
    found = [
        (status, method, path)
        for path, of in document["paths"].items()
        for method, operation in of.items()
        for status in operation["responses"]
    ]
    return sorted(found, key=lambda one: (one[0], _ends_something(*one[1:]), one[2], one[1]))


def _ends_something(method: str, path: str) -> int:
    """Return the place in the order: deletions come last, and a part before what contains it."""
    return -path.count("/") if method == "delete" or path.endswith("/disable") else -100
