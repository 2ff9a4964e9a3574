"""What is wrong with a running Milepost, in words. Requests are refused only where events cannot be received."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import structlog

from milepost.model.problem import Fault, Unavailable
from milepost.model.time import SECOND_US, Micros
from milepost.store import organisations
from milepost.store.database import Database, Transaction
from milepost.store.sql.schema import pending_migrations

if TYPE_CHECKING:
    from pathlib import Path

    from milepost.store.organisations import DatabaseState

ANSWER_SECONDS = 0.6
"""How long the database may take to answer; a health check has to be answered within a second."""

CLOCK_APART_US = 60 * SECOND_US
"""How far the clock of this machine may be from that of the database, in microseconds."""

BEHIND_US = 300 * SECOND_US
"""How late a period boundary may be noticed, in microseconds."""

DISK_SHARE_MIN = 0.05
DISK_BYTES_MIN = 2**30
"""How much space the disk of the embedded database has to have: a share, or these bytes if that is less."""

_log = structlog.get_logger()


class Readiness(NamedTuple):
    """Whether events can be received, and all that is wrong, in words."""

    receives_events: bool
    problems: Sequence[str]


class Health:
    """What parts of this process say about themselves, and what the database says about itself."""

    def __init__(self) -> None:
        """Know of no part yet."""
        self._parts: dict[str, Callable[[], str | None]] = {}
        self._asking: asyncio.Task[tuple[list[str], list[str]]] | None = None
        self.state: DatabaseState | None = None
        """What the database said about itself last; None before it was asked."""
        self.data: Path | None = None
        """The folder of the embedded database; None if there is none."""
        self.clock: Callable[[], Micros] | None = None
        """The real clock, in epoch microseconds; None if the clock is set, so that it may differ."""

    def add(self, part: str, problem: Callable[[], str | None]) -> None:
        """Add a *part* of this process; *problem* returns what is wrong with it in words, None if nothing is."""
        self._parts[part] = problem

    async def readiness(self, database: Database) -> Readiness:
        """Return whether events can be received, and what is wrong; within a second, whatever the database does."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(database))
        await asyncio.wait({self._asking}, timeout=ANSWER_SECONDS)
        if self._asking.done():
            grave, slight = self._asking.result()
        else:
            grave, slight = [f"the database does not answer within {ANSWER_SECONDS} s"], []
        parts = [f"{part}: {words}" for part, problem in self._parts.items() if (words := problem()) is not None]
        problems = [*grave, *slight, *parts, *self._disk_problems()]
        return Readiness(not grave, problems)

    async def _ask(self, database: Database) -> tuple[list[str], list[str]]:
        """Return what keeps events from being received, and what else is wrong with the database."""
        try:
            return await database.attempt(self._examine)
        except (Unavailable, Fault) as error:
            return [str(error)], []
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the database, requests fail as well
            _log.exception("not_ready")
            return [f"the database cannot be examined: {type(error).__name__}"], []

    async def _examine(self, transaction: Transaction) -> tuple[list[str], list[str]]:
        grave: list[str] = []
        slight: list[str] = []
        lacking = await organisations.unusable_tables(transaction)
        if lacking:
            grave.append(f"tables are missing, or may not be read and written: {', '.join(lacking)}")
            return grave, slight
        state = self.state = await organisations.database_state(transaction)
        if state.is_read_only:
            grave.append("the database is read-only")
        pending = await pending_migrations(transaction)
        if pending:
            slight.append(f"migrations are pending: {', '.join(pending)}")
        if self.clock is not None:
            apart = state.now - self.clock()
            if abs(apart) > CLOCK_APART_US:
                slight.append(f"the clock of this machine is {abs(apart) // SECOND_US} s from that of the database")
            if state.boundary_due_at is not None and self.clock() - state.boundary_due_at > BEHIND_US:
                late = (self.clock() - state.boundary_due_at) // SECOND_US
                slight.append(f"period boundaries are {late} s behind")
        return grave, slight

    def _disk_problems(self) -> Sequence[str]:
        if self.data is None or not self.data.exists():
            return ()
        usage = shutil.disk_usage(self.data)
        if usage.free >= min(DISK_BYTES_MIN, usage.total * DISK_SHARE_MIN):
            return ()
        return (f"the disk of the database has only {usage.free // 2**20} MiB left",)
