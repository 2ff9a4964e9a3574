"""Leaderboards kept sorted in memory, and refreshed from the scores written since (facts 4.14, decision 0013).

Read a board before you await anything else: other requests refresh the same board step by step.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from milepost.engine.leaderboard.board import Board, Columns, Score
from milepost.model.organisation import LeaderboardTies
from milepost.model.time import EPOCH, Micros
from milepost.store import leaderboards
from milepost.store.database import Database, Transaction
from milepost.store.leaderboards import BoardName, PackedScores, ReadHorizon

FRESH_US = 250_000
"""How old a board may be before it is refreshed, in microseconds."""

SCORES_MAX = 8_000_000
"""Scores kept in memory, of 32 bytes each; the boards that were read least recently are dropped first."""

PART_SCORES = 50_000
"""Scores in one part of a board as it is read, and as it is stored once it is closed."""

CHANGES_AT_ONCE = 250
"""Changes applied to a board before other tasks run: a few milliseconds of work."""

ANEW_CHANGES_MIN, ANEW_SHARE = 1_000, 32
"""A board is read anew, which is then cheaper, for more changes than both the minimum and its size / ANEW_SHARE."""


class CachedBoard:
    """A board as this process knows it.

    `synced_at` is in epoch microseconds. A `final` board is that of a closed period and never changes. `seen` is how
    far into the written scores the board has read, `batches_seen` how many batches of this process it includes.
    """

    __slots__ = ("batches_seen", "board", "final", "lock", "seen", "synced_at", "ties")

    def __init__(self, ties: LeaderboardTies) -> None:
        """Start without scores; equal values are ranked by *ties*."""
        self.ties = ties
        self.board = Board(ties)
        self.seen: ReadHorizon | None = None
        self.synced_at = EPOCH
        self.batches_seen = -1
        self.final = False
        self.lock = asyncio.Lock()


class BoardCache:
    """The boards that this process keeps in memory."""

    def __init__(self, database: Database, clock: Callable[[], Micros], written: Callable[[], int]) -> None:
        """Read from *database*; *written* returns how many batches of this process may have written scores."""
        self._database = database
        self._clock = clock
        self._written = written
        self._cached: OrderedDict[BoardName, CachedBoard] = OrderedDict()

    @property
    def size(self) -> int:
        """Return how many customers are on the leaderboards in memory."""
        return sum(len(cached.board) for cached in self._cached.values())

    async def current(self, name: BoardName, ties: LeaderboardTies) -> CachedBoard:
        """Return the board called *name*, equal values ranked by *ties*.

        It includes all scores that this process wrote, and those of other processes after FRESH_US at the latest.
        """
        cached = self._cached.get(name)
        if cached is None or cached.ties is not ties:
            cached = self._cached[name] = CachedBoard(ties)
        self._cached.move_to_end(name)
        async with cached.lock:
            written = self._written()
            if not cached.final and (cached.batches_seen != written or self._clock() - cached.synced_at >= FRESH_US):
                await self._refresh(name, cached)
                cached.batches_seen = written
        self._evict(name)
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
        await _apply_changes(cached.board, changes.scores)
        cached.seen, cached.synced_at = changes.seen, now

    def _evict(self, in_use: BoardName) -> None:
        held = self.size
        for name in [name for name in self._cached if name != in_use]:
            if held <= SCORES_MAX:
                return
            held -= len(self._cached.pop(name).board)


async def close_board(database: Database, name: BoardName, closed_at: Micros, *, part: int = PART_SCORES) -> None:
    """Store a board as final, so that later scores do not change it. Closing a closed board changes nothing."""
    async with database.transaction() as transaction:
        await close_within(transaction, name, closed_at, part=part)


async def close_within(
    transaction: Transaction, name: BoardName, closed_at: Micros, *, part: int = PART_SCORES
) -> None:
    """Store a board as final, as a part of *transaction*."""
    if not await leaderboards.is_closed(transaction, name):
        _, parts = await leaderboards.read_all(transaction, name, part)
        await leaderboards.close(transaction, name, closed_at, parts)


async def _apply_changes(board: Board, changes: PackedScores) -> None:
    """Apply *changes* to a board. Applying a change twice is harmless, so an interrupted refresh may be repeated."""
    for count, score in enumerate(changes.each(), 1):
        board.put(Score(*score))
        if count % CHANGES_AT_ONCE == 0:
            await asyncio.sleep(0)
