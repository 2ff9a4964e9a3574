"""What a PostgreSQL server must be like before it is trusted: its version, and that it loses no commit."""

import psycopg

from milepost.model.problem import Unfit
from milepost.store.sql.prepared import Row
from milepost.store.sql.statements import statement

VERSION_MIN = 150000
"""The oldest supported server, by PostgreSQL's own version number."""

_SAFE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class UnsafeServer(Unfit):
    """The PostgreSQL server is too old, or its settings may lose confirmed transactions."""


async def check_server(connection: psycopg.AsyncConnection[Row], *, unsafe_durability: bool) -> None:
    """Raise UnsafeServer for a server that is too old, or without *unsafe_durability* may lose commits."""
    version = connection.info.server_version
    if version < VERSION_MIN:
        message = f"PostgreSQL {version // 10000} is too old; Milepost needs version {VERSION_MIN // 10000} or newer."
        raise UnsafeServer(message)
    cursor = await connection.execute(statement("durability"))
    off = [name for name, value in await cursor.fetchall() if name in _SAFE_SETTINGS and value == "off"]
    if off and not unsafe_durability:
        message = (
            f"The PostgreSQL server runs with {', '.join(off)} off and may lose events it has confirmed. "
            "Turn it on, or set MILEPOST_UNSAFE_DURABILITY=1 to accept that."
        )
        raise UnsafeServer(message)
