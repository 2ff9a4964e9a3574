"""Finds the organisation of a webhook."""

from milepost.store import organisations
from milepost.store.database import Database
from milepost.store.sql.visibility import ALL


async def organisation_of_webhook(database: Database, webhook_id: str) -> int | None:
    """Return the id of the organisation with this secret webhook address; None if there is none."""
    if "\0" in webhook_id:
        return None
    async with database.reading(ALL) as reading:
        return await organisations.id_by_webhook(reading, webhook_id)
