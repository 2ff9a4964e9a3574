"""A shop that is alive, filled through the API as a client would: what the browser tests and the pictures look at.

The clock is set at the start of a server, so the shop is opened in August 2026 and served again in November.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx2

from tests.browser.shop_content import CUSTOMERS, ZONE, Json, definitions, history, renamed, unfit

ORGANISATION = "Nordmarkt"
OPENING = "2026-08-01T07:00:00+02:00"
AUTUMN = "2026-11-01T20:00:00+01:00"
TODAY = "2026-11-21T09:30:00+01:00"
OWNER, SUPPORT, MARKETER = "mira@nordmarkt.example", "sade@nordmarkt.example", "max@nordmarkt.example"
SANDBOX, PLAYER, WATCHER = "Spielwiese", "pia@nordmarkt.example", "wim@nordmarkt.example"
PASSWORD = "a long enough password"
INSPECTOR = "/api/v1/inspector/console"
UNREACHABLE = "http://127.0.0.1:9/crm"
FIRST = ("Ada", "Bo", "Clara", "Dmitri", "Elif", "Fatou", "Georg", "Hana", "Ivo", "Jana", "Kofi", "Lena")
LAST = ("Lindqvist", "Okafor", "Schmidt", "Yilmaz", "Novak", "Berger", "Sato", "Meyer")
READY = re.compile(r"milepost ready on (http://\S+)")
STOP_SECONDS_MAX = 60

SHOP_FILE = "shop.json"
"""What a running shop is known by, in its folder."""


Login = tuple[str, str]


class Shop(NamedTuple):
    """A running shop: the address of its server, the logins of its till and of a sandbox's, and ids."""

    address: str
    till: Login
    ada: int
    groups: dict[str, int]
    sandbox_till: Login


class Bought(NamedTuple):
    """A bill of a new customer: the id of the event, and of the customer."""

    event_id: str
    customer_id: int


def bought(shop: Shop, amount: int = 200) -> Bought:
    """Have a new customer buy in Berlin for *amount*."""
    name = uuid4().hex[:8]
    bill = {
        "id": f"bill-{name}",
        "source": "pos/mitte",
        "type": "TransactionAdd",
        "time": "2026-11-20T10:00:00+01:00",
        "customer": {"externalId": f"B-{name}"},
        "store": {"code": "mitte"},
        "data": {"number": name, "netAmount": amount},
    }
    with client(shop.address, shop.till) as asked:
        answered = read(asked.post("/api/v1/events", json=bill))["items"][0]
    return Bought(f"bill-{name}", answered["customerId"])


def recalled(data: Path) -> Shop:
    """Return the shop that runs on the folder *data* already."""
    kept = json.loads((data / SHOP_FILE).read_text())
    return Shop(**kept | {name: tuple(kept[name]) for name in ("till", "sandbox_till")})


def command(data: Path, *arguments: str) -> Json:
    """Run a command of Milepost on the folder *data* and return the JSON that it prints."""
    line = [sys.executable, "-m", "milepost", *arguments, "--data", str(data)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    answer: Json = json.loads(done.stdout)
    return answer


@contextmanager
def serving(data: Path, clock: str, port: int = 0) -> Iterator[str]:
    """Serve the folder *data* with the time *clock*; yield the address."""
    line = [sys.executable, "-m", "milepost", "serve", "--data", str(data), "--clock", clock, "--port", str(port)]
    settings = {"MILEPOST_INSPECTOR": "1", "MILEPOST_WEBHOOKS_PRIVATE": "1"}
    with (data / "server.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env=environ | settings)
        assert process.stderr is not None
        address = None
        for message in process.stderr:
            log.write(message)
            if found := READY.search(message):
                address = found[1]
                break
        assert address is not None, f"the server did not start, see {log.name}"
        # The pipe must go on being read, or the server would wait for it.
        copier = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)  # noqa: S607
        process.stderr.close()
        try:
            yield address
        finally:
            process.terminate()
            process.wait(STOP_SECONDS_MAX)
            copier.wait(STOP_SECONDS_MAX)


@contextmanager
def opened(data: Path, port: int = 0) -> Iterator[Shop]:
    """Fill the empty folder *data* and serve the shop as it is on 21 November."""
    till, sandbox_till = provision(data)
    with serving(data, OPENING) as address, client(address, till) as asked:
        read(asked.post("/api/v1/zones", json=[{"code": "berlin", "name": "Berlin"}, {"code": "ost", "name": "East"}]))
        stores = [("mitte", "Mitte", "berlin"), ("wedding", "Wedding", "berlin"), ("leipzig", "Leipzig", "ost")]
        read(asked.post("/api/v1/stores", json=[{"code": c, "name": n, "zone": z} for c, n, z in stores]))
        zone = read(asked.get("/api/v1/zones"))["items"][0]["id"]
        groups = {
            name: read(asked.post("/v3/targetGroups", json=body))["data"]["id"]
            for name, body in definitions(zone).items()
        }
        for number in range(CUSTOMERS):
            register(asked, number)
    with serving(data, AUTUMN) as address, client(address, till) as asked:
        send(asked, [event for event in history() if event["time"] < "2026-11"])
    with serving(data, TODAY, port) as address:
        with client(address, till) as asked:
            webhook(asked, address + INSPECTOR, "the inspector of the console")
            webhook(asked, UNREACHABLE, "crm")
            send(asked, [event for event in history() if event["time"] >= "2026-11"])
            draft = definitions(zone)["Monthly spend"] | {"name": "Winter spend", "description": "December and January"}
            read(asked.post("/api/v1/targetGroups/drafts", json=renamed(draft)))
            read(asked.post("/api/v1/events", json=unfit()))
            asked.get("/api/v1/customers?shoeSize=43")
            ada = read(asked.get("/api/v1/customers?externalId=A-1000"))["items"][0]["id"]
            read(asked.post(f"/api/v1/customers/{ada}/awards", json={"id": "award-1", "amount": 420}))
        shop = Shop(address, till, ada, groups, sandbox_till)
        (data / SHOP_FILE).write_text(json.dumps(shop._asdict()))
        yield shop


def provision(data: Path) -> tuple[Login, Login]:
    """Add the organisation, a sandbox, their tills and their people; return the logins of the tills."""
    command(data, "org", "add", ORGANISATION, "--zone", ZONE)
    till = command(data, "till", "add", "mitte-1", "--org", ORGANISATION)
    command(data, "org", "add", SANDBOX, "--zone", ZONE, "--sandbox")
    sandbox_till = command(data, "till", "add", "spiel-1", "--org", SANDBOX)
    people = (
        (ORGANISATION, OWNER, "Mira", "owner"),
        (ORGANISATION, SUPPORT, "Sade", "support"),
        (ORGANISATION, MARKETER, "Max", "marketer"),
        (SANDBOX, PLAYER, "Pia", "owner"),
        (SANDBOX, WATCHER, "Wim", "marketer"),
    )
    links = [
        command(data, "user", "add", email, "--org", organisation, "--name", name, "--role", role)["link"]
        for organisation, email, name, role in people
    ]
    with serving(data, OPENING) as address, httpx2.Client(base_url=address, timeout=60) as open_client:
        for link in links:
            read(open_client.post("/api/v1/password", json={"link": link, "password": PASSWORD}))
    return (till["code"], till["password"]), (sandbox_till["code"], sandbox_till["password"])


def client(address: str, login: tuple[str, str]) -> httpx2.Client:
    """Return a client of the server at *address*."""
    return httpx2.Client(base_url=address, auth=login, timeout=60)


def read(answered: httpx2.Response) -> Any:
    """Return what was answered; it must be a success."""
    assert answered.is_success, answered.text
    return answered.json()


def register(asked: httpx2.Client, number: int) -> None:
    """Register a customer; number 0 is Ada."""
    first, last = FIRST[number % len(FIRST)], LAST[(number * 5 + number // len(FIRST)) % len(LAST)]
    identifiers = [
        {"type": "externalId", "value": f"A-{1000 + number}"},
        {"type": "mobile", "value": f"49151234{5000 + number}"},
        {"type": "email", "value": f"{first.lower()}.{last.lower()}{number}@example.com"},
    ]
    profile = {"firstName": first, "lastName": last, "identifiers": identifiers}
    read(asked.post("/v2/customers", json={"profiles": [profile]}))


def send(asked: httpx2.Client, events: list[Json]) -> None:
    """Send *events* in requests of five hundred."""
    for place in range(0, len(events), 500):
        answers = read(asked.post("/api/v1/events", json=events[place : place + 500]))["items"]
        assert {"applied"} == {answer["status"] for answer in answers}, answers[0]


def webhook(asked: httpx2.Client, url: str, description: str) -> None:
    """Add a webhook that is told of achievements and streaks."""
    read(asked.post("/api/v1/webhooks", json={"url": url, "description": description}))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with opened(folder, int(sys.argv[2])) as shop:
        sys.stderr.write(f"{shop}\n")
        sys.stdin.read()
