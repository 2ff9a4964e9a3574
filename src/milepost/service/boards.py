"""Leaderboards (semantics 4.14): kept in order in memory, and brought up to date from what was written since."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from milepost.engine.ranking import Board, Score
from milepost.model.organisation import LeaderboardTies
from milepost.store import boards
from milepost.store.boards import BoardName
from milepost.store.database import Database, Transaction

FRESH_US = 250_000
"""How old a board may be before it is asked what is new."""

SCORES_MAX = 4_000_000
"""Scores kept in memory; boards that nobody asked for longest are forgotten first."""


class Live:
    """A board as this process knows it: `synced_at` in epoch microseconds, `final` once its period is closed."""

    __slots__ = ("board", "final", "horizon", "lock", "seen", "synced_at", "ties")

    def __init__(self, ties: LeaderboardTies) -> None:
        """Know nothing yet."""
        self.ties = ties
        self.board = Board(ties)
        self.horizon = 0
        self.synced_at = 0
        self.seen = -1
        self.final = False
        self.lock = asyncio.Lock()


class Boards:
    """The boards of this process."""

    def __init__(self, database: Database, clock: Callable[[], int], written: Callable[[], int]) -> None:
        """Read from *database*; *written* counts the batches of this process that wrote scores."""
        self._database = database
        self._clock = clock
        self._written = written
        self._known: OrderedDict[BoardName, Live] = OrderedDict()

    async def current(self, name: BoardName, ties: LeaderboardTies) -> Live:
        """Give the board called *name*, equal values ranked by *ties*.

        What this process wrote is on it; what another one wrote is, after FRESH_US at the latest.
        """
        live = self._known.get(name)
        if live is None or live.ties is not ties:
            live = self._known[name] = Live(ties)
        self._known.move_to_end(name)
        async with live.lock:
            written = self._written()
            if not live.final and (live.seen != written or self._clock() - live.synced_at >= FRESH_US):
                await self._refresh(name, live)
                live.seen = written
        self._forget(name)
        return live

    async def _refresh(self, name: BoardName, live: Live) -> None:
        now = self._clock()
        async with self._database.transaction() as transaction:
            final = await boards.final(transaction, name)
            horizon, found = (0, []) if final else await boards.since(transaction, name, live.horizon)
        if final is not None:
            live.board = Board(live.ties, (Score(*one) for one in final.scores))
            live.final, live.synced_at = True, final.closed_at
            return
        if live.horizon:
            for one in found:
                live.board.put(Score(*one))
        else:
            live.board = Board(live.ties, (Score(*one) for one in found))
        live.horizon, live.synced_at = horizon, now

    def _forget(self, asked: BoardName) -> None:
        held = sum(len(live.board) for live in self._known.values())
        for name in [name for name in self._known if name != asked]:
            if held <= SCORES_MAX:
                return
            held -= len(self._known.pop(name).board)


async def close_board(database: Database, name: BoardName, closed_at: int) -> None:
    """Keep the board's last word; what comes later changes nothing on it. Closing it again changes nothing."""
    async with database.transaction() as transaction:
        await close_within(transaction, name, closed_at)


async def close_within(transaction: Transaction, name: BoardName, closed_at: int) -> None:
    """Do so as a part of *transaction*."""
    if await boards.final(transaction, name) is not None:
        return
    _, found = await boards.since(transaction, name, 0)
    ordered = Board(LeaderboardTies.EARLIEST_FIRST, (Score(*one) for one in found))
    await boards.close(transaction, name, closed_at, (row.score for row in ordered.page(0, len(ordered))))
