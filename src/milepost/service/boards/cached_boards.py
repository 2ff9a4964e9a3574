"""Leaderboards (facts 4.14): kept in order in memory, and brought up to date from what was written since.

Who was given a board reads it before awaiting anything else: others bring it up to date step by step.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from milepost.engine.leaderboard.board import Board, Columns, Score
from milepost.model.organisation import LeaderboardTies
from milepost.store import leaderboards
from milepost.store.database import Database, Transaction
from milepost.store.leaderboards import BoardName, PackedScores, ReadHorizon

FRESH_US = 250_000
"""How old a board may be before it is asked what is new."""

SCORES_MAX = 8_000_000
"""Scores kept in memory, of 32 bytes each; boards that nobody asked for longest are forgotten first."""

PART_SCORES = 50_000
"""Scores in one part of a board as it is read, and as it is stored once it is closed."""

CHANGES_AT_ONCE = 250
"""Changes put on a board before others get their turn: a few milliseconds."""

ANEW_CHANGES_MIN, ANEW_SHARE = 1_000, 32
"""With more changes than both this and its size over this share, a board is read anew, which costs less."""


class CachedBoard:
    """A board as this process knows it: `synced_at` in epoch microseconds, `final` once its period is closed."""

    __slots__ = ("batches_seen", "board", "final", "lock", "seen", "synced_at", "ties")

    def __init__(self, ties: LeaderboardTies) -> None:
        """Know nothing yet."""
        self.ties = ties
        self.board = Board(ties)
        self.seen: ReadHorizon | None = None
        self.synced_at = 0
        self.batches_seen = -1
        self.final = False
        self.lock = asyncio.Lock()


class BoardCache:
    """The boards of this process."""

    def __init__(self, database: Database, clock: Callable[[], int], written: Callable[[], int]) -> None:
        """Read from *database*; *written* counts the batches of this process that wrote scores."""
        self._database = database
        self._clock = clock
        self._written = written
        self._known: OrderedDict[BoardName, CachedBoard] = OrderedDict()

    async def current(self, name: BoardName, ties: LeaderboardTies) -> CachedBoard:
        """Return the board called *name*, equal values ranked by *ties*.

        What this process wrote is on it; what another one wrote is, after FRESH_US at the latest.
        """
        cached = self._known.get(name)
        if cached is None or cached.ties is not ties:
            cached = self._known[name] = CachedBoard(ties)
        self._known.move_to_end(name)
        async with cached.lock:
            written = self._written()
            if not cached.final and (cached.batches_seen != written or self._clock() - cached.synced_at >= FRESH_US):
                await self._refresh(name, cached)
                cached.batches_seen = written
        self._forget(name)
        return cached

    async def _refresh(self, name: BoardName, cached: CachedBoard) -> None:
        now = self._clock()
        async with self._database.reading() as reading:
            changes = None if cached.seen is None else await leaderboards.read_changes(reading, name, cached.seen)
            if changes is None or changes.is_closed:
                final = await leaderboards.read_final(reading, name)
                if final is not None:
                    cached.board = Board(cached.ties, Columns(*leaderboards.columns_of(final.parts)))
                    cached.final, cached.synced_at = True, final.closed_at
                    return
            if changes is None or changes.scores.size > max(ANEW_CHANGES_MIN, len(cached.board) // ANEW_SHARE):
                cached.seen, parts = await leaderboards.read_all(reading, name, PART_SCORES)
                cached.board, cached.synced_at = Board(cached.ties, Columns(*leaderboards.columns_of(parts))), now
                return
        for customer_id in changes.left:
            cached.board.drop(customer_id)
        await _put(cached.board, changes.scores)
        cached.seen, cached.synced_at = changes.seen, now

    def _forget(self, asked: BoardName) -> None:
        held = sum(len(cached.board) for cached in self._known.values())
        for name in [name for name in self._known if name != asked]:
            if held <= SCORES_MAX:
                return
            held -= len(self._known.pop(name).board)


async def close_board(database: Database, name: BoardName, closed_at: int, *, part: int = PART_SCORES) -> None:
    """Keep the board's last word; what comes later changes nothing on it. Closing it again changes nothing."""
    async with database.transaction() as transaction:
        await close_within(transaction, name, closed_at, part=part)


async def close_within(transaction: Transaction, name: BoardName, closed_at: int, *, part: int = PART_SCORES) -> None:
    """Do so as a part of *transaction*."""
    if not await leaderboards.is_closed(transaction, name):
        _, parts = await leaderboards.read_all(transaction, name, part)
        await leaderboards.close(transaction, name, closed_at, parts)


async def _put(board: Board, changes: PackedScores) -> None:
    """Put *changes* on a board; whatever is cut short, putting them again changes nothing."""
    for count, score in enumerate(changes.each(), 1):
        board.put(Score(*score))
        if count % CHANGES_AT_ONCE == 0:
            await asyncio.sleep(0)
