"""A transaction: named statements with parameters, on a connection that knows whose rows its session sees."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import psycopg
from psycopg.pq import PipelineStatus

from milepost.store.sql.prepared import PreparedStatements, Row, Values
from milepost.store.sql.silence import SilenceWatch
from milepost.store.sql.statements import statement
from milepost.store.sql.visibility import NONE, SETTING


class PooledConnection(psycopg.AsyncConnection[Row]):
    """A connection, with the organisations that its session sees outside of transactions (None: not known)."""

    visible: str | None = NONE
    copies_into_log: bool = False
    """Whether events may be added by COPY, which PostgreSQL refuses where the rows of a table are guarded."""

    def __init__(self, pgconn: psycopg.pq.abc.PGconn) -> None:
        """Begin with no statement prepared."""
        super().__init__(pgconn)
        self.prepared = PreparedStatements()

    async def rollback(self) -> None:
        """Roll back the open transaction; the driver then has the server forget every prepared statement."""
        await super().rollback()
        self.prepared.forget()


class Transaction:
    """An open transaction. It runs named statements with parameters."""

    def __init__(self, connection: PooledConnection, watch: SilenceWatch, visible: str | None = None) -> None:
        """Use *connection*, which has an open transaction and is watched by *watch*.

        Without a transaction *visible* names the organisations that are to be seen; it is sent with a statement where
        the session sees others.
        """
        self._connection = connection
        self._watch = watch
        self._visible = visible
        self.copies_into_log = connection.copies_into_log

    async def rows(self, name: str, values: Values = ()) -> list[Row]:
        """Run the statement *name* and return its rows."""
        found = await self._prepared_rows(name, values)
        if found is not None:
            return found
        cursor = await self._execute(name, values, binary=True)
        return await cursor.fetchall()

    async def row(self, name: str, values: Values = ()) -> Row | None:
        """Run the statement *name* and return its first row, or None."""
        return next(iter(await self.rows(name, values)), None)

    async def run(self, name: str, values: Values = ()) -> None:
        """Run the statement *name* for its effect."""
        if await self._prepared_rows(name, values) is None:
            await self._execute(name, values)

    async def _prepared_rows(self, name: str, values: Values) -> list[Row] | None:
        """Run the statement *name* as one that is prepared, and return its rows; None if it has to have a cursor.

        That is in a pipeline, for the first time, and where the session first has to see other organisations.
        """
        connection = self._connection
        if not self._sees_all_it_may or connection.pgconn.pipeline_status != PipelineStatus.OFF:
            return None
        if not connection.prepared.note(name):
            return None
        with self._watch.statement(name):
            return await connection.prepared.rows(connection, name, values)

    @property
    def _sees_all_it_may(self) -> bool:
        """Whether the session sees the organisations that a statement may see, and no others."""
        return self._visible is None or self._visible == self._connection.visible

    async def _execute(self, name: str, values: Values, *, binary: bool = False) -> psycopg.AsyncCursor[Row]:
        """Run the statement *name*; the organisations that it may see go before it, in the same round trip."""
        connection = self._connection
        with self._watch.statement(name):
            if self._sees_all_it_may:
                return await connection.execute(statement(name), values, binary=binary)
            connection.visible = None
            async with connection.pipeline():
                await connection.execute("select set_config(%s, %s, false)", [SETTING, self._visible])
                cursor = await connection.execute(statement(name), values, binary=binary)
            connection.visible = self._visible
            return cursor

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Send the statements of the block without waiting for each result.

        An error is raised at the end of the block.
        """
        self._watch.touch()
        async with self._connection.pipeline():
            yield
            self._watch.touch()

    async def copy(self, name: str, sent: bytes) -> None:
        """Run the COPY statement *name* with the data *sent*, in the format that the statement names."""
        self._watch.touch()
        async with self._connection.cursor() as cursor, cursor.copy(statement(name)) as copy:
            await copy.write(sent)

    async def copy_out(self, name: str, values: Mapping[str, object]) -> bytes:
        """Run the COPY statement *name* and return what it sends. The driver writes *values* into its text."""
        self._watch.touch()
        parts = []
        async with self._connection.cursor() as cursor, cursor.copy(statement(name), values) as copy:
            async for part in copy:
                self._watch.touch()
                parts.append(bytes(part))
        return b"".join(parts)
