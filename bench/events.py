"""What happens in a benchmark: a seeded stream of bills, returns and visits, in the order of their time.

80 % bills, 10 % returns of a whole earlier bill, 10 % behavioural events; amounts are exponential with mean 800;
customers are drawn evenly or by Zipf's law with exponent 1.1; 2 % of what is sent was sent before.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from itertools import accumulate
from random import Random
from typing import NamedTuple

from bench.rules import ACTIVITY, BILL, RETURN, STORES, store_code

ZIPF_EXPONENT = 1.1
CENTS_MEAN = 80_000
RETURN_SHARE, ACTIVITY_SHARE, REPEATED_SHARE = 0.1, 0.1, 0.02
REPEATED_WITHIN = 5_000
"""A repeated event is one of so many last ones."""

RETURNED_WITHIN = 20_000
"""A returned bill is one of so many that were not returned yet."""

BEGINS_AT = datetime(2026, 11, 1, tzinfo=UTC)
SPAN_SECONDS = 20 * 86_400
"""How much time the whole stream takes: all within one period."""

CLOCK = "2026-11-25T00:00:00Z"
"""Where the server's clock starts, so that nothing lies ahead of it."""


class Users(Enum):
    """How customers are drawn."""

    UNIFORM = "uniform"
    ZIPF = "zipf"


class Happened(NamedTuple):
    """One event: *cents* and *store* are those of the returned bill for a return, whose number is *original*."""

    number: int
    name: str
    customer: int
    store: int
    cents: int
    original: int | None
    is_repeated: bool
    body: bytes

    @property
    def id(self) -> str:
        """Return the event's id."""
        return event_id(self.number)

    @property
    def source(self) -> str:
        """Return the event's source."""
        return f"pos/{store_code(self.store)}"


class Mix(NamedTuple):
    """The shares of returns, behavioural events and repeated events in a stream."""

    returns: float = RETURN_SHARE
    activities: float = ACTIVITY_SHARE
    repeated: float = REPEATED_SHARE


MIX = Mix()


class Stream:
    """An endless source of events; the same arguments and calls return the same events."""

    def __init__(self, seed: int, *, customers: int, events: int, mix: Mix = MIX) -> None:
        """Begin a stream over so many *customers*, paced so that about *events* fill its time."""
        self._random = Random(seed)
        self._customers = customers
        self._mix = mix
        self._gap = max(1, SPAN_SECONDS * 1_000 // events)
        self._weights = [*accumulate(rank**-ZIPF_EXPONENT for rank in range(1, customers + 1))]
        self._number = 0
        self._recent: dict[Users, list[Happened]] = {users: [] for users in Users}
        self._returnable: dict[Users, list[Happened]] = {users: [] for users in Users}

    def take(self, count: int, users: Users) -> list[Happened]:
        """Return the next *count* events, of customers drawn as *users* says."""
        return [self._next(users) for _ in range(count)]

    def _next(self, users: Users) -> Happened:
        recent = self._recent[users]
        if recent and self._random.random() < self._mix.repeated:
            return self._random.choice(recent)._replace(is_repeated=True)
        self._number += 1
        happened = self._fresh(users)
        recent.append(happened)
        if len(recent) > REPEATED_WITHIN:
            recent[self._random.randrange(len(recent))] = recent[-1]
            recent.pop()
        return happened

    def _fresh(self, users: Users) -> Happened:
        chance, returnable = self._random.random(), self._returnable[users]
        if chance < self._mix.returns and returnable:
            place = self._random.randrange(len(returnable))
            returnable[place], returnable[-1] = returnable[-1], returnable[place]
            bill = returnable.pop()
            return self._told(RETURN, bill.customer, bill.store, bill.cents, bill.number)
        cents = int(self._random.expovariate(1 / CENTS_MEAN)) + 1
        name = ACTIVITY if chance > 1 - self._mix.activities else BILL
        happened = self._told(name, self._customer(users), self._random.randrange(STORES), cents, None)
        if name == BILL:
            returnable.append(happened)
            if len(returnable) > RETURNED_WITHIN:
                returnable.pop(self._random.randrange(RETURNED_WITHIN // 2))
        return happened

    def _customer(self, users: Users) -> int:
        match users:
            case Users.UNIFORM:
                return self._random.randrange(self._customers)
            case Users.ZIPF:
                return bisect(self._weights, self._random.random() * self._weights[-1])

    def _told(self, name: str, customer: int, store: int, cents: int, original: int | None) -> Happened:
        happened = Happened(
            number=self._number,
            name=name,
            customer=customer,
            store=store,
            cents=cents,
            original=original,
            is_repeated=False,
            body=b"",
        )
        return with_body(happened, self._number * self._gap)


def with_body(event: Happened, milliseconds: int) -> Happened:
    """Return *event* with its JSON; it happens so many *milliseconds* after the beginning."""
    return event._replace(body=_body(event, milliseconds))


def event_id(number: int) -> str:
    """Return the id of the event with this number."""
    return f"event-{number:010}"


def external_id(customer: int) -> str:
    """Return the name by which events know a customer."""
    return f"c{customer:07}"


def batch_bodies(events: Sequence[Happened], size: int) -> Iterator[bytes]:
    """Return the JSON arrays of *events*, *size* at a time."""
    for start in range(0, len(events), size):
        yield b"[" + b",".join(event.body for event in events[start : start + size]) + b"]"


def dealt(events: Sequence[Happened], streams: int) -> list[list[Happened]]:
    """Deal *events* to so many *streams* by customer, so that each customer's stay in order."""
    parts: list[list[Happened]] = [[] for _ in range(streams)]
    for event in events:
        parts[event.customer % streams].append(event)
    return parts


def _body(event: Happened, milliseconds: int) -> bytes:
    instant = datetime.fromtimestamp(BEGINS_AT.timestamp() + milliseconds / 1_000, UTC)
    store, cents = store_code(event.store), f"{event.cents // 100}.{event.cents % 100:02}"
    match event.name:
        case "TransactionAdd":
            line = (
                f'{{"code":"article-{event.number % 5_000}","quantity":1,"rate":{cents},"grossAmount":{cents},'
                f'"discount":0,"netAmount":{cents},"attributes":{{"department":"GROCERY"}}}}'
            )
            content = f'"number":"{event.number}","netAmount":{cents},"grossAmount":{cents},"lines":[{line}]'
        case "ReturnBill":
            content = f'"returnType":"FULL","original":"{event.original}"'
        case _:
            content = f'"amount":{cents},"channel":"app"'
    return (
        f'{{"id":"{event.id}","source":"{event.source}","type":"{event.name}",'
        f'"time":"{instant.isoformat(timespec="milliseconds")}",'
        f'"customer":{{"externalId":"{external_id(event.customer)}"}},'
        f'"store":{{"code":"{store}"}},"data":{{{content}}}}}'
    ).encode()
