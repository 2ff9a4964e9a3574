"""Whether the server can serve requests."""

from milepost.model.problem import Unavailable
from milepost.store import organisations
from milepost.store.database import Database, Transaction


async def is_ready(database: Database) -> bool:
    """Return whether the database answers."""

    async def work(transaction: Transaction) -> None:
        await organisations.versions(transaction, [])

    try:
        await database.attempt(work)
    except Unavailable:
        return False
    return True
