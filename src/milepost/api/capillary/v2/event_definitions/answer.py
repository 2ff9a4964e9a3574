"""Behavioural events as the vendor's v2 calls answer them: definitions, and a customer's events (facts 2.10, 3.8)."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from milepost.api.capillary.answer import AnswerStruct
from milepost.api.capillary.envelope import PaginationAnswer, WarningAnswer, warning_answers
from milepost.api.capillary.v2.transactions.answer import EffectAnswer, effect_answers
from milepost.model.definitions.event_definition import EventDefinition
from milepost.model.event import Activity
from milepost.service.customers.event_search import EventMatch
from milepost.service.definitions.event_definitions import event_id


class DefinedAnswer(AnswerStruct):
    """That a definition was stored or disabled."""

    warnings: list[WarningAnswer]
    errors: list[None]


class EventFieldAnswer(AnswerStruct):
    """An attribute of a behavioural event."""

    name: str
    type: str
    attributes: Mapping[str, Mapping[str, Any]]


class EventDefinitionAnswer(AnswerStruct):
    """A definition; `date` in epoch milliseconds is when it was last changed."""

    event_id: str
    event_name: str
    event_type: str
    actions: list[str]
    fields: list[EventFieldAnswer]
    org_id: int
    status: str
    test_status: str
    label: str
    description: str
    date: int
    standard_event: bool


class TransformerMappingsAnswer(AnswerStruct):
    """How events of other systems are translated; Milepost has no such translations."""

    default_transformer_mapping: None
    web_engage_transformer_mapping: None


class EventMetaAnswer(AnswerStruct):
    """The definition of a behavioural event."""

    click_events_meta: EventDefinitionAnswer
    transformer_mappings: TransformerMappingsAnswer
    warnings: list[WarningAnswer]


class EventEffectsAnswer(AnswerStruct):
    """What an event did to targets."""

    request_id: str
    side_effects: list[EffectAnswer]


class EventAnswer(AnswerStruct):
    """A behavioural event of a customer; instants in epoch milliseconds. One key is spelled as the vendor does."""

    org_id: int
    user_id: int
    date: int
    event_name: str
    event_id: str
    source: str
    till_code: str | None
    display_name: str
    additonal_attributes: dict[str, Any]
    click_event_side_effects: EventEffectsAnswer | UnsetType = UNSET


class EventPageAnswer(AnswerStruct):
    """A part of the events that a search finds; `offset` counts events."""

    pagination: PaginationAnswer
    data: list[EventAnswer]
    errors: list[None]
    warnings: list[WarningAnswer]


def defined_answer() -> DefinedAnswer:
    """Return that a definition was stored or disabled."""
    return DefinedAnswer(warnings=warning_answers(), errors=[])


def meta_answer(definition: EventDefinition, org_id: int) -> EventMetaAnswer:
    """Return a definition."""
    meta = EventDefinitionAnswer(
        event_id=definition.id,
        event_name=definition.name,
        event_type="USEREVENT",
        actions=list(definition.actions),
        fields=[
            EventFieldAnswer(name=field.name, type=field.type.value.upper(), attributes=field.attributes)
            for field in definition.fields
        ],
        org_id=org_id,
        status="PUBLISHED" if definition.is_active else "DISABLED",
        test_status="VERIFIED",
        label=definition.label,
        description=definition.description,
        date=definition.changed_at // 1000,
        standard_event=False,
    )
    mappings = TransformerMappingsAnswer(default_transformer_mapping=None, web_engage_transformer_mapping=None)
    return EventMetaAnswer(click_events_meta=meta, transformer_mappings=mappings, warnings=warning_answers())


def event_page(events: Iterable[EventAnswer], *, limit: int, offset: int, total: int) -> EventPageAnswer:
    """Return a part of the events that a search finds; *offset* counts events."""
    pagination = PaginationAnswer(limit=limit, offset=offset, total=total)
    return EventPageAnswer(pagination=pagination, data=list(events), errors=[], warnings=warning_answers())


def event_answer(found: EventMatch, org_id: int, customer_id: int, *, with_effects: bool) -> EventAnswer:
    """Return an event that a search finds; *with_effects* adds what it did to targets."""
    event = found.event
    attributes = dict(event.payload.attributes) if isinstance(event.payload, Activity) else {}
    effects: EventEffectsAnswer | UnsetType = UNSET
    if with_effects:
        effects = EventEffectsAnswer(request_id=event.key.id, side_effects=effect_answers(customer_id, found.effects))
    return EventAnswer(
        org_id=org_id,
        user_id=customer_id,
        date=event.received_at // 1000,
        event_name=event.name,
        event_id=event_id(org_id, event.name),
        source="INSTORE",
        till_code=found.till_code,
        display_name=event.name,
        additonal_attributes=attributes | {"isDuplicate": False, "eventDateTime": event.occurred_at // 1000},
        click_event_side_effects=effects,
    )
