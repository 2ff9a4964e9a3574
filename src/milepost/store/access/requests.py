"""The table of answered requests."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.time import Micros
from milepost.store.database import Transaction

LATEST = 2**63 - 1
"""Stands for a number above that of every request."""


class StoredRequest(NamedTuple):
    """An answered request; `answered_at` is in epoch microseconds. The number of a request to be stored is 0."""

    number: int
    answered_at: Micros
    org_id: int | None
    login: str
    method: str
    route: str
    status: int
    milliseconds: int
    events: int
    request_id: str
    address: str


async def add(transaction: Transaction, answered: Sequence[StoredRequest]) -> None:
    """Add answered requests."""
    columns = ("answered", "orgs", "logins", "methods", "routes", "statuses", "milliseconds", "events", "ids")
    values = [list(column) for column in zip(*answered, strict=True)][1:]
    await transaction.run("add_requests", dict(zip((*columns, "addresses"), values, strict=True)))


async def delete_before(transaction: Transaction, before: Micros) -> None:
    """Delete the requests that were answered before an instant (epoch microseconds)."""
    await transaction.run("delete_requests", {"before": before})


async def of_organisation(
    transaction: Transaction, org_id: int, *, before: int, status: int, limit: int
) -> list[StoredRequest]:
    """Return requests of an organisation, latest first, with a number below *before* and a status of at least that."""
    values = {"org_id": org_id, "before": before, "status": status, "limit": limit}
    return [StoredRequest(*row) for row in await transaction.rows("requests", values)]
