"""Communications about targets."""

from collections.abc import Sequence

from milepost.model.communication import Communication
from milepost.store import codec
from milepost.store.database import Transaction


async def fresh_ids(transaction: Transaction, count: int) -> list[int]:
    """Return *count* ids for communications to be added, ascending."""
    rows = await transaction.rows("fresh_communication_ids", {"count": count}) if count else []
    return sorted(id_ for (id_,) in rows)


async def of_target(transaction: Transaction, org_id: int, target_id: int) -> list[Communication]:
    """Return the communications about a target, in the order of their ids."""
    rows = await transaction.rows("communications", {"org_id": org_id, "target_id": target_id})
    return [codec.decode_communication(body) for (body,) in rows]


async def keep(transaction: Transaction, org_id: int, kept: Sequence[Communication]) -> None:
    """Add communications, or change those with the same id; the organisation is locked."""
    values = {
        "orgs": [org_id] * len(kept),
        "targets": [one.target_id for one in kept],
        "ids": [one.id for one in kept],
        "bodies": [codec.encode_communication(one) for one in kept],
    }
    await transaction.run("keep_communications", values)
