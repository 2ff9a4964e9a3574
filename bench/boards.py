"""W6: the top of a leaderboard, one's own rank and those around, while events come in; PostgreSQL and Redis beside."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from random import Random
from typing import NamedTuple

import psycopg

from bench import board_data, board_report
from bench.audit import audit_ours
from bench.board_baselines import Counting, Ours, Reader, Window, keep_in_sql, make_tables, redis
from bench.board_checks import FRESH_CUSTOMERS, Door, audit, cold, freshness
from bench.board_data import LOAD_EVENTS, LOAD_SECONDS, Change, Follower, Ledger, Load
from bench.board_report import COUNTING, HERE, HTTP, RANK, REDIS, TOP, WINDOW, Found, Writing, loaded
from bench.client import Asked, Connection, basic
from bench.contestants import hide_from_collector
from bench.events import Stream, Users, external_id
from bench.hosts import PASSWORD, TILL, Address, Postgres, make_organisation, milepost_server, server_settings
from bench.latency import Times
from bench.machine import processor_seconds_of
from bench.paced_requests import Every, paced
from bench.plan import Failed, Finding, Plan, say
from bench.rules import RUNNING, Rule, typical_rules
from milepost.store import codec
from milepost.store.leaderboards import BoardName
from milepost.wiring import running

SECONDS_MAX = 2.0
RATE = 100
"""Requests a second over HTTP; in process one follows the other."""

READS_MIN, COLD_STARTS = 3, 3
WRITES, WRITE_PIECES = 4, 10
"""Requests of W2's batches in a round, and the pieces of the load in each."""

READ_SECONDS = 0.02
"""How often the board is read beside them."""

Asking = Callable[[str, Sequence[int]], Awaitable[Times]]
Keep = Callable[[Sequence[Change]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The organisation that is asked about; `ids` are those of customers by their numbers."""

    url: str
    rules: list[Rule]
    door: Door
    ids: dict[int, int]
    load: Load
    seconds: float


class Contender(NamedTuple):
    """A contestant that is read again and again, and what a load means for it."""

    ask: Asking
    loading: Callable[[], AbstractAsyncContextManager[None]]


class Peers(NamedTuple):
    """The contestants that are read in process, and what brings the load's changes to the baselines."""

    readers: dict[str, Reader]
    sql: Follower
    redis: Follower | None
    redis_bytes: int


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run W6 and return its findings."""
    ground = await _ground(server, plan)
    hide_from_collector()
    say("W6: starting servers that know nothing …")
    starts = [await cold(ground.url, ground.door, ground.ids[0]) for _ in range(COLD_STARTS)]
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(milepost_server(ground.url, lanes=2))
        other = await stack.enter_async_context(milepost_server(ground.url, lanes=2))
        peers = await _peers(stack, server, ground)
        times, written = await _rounds(plan, ground, _contenders(ground, address, peers), address)
        customers = range(plan.board_customers - FRESH_CUSTOMERS, plan.board_customers)
        async with _loading(ground.load, address):
            fresh = await freshness(address, other, ground.door, customers, ground.ids)
        say("W6: auditing …")
        for follower in filter(None, (peers.sql, peers.redis)):
            await follower.catch_up(fresh.changes)
        held = ground.load.held | {one.customer_id: one for one in fresh.changes}
        ranks = await audit(server, ground.url, address, ground.door, peers.readers, held, plan.seed)
    sent = [event for piece in ground.load.pieces[: ground.load.sent] for event in piece] + fresh.sent
    events = audit_ours(server, ground.url, ground.rules, sent, plan.seed)
    if ranks.differences or not events.is_clean:
        raise Failed(f"W6: what is told or stored is wrong: {ranks}, {events}")
    return board_report.finding(
        Found(
            customers=plan.board_customers,
            times=times,
            written=written,
            starts=starts,
            fresh=fresh,
            ranks=ranks,
            events=events,
            redis_bytes=peers.redis_bytes,
        )
    )


async def _ground(server: Postgres, plan: Plan) -> Ground:
    rules, customers = typical_rules(plan.seed), plan.board_customers
    rule = board_data.board_rule(rules)
    url = server.database("w6_ours")
    say(f"W6: making the brand of {customers:,} customers and their board …")
    await make_organisation(url, rules, customers=customers, board=rule)
    door = _door(server, url, rule)
    board_data.fill(server, url, door.board)
    server.vacuum(url)
    found = dict(server.rows("select value, customer_id from identity where kind = 'externalId'", url))
    ids = {customer: found[external_id(customer)] for customer in range(customers)}
    seconds = min(plan.seconds, SECONDS_MAX)
    # Four kinds of questions to us are loaded in each round; a last piece may be sent while the time ends.
    pieces = plan.rounds * (4 * int(seconds / LOAD_SECONDS + 2) + 2 * WRITES * WRITE_PIECES)
    events = (pieces + int(60 / LOAD_SECONDS)) * LOAD_EVENTS
    stream = Stream(plan.seed, customers=customers - FRESH_CUSTOMERS, events=events)
    load = Load(stream.take(events, Users.UNIFORM), Ledger(ids, board_data.gap_milliseconds(events)))
    return Ground(url=url, rules=rules, door=door, ids=ids, load=load, seconds=seconds)


def _door(server: Postgres, url: str, rule: Rule) -> Door:
    for (body,) in server.rows("select body from target_group_version", url):
        group = codec.decode_group(body)
        for target in group.targets:
            if target.name == rule.name:
                ((org_id,),) = server.rows("select org_id from organisation", url)
                return Door(BoardName(org_id, target.id, group.periods[RUNNING].id), group.id)
    raise AssertionError(rule.name)


async def _peers(stack: AsyncExitStack, server: Postgres, ground: Ground) -> Peers:
    """Make the baselines' tables of the leaderboard as it is now. Return all contestants that are read in process."""
    runtime = await stack.enter_async_context(running(ground.url, server_settings(lanes=1)))
    say("W6: making the baselines' boards …")
    found = board_data.scores(server, ground.url, ground.door.board)
    url = server.database("w6_sql")
    await make_tables(url, found)
    reading, writing = [
        await stack.enter_async_context(await psycopg.AsyncConnection.connect(url, autocommit=True)) for _ in range(2)
    ]
    readers: dict[str, Reader] = {
        HERE: Ours(runtime.boards, ground.door.board),
        COUNTING: Counting(reading),
        WINDOW: Window(reading),
    }
    sql = Follower(ground.load, partial(keep_in_sql, writing))
    cache = await stack.enter_async_context(redis(server.folder))
    if not cache:
        say("W6: THERE IS NO redis-server OR valkey-server ON THE PATH: Redis is not measured")
        return Peers(readers, sql, None, 0)
    asked, kept = cache
    await kept.keep(found)
    return Peers(readers | {REDIS: asked}, sql, Follower(ground.load, kept.keep), await kept.memory())


def _contenders(ground: Ground, address: Address, peers: Peers) -> dict[str, Contender]:
    ours = partial(_loading, ground.load, address)
    doors: dict[str, Callable[[int], Asked]] = {HTTP: ground.door.own, TOP: ground.door.top, RANK: ground.door.rank}
    contenders = {
        name: Contender(partial(_over_http, address, door, ground.seconds), ours) for name, door in doors.items()
    }
    for name, reader in peers.readers.items():
        follower = {COUNTING: peers.sql, WINDOW: peers.sql, REDIS: peers.redis}.get(name)
        loading = ours if follower is None else partial(Every, follower.follow, LOAD_SECONDS)
        contenders[name] = Contender(partial(_in_process, reader, ground.seconds), loading)
    return contenders


async def _rounds(
    plan: Plan, ground: Ground, contenders: dict[str, Contender], address: Address
) -> tuple[list[Times], dict[str, list[Writing]]]:
    times: list[Times] = []
    written: dict[str, list[Writing]] = {name: [] for name in board_report.WRITTEN}
    random, everybody = Random(plan.seed), [*ground.ids.values()]
    order = [*contenders.items()]
    for name, contender in order:
        # Boards, statements and logins are known before anything is measured; what knowing costs is told apart.
        await contender.ask(name, everybody[:1])
    for turn in range(plan.rounds):
        say(f"W6: round {turn + 1} of {plan.rounds} …")
        customers = random.sample(everybody, min(len(everybody), int(RATE * ground.seconds)))
        first = turn % len(order)
        for name, contender in order[first:] + order[:first]:
            times.append(await contender.ask(name, customers))
            async with contender.loading():
                times.append(await contender.ask(loaded(name), customers))
        async with _connected(address) as reading, _connected(address) as writing:
            reads = cycle(map(ground.door.own, customers))
            alone, beside = board_report.WRITTEN
            written[alone].append(await _written(ground.load, writing, address))
            async with Every(partial(_read, reading, reads), READ_SECONDS):
                written[beside].append(await _written(ground.load, writing, address))
    return times, written


async def _over_http(
    address: Address, door: Callable[[int], Asked], seconds: float, name: str, customers: Sequence[int]
) -> Times:
    before = processor_seconds_of(address.pid)
    times = await paced(name, address, [door(one) for one in customers[: int(RATE * seconds)]], RATE)
    return replace(times, processor_seconds=processor_seconds_of(address.pid) - before)


async def _in_process(reader: Reader, seconds: float, name: str, customers: Sequence[int]) -> Times:
    """Ask for one after the other, for so many seconds."""
    each: list[float] = []
    began = time.perf_counter()
    for customer_id in cycle(customers):
        asked = time.perf_counter()
        if asked - began >= seconds and len(each) >= READS_MIN:
            break
        await reader.read(customer_id)
        each.append(time.perf_counter() - asked)
        # Whoever brings the load gets a turn, also where an answer needs no waiting.
        await asyncio.sleep(0)
    return Times(contestant=name, clients=1, each=tuple(each), seconds=time.perf_counter() - began, answer_bytes=0)


async def _written(load: Load, writing: Connection, address: Address) -> Writing:
    before, began = processor_seconds_of(address.pid), time.perf_counter()
    for _ in range(WRITES):
        await writing.post("/api/v1/events", load.body(WRITE_PIECES))
    events = WRITES * WRITE_PIECES * LOAD_EVENTS
    seconds, after = time.perf_counter() - began, processor_seconds_of(address.pid)
    return Writing(events / seconds, (after - before) * 1e6 / events)


@asynccontextmanager
async def _loading(load: Load, address: Address) -> AsyncIterator[None]:
    async with _connected(address) as writing, Every(partial(_post, load, writing), LOAD_SECONDS):
        yield


def _connected(address: Address) -> Connection:
    return Connection(address, basic(TILL, PASSWORD))


async def _post(load: Load, connection: Connection) -> None:
    await connection.post("/api/v1/events", load.body())


async def _read(connection: Connection, asked: Iterator[Asked]) -> None:
    await connection.ask(next(asked))
