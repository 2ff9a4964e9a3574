"""Both APIs of a running server, opened once for many tests; each test has an organisation of its own behind it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from decimal import Decimal
from hashlib import md5
from itertools import count
from typing import Any, TypeVar

import httpx2
import msgspec
import psycopg
from argon2 import PasswordHasher

from milepost.api.http.app import create_app
from milepost.api.http.body import write_json
from milepost.model.access.role import Role
from milepost.model.organisation import Organisation, Till
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.organisations.provisioning import add_organisation, change_settings
from milepost.service.runtime.outgoing import Outgoing, box_for_now
from milepost.service.runtime.runtime import Runtime, build_runtime
from milepost.service.scheduled.jobs import work_once
from milepost.service.snapshot.access import Access
from milepost.service.snapshot.login_limits import LoginLimits
from milepost.store import organisations, places
from milepost.store.access import logins
from milepost.store.database import Database

Json = dict[str, Any]
Result = TypeVar("Result")

PASSWORD = "Pass123word"
DIGEST = md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(DIGEST)
"""What is kept of the password of each test's till: a real one would cost more than most tests."""

START = "2026-01-20T12:00:00Z"
"""Where the clock stands when an organisation comes in."""

COUNTED = (
    "customer",
    "identity",
    "standing",
    "history",
    "event",
    "outbox",
    "zone",
    "concept",
    "store",
    "till",
    "target_group_version",
    "name_taken",
    "audience",
    "audience_version",
    "audience_member",
    "customer_goal",
    "job",
)
_NUMBERS = count(1)
_exact = msgspec.json.Decoder(float_hook=Decimal)


def instant(text: str) -> Micros:
    """Return the instant that *text* names, in epoch microseconds."""
    return calendar_of("UTC").read(text).instant


def json_of(response: httpx2.Response) -> Any:
    """Return what the body of an answer says, with exact numbers."""
    return _exact.decode(response.content)


class Clock:
    """A clock that stands still until it is set; `now` in epoch microseconds."""

    def __init__(self) -> None:
        """Stand at the start."""
        self.now = instant(START)

    def __call__(self) -> Micros:
        """Return the time."""
        return self.now

    def set(self, text: str) -> None:
        """Stand at the instant that *text* names."""
        self.now = instant(text)

    def advance(self, span: int) -> None:
        """Stand *span* microseconds later."""
        self.now = Micros(self.now + span)


class ApiClient:
    """A running server; `clock` rules events and definitions, `logins` how long a login is remembered."""

    def __init__(self, url: str, limits: Limits) -> None:
        """Prepare to open the runtime on the migrated database at *url*."""
        self.url = url
        self._limits = limits
        self.clock = Clock()
        self.logins = Clock()
        self.connection = psycopg.connect(url, autocommit=True)
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()

    def run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run *work* beside the runtime."""

        async def wait() -> Result:
            return await work()

        return self._runner.run(wait())

    async def open(self) -> None:
        """Start the runtime."""
        self.runtime = await self._stack.enter_async_context(_running(self.url, self.clock, self.logins, self._limits))
        self.app = create_app(self.runtime, error_status=400)
        self._http = self.client()
        await self._stack.enter_async_context(self._http)

    def close(self) -> None:
        """Stop everything."""
        self._runner.run(self._stack.aclose())
        self._runner.close()
        self.connection.close()

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """Return a client that speaks to the app."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://milepost", **options)

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request without a login."""
        self._http.cookies.clear()
        return self.run(lambda: self._http.request(method, path, **options))

    def organisation(self, zone: str = "UTC", parent: str | None = None, **settings: str) -> "OrganisationClient":
        """Add an organisation with a till that may log in, perhaps a child; both clocks go back to the start."""
        self.clock.set(START)
        self.logins.set(START)
        name = f"brand {next(_NUMBERS)}"
        database = self.runtime.database

        async def added() -> tuple[Organisation, str]:
            organisation, webhook_id = await add_organisation(
                database, name=name, zone=zone, now=self.clock(), parent=parent
            )
            await let_in(database, organisation.id, f"till of {name}", Role.ADMIN)
            if settings:
                organisation = await change_settings(database, organisation=name, changes=settings)
            return organisation, webhook_id

        return OrganisationClient(self, *self.run(added))

    def number(self, query: str, *values: object) -> int:
        """Return the one number that a query finds."""
        row = self.connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return int(row[0])


class OrganisationClient:
    """An organisation of the test's own, and requests that its till sends."""

    def __init__(self, client: ApiClient, organisation: Organisation, webhook_id: str) -> None:
        """Stand for *organisation* behind *client*."""
        self.client = client
        self.organisation = organisation
        self.webhook_id = webhook_id
        self.till_code = f"till of {organisation.name}"

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request as the organisation's till."""
        return self.client.send(method, path, auth=(self.till_code, PASSWORD), **options)

    def get(self, path: str, **query: Any) -> Any:
        """Return the body of the answer to a GET; asserts that it succeeded."""
        answered = self.send("GET", path, params=query)
        assert (200, path) == (answered.status_code, path), answered.text
        return json_of(answered)

    def post(self, path: str, body: Any, **query: Any) -> httpx2.Response:
        """Send *body*, bytes as they are and all else as JSON."""
        content = body if isinstance(body, bytes) else write_json(body)
        return self.send("POST", path, content=content, params=query)

    def put(self, path: str, body: Any) -> httpx2.Response:
        """Send *body* to be in place of what there is, bytes as they are and all else as JSON."""
        content = body if isinstance(body, bytes) else write_json(body)
        return self.send("PUT", path, content=content)

    def data(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the data of an answer of the vendor's API; asserts that it succeeded."""
        content = None if body is None else write_json(body)
        answered = self.send(method, path, content=content, params=query)
        assert (200, None) == (answered.status_code, json_of(answered)["errors"] or None), answered.text
        return json_of(answered)["data"]

    def errors(self, method: str, path: str, body: Any = None, **query: Any) -> list[tuple[int, str]]:
        """Return code and text of each error of an answer of the vendor's API."""
        content = None if body is None else write_json(body)
        answered = self.send(method, path, content=content, params=query)
        assert (400, None) == (answered.status_code, json_of(answered)["data"]), answered.text
        words = "Invalid input, check all values and ensure they are correct. "
        return [(error["code"], error["message"].removeprefix(words)) for error in json_of(answered)["errors"]]

    def version(self) -> int:
        """Return the organisation's present version."""
        return self.client.number("select version from organisation where org_id = %s", self.organisation.id)

    def define(self, body: Json) -> Json:
        """Define a target group and return it as answered."""
        answered = self.post("/v3/targetGroups", body)
        assert answered.status_code == 200, answered.text
        defined: Json = json_of(answered)["data"]
        return defined

    def send_events(self, *events: Json) -> list[Json]:
        """Send events and return the answer to each."""
        answered = self.post("/api/v1/events", list(events))
        assert answered.status_code == 200, answered.text
        items: list[Json] = json_of(answered)["items"]
        return items

    def customer(self, external_id: str) -> int:
        """Return the id of a customer that is known."""
        (found,) = self.get("/api/v1/customers", externalId=external_id)["items"]
        return int(found["id"])

    def work(self) -> int:
        """Do all jobs, as a server does in the background; return the number of pages."""
        runtime, pages = self.client.runtime, 0
        while self.client.run(lambda: work_once(runtime)):
            pages += 1
        return pages

    def groups(self, customer_id: int, **query: Any) -> list[Json]:
        """Return a customer's target groups."""
        found: list[Json] = self.get(f"/v3/users/{customer_id}/targetGroups", **query)["data"]["targetGroups"]
        return found

    def rows(self, customer_id: int, **query: Any) -> list[Json]:
        """Return a customer's target rows of all groups."""
        return [row for group in self.groups(customer_id, **query) for row in group["targets"]]

    def stored(self) -> dict[str, int]:
        """Count what is stored for the organisation, table by table; what is empty is left out."""
        number, org_id = self.client.number, self.organisation.id
        counts = {table: number(f"select count(*) from {table} where org_id = %s", org_id) for table in COUNTED}
        return {table: found for table, found in counts.items() if found}


async def let_in(database: Database, org_id: int, code: str, role: Role) -> None:
    """Add a till with a login of this *role*."""
    async with database.transaction() as transaction:
        till = Till(id=(await places.fresh_ids(transaction, 1))[0], code=code, name=code)
        await places.save_tills(transaction, org_id, [till])
        await organisations.raise_version(transaction, org_id)
        await logins.add_login(
            transaction, code=code, org_id=org_id, till_id=till.id, password_hash=CHEAP_HASH, role=role
        )


@asynccontextmanager
async def _running(url: str, clock: Clock, logins: Clock, limits: Limits) -> AsyncIterator[Runtime]:
    """Run a runtime with clocks of its own."""
    database = Database(url)
    await database.open(unsafe_durability=True)
    outgoing = Outgoing(box=box_for_now(), now=clock, allows_private=True, inspects=True)
    runtime = build_runtime(database, clock, lanes=2, limits=limits, outgoing=outgoing)
    runtime = replace(runtime, access=Access(database, logins, LoginLimits(failures_max=10**6)))
    await runtime.lanes.start()
    try:
        yield runtime
    finally:
        await runtime.lanes.stop()
        await database.close()


@contextmanager
def opened(admin_url: str, template: str, limits: Limits | None = None) -> Iterator[ApiClient]:
    """Open a client on a new database, copied from *template*; it is dropped afterwards."""
    name = f"door_{next(_NUMBERS)}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy".encode())
    client = ApiClient(psycopg.conninfo.make_conninfo(admin_url, dbname=name), limits or Limits())
    try:
        client.run(client.open)
        yield client
    finally:
        client.close()
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)".encode())
