"""What has to hold after a run, whatever went wrong in it."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import NamedTuple

import psycopg

from tests.simulation.installation import Installation
from tests.store.fixtures_db import House

GOAL = Decimal(100)
GOAL_BILLS = 3


class Message(NamedTuple):
    """A message of the feed: of whom it is, its number, what it tells, of which group, and of which period."""

    customer: int
    sequence: int
    type: str
    group: int
    period: str


async def check(installation: Installation, house: House, url: str) -> None:
    """Assert that everything that was sent is there once, counted once, and told of once."""
    with psycopg.connect(url) as connection:
        stored = connection.execute("select customer_id, event_id from event where source = 'test'").fetchall()
        bodies = connection.execute("select body from feed order by position").fetchall()
        left = connection.execute("select (select count(*) from outbox), (select count(*) from turn)").fetchone()
    assert sorted(installation.sent) == sorted(event_id for _, event_id in stored), "each bill is stored once"
    assert [] == await house.disagreeing(), "each standing follows from its log"
    names = {event_id: customer for customer, event_id in stored}
    told = [_message(json.loads(body)) for (body,) in bodies]
    _check_achievements(installation, names, told, house)
    _check_numbers(told)
    assert left is not None
    assert 0 == left[0], "each outcome has left the outbox"


def _message(body: dict[str, object]) -> Message:
    data = body["data"]
    assert isinstance(data, dict)
    group, period = data["group"], data["period"]
    return Message(data["customer"]["id"], data["sequence"], str(body["type"]), group["id"], period["name"])


def _check_achievements(installation: Installation, names: dict[str, int], told: list[Message], house: House) -> None:
    worth: defaultdict[int, Decimal] = defaultdict(Decimal)
    bills: Counter[int] = Counter()
    for event_id, bill in installation.sent.items():
        worth[names[event_id]] += bill.payload.net  # type: ignore[union-attr]
        bills[names[event_id]] += 1
    sales, count = (group.id for group in house.groups)
    expected = Counter({(customer, sales): 1 for customer, amount in worth.items() if amount >= GOAL})
    expected += Counter({(customer, count): 1 for customer, number in bills.items() if number >= GOAL_BILLS})
    achieved = Counter((one.customer, one.group) for one in told if one.type == "target.achieved")
    assert expected == achieved, "each achievement is told of once"
    ended = Counter((one.customer, one.group, one.period) for one in told if one.type == "period.closed")
    once = {(customer, group, "January"): 1 for customer in worth for group in (sales, count)}
    assert Counter(once) == ended, "each customer is told of the end of the month once"


def _check_numbers(told: list[Message]) -> None:
    """Assert that the messages of each customer come in the order of their numbers."""
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for one in told:
        numbers[one.customer].append(one.sequence)
    for customer, found in numbers.items():
        assert sorted({*found}) == found, f"the messages about {customer} are in order, each with a number of its own"
