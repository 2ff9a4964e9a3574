"""Leaderboards (semantics 4.14): kept in order in memory, and brought up to date from what was written since.

Who was given a board reads it before awaiting anything else: others bring it up to date step by step.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from milepost.engine.ranking import Board, Columns, Score
from milepost.model.organisation import LeaderboardTies
from milepost.store import boards
from milepost.store.boards import BoardName, Packed, Seen
from milepost.store.database import Database, Transaction

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


class Live:
    """A board as this process knows it: `synced_at` in epoch microseconds, `final` once its period is closed."""

    __slots__ = ("board", "final", "heard", "lock", "seen", "synced_at", "ties")

    def __init__(self, ties: LeaderboardTies) -> None:
        """Know nothing yet."""
        self.ties = ties
        self.board = Board(ties)
        self.seen: Seen | None = None
        self.synced_at = 0
        self.heard = -1
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
            if not live.final and (live.heard != written or self._clock() - live.synced_at >= FRESH_US):
                await self._refresh(name, live)
                live.heard = written
        self._forget(name)
        return live

    async def _refresh(self, name: BoardName, live: Live) -> None:
        now = self._clock()
        async with self._database.reading() as reading:
            changes = None if live.seen is None else await boards.since(reading, name, live.seen)
            if changes is None or changes.is_closed:
                final = await boards.final(reading, name)
                if final is not None:
                    live.board = Board(live.ties, Columns(*boards.columns_of(final.parts)))
                    live.final, live.synced_at = True, final.closed_at
                    return
            if changes is None or changes.scores.size > max(ANEW_CHANGES_MIN, len(live.board) // ANEW_SHARE):
                live.seen, parts = await boards.whole(reading, name, PART_SCORES)
                live.board, live.synced_at = Board(live.ties, Columns(*boards.columns_of(parts))), now
                return
        for customer_id in changes.left:
            live.board.drop(customer_id)
        await _put(live.board, changes.scores)
        live.seen, live.synced_at = changes.seen, now

    def _forget(self, asked: BoardName) -> None:
        held = sum(len(live.board) for live in self._known.values())
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
    if not await boards.is_closed(transaction, name):
        _, parts = await boards.whole(transaction, name, part)
        await boards.close(transaction, name, closed_at, parts)


async def _put(board: Board, changes: Packed) -> None:
    """Put *changes* on a board; whatever is cut short, putting them again changes nothing."""
    for count, score in enumerate(changes.each(), 1):
        board.put(Score(*score))
        if count % CHANGES_AT_ONCE == 0:
            await asyncio.sleep(0)
