"""Small batches that are written by two statements: exactly once, whatever other servers do in between."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random

import psycopg
import pytest
from msgspec.structs import replace

from milepost.model.event import RETURN, Return, ReturnKind
from milepost.model.organisation import EventIdentity
from milepost.model.problem import Unavailable
from milepost.model.standing import Reason
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.organisations.provisioning import change_settings
from milepost.service.runtime.runtime import Runtime
from milepost.store import small_batches
from milepost.store.database import Transaction
from milepost.store.small_batches import JudgedEvent
from tests.store.fixtures_db import House, define_again, run_on_servers, statuses

pytestmark = pytest.mark.usefixtures("rows")

CUSTOMERS, EVENTS = 4, 120
FEW = Limits(batch_events_max=2)
"""Small batches, in which customers seldom meet themselves."""


def written(server: Runtime) -> int:
    """Return how many events a server has received by two statements."""
    assert server.ingest.optimistic is not None
    return server.ingest.optimistic.written


async def register(house: House, *names: str) -> None:
    """Register customers by a first bill, and let every server know the organisation's rules and their names."""
    for place, server in enumerate(house.servers):
        for name in names:
            assert [Status.APPLIED] == statuses(await server.ingest([house.bill(f"first {name} {place}", name)]))


def logged(url: str) -> Counter[str]:
    """Return how often the log holds each event."""
    with psycopg.connect(url) as connection:
        return Counter(id_ for (id_,) in connection.execute("select event_id from event").fetchall())


def test_a_plain_event_takes_two_statements(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One reads, one writes; what is not plain takes another way."""
    asked: list[str] = []
    original = Transaction.rows

    async def noted(transaction: Transaction, name: str, values: object = ()) -> object:
        asked.append(name)
        return await original(transaction, name, values)  # type: ignore[arg-type]

    async def life(house: House) -> None:
        (server,) = house.servers
        await register(house, "anna", "bert")
        before = written(server)
        monkeypatch.setattr(Transaction, "rows", noted)
        answers = await server.ingest([house.bill("1"), house.bill("2", "bert")])
        assert asked == ["read_small_batch", "write_small_batch"]
        assert [Status.APPLIED, Status.APPLIED] == statuses(answers)
        asked.clear()
        assert [Status.DUPLICATE] == statuses(again := await server.ingest([house.bill("1")]))
        assert (asked, again[0].entries) == (["read_small_batch"], answers[0].entries)
        assert [Status.CONFLICT] == statuses(await server.ingest([house.bill("1", net="11")]))
        assert before + 4 == written(server)
        for unplain in ([house.bill("3", "carl")], [house.bill("1", "bert")]):
            await server.ingest(unplain)
        assert before + 4 == written(server)

    run_on_servers(database_url, life, servers=1)


def test_what_shares_a_customer_takes_turns(database_url: str) -> None:
    """Bills, a repetition and a return of one customer in one batch are judged one after the other, in their order."""

    async def life(house: House) -> None:
        (server,) = house.servers
        await register(house, "anna", "bert")
        before = written(server)
        returned = replace(
            house.bill("3"),
            name=RETURN,
            payload=Return(kind=ReturnKind.FULL, original="1", extended_fields={}),
        )
        batch = [house.bill("1"), house.bill("1"), returned, house.bill("2", "bert"), house.bill("2", net="11")]
        answers = await server.ingest(batch)
        applied, duplicate, conflict = Status.APPLIED, Status.DUPLICATE, Status.CONFLICT
        assert [applied, duplicate, applied, applied, conflict] == statuses(answers)
        assert [entry.amount for entry in answers[2].entries if entry.reason is Reason.RETURNED] == [-100_000, -10_000]
        assert before + 4 == written(server)

    run_on_servers(database_url, life, servers=1)


@pytest.mark.parametrize("identity", [*EventIdentity])
def test_servers_race_for_the_same_customers(database_url: str, identity: EventIdentity) -> None:
    """Both servers get every event, in any order: each is applied once, and the log replays to what is stored."""

    async def life(house: House) -> None:
        await change_settings(house.database, organisation="brand", changes={"eventIdentity": identity.value})
        names = [f"customer {number}" for number in range(CUSTOMERS)]
        await register(house, *names)
        events = [house.bill(f"{number}", names[number % CUSTOMERS]) for number in range(EVENTS)]
        random = Random(identity.value)
        answers = await asyncio.gather(
            *(server.lanes.receive([event]) for server in house.servers for event in random.sample(events, len(events)))
        )
        counted = Counter(answer.status for (answer,) in answers)
        assert counted == {Status.APPLIED: EVENTS, Status.DUPLICATE: EVENTS}
        assert all(written(server) > 0 for server in house.servers)
        found = logged(database_url)
        assert {1} == {found[event.key.id] for event in events}

    run_on_servers(database_url, life, lanes=1, limits=FEW)


def test_a_name_is_one_customers(database_url: str) -> None:
    """Two servers get events of the same names for two customers: each is applied for one alone."""

    async def life(house: House) -> None:
        await register(house, "anna", "bert")
        sent = [
            server.lanes.receive([house.bill(f"{number}", name)])
            for number in range(40)
            for server, name in zip(house.servers, ("anna", "bert"), strict=True)
        ]
        answers = [answer for (answer,) in await asyncio.gather(*sent)]
        for one, other in zip(answers[::2], answers[1::2], strict=True):
            assert {Status.APPLIED, Status.CONFLICT} == {one.status, other.status}

    run_on_servers(database_url, life, lanes=1, limits=FEW)


@pytest.mark.parametrize("meddling", ["standing", "version", "claim"])
def test_what_changes_between_the_statements_is_judged_anew(
    database_url: str, monkeypatch: pytest.MonkeyPatch, meddling: str
) -> None:
    """Another server receives an event of the customer, the rules change, or somebody else claims the event's name."""
    original, meddled = small_batches.write, 0

    async def life(house: House) -> None:
        here, there = house.servers
        await register(house, "anna", "bert")

        async def write(transaction: Transaction, judged: Sequence[JudgedEvent]) -> set[int]:
            nonlocal meddled
            monkeypatch.setattr(small_batches, "write", original)
            meddled += 1
            if meddling == "standing":
                await there.ingest([house.bill("between")])
            elif meddling == "version":
                await define_again(house)
            else:
                await there.ingest([house.bill("1", "bert")])
            kept = await original(transaction, judged)
            assert kept == set()
            return kept

        monkeypatch.setattr(small_batches, "write", write)
        (answer,) = await here.ingest([house.bill("1")])
        assert (meddled, answer.status) == (1, Status.CONFLICT if meddling == "claim" else Status.APPLIED)
        if meddling == "version":
            assert len({entry.target_id for entry in answer.entries}) == len(house.groups) + 1
        assert logged(database_url)["1"] == 1

    run_on_servers(database_url, life)


async def sent_until_answered(server: Runtime, event: IncomingEvent) -> Answer:
    """Send an event again and again until it is answered, as a client does."""
    while True:
        try:
            (answer,) = await server.lanes.receive([event])
        except Unavailable:
            await asyncio.sleep(0.01)
            continue
        if answer.status is not Status.FAILED:
            return answer


def test_connections_are_killed_meanwhile(database_url: str) -> None:
    """Whatever a client was answered is stored, once; what it was not answered it sends again."""

    async def life(house: House) -> None:
        names = [f"customer {number}" for number in range(CUSTOMERS)]
        await register(house, *names)
        sending = [
            asyncio.create_task(sent_until_answered(server, house.bill(f"{number}", names[number % CUSTOMERS])))
            for number in range(EVENTS)
            for server in house.servers
        ]
        kills = 0
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not all(task.done() for task in sending):
                killed = connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid() and state = 'active' limit 1"
                ).fetchall()
                kills += len(killed)
                await asyncio.sleep(0.02)
        answers = [task.result() for task in sending]
        assert kills > 0
        assert {Status.APPLIED, Status.DUPLICATE} >= {answer.status for answer in answers}
        found = logged(database_url)
        assert {1} == {found[f"{number}"] for number in range(EVENTS)}
        assert all(written(server) > 0 for server in house.servers)

    run_on_servers(database_url, life, lanes=1, limits=FEW)


def test_a_customer_who_is_locked_elsewhere_does_not_fail_the_others(database_url: str) -> None:
    """The two statements give way to the transaction, which knows what to do."""

    async def life(house: House) -> None:
        (server,) = house.servers
        await register(house, "anna", "bert")
        key = await house.customer_key()
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            await connection.execute("select from standing where customer_id = %s for update", [key.customer_id])
            answers = await server.ingest([house.bill("1"), house.bill("2", "bert")])
        assert [Status.FAILED, Status.APPLIED] == statuses(answers)
        assert [Status.APPLIED] == statuses(await server.ingest([house.bill("1")]))

    run_on_servers(database_url, life, servers=1)


def test_warnings_are_kept(database_url: str) -> None:
    """What is odd about an event is said either way."""

    async def life(house: House) -> None:
        (server,) = house.servers
        await register(house, "anna")
        ahead = house.bill("1")
        ahead = replace(ahead, occurred_at=Micros(ahead.received_at + 3_600_000_000))
        before = written(server)
        (answer,) = await server.ingest([ahead])
        assert (answer.status, written(server)) == (Status.APPLIED, before + 1)
        assert ["time"] == [warning.path for warning in answer.warnings]

    run_on_servers(database_url, life, servers=1)
