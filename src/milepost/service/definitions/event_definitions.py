"""Defines behavioural events, and checks received events against their definitions (facts 2.11, 4.6, 6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import md5

from milepost.model.amount import decimal_of
from milepost.model.definitions.event_definition import EventDefinition, EventField, EventFieldType, scalar_text
from milepost.model.event import Scalar
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.event_names import BUILT_IN
from milepost.service.runtime.runtime import Runtime
from milepost.store import event_definitions, organisations
from milepost.store.database import Transaction

ACTIVE_MAX = 10
"""Active definitions that an organisation may have (facts 2.11)."""

VALUES_SHOWN_MAX = 20
"""Possible values that the refusal of another value lists."""

CODE_DEFINITION = 7300
CODE_RECEIVED = 7311
"""The vendor reserves 7300 to 7311 for behavioural events and does not say what each one means (facts 6)."""


BuildDefinition = Callable[[Mapping[str, EventDefinition]], EventDefinition]
"""Builds the definition that is to be stored, given the known ones by name. Raises Refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionDraft:
    """A behavioural event as a request defines it; without a label or description a known one is kept."""

    name: str
    actions: Sequence[str]
    fields: Sequence[EventField]
    label: str | None = None
    description: str | None = None


async def define_event(runtime: Runtime, org_id: int, draft: DefinitionDraft) -> None:
    """Define a behavioural event. Raises Refused if the name is taken, or if there are ACTIVE_MAX active events."""

    def build(definitions: Mapping[str, EventDefinition]) -> EventDefinition:
        if draft.name in BUILT_IN:
            raise Refused(_problem("eventName", f'"{draft.name}" is an event of Milepost itself'))
        if draft.name in definitions:
            raise Refused(_problem("eventName", f'an event called "{draft.name}" is defined already'))
        _check_active_max(definitions)
        return _definition(org_id, draft, None, runtime.clock())

    await _change(runtime, org_id, build)


async def redefine_event(runtime: Runtime, org_id: int, draft: DefinitionDraft) -> None:
    """Replace the definition of a known behavioural event and make it active. Raises Refused."""

    def build(definitions: Mapping[str, EventDefinition]) -> EventDefinition:
        before = _existing(definitions, draft.name)
        if not before.is_active:
            _check_active_max(definitions)
        return _definition(org_id, draft, before, runtime.clock())

    await _change(runtime, org_id, build)


async def disable_event(runtime: Runtime, org_id: int, name: str) -> None:
    """Disable a behavioural event, so that it is no longer received. Raises Refused."""

    def build(definitions: Mapping[str, EventDefinition]) -> EventDefinition:
        return replace(_existing(definitions, name), is_active=False, changed_at=runtime.clock())

    await _change(runtime, org_id, build)


async def defined_event(runtime: Runtime, org_id: int, name: str) -> EventDefinition:
    """Return the definition called *name*. Raises Refused if there is none."""
    return _existing(await defined_events(runtime, org_id), name)


async def defined_events(runtime: Runtime, org_id: int) -> dict[str, EventDefinition]:
    """Return the definitions of an organisation, by name."""
    async with runtime.database.reading() as reading:
        return await event_definitions.by_name(reading, org_id)


async def _change(runtime: Runtime, org_id: int, build: BuildDefinition) -> None:
    async def work(transaction: Transaction) -> None:
        await organisations.lock(transaction, org_id)
        await event_definitions.save(transaction, org_id, build(await event_definitions.by_name(transaction, org_id)))

    await runtime.database.attempt(work)


def received_problems(
    definitions: Mapping[str, EventDefinition], name: str, attributes: Mapping[str, Scalar]
) -> list[Problem]:
    """Return the problems of a received event by its definition; without any definitions there are none."""
    if not definitions:
        return []
    definition = definitions.get(name)
    if definition is None or not definition.is_active:
        return [Problem("event_name", f'"{name}" is not the name of an active event', CODE_RECEIVED)]
    problems: list[Problem] = []
    for field in definition.fields:
        value = attributes.get(field.name)
        if value is None or value == "":
            if field.is_required:
                problems.append(Problem(field.name, f"{field.name} is required", CODE_RECEIVED))
        elif field.type is EventFieldType.DOUBLE and not _is_number(value):
            problems.append(Problem(field.name, f"{field.name} must be a number", CODE_RECEIVED))
        elif field.possible_values and scalar_text(value) not in field.possible_values:
            listed = ", ".join(sorted(field.possible_values)[:VALUES_SHOWN_MAX])
            problems.append(Problem(field.name, f"{field.name} must be one of {listed}", CODE_RECEIVED))
    return problems


def unique_id(definition: EventDefinition | None, attributes: Mapping[str, Scalar]) -> str | None:
    """Return a key that is equal for equal events of a customer; None if no field is defined as a key (facts 4.6)."""
    keys = [field.name for field in definition.fields if field.is_key] if definition is not None else []
    if definition is None or not keys:
        return None
    key_values = "\0".join(f"{name}={attributes.get(name)}" for name in sorted(keys))
    return md5(f"{definition.name}\0{key_values}".encode(), usedforsecurity=False).hexdigest()


def _is_number(value: Scalar) -> bool:
    return decimal_of(value) is not None


def _definition(org_id: int, draft: DefinitionDraft, before: EventDefinition | None, now: Micros) -> EventDefinition:
    return EventDefinition(
        id=event_id(org_id, draft.name),
        name=draft.name,
        actions=tuple(draft.actions),
        fields=tuple(draft.fields),
        label=draft.label or (draft.name if before is None else before.label),
        description=draft.description or ("" if before is None else before.description),
        is_active=True,
        changed_at=now,
    )


def event_id(org_id: int, name: str) -> str:
    """Return the id of a behavioural event, which is computed from its name and therefore not stored."""
    return md5(f"{org_id}:{name}".encode(), usedforsecurity=False).hexdigest()


def _existing(definitions: Mapping[str, EventDefinition], name: str) -> EventDefinition:
    if name not in definitions:
        raise Refused(_problem("eventName", f'no event is called "{name}"'))
    return definitions[name]


def _check_active_max(definitions: Mapping[str, EventDefinition]) -> None:
    if sum(definition.is_active for definition in definitions.values()) >= ACTIVE_MAX:
        raise Refused(_problem("eventName", f"an organisation may have {ACTIVE_MAX} active events; disable one first"))


def _problem(path: str, reason: str) -> Problem:
    return Problem(path, reason, CODE_DEFINITION)
