"""Leaderboards kept sorted in memory, and refreshed from the scores written since (facts 4.14, decision 0013).

Read a board before you await anything else: other requests refresh the same board step by step.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable

from milepost.engine.leaderboard.board import Board, Columns, Ranked, Score
from milepost.model.organisation import LeaderboardTies
from milepost.model.time import EPOCH, Micros
from milepost.store import leaderboards
from milepost.store.database import Database, Transaction
from milepost.store.leaderboards import BoardName, Changes, PackedScores, ReadHorizon

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
    """A board as this process knows it, and the scores of `hidden` customers, who are not on it.

    `synced_at` and `refreshed_at` are in epoch microseconds. A `final` board is that of a closed period; its scores
    never change. `seen` is how far into the written scores the board has read, `batches_seen` how many batches of this
    process it includes.
    """

    __slots__ = ("batches_seen", "board", "final", "hidden", "lock", "refreshed_at", "seen", "synced_at", "ties")

    def __init__(self, ties: LeaderboardTies) -> None:
        """Start without scores; equal values are ranked by *ties*."""
        self.ties = ties
        self.board = Board(ties)
        self.hidden: dict[int, Score] = {}
        self.refreshed_at = EPOCH
        self.seen: ReadHorizon | None = None
        self.synced_at = EPOCH
        self.batches_seen = -1
        self.final = False
        self.lock = asyncio.Lock()

    def place(self, customer_id: int) -> Ranked | None:
        """Return a customer's place; a hidden customer has one too, which nobody else has to give way to."""
        score = self.hidden.get(customer_id)
        return self.board.of(customer_id) if score is None else Ranked(self.board.rank_of(score), score)

    def replace(self, scores: Columns, hidden: Iterable[int]) -> None:
        """Put *scores* in place of all scores, and leave the *hidden* customers out."""
        board = Board(self.ties, scores)
        places = (board.of(customer_id) for customer_id in hidden)
        self.hidden = {place.score.customer_id: place.score for place in places if place is not None}
        for customer_id in self.hidden:
            board.drop(customer_id)
        self.board = board

    def hide(self, hidden: Collection[int]) -> None:
        """Leave out the *hidden* customers, and show those who were left out and are not among them."""
        for customer_id in self.hidden.keys() - hidden:
            self.board.put(self.hidden.pop(customer_id))
        for customer_id in hidden:
            place = self.board.of(customer_id)
            if place is not None:
                self.hidden[customer_id] = place.score
                self.board.drop(customer_id)

    def put(self, score: Score, hidden: Container[int]) -> None:
        """Put *score* in place of the present score of its customer."""
        if score.customer_id in hidden:
            self.hidden[score.customer_id] = score
        else:
            self.board.put(score)

    def drop(self, customer_id: int) -> None:
        """Remove a customer."""
        self.hidden.pop(customer_id, None)
        self.board.drop(customer_id)


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
            if cached.batches_seen != written or self._clock() - cached.refreshed_at >= FRESH_US:
                await self._refresh(name, cached)
                cached.batches_seen = written
        self._evict(name)
        return cached

    async def _refresh(self, name: BoardName, cached: CachedBoard) -> None:
        now = self._clock()
        async with self._database.reading() as reading:
            hidden = await leaderboards.hidden_customers(reading, name.org_id)
            changes = None if cached.final else await _read(reading, name, cached, hidden, now)
        cached.hide(hidden)
        if changes is not None:
            for customer_id in changes.left:
                cached.drop(customer_id)
            await _apply_changes(cached, changes.scores, hidden)
            cached.seen, cached.synced_at = changes.seen, now
        cached.refreshed_at = now

    def _evict(self, in_use: BoardName) -> None:
        held = self.size
        for name in [name for name in self._cached if name != in_use]:
            if held <= SCORES_MAX:
                return
            held -= len(self._cached.pop(name).board)


async def _read(
    reading: Transaction, name: BoardName, cached: CachedBoard, hidden: Iterable[int], now: Micros
) -> Changes | None:
    """Return what changed on a board; None if it was read as a whole, without the *hidden* customers."""
    changes = None if cached.seen is None else await leaderboards.read_changes(reading, name, cached.seen)
    if changes is None or changes.is_closed:
        final = await leaderboards.read_final(reading, name)
        if final is not None:
            cached.replace(Columns(*leaderboards.columns_of(final.parts)), hidden)
            cached.final, cached.synced_at = True, final.closed_at
            return None
    if changes is None or changes.scores.size > max(ANEW_CHANGES_MIN, len(cached.board) // ANEW_SHARE):
        cached.seen, parts = await leaderboards.read_all(reading, name, PART_SCORES)
        cached.replace(Columns(*leaderboards.columns_of(parts)), hidden)
        cached.synced_at = now
        return None
    return changes


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


async def _apply_changes(cached: CachedBoard, changes: PackedScores, hidden: Container[int]) -> None:
    """Apply *changes* to a board. Applying a change twice is harmless, so an interrupted refresh may be repeated."""
    for count, score in enumerate(changes.each(), 1):
        cached.put(Score(*score), hidden)
        if count % CHANGES_AT_ONCE == 0:
            await asyncio.sleep(0)
