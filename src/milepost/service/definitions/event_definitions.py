"""Defining behavioural events, and holding events that come in to their definitions (facts 2.11, 4.6, 6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import md5

from milepost.model.behaviour import EventDefinition, EventField, EventFieldType
from milepost.model.event import Scalar
from milepost.model.problem import Problem, Refused
from milepost.service.runtime.runtime import Runtime
from milepost.store import event_definitions, organisations
from milepost.store.database import Transaction

ACTIVE_MAX = 10
"""Active definitions of an organisation (facts 2.11)."""

CODE_DEFINITION = 7300
CODE_RECEIVED = 7311
"""The vendor keeps 7300 to 7311 for such events; which is which it does not say (facts 6)."""


Made = Callable[[Mapping[str, EventDefinition]], EventDefinition]
"""Gives what is to be kept, from what is known; raises Refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionDraft:
    """A behavioural event as a request defines it."""

    name: str
    actions: Sequence[str]
    fields: Sequence[EventField]
    label: str | None = None
    description: str | None = None


async def define_event(runtime: Runtime, org_id: int, draft: DefinitionDraft) -> None:
    """Define a behavioural event; raises Refused if there is one of this name or as many as may be."""

    def made(known: Mapping[str, EventDefinition]) -> EventDefinition:
        if draft.name in known:
            raise Refused(_problem("eventName", f'an event called "{draft.name}" is defined already'))
        _room(known)
        return _definition(org_id, draft, None, runtime.clock())

    await _change(runtime, org_id, made)


async def redefine_event(runtime: Runtime, org_id: int, draft: DefinitionDraft) -> None:
    """Define a known behavioural event anew, active again if it was not; raises Refused."""

    def made(known: Mapping[str, EventDefinition]) -> EventDefinition:
        before = _known(known, draft.name)
        if not before.is_active:
            _room(known)
        return _definition(org_id, draft, before, runtime.clock())

    await _change(runtime, org_id, made)


async def disable_event(runtime: Runtime, org_id: int, name: str) -> None:
    """Let a behavioural event come in no more; raises Refused."""

    def made(known: Mapping[str, EventDefinition]) -> EventDefinition:
        return replace(_known(known, name), is_active=False, changed_at=runtime.clock())

    await _change(runtime, org_id, made)


async def defined_event(runtime: Runtime, org_id: int, name: str) -> EventDefinition:
    """Return a definition; raises Refused."""
    return _known(await defined_events(runtime, org_id), name)


async def defined_events(runtime: Runtime, org_id: int) -> dict[str, EventDefinition]:
    """Return the definitions of an organisation by name."""
    async with runtime.database.reading() as reading:
        return await event_definitions.by_name(reading, org_id)


async def _change(runtime: Runtime, org_id: int, made: Made) -> None:
    async def work(transaction: Transaction) -> None:
        await organisations.lock(transaction, org_id)
        await event_definitions.save(transaction, org_id, made(await event_definitions.by_name(transaction, org_id)))

    await runtime.database.attempt(work)


def received_problems(
    known: Mapping[str, EventDefinition], name: str, attributes: Mapping[str, Scalar]
) -> list[Problem]:
    """Find what keeps an event that came in from being what the brand defined; who defines nothing takes everything."""
    if not known:
        return []
    definition = known.get(name)
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
    return problems


def unique_id(definition: EventDefinition | None, attributes: Mapping[str, Scalar]) -> str | None:
    """Return what makes an event of a customer the same as another, if the brand says so (facts 4.6)."""
    keys = [field.name for field in definition.fields if field.is_key] if definition is not None else []
    if definition is None or not keys:
        return None
    told = "\0".join(f"{name}={attributes.get(name)}" for name in sorted(keys))
    return md5(f"{definition.name}\0{told}".encode(), usedforsecurity=False).hexdigest()


def _is_number(value: Scalar) -> bool:
    if isinstance(value, bool):
        return False
    text = str(value)
    return text.lstrip("-").replace(".", "", 1).isdigit() and text.isascii()


def _definition(org_id: int, draft: DefinitionDraft, before: EventDefinition | None, now: int) -> EventDefinition:
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
    """Return the id of a behavioural event: made from its name, so that it needs no keeping."""
    return md5(f"{org_id}:{name}".encode(), usedforsecurity=False).hexdigest()


def _known(known: Mapping[str, EventDefinition], name: str) -> EventDefinition:
    if name not in known:
        raise Refused(_problem("eventName", f'no event is called "{name}"'))
    return known[name]


def _room(known: Mapping[str, EventDefinition]) -> None:
    if sum(definition.is_active for definition in known.values()) >= ACTIVE_MAX:
        raise Refused(_problem("eventName", f"an organisation may have {ACTIVE_MAX} active events; disable one first"))


def _problem(path: str, reason: str) -> Problem:
    return Problem(path, reason, CODE_DEFINITION)
