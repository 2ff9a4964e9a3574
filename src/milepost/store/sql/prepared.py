"""Runs a named statement that is prepared on its connection, without making a cursor for each run.

A cursor of the driver costs more Python than all else that a short statement needs (decision 0052). Parameters still
pass the driver's adapters, and the driver sends, waits, cancels and reads rows as always.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus

from milepost.store.sql.statements import statement

_PLACEHOLDER = re.compile(r"%\(([a-z_0-9]+)\)([sb])")
_FORMATS = {"s": PyFormat.AUTO, "b": PyFormat.BINARY}

Row = tuple[Any, ...]
Values = Mapping[str, object] | Sequence[object]


class NumberedStatement(NamedTuple):
    """A statement with numbered parameters, the names of its parameters in that order, and the format of each."""

    text: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]


@cache
def numbered(name: str) -> NumberedStatement:
    """Return the statement *name* as the server takes it: `$1` where the file says `%(org_id)s`."""
    formats: dict[str, PyFormat] = {}

    def number(found: re.Match[str]) -> str:
        formats.setdefault(found[1], _FORMATS[found[2]])
        return f"${[*formats].index(found[1]) + 1}"

    text = _PLACEHOLDER.sub(number, statement(name))
    return NumberedStatement(text.encode(), tuple(formats), tuple(formats.values()))


class PreparedStatements:
    """The statements that are prepared on one connection: by their names and the types of their parameters."""

    def __init__(self) -> None:
        """Know of none."""
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._seen: set[str] = set()
        self._count = 0

    def note(self, name: str) -> bool:
        """Note that the statement *name* runs; return whether it ran before, so that preparing it pays."""
        ran_before = name in self._seen
        self._seen.add(name)
        return ran_before

    def forget(self) -> None:
        """Know of no prepared statement any more: the server has forgotten them."""
        self._names.clear()

    async def rows(self, connection: "psycopg.AsyncConnection[Row]", name: str, values: Values) -> list[Row]:
        """Run the statement *name* on *connection* and return its rows, none for a statement without any.

        Raises InvalidSqlStatementName within a transaction, which is to be repeated, if the server has forgotten it.
        """
        try:
            return await self._rows(connection, name, values)
        except errors.InvalidSqlStatementName:
            self.forget()
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                raise
            return await self._rows(connection, name, values)

    async def _rows(self, connection: "psycopg.AsyncConnection[Row]", name: str, values: Values) -> list[Row]:
        known = numbered(name)
        given = [values[one] for one in known.names] if isinstance(values, Mapping) else values
        transformer = Transformer(connection)
        sent = transformer.dump_sequence(given, known.formats)
        types = transformer.types or ()
        pgconn = connection.pgconn
        async with connection.lock:
            prepared = self._names.get((name, types))
            if prepared is None:
                self._count += 1
                prepared = b"milepost_%d" % self._count
                pgconn.send_prepare(prepared, known.text, types)
                _checked(await connection.wait(generators.execute(pgconn)))
                self._names[name, types] = prepared
            pgconn.send_query_prepared(prepared, sent, transformer.formats, Format.BINARY)
            result = _checked(await connection.wait(generators.execute(pgconn)))
        if result.status != ExecStatus.TUPLES_OK:
            return []
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple)


def _checked(results: "Sequence[psycopg.pq.abc.PGresult]") -> "psycopg.pq.abc.PGresult":
    """Return the last of *results*. Raises the driver's error for a failure."""
    result = results[-1]
    if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        return result
    raise errors.error_from_result(result, encoding="utf-8")
