"""The table of behavioural events that organisations have defined."""

from decimal import Decimal

import msgspec

from milepost.model.definitions.event_definition import EventDefinition
from milepost.store.database import Transaction

_text = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_definitions = msgspec.json.Decoder(EventDefinition, float_hook=Decimal)


async def by_name(transaction: Transaction, org_id: int) -> dict[str, EventDefinition]:
    """Return the event definitions of an organisation by name."""
    rows = await transaction.rows("event_definitions", {"org_id": org_id})
    return {definition.name: definition for definition in (_definitions.decode(body) for (body,) in rows)}


async def save(transaction: Transaction, org_id: int, definition: EventDefinition) -> None:
    """Add an event definition, or replace the definition with the same name."""
    values = {
        "org_id": org_id,
        "name": definition.name,
        "event_id": definition.id,
        "is_active": definition.is_active,
        "body": _text.encode(definition).decode(),
        "now": definition.changed_at,
    }
    await transaction.run("save_event_definition", values)
