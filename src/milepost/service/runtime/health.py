"""Whether the server can serve requests."""

import structlog

from milepost.model.problem import Unavailable
from milepost.store import organisations
from milepost.store.database import Database

_log = structlog.get_logger()


async def is_ready(database: Database) -> bool:
    """Return whether the database answers, and each of its tables can be read and written (facts 8 #96)."""
    try:
        lacking = await database.attempt(organisations.unusable_tables)
    except Unavailable:
        return False
    except Exception:  # noqa: BLE001 - whatever is wrong with the database, requests fail as well
        _log.exception("not_ready")
        return False
    if lacking:
        _log.error("not_ready", unusable_tables=lacking)
    return not lacking
