"""The definition of a behavioural event in the body of a request (facts 2.10, 3.8)."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta, Struct

from milepost.api.http.body import holds_nul
from milepost.model.definitions.event_definition import EventField, EventFieldType
from milepost.model.problem import Problem, Refused
from milepost.rules.event_names import WITH_FIELDS, is_own_name
from milepost.service.definitions.event_definitions import CODE_DEFINITION, DefinitionDraft

FIELDS_MAX = 20
FIELD_NAME_MAX = 50
EVENT_NAME_MAX = 100
TEXT_MAX = 255
VALUES_MAX = 500
ACTIONS = ("EMFConsumer", "EIConsumer")

_NAME = re.compile(r"\w+", re.ASCII)
_TYPES = {kind.value.lower(): kind for kind in EventFieldType}


class EventFieldBody(Struct):
    """An attribute of a behavioural event."""

    name: Annotated[str, Meta(min_length=1, max_length=FIELD_NAME_MAX)]
    type: str
    attributes: dict[str, dict[str, Any]] = {}


class EventDefinitionBody(Struct, rename="camel"):
    """The whole definition of a behavioural event."""

    event_name: Annotated[str, Meta(min_length=1, max_length=EVENT_NAME_MAX, pattern=r"^\w+$")]
    actions: Annotated[list[str], Meta(min_length=1)]
    fields: Annotated[list[EventFieldBody], Meta(max_length=FIELDS_MAX)] = []
    label: str | None = None
    description: str | None = None


def read_definition(value: Any) -> DefinitionDraft:
    """Return the definition that a body holds; raises Refused with all its problems."""
    if not isinstance(value, dict):
        raise Refused(_problem("", "the body must be a JSON object"))
    problems: list[Problem] = []
    name = value.get("eventName")
    if not isinstance(name, str) or len(name) > EVENT_NAME_MAX or not _NAME.fullmatch(name):
        problems.append(_problem("eventName", f"must have 1 to {EVENT_NAME_MAX} letters, digits or underscores"))
    elif name in WITH_FIELDS or is_own_name(name):
        problems.append(_problem("eventName", f'"{name}" is no behavioural event; its data have a shape of their own'))
    actions = value.get("actions")
    if not isinstance(actions, list) or not actions or any(action not in ACTIONS for action in actions):
        problems.append(_problem("actions", f"must be a list of {' and '.join(ACTIONS)}"))
    problems += [
        _problem(text, f"must be text of at most {TEXT_MAX} characters")
        for text in ("label", "description")
        if not isinstance(value.get(text), str | None) or len(value.get(text) or "") > TEXT_MAX
    ]
    fields = _fields(value.get("fields") or [], problems)
    if holds_nul(value):
        problems.append(_problem("", "a text holds the character U+0000"))
    if problems:
        raise Refused(*problems)
    return DefinitionDraft(
        name=str(name),
        actions=list(actions or ()),
        fields=fields,
        label=value.get("label"),
        description=value.get("description"),
    )


def _fields(value: Any, problems: list[Problem]) -> list[EventField]:
    if not isinstance(value, list) or len(value) > FIELDS_MAX:
        problems.append(_problem("fields", f"must be a list of at most {FIELDS_MAX} attributes"))
        return []
    fields: list[EventField] = []
    for place, item in enumerate(value):
        field = _field(f"fields[{place}]", item, problems)
        if field is not None and any(field.name == earlier.name for earlier in fields):
            problems.append(_problem(f"fields[{place}].name", f'"{field.name}" is the name of two attributes'))
        elif field is not None:
            fields.append(field)
    return fields


def _field(path: str, item: Any, problems: list[Problem]) -> EventField | None:
    body = item if isinstance(item, dict) else {}
    name, word, attributes = body.get("name"), body.get("type"), body.get("attributes") or {}
    kind = _TYPES.get(word.lower()) if isinstance(word, str) else None
    before = len(problems)
    if not isinstance(name, str) or not 0 < len(name) <= FIELD_NAME_MAX:
        problems.append(_problem(f"{path}.name", f"must be text of 1 to {FIELD_NAME_MAX} characters"))
    if kind is None:
        types = ", ".join(type_.value for type_ in EventFieldType)
        problems.append(_problem(f"{path}.type", f"must be one of {types}"))
    if not isinstance(attributes, dict) or not all(isinstance(attribute, dict) for attribute in attributes.values()):
        problems.append(_problem(f"{path}.attributes", "must be an object of objects with valueType and value"))
    if kind is EventFieldType.ENUM and isinstance(attributes, dict):
        problems += _value_problems(f"{path}.attributes.possibleValues", attributes.get("possibleValues"))
    if len(problems) > before or kind is None:
        return None
    return EventField(name=str(name), type=kind, attributes=attributes)


def _value_problems(path: str, listed: Any) -> Iterator[Problem]:
    """Yield what is wrong with the possible values of an ENUM; without any it may have every value (facts 8 #92)."""
    if not isinstance(listed, dict):
        return
    values = listed.get("values", listed.get("value"))
    if isinstance(values, str):
        return
    if not isinstance(values, list) or not 0 < len(values) <= VALUES_MAX:
        yield _problem(path, f"must have a list of 1 to {VALUES_MAX} values, as `values`")
    elif not all(isinstance(value, str | int | Decimal) for value in values):
        yield _problem(path, "must have values that are text, numbers, true or false")


def _problem(path: str, reason: str) -> Problem:
    return Problem(path, f"{path}: {reason}" if path else reason, CODE_DEFINITION)
