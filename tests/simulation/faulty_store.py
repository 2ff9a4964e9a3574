"""The project's store on a real database, with faults at each transaction, and time that is the simulation's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum
from typing import TypeVar

import psycopg

from milepost.model.problem import Unavailable
from milepost.store.database import Database, StoredAlready, Transaction
from tests.simulation.conductor import Conductor, Process

Result = TypeVar("Result")

CLOCK = """
create schema simulated;
create table simulated.clock (at timestamptz not null);
insert into simulated.clock values ('2026-01-31T22:00:00Z');
create function simulated.now() returns timestamptz stable language sql as 'select at from simulated.clock';
grant usage on schema simulated to public;
grant select on simulated.clock to public;
"""
"""`now()` of every statement, by which leases end; the name is found there first."""

SEARCHED = "-c search_path=simulated,pg_catalog,public"


class Fault(Enum):
    """What goes wrong with a transaction."""

    BEFORE = "lost before it began"
    WITHIN = "lost before its COMMIT"
    AFTER = "lost after its COMMIT"
    KILLED_WITHIN = "the process is killed before the COMMIT"
    KILLED_AFTER = "the process is killed after the COMMIT"


KILLS = frozenset({Fault.KILLED_WITHIN, Fault.KILLED_AFTER})
ROLLED_BACK = frozenset({Fault.WITHIN, Fault.KILLED_WITHIN})
CHANCE = 0.12


class _RolledBack(Exception):
    """Rolls a transaction back."""


class SimulatedDatabase(Database):
    """A database of one process. One transaction of all processes runs at a time, when its turn has come.

    One that `confirms_early` says nothing of a transaction that was lost before its COMMIT: a planted mistake.
    """

    confirms_early = False

    def __init__(self, url: str, conductor: Conductor, process: Process) -> None:
        """Use the database at *url*, whose clock *conductor* sets."""
        super().__init__(psycopg.conninfo.make_conninfo(url, options=SEARCHED), connections_max=2)
        self._conductor = conductor
        self._process = process
        self._clock = psycopg.connect(url, autocommit=True)

    async def open_quietly(self) -> None:
        """Open the pool; the settings of the server are no matter of the simulation."""
        await self._pool.open(wait=True)

    async def close(self) -> None:
        """Close every connection."""
        self._clock.close()
        await super().close()

    @asynccontextmanager
    async def transaction(self, visible: str | None = None) -> AsyncIterator[Transaction]:
        """Open a transaction when its turn has come; it may be lost, or the process with it."""
        async with self._turn("transaction") as fault:
            with suppress(_RolledBack):
                async with super().transaction(visible) as transaction:
                    yield transaction
                    if fault in ROLLED_BACK:
                        raise _RolledBack

    @asynccontextmanager
    async def reading(self, visible: str | None = None) -> AsyncIterator[Transaction]:
        """Open a connection on which each statement is a transaction; what was written stays where it is lost."""
        async with self._turn("statements"), super().reading(visible) as transaction:
            yield transaction

    async def _attempt(self, work: Callable[[Transaction], Awaitable[Result]], visible: str | None) -> Result:
        try:
            async with self.transaction(visible) as transaction:
                return await work(transaction)
        except psycopg.errors.UniqueViolation as error:
            raise StoredAlready(str(error)) from error

    @asynccontextmanager
    async def _turn(self, what: str) -> AsyncIterator[Fault | None]:
        conductor, process = self._conductor, self._process
        async with conductor.turn(process, what):
            self._clock.execute("update simulated.clock set at = to_timestamp(%s)", [conductor.now / 1_000_000])
            fault = conductor.random.choice([*Fault]) if conductor.happens(CHANCE) else None
            if fault is not None:
                conductor.trace.append(fault.value)
                if fault is Fault.BEFORE:
                    raise Unavailable(fault.value)
            try:
                yield fault
            finally:
                process.is_dead = process.is_dead or fault in KILLS
            if fault is not None and not (self.confirms_early and fault is Fault.WITHIN):
                raise Unavailable(fault.value)
