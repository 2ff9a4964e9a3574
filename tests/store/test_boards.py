"""Boards as they are stored: what a look sees while others write, large values, and closing in parts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from milepost.engine.leaderboard.board import Ranked, Score
from milepost.model.organisation import LeaderboardTies
from milepost.model.time import EPOCH, Micros
from milepost.service.boards.cached_boards import BoardCache, close_board
from milepost.service.organisations.provisioning import add_organisation
from milepost.store import leaderboards
from milepost.store.database import Database, Transaction
from milepost.store.leaderboards import BoardName, ScoreRow
from milepost.store.log import key_of_customer

ORG, TARGET, PERIOD = 1001, 2, 3
NAME = BoardName(ORG, TARGET, PERIOD)
FIRST = LeaderboardTies.EARLIEST_FIRST


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Return the database at *url*, with one organisation."""
    database = Database(url)
    await database.open(unsafe_durability=True)
    added, _ = await add_organisation(database, name="brand", zone="UTC", now=EPOCH)
    assert ORG == added.id
    try:
        yield database
    finally:
        await database.close()


def run(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    """Do *work* with the database at *url*."""

    async def all_of_it() -> None:
        async with opened(url) as database:
            await work(database)

    asyncio.run(all_of_it())


async def keep(transaction: Transaction, *scores: tuple[int, int, int]) -> None:
    """Write scores of the board."""
    found = [
        ScoreRow(key_of_customer(ORG, customer_id), TARGET, PERIOD, value, Micros(at))
        for customer_id, value, at in scores
    ]
    await leaderboards.save_scores(transaction, found)


async def kept(database: Database, *scores: tuple[int, int, int]) -> None:
    """Write scores of the board in a transaction of their own."""
    async with database.transaction() as transaction:
        await keep(transaction, *scores)


def test_a_later_look_sees_rows_that_an_earlier_look_could_not(database_url: str) -> None:
    """The next look sees a late commit, and no row is read again, however long other transactions take."""

    async def work(database: Database) -> None:
        async with database.transaction() as long, database.transaction() as late:
            await keep(long, (9, 1, 1))
            await keep(late, (1, 50, 7))
            await kept(database, (2, 40, 7))
            async with database.reading() as reading:
                seen, (whole,) = await leaderboards.read_all(reading, NAME, 9)
            assert [(2, 40, 7)] == whole.each()
            await kept(database, (3, 30, 7))
            async with database.reading() as reading:
                third = await leaderboards.read_changes(reading, NAME, seen)
            assert [(3, 30, 7)] == third.scores.each()
        async with database.reading() as reading:
            both = await leaderboards.read_changes(reading, NAME, third.seen)
            nothing = await leaderboards.read_changes(reading, NAME, both.seen)
        assert [(1, 50, 7), (9, 1, 1)] == sorted(both.scores.each())
        assert [] == nothing.scores.each()

    run(database_url, work)


def test_rows_of_another_server_are_not_read_again_and_again(database_url: str) -> None:
    """Rows that were brought along from a server with larger numbers of transactions are read once."""

    async def work(database: Database) -> None:
        await kept(database, (1, 10, 1))
        async with database.reading() as reading:
            seen, _ = await leaderboards.read_all(reading, NAME, 9)
            since = await leaderboards.read_changes(reading, NAME, seen._replace(unseen_from=0))
            later = await leaderboards.read_changes(reading, NAME, seen)
        assert ([(1, 10, 1)], []) == (since.scores.each(), later.scores.each())

    run(database_url, work)


@pytest.mark.parametrize("part", [1, 2, 50_000])
def test_boards_of_large_values_are_read_followed_and_closed(database_url: str, part: int) -> None:
    """A value beyond eight bytes has its place, when the board is read, when it changes, and when it is closed."""

    async def work(database: Database) -> None:
        await kept(database, (5, 10**20, 7), (4, 20, 7), (6, -(10**20), 7))
        clock = iter(range(1, 10))
        following = BoardCache(database, lambda: EPOCH, lambda: next(clock))
        await following.current(NAME, FIRST)
        await kept(database, (7, 10**21, 7), (8, 20, 6))
        expected = [
            Ranked(rank, Score(customer_id, value, Micros(at)))
            for rank, (customer_id, value, at) in enumerate(
                [(7, 10**21, 7), (5, 10**20, 7), (8, 20, 6), (4, 20, 7), (6, -(10**20), 7)], start=1
            )
        ]
        live = await following.current(NAME, FIRST)
        assert expected == live.board.page(0, 9)
        await close_board(database, NAME, Micros(99), part=part)
        await kept(database, (1, 5, 5))
        for readers in (following, BoardCache(database, lambda: EPOCH, lambda: 0)):
            live = await readers.current(NAME, FIRST)
            assert (True, 99, expected) == (live.final, live.synced_at, live.board.page(0, 9))

    run(database_url, work)


@pytest.mark.parametrize("changes", [3, 5_000])
def test_board_that_changed_a_lot_is_what_it_would_be_anew(database_url: str, changes: int) -> None:
    """Whether changes are put one by one or, since there are many, the board is read again, it is the same board."""

    async def work(database: Database) -> None:
        clock = iter(range(1, 10))
        following = BoardCache(database, lambda: EPOCH, lambda: next(clock))
        await kept(database, *((customer, customer % 7, 1) for customer in range(1, 600)))
        first = (await following.current(NAME, FIRST)).board
        await kept(database, *((customer, customer % 11, 2) for customer in range(500, 500 + changes)))
        then = (await following.current(NAME, FIRST)).board
        anew = (await BoardCache(database, lambda: EPOCH, lambda: 0).current(NAME, FIRST)).board
        assert anew.page(0, 9_999) == then.page(0, 9_999)
        assert (changes == 3) == (then is first)

    run(database_url, work)


def test_an_empty_board_is_closed_empty(database_url: str) -> None:
    """An empty board is read, closed and read again."""

    async def work(database: Database) -> None:
        following = BoardCache(database, lambda: EPOCH, lambda: 0)
        assert [] == (await following.current(NAME, FIRST)).board.page(0, 9)
        await close_board(database, NAME, Micros(99))
        live = await BoardCache(database, lambda: EPOCH, lambda: 0).current(NAME, FIRST)
        assert (True, 0, None, []) == (live.final, len(live.board), live.board.of(1), live.board.around(1, 5))

    run(database_url, work)
