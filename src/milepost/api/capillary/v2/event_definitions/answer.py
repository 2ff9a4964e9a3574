"""Behavioural events as the vendor's v2 calls take and show them, and the shapes of that (facts 2.10, 3.8)."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.api.capillary.definitions.read_shapes import PaginationShape
from milepost.api.capillary.envelope import Json
from milepost.api.capillary.v2.transactions.answer import EffectShape, effects_shown
from milepost.model.behaviour import EventDefinition
from milepost.model.event import Activity
from milepost.service.customers.event_search import EventMatch
from milepost.service.definitions.event_definitions import event_id

ACTIONS = ("EMFConsumer", "EIConsumer")


class EventFieldBody(Struct):
    """An attribute of a behavioural event."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    type: str
    attributes: dict[str, dict[str, Any]] = {}


class DefinitionBody(Struct, rename="camel"):
    """A behavioural event, whole."""

    event_name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\w+$")]
    actions: Annotated[list[str], Meta(min_length=1)]
    fields: Annotated[list[EventFieldBody], Meta(max_length=20)] = []
    label: str | None = None
    description: str | None = None


class DoneShape(Struct, forbid_unknown_fields=True):
    """That it is done."""

    warnings: list[Any]
    errors: list[Any]


class ShownFieldShape(Struct, forbid_unknown_fields=True):
    """An attribute as a definition shows it."""

    name: str
    type: str
    attributes: dict[str, dict[str, Any]]


class DefinitionShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A definition; `date` in epoch milliseconds is when it was last changed."""

    event_id: str
    event_name: str
    event_type: str
    actions: list[str]
    fields: list[ShownFieldShape]
    org_id: int
    status: str
    test_status: str
    label: str
    description: str
    date: int
    standard_event: bool


class MappingsShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """How others' events are translated: there are no such translations here."""

    default_transformer_mapping: None
    web_engage_transformer_mapping: None


class MetaShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """The definition of a behavioural event."""

    click_events_meta: DefinitionShape
    transformer_mappings: MappingsShape
    warnings: list[Any]


class SideEffectsShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """What an event led to."""

    request_id: str
    side_effects: list[EffectShape]


class FoundShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A behavioural event that was found; instants in epoch milliseconds. One key is spelled as the vendor does."""

    org_id: int
    user_id: int
    date: int
    event_name: str
    event_id: str
    source: str
    till_code: str | None
    display_name: str
    additonal_attributes: dict[str, Any]
    click_event_side_effects: SideEffectsShape | UnsetType = UNSET


class FoundPageShape(Struct, forbid_unknown_fields=True):
    """A part of what was found; `offset` counts events."""

    pagination: PaginationShape
    data: list[FoundShape]
    errors: list[Any]
    warnings: list[Any]


def definition_shown(definition: EventDefinition, org_id: int) -> Json:
    """Return a definition."""
    meta = {
        "eventId": definition.id,
        "eventName": definition.name,
        "eventType": "USEREVENT",
        "actions": list(definition.actions),
        "fields": [
            {"name": one.name, "type": one.type.value.upper(), "attributes": dict(one.attributes)}
            for one in definition.fields
        ],
        "orgId": org_id,
        "status": "PUBLISHED" if definition.is_active else "DISABLED",
        "testStatus": "VERIFIED",
        "label": definition.label,
        "description": definition.description,
        "date": definition.changed_at // 1000,
        "standardEvent": False,
    }
    mappings = {"defaultTransformerMapping": None, "webEngageTransformerMapping": None}
    return {"clickEventsMeta": meta, "transformerMappings": mappings, "warnings": []}


def event_shown(found: EventMatch, org_id: int, customer_id: int, *, with_effects: bool) -> Json:
    """Return an event that was found."""
    event = found.event
    carried = dict(event.payload.attributes) if isinstance(event.payload, Activity) else {}
    shown: Json = {
        "orgId": org_id,
        "userId": customer_id,
        "date": event.received_at // 1000,
        "eventName": event.name,
        "eventId": event_id(org_id, event.name),
        "source": "INSTORE",
        "tillCode": found.till_code,
        "displayName": event.name,
        "additonalAttributes": carried | {"isDuplicate": False, "eventDateTime": event.occurred_at // 1000},
    }
    if with_effects:
        effects = effects_shown(customer_id, found.effects)
        shown["clickEventSideEffects"] = {"requestId": event.key.id, "sideEffects": effects}
    return shown
