"""The communications table."""

from collections.abc import Sequence

from milepost.model.definitions.communication import Communication
from milepost.store import codec
from milepost.store.database import Transaction


async def fresh_ids(transaction: Transaction, count: int) -> list[int]:
    """Return *count* new ids for communications, ascending."""
    rows = await transaction.rows("fresh_communication_ids", {"count": count}) if count else []
    return sorted(id_ for (id_,) in rows)


async def of_target(transaction: Transaction, org_id: int, target_id: int) -> list[Communication]:
    """Return the communications about a target in the order of ids."""
    rows = await transaction.rows("communications", {"org_id": org_id, "target_id": target_id})
    return [codec.decode_communication(body) for (body,) in rows]


async def save(transaction: Transaction, org_id: int, changed: Sequence[Communication]) -> None:
    """Add communications, or replace those with the same id. The caller has locked the organisation."""
    values = {
        "orgs": [org_id] * len(changed),
        "targets": [communication.target_id for communication in changed],
        "ids": [communication.id for communication in changed],
        "bodies": [codec.encode_communication(communication) for communication in changed],
    }
    await transaction.run("save_communications", values)
