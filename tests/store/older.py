"""A database that older code filled, and what that code answered about it: kept side by side in `databases`."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from msgspec import Struct

from milepost.model.time import Micros
from milepost.service.ingest.lanes.lane import Limits
from milepost.store.codec import decode_outcomes
from tests.api.client import PASSWORD, ApiClient, Json, json_of

FOLDER = Path(__file__).with_name("databases")


class Sent(Struct, frozen=True, omit_defaults=True):
    """An event as its request says it, and what it changed, in words."""

    event: str
    changed: list[str] = []


class Known(Struct, frozen=True, omit_defaults=True):
    """A customer of the organisation whose till is `till`, as seen at `at` (epoch microseconds).

    `shows` says in words how far the customer is, `goals` what they set out to reach; `again` is the event that was
    received last, and `further` one that was received after the database was kept, with what each changed.
    """

    till: str
    id: int
    at: Micros
    shows: list[str]
    goals: list[str] = []
    again: Sent | None = None
    further: Sent | None = None


class Board(Struct, frozen=True):
    """A leaderboard of a target in a period: each place in words, the best one first."""

    till: str
    target_id: int
    period_id: int
    at: Micros
    places: list[str]


class Expected(Struct, frozen=True):
    """What there is to find: rows by table, outcomes by kind, progress that the logs lead to, boards and customers."""

    rows: dict[str, int]
    outcomes: dict[str, int]
    progress: int
    boards: list[Board]
    customers: list[Known]


def expected_of(name: str) -> Expected:
    """Return the recorded answers about the database of this name."""
    return msgspec.json.decode((FOLDER / f"{name}.json").read_bytes(), type=Expected)


@contextmanager
def opened_at(client: ApiClient) -> Iterator[ApiClient]:
    """Open *client* and close it afterwards."""
    try:
        client.run(client.open)
        yield client
    finally:
        client.close()


def client_of(url: str) -> ApiClient:
    """Return a client to the database at *url*, not yet open."""
    return ApiClient(url, Limits())


def asked(client: ApiClient, till: str, path: str, at: Micros) -> Any:
    """Return the answer at an instant; asserts that it succeeded."""
    client.clock.now = at
    answered = client.send("GET", path, auth=(till, PASSWORD))
    assert answered.status_code == 200, answered.text
    return json_of(answered)


def shown(client: ApiClient, till: str, customer_id: int, at: Micros) -> list[str]:
    """Return a customer's progress at an instant in words, as our own API shows it."""
    told = asked(client, till, f"/api/v1/customers/{customer_id}/progress", at)
    lines = [f"customer {told['customerId']} bought for {told['lifetimePurchases']}"]
    for group in told["groups"]:
        lines += [line for target in group["targets"] for line in _rows(target)]
        lines += [_whole(group, whole) for whole in group["wholes"]]
        lines += _streak(group["streak"]) if group["streak"] else []
    return lines + [f"cap {cap['targetId']}/{cap['periodId']}: {cap['left']} left" for cap in told["caps"]]


def goals(client: ApiClient, till: str, customer_id: int, at: Micros) -> list[str]:
    """Return a customer's own goals in words, with their values at an instant."""
    told = asked(client, till, f"/api/v1/customers/{customer_id}/goals", at)["items"]
    return [f"{one['id']} {one['name']}: {one['reached']} of {one['goal']}, {one['status']}" for one in told]


def places(client: ApiClient, board: Board) -> list[str]:
    """Return the places of a board in words."""
    path = f"/api/v1/leaderboards/{board.target_id}?periodId={board.period_id}&top=100"
    told = asked(client, board.till, path, board.at)
    last = "closed" if told["closed"] else "open"
    return [*(f"{one['rank']}. {one['customerId']}: {one['value']} at {one['activeAt']}" for one in told["top"]), last]


def _rows(target: Json) -> Iterator[str]:
    for row in target["periods"]:
        if row["takesPart"] or row["value"] or row["achievedAt"]:
            achieved = f", achieved {row['achievedAt']}" if row["achievedAt"] else ""
            yield f"{target['id']}/{row['id']}: {row['value']} of {row['goal']}, {row['status']}{achieved}"


def _whole(group: Json, whole: Json) -> str:
    return f"group {group['id']}/{whole['periodId']}: {whole['reached']} of {whole['needed']}, by {whole['achievedBy']}"


def _streak(streak: Json) -> Iterator[str]:
    frozen, missed = streak["frozenPeriodIds"], streak["missedPeriodIds"]
    yield f"run {streak['run']}, {streak['freezesLeft']} freezes, frozen {frozen}, missed {missed}"
    for level in streak["levels"]:
        yield f"level {level['id']}: {level['count']} of {level['needed']}, by {level['earnedBy']}"


def outcomes(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Return how many outcomes of each kind wait in the outbox."""
    bodies = connection.execute("select body from outbox").fetchall()
    return dict(Counter(one.kind.name for (body,) in bodies for one in decode_outcomes(body)))


def tell(client: ApiClient, till: str, event: str, at: Micros) -> tuple[str, list[str]]:
    """Send an event at an instant; return what became of it, and what it changed in words."""
    client.clock.now = at
    answered = client.send("POST", "/api/v1/events", content=f"[{event}]".encode(), auth=(till, PASSWORD))
    assert answered.status_code == 200, answered.text
    (item,) = json_of(answered)["items"]
    changed = [
        f"{one['targetId']}/{one['periodId']} {one['reason']}: {one['before']} to {one['after']}"
        for one in item["entries"]
    ]
    return item["status"], changed
