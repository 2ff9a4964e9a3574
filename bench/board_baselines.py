"""Who else can tell a place: PostgreSQL by `count(*)` and by `rank()`, and Redis if there is one.

Each is asked in process, over one connection of its own, for the top hundred, one customer's rank and those around.
"""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import psycopg

from bench.board_data import Change
from milepost.engine.leaderboard.board import Board
from milepost.model.organisation import LeaderboardTies
from milepost.service.boards.cached_boards import BoardCache
from milepost.store.leaderboards import BoardName

TOP, AROUND = 100, 5
REDIS_NAMES = ("redis-server", "valkey-server")
FILLED_AT_ONCE = 1_000

_SCHEMA = """
create table score (customer_id bigint primary key, value bigint not null, active_at bigint not null);
create index score_order on score (value desc, active_at, customer_id);
"""
_KEEP = """
insert into score (customer_id, value, active_at)
select * from unnest(%b::bigint[], %b::bigint[], %b::bigint[])
on conflict (customer_id) do update set value = excluded.value, active_at = excluded.active_at
"""
_TOP = "select customer_id from score order by value desc, active_at, customer_id limit %b"
_OWN = "select value, active_at from score where customer_id = %b"
COUNT = """
select 1 + (select count(*) from score where value > %(value)b)
    + (select count(*) from score where value = %(value)b and (active_at, customer_id) < (%(at)b, %(id)b))
"""
_BEFORE = """
select customer_id from (
    (select customer_id, value, active_at from score
        where value = %(value)b and (active_at, customer_id) < (%(at)b, %(id)b)
        order by active_at desc, customer_id desc limit %(reach)b)
    union all
    (select customer_id, value, active_at from score where value > %(value)b
        order by value, active_at desc, customer_id desc limit %(reach)b)
) as near order by value, active_at desc, customer_id desc limit %(reach)b
"""
_AFTER = """
select customer_id from (
    (select customer_id, value, active_at from score
        where value = %(value)b and (active_at, customer_id) >= (%(at)b, %(id)b)
        order by active_at, customer_id limit %(reach)b)
    union all
    (select customer_id, value, active_at from score where value < %(value)b
        order by value desc, active_at, customer_id limit %(reach)b)
) as near order by value desc, active_at, customer_id limit %(reach)b
"""
"""Two looks into the index each, so that no row is passed by that is not wanted."""

_WINDOW = """
with ranked as materialized (
    select customer_id, rank() over (order by value desc, active_at, customer_id) as place from score
), mine as (select place from ranked where customer_id = %(id)b)
select ranked.place, ranked.customer_id, mine.place from ranked, mine
where ranked.place <= %(top)b or ranked.place between mine.place - %(reach)b and mine.place + %(reach)b
order by ranked.place
"""
_SCRIPT = """
local place = redis.call('ZREVRANK', KEYS[1], ARGV[1])
local first = math.max(place - ARGV[3], 0)
return cmsgpack.pack({place + 1, redis.call('ZREVRANGE', KEYS[1], 0, ARGV[2] - 1, 'WITHSCORES'),
    redis.call('ZREVRANGE', KEYS[1], first, place + ARGV[3], 'WITHSCORES')})
"""


class Seen(NamedTuple):
    """What a reader was told: the customers on top, the rank of the one who asked, and the customers around."""

    top: list[int]
    rank: int
    around: list[int]


class Reader(Protocol):
    """A reader that can find a customer's place."""

    async def read(self, customer_id: int) -> Seen:
        """Return the top, the rank of a customer and those around."""
        ...


class Ours:
    """Our leaderboards in process, without HTTP: brought up to date, then read."""

    def __init__(self, boards: BoardCache, name: BoardName) -> None:
        """Ask for the board called *name*."""
        self._boards = boards
        self._name = name

    async def read(self, customer_id: int) -> Seen:
        """Return the top, the rank of a customer and those around."""
        live = await self._boards.current(self._name, LeaderboardTies.EARLIEST_FIRST)
        return told(live.board, customer_id)


def told(board: Board, customer_id: int) -> Seen:
    """Return what a leaderboard shows to a customer."""
    top, around = board.page(0, TOP), board.around(customer_id, AROUND)
    own = board.of(customer_id)
    assert own is not None
    return Seen([one.score.customer_id for one in top], own.rank, [one.score.customer_id for one in around])


class Counting:
    """PostgreSQL: top and neighbours by the index, the rank by counting."""

    def __init__(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """Ask over *connection*."""
        self._connection = connection

    async def read(self, customer_id: int) -> Seen:
        """Return the top, the rank of a customer and those around."""
        top = await self._rows(_TOP, [TOP])
        ((value, at),) = await self._rows(_OWN, [customer_id])
        mine = {"value": value, "at": at, "id": customer_id, "reach": AROUND}
        ((rank,),) = await self._rows(COUNT, mine)
        before = await self._rows(_BEFORE, mine)
        after = await self._rows(_AFTER, mine | {"reach": AROUND + 1})
        return Seen([one for (one,) in top], rank, [one for (one,) in (*before[::-1], *after)])

    async def _rows(self, statement: str, values: Any) -> list[Any]:
        return await (await self._connection.execute(statement.encode(), values, binary=True)).fetchall()


class Window:
    """PostgreSQL: everything by one window over all rows."""

    def __init__(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """Ask over *connection*."""
        self._connection = connection

    async def read(self, customer_id: int) -> Seen:
        """Return the top, the rank of a customer and those around."""
        asked = {"id": customer_id, "top": TOP, "reach": AROUND}
        rows = await (await self._connection.execute(_WINDOW.encode(), asked, binary=True)).fetchall()
        rank = rows[0][2]
        return Seen(
            [one for place, one, _ in rows if place <= TOP],
            rank,
            [one for place, one, _ in rows if abs(place - rank) <= AROUND],
        )


async def make_tables(url: str, scores: Sequence[Change]) -> None:
    """Make the table of scores and its index in the database at *url*."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_SCHEMA.encode())
        async with connection.cursor() as cursor, cursor.copy("copy score from stdin") as copy:
            for score in scores:
                await copy.write_row(score)
        await connection.execute("vacuum analyze score")


async def keep_in_sql(connection: "psycopg.AsyncConnection[Any]", changes: Sequence[Change]) -> None:
    """Write *changes*: one statement, one commit."""
    if changes:
        await connection.execute(_KEEP.encode(), [list(column) for column in zip(*changes, strict=True)])


class Redis:
    """A sorted set, in memory only; equal values lie in the order of names, so ties are not by the stated rule."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak over an open connection."""
        self._reader = reader
        self._writer = writer
        self._script = b""

    async def read(self, customer_id: int) -> Seen:
        """Return the top, the rank of a customer and those around, by a script: one trip."""
        if not self._script:
            self._script = await self._ask("SCRIPT", "LOAD", _SCRIPT)
        packed = await self._ask("EVALSHA", self._script, 1, "board", customer_id, TOP, AROUND)
        rank, top, around = msgspec.msgpack.decode(packed, type=tuple[int, list[str], list[str]])
        return Seen([int(one) for one in top[::2]], rank, [int(one) for one in around[::2]])

    async def keep(self, changes: Sequence[Change]) -> None:
        """Write *changes*."""
        for first in range(0, len(changes), FILLED_AT_ONCE):
            pairs = [part for one in changes[first : first + FILLED_AT_ONCE] for part in (one.value, one.customer_id)]
            await self._ask("ZADD", "board", *pairs)

    async def memory(self) -> int:
        """Return the bytes that the server uses."""
        told = await self._ask("INFO", "memory")
        return int(told.partition(b"used_memory:")[2].split()[0])

    async def _ask(self, *words: object) -> bytes:
        sent = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._writer.write(b"*%d\r\n" % len(sent) + b"".join(b"$%d\r\n%b\r\n" % (len(one), one) for one in sent))
        line = await self._reader.readuntil(b"\r\n")
        assert not line.startswith(b"-"), line
        if not line.startswith(b"$"):
            return line[1:-2]
        return (await self._reader.readexactly(int(line[1:]) + 2))[:-2]


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[list[Redis]]:
    """Run the Redis or Valkey that is found on the path, in *folder*; return two connections, none if there is none."""
    program = next(filter(None, map(shutil.which, REDIS_NAMES)), None)
    if program is None:
        yield []
        return
    socket = folder / "redis.sock"
    process = subprocess.Popen(  # noqa: S603, ASYNC220 - found by name; it starts at once
        [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        while not socket.exists():
            assert process.poll() is None, f"{program} did not start"
            await asyncio.sleep(0.05)
        opened = [await asyncio.open_unix_connection(str(socket), limit=2**24) for _ in range(2)]
        yield [Redis(*one) for one in opened]
        for _, writer in opened:
            writer.close()
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
