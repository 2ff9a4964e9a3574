"""What is wrong with a running Milepost, in words. Requests are refused only where events cannot be received."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import structlog

from milepost.model.problem import Fault, Unavailable
from milepost.model.time import SECOND_US, Micros
from milepost.store import organisations
from milepost.store.chain.roots import latest_root
from milepost.store.database import Database, Transaction
from milepost.store.sql.schema import pending_migrations
from milepost.store.sql.visibility import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from milepost.store.organisations import DatabaseState

ANSWER_SECONDS = 0.6
"""How long the database may take to answer; a health check has to be answered within a second."""

CLOCK_APART_US = 60 * SECOND_US
"""How far the clock of this machine may be from that of the database, in microseconds."""

BEHIND_US = 300 * SECOND_US
"""How late a period boundary may be noticed, or a delivery be begun, in microseconds."""

RELAY_SECONDS = 60
"""How long the first outcome may wait to be relayed."""

OUTCOMES_WAITING_MAX = 10_000
DATABASE = "database"
DISK_SHARE_MIN = 0.05
DISK_BYTES_MIN = 2**30
"""How much space the disk of the embedded database has to have: a share, or these bytes if that is less."""

_log = structlog.get_logger()


class HealthProblem(NamedTuple):
    """Something that is wrong: what kind of thing, which stays the same while numbers change, and words."""

    kind: str
    text: str


class Readiness(NamedTuple):
    """Whether events can be received, and all that is wrong."""

    receives_events: bool
    problems: Sequence[HealthProblem]


class Health:
    """What parts of this process say about themselves, and what the database says about itself."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Know of no part yet; *now* returns seconds."""
        self._parts: dict[str, Callable[[], str | None]] = {}
        self._asking: asyncio.Task[tuple[list[HealthProblem], list[HealthProblem]]] | None = None
        self._now = now
        self._first_outcome: tuple[str | None, float] = (None, now())
        self.state: DatabaseState | None = None
        """What the database said about itself last; None before it was asked."""
        self.data: Path | None = None
        """The folder of the embedded database; None if there is none."""
        self.clock: Callable[[], Micros] | None = None
        """The real clock, in epoch microseconds; None if the clock is set, so that it may differ."""

    def add(self, part: str, problem: Callable[[], str | None]) -> None:
        """Add a *part* of this process; *problem* returns what is wrong with it in words, None if nothing is.

        A part is a worker, for example, or a check that runs beside the work.
        """
        self._parts[part] = problem

    async def readiness(self, database: Database) -> Readiness:
        """Return whether events can be received, and what is wrong; within a second, whatever the database does."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(database))
        await asyncio.wait({self._asking}, timeout=ANSWER_SECONDS)
        if self._asking.done():
            grave, slight = self._asking.result()
        else:
            grave, slight = [HealthProblem(DATABASE, f"the database does not answer within {ANSWER_SECONDS} s")], []
        parts = [
            HealthProblem(part, f"{part}: {words}")
            for part, problem in self._parts.items()
            if (words := problem()) is not None
        ]
        return Readiness(not grave, [*grave, *slight, *parts, *self._disk_problems()])

    async def _ask(self, database: Database) -> tuple[list[HealthProblem], list[HealthProblem]]:
        """Return what keeps events from being received, and what else is wrong with the database."""
        try:
            return await database.attempt(self._examine, ALL)
        except (Unavailable, Fault) as error:
            return [HealthProblem(DATABASE, str(error))], []
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the database, requests fail as well
            _log.exception("not_ready")
            return [HealthProblem(DATABASE, f"the database cannot be examined: {type(error).__name__}")], []

    async def _examine(self, transaction: Transaction) -> tuple[list[HealthProblem], list[HealthProblem]]:
        lacking = await organisations.unusable_tables(transaction)
        if lacking:
            text = f"tables are missing, or may not be read and written: {', '.join(lacking)}"
            return [HealthProblem("schema", text)], []
        state = self.state = await organisations.database_state(transaction)
        grave = [HealthProblem(DATABASE, "the database is read-only")] if state.is_read_only else []
        slight = [*self._time_problems(state), *self._relay_problems(state)]
        pending = await pending_migrations(transaction)
        if pending:
            slight.append(HealthProblem("migration", f"migrations are pending: {', '.join(pending)}"))
        root = await latest_root(transaction)
        if root is not None and root.broken:
            text = f"chain broken: root {root.root_id} found {root.broken} breaks; run `milepost verify --chain`"
            slight.append(HealthProblem("chain broken", text))
        if root is not None and root.differing:
            text = f"{root.differing} of {root.recomputed} standings did not follow from the log; run `milepost verify`"
            slight.append(HealthProblem("standings differ", text))
        for disabled in await organisations.disabled_webhooks(transaction):
            name = f"webhook {disabled.webhook_id} of organisation {disabled.org_id}"
            slight.append(HealthProblem(f"{name} disabled", f"{name} is disabled: {disabled.reason}"))
        return grave, slight

    def _time_problems(self, state: "DatabaseState") -> Iterator[HealthProblem]:
        """Yield what is late, and whether clocks differ; nothing if this installation has a clock of its own."""
        if self.clock is None:
            return
        apart = abs(state.now - self.clock())
        if apart > CLOCK_APART_US:
            text = f"the clock of this machine is {apart // SECOND_US} s from that of the database"
            yield HealthProblem("clock", text)
        for kind, what, due_at in (
            ("scheduler", "period boundaries", state.boundary_due_at),
            ("deliveries", "deliveries", state.delivery_due_at),
        ):
            late = 0 if due_at is None else self.clock() - due_at
            if late > BEHIND_US:
                yield HealthProblem(kind, f"{what} are {late // SECOND_US} s behind")

    def _relay_problems(self, state: "DatabaseState") -> Iterator[HealthProblem]:
        """Yield what is wrong with the relay of outcomes, which takes the first one away soon if it works."""
        first, since = self._first_outcome
        if state.first_outcome != first:
            first, since = self._first_outcome = state.first_outcome, self._now()
        waits = self._now() - since
        if first is not None and waits > RELAY_SECONDS:
            yield HealthProblem("relay", f"outcomes have waited {waits:.0f} s to be relayed: does a worker run?")
        elif state.outcomes_waiting > OUTCOMES_WAITING_MAX:
            yield HealthProblem("relay", f"more than {OUTCOMES_WAITING_MAX} outcomes wait to be relayed")
        if state.outcomes_set_aside:
            text = f"{state.outcomes_set_aside} outcomes could not be relayed, and are set aside; the log says why"
            yield HealthProblem("outcomes set aside", text)

    def _disk_problems(self) -> Sequence[HealthProblem]:
        if self.data is None or not self.data.exists():
            return ()
        usage = shutil.disk_usage(self.data)
        if usage.free >= min(DISK_BYTES_MIN, usage.total * DISK_SHARE_MIN):
            return ()
        return (HealthProblem("disk", f"the disk of the database has only {usage.free // 2**20} MiB left"),)
