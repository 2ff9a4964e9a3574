"""Law 1 over the whole write path: where senders cut their events, and how many lanes and servers judge them.

Several senders send at once, each for customers of its own. Events of one customer have dates in any order, other names
of the customer, repetitions, and names that belong to another customer.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import psycopg
import pytest
from msgspec.structs import replace

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import RETURN, EventKey, Return, ReturnKind
from milepost.model.target import Author, EnrolmentMethod, Entity, Evaluation, Frequency, Kpi, Tracking
from milepost.rules.definition.draft import GroupDraft, PeriodDraft, TargetDraft
from milepost.service.definitions.define import DefinitionRequest, define_groups
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Naming
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.runtime.runtime import Runtime
from tests.store.fixtures_db import NOW, House, open_house, run, run_on_servers, started_server

pytestmark = pytest.mark.usefixtures("rows")

DAY = 86_400_000_000
SENDERS, CUSTOMERS, EVENTS = 3, 3, 60
TABLES = ("standing", "history", "event", "outbox", "customer", "identity", "event_claim")


class Way(NamedTuple):
    """How the same events are received: servers, lanes, the most events of a batch, and the most of a request.

    `optimistic` says whether small batches may be written by two statements; the first way never does.
    """

    servers: int
    lanes: int
    batch: int
    request: int
    optimistic: bool = True


WAYS = (
    Way(1, 1, 1, 1, optimistic=False),
    Way(1, 1, 2_000, 60),
    Way(1, 4, 3, 60),
    Way(2, 3, 5, 7),
    Way(2, 1, 2, 2),
    Way(3, 2, 2_000, 20, optimistic=False),
)


async def define_own_windows(house: House) -> None:
    """Define a target whose windows begin with the first event that is received."""
    bills = TargetDraft(
        name="Bills",
        entity=Entity.TRANSACTION,
        kpi=Kpi.COUNT,
        expression="true",
        enrolment=EnrolmentMethod.TRANSACTION,
        goals=(Decimal(3),),
    )
    draft = GroupDraft(
        name="Own",
        preferred_till_id=0,
        tracking=Tracking.DEFAULT,
        evaluation=Evaluation.CYCLIC_WINDOW,
        frequency_kind=Frequency.CUSTOM,
        frequency=9,
        recurring_cycles=4,
        total_periods=4,
        cycle_opens_iso="2025-11-01T00:00:00Z",
        cycle_closes_iso="2026-12-31T23:59:59Z",
        periods=tuple(PeriodDraft(ref_code=f"W{number}") for number in range(4)),
        targets=(bills,),
    )
    await define_groups(house.database, house.org_id, Author(id=1, code="t", name="t"), DefinitionRequest(draft), NOW)


def history(house: House, sender: int, random: Random) -> list[IncomingEvent]:
    """Return the events that a sender has to send, in order."""
    events: list[IncomingEvent] = []
    for number in range(EVENTS):
        name = f"{sender}/{random.randrange(CUSTOMERS)}"
        days = random.choice((-60, -45, -20, -7, -3, -2, -1, 0))
        bill = house.bill(f"{sender}/{number}", name, net=str(random.randrange(1, 60)), at=NOW + days * DAY)
        chance = random.random()
        if events and chance < 0.1:
            # The name of another event, for the same customer or for another one.
            bill = replace(bill, key=random.choice(events).key)
        elif events and chance < 0.15:
            bill = random.choice(events)
        elif events and chance < 0.3:
            payload = Return(kind=ReturnKind.FULL, original=random.choice(events).key.id, extended_fields={})
            bill = replace(bill, name=RETURN, payload=payload)
        elif chance < 0.45:
            number_of_year = EventKey(f"v2/{sender}", str(random.randrange(4)))
            years = random.choice((0, -365, -730))
            bill = replace(bill, key=number_of_year, naming=Naming.BILL_NUMBER, occurred_at=NOW + years * DAY)
        events.append(bill)
    return events


def under_other_names(events: Sequence[IncomingEvent], ids: dict[str, int], random: Random) -> list[IncomingEvent]:
    """Return *events*; some of them name their customers by our ids."""
    return [
        replace(event, customer=Identifier(IdentifierKind.ID, str(ids[event.customer.value])))
        if random.random() < 0.3
        else event
        for event in events
    ]


async def send(servers: Sequence[Runtime], events: Sequence[IncomingEvent], most: int, random: Random) -> list[str]:
    """Send *events* in requests of any size, each to some server; return what became of each."""
    answered: list[str] = []
    while len(answered) < len(events):
        request = events[len(answered) : len(answered) + random.randint(1, most)]
        answers = await random.choice(servers).lanes.receive(request)
        answered += [answer.status.value for answer in answers]
    return answered


async def registered(house: House, servers: Sequence[Runtime]) -> dict[str, int]:
    """Register every customer by a first bill; return their ids by name."""
    names = [f"{sender}/{number}" for sender in range(SENDERS) for number in range(CUSTOMERS)]
    for name in names:
        await servers[0].lanes.receive([house.bill(f"first {name}", name, at=NOW - 2 * DAY)])
    return {name: (await house.customer_key(name)).customer_id for name in names}


async def received(house: House, url: str, way: Way, seed: int, *, registers: bool) -> tuple[Any, ...]:
    """Receive the same events in one *way*; return what became of them, and the bytes of all that is stored."""
    async with AsyncExitStack() as stack:
        limits = Limits(batch_events_max=way.batch)
        servers = [
            await stack.enter_async_context(started_server(url, limits, way.lanes, is_optimistic=way.optimistic))
            for _ in range(way.servers)
        ]
        ids = await registered(house, servers) if registers else {}
        histories = [history(house, sender, Random(f"{seed}/{sender}")) for sender in range(SENDERS)]
        if registers:
            histories = [under_other_names(events, ids, Random(f"{seed}/ids")) for events in histories]
        answered = await asyncio.gather(
            *(send(servers, events, way.request, Random(f"{seed}/{way}/{n}")) for n, events in enumerate(histories))
        )
    assert [] == await house.disagreeing()
    return answered, stored(url)


def stored(url: str) -> list[Any]:
    """Return each customer's standing and log under the name of the customer, and take all customers away."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "select i.value, s.body, (select array_agg((e.seq, e.source, e.event_id, e.content_hash, e.entries)::text "
            "order by e.seq) from event as e where e.customer_id = s.customer_id and e.bucket = s.bucket) "
            "from standing as s join identity as i on i.customer_id = s.customer_id order by i.value"
        ).fetchall()
        connection.execute(f"truncate {', '.join(TABLES)}".encode())
        return rows


@pytest.mark.parametrize("customers", ["known", "new"])
@pytest.mark.parametrize("seed", range(2))
def test_cutting_and_sharing_out_events_changes_nothing(database_url: str, seed: int, customers: str) -> None:
    """Any requests, batches, lanes and servers: the same answers, standings and logs, byte for byte."""
    registers = customers == "known"

    async def life() -> None:
        async with open_house(database_url, servers=1) as house:
            await define_own_windows(house)
            expected = await received(house, database_url, WAYS[0], seed, registers=registers)
            assert {"applied", "duplicate", "conflict"} == {status for part in expected[0] for status in part}
            for way in WAYS[1:]:
                assert (way, *expected) == (way, *await received(house, database_url, way, seed, registers=registers))

    run(life)


def test_a_newcomers_events_keep_their_order(database_url: str) -> None:
    """Requests under way while the newcomer is registered, and those behind them, are judged as they came."""

    async def life(house: House) -> None:
        lanes, names = house.servers[0].lanes, [f"n{number}" for number in range(8)]

        def enter(numbers: range) -> list[asyncio.Task[list[Answer]]]:
            return [
                asyncio.create_task(lanes.receive([house.bill(f"{name} {number:02}", name)]))
                for number in numbers
                for name in names
            ]

        first = enter(range(6))
        await asyncio.wait(first[: len(names)])
        await asyncio.gather(*first, *enter(range(6, 12)))
        with psycopg.connect(database_url) as connection:
            rows = connection.execute("select event_id from event order by customer_id, seq").fetchall()
        assert sorted(rows) == sorted(rows, key=lambda row: row[0].split()[0]), "each customer's events in order"

    run_on_servers(database_url, life, servers=1, lanes=5, limits=Limits(batch_events_max=1))
