"""What a failure of the database means: send it again later, a mistake of ours, or bad data of one event."""

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from milepost.model.problem import DatabaseFault, Unavailable

AWAY = "the database cannot be reached"

LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    psycopg.errors.IdleInTransactionSessionTimeout,  # it ends the connection too, but is no OperationalError
)
"""Errors after which a connection may be gone. Not every OperationalError means that; its SQLSTATE says which do."""

RETRY_STATES = frozenset({"40001", "40P01", "XX000", "26000"})
"""SQLSTATEs after which a transaction is repeated; 26000 is a prepared statement that the server has forgotten."""

LOCK_NOT_AVAILABLE = "55P03"
INSUFFICIENT_PRIVILEGE = "42501"

_DATA_CLASSES = frozenset({"22", "23"})
"""Data exceptions and violated constraints: only these can be the fault of one event."""

_DEFECT_CLASSES = frozenset({"0A", "26", "34", "42"})
"""Statements that do not fit the schema: a table or a column is missing."""

_LOST_CLASSES = frozenset({"08", "57"})

_log = structlog.get_logger()


class Locked(Unavailable):
    """Another transaction holds a lock on a row for longer than the limit."""


def means_lost(error: Exception) -> bool:
    """Return whether *error* says that the connection is gone, so that others opened as early may be gone as well."""
    if isinstance(error, PoolTimeout):
        return False
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return isinstance(error, LOST) and (state is None or state[:2] in _LOST_CLASSES)


def meaning_of(error: Exception) -> Exception:
    """Return the exception to raise for *error* of the driver: *error* itself where it is the fault of the data."""
    if isinstance(error, PoolTimeout):
        return Unavailable(AWAY)
    if not isinstance(error, psycopg.Error):
        return error
    state = error.sqlstate
    if state is None or state[:2] in _LOST_CLASSES:
        return Unavailable(AWAY) if isinstance(error, LOST) else error
    if state == LOCK_NOT_AVAILABLE:
        return Locked("what the request is about is locked by another transaction; send it again")
    if state[:2] in _DATA_CLASSES:
        return error
    _log.warning("database_refuses", sqlstate=state, reason=error.diag.message_primary)
    if state[:2] in _DEFECT_CLASSES and state != INSUFFICIENT_PRIVILEGE:
        return DatabaseFault("the server could not do this, and its log says why; send it again")
    return Unavailable(f"the database does not do this now (SQLSTATE {state})")
