"""The answer with everything that is stored of a customer, and the answer about an erasure."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from msgspec import UNSET, Raw, Struct

from milepost.api.native.answer import iso, iso_or_null
from milepost.model.amount import to_decimal
from milepost.model.lazy import unpack_rows
from milepost.model.standing import Entry, Progress
from milepost.model.time import Micros, Seconds, to_micros
from milepost.service.customers.erasure import ErasedPerson
from milepost.service.customers.record import CustomerRecord


class RecordedProgress(Struct, rename="camel"):
    """A customer's progress on a target in a period; `achievedAt` is null if it is not achieved."""

    target_id: int
    period_id: int
    value: Any
    enrolled_at: str | None
    updated_at: str | None
    achieved_at: str | None


class RecordedChange(Struct, rename="camel"):
    """How an event changed a customer's progress on a target in a period."""

    target_id: int
    period_id: int
    reason: str
    before: Any
    after: Any


class RecordedEvent(Struct, rename="camel"):
    """An event of a customer's log, as it is stored."""

    source: str
    id: str
    name: str
    occurred_at: str
    received_at: str
    place: dict[str, Any]
    profile: dict[str, Any] | None
    payload: dict[str, Any]
    changes: list[RecordedChange]


class RecordedGoal(Struct, rename="camel"):
    """A goal that the customer set."""

    id: int
    target_id: int
    name: str
    made_at: str
    cancelled_at: str | None


class RecordedMembership(Struct, rename="camel"):
    """An audience of which the customer is a member."""

    audience_id: int
    name: str
    entered_at: str


class RecordedMessage(Struct, rename="camel"):
    """A message about the customer for a webhook, while it is kept."""

    webhook_id: int
    message_id: str
    type: str
    state: str
    created_at: str
    message: Raw


class RecordedCustomer(Struct, rename="camel"):
    """Everything that is stored of one customer."""

    id: int
    profile: dict[str, Any]
    standing: dict[str, Any]
    progress: list[RecordedProgress]
    events: list[RecordedEvent]
    goals: list[RecordedGoal]
    audiences: list[RecordedMembership]
    messages: list[RecordedMessage]


class CustomerExport(Struct, forbid_unknown_fields=True, rename="camel"):
    """Everything that is stored of a person: the customer, then those who were merged into the customer."""

    exported_at: str
    customers: list[RecordedCustomer]


class ErasureItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """An erasure: `customerIds` are the customer, and those who had been merged into the customer."""

    customer_ids: list[int]
    events: int
    erased_at: str
    reference: str


def erasure_item(erased: ErasedPerson) -> ErasureItem:
    """Return what is answered about an erasure."""
    first = erased.erasures[0]
    return ErasureItem(
        customer_ids=[erasure.customer_id for erasure in erased.erasures],
        events=erased.events,
        erased_at=iso(first.erased_at),
        reference=first.reference,
    )


def customer_export(records: Sequence[CustomerRecord], at: Micros) -> CustomerExport:
    """Return *records* of one person, as of an instant (epoch microseconds)."""
    return CustomerExport(exported_at=iso(at), customers=[_customer(record) for record in records])


def _customer(record: CustomerRecord) -> RecordedCustomer:
    progress = [*record.history, *unpack_rows(record.standing.progress).values()]
    standing = _named(record.standing)
    del standing["progress"]
    return RecordedCustomer(
        id=record.customer.id,
        profile=_named(record.customer),
        standing=standing,
        progress=[_progress(row) for row in sorted(progress)],
        events=_events(record),
        goals=[
            RecordedGoal(
                id=goal.id,
                target_id=goal.target_id,
                name=goal.name,
                made_at=iso(goal.made_at),
                cancelled_at=iso_or_null(goal.cancelled_at),
            )
            for goal in record.goals
        ],
        audiences=[RecordedMembership(one.audience_id, one.name, iso(one.entered_at)) for one in record.memberships],
        messages=_messages(record),
    )


def _events(record: CustomerRecord) -> list[RecordedEvent]:
    found = []
    for row in record.log:
        event = row.event()
        found.append(
            RecordedEvent(
                source=row.key.source,
                id=row.key.id,
                name=row.name,
                occurred_at=iso(row.occurred_at),
                received_at=iso(row.received_at),
                place=_named(event.place),
                profile=None if event.member is None else _named(event.member),
                payload=_named(event.payload),
                changes=[_change(entry) for entry in row.entries],
            )
        )
    return found


def _messages(record: CustomerRecord) -> list[RecordedMessage]:
    return [
        RecordedMessage(
            webhook_id=one.webhook_id,
            message_id=one.message_id,
            type=one.type,
            state=one.state,
            created_at=iso(one.created_at),
            message=Raw(one.body.encode()),
        )
        for one in record.messages
    ]


def _progress(row: Progress) -> RecordedProgress:
    return RecordedProgress(
        target_id=row.target_id,
        period_id=row.period_id,
        value=to_decimal(row.value),
        enrolled_at=_time(row.enrolled_at),
        updated_at=_time(row.updated_at),
        achieved_at=_time(row.achieved_at) if row.is_achieved else None,
    )


def _change(entry: Entry) -> RecordedChange:
    return RecordedChange(
        target_id=entry.target_id,
        period_id=entry.period_id,
        reason=entry.reason.name,
        before=to_decimal(entry.before),
        after=to_decimal(entry.after),
    )


def _time(stamp: Seconds) -> str | None:
    return iso(to_micros(stamp)) if stamp else None


def _named(value: object) -> dict[str, Any]:
    """Return the fields of a stored value by their names; those that are absent are left out."""
    if isinstance(value, Struct):
        names: Sequence[str] = value.__struct_fields__
    elif is_dataclass(value):
        names = [one.name for one in fields(value)]
    else:
        names = getattr(value, "_fields", ())
    found = {_camel(name): getattr(value, name) for name in names}
    return {name: _plain(field) for name, field in found.items() if field is not UNSET}


def _plain(value: object) -> Any:
    """Return a stored value made of dicts, lists, texts and numbers."""
    if isinstance(value, Enum):
        return value.name if isinstance(value, int) else value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(field) for key, field in value.items()}
    if isinstance(value, Struct) or is_dataclass(value) or hasattr(value, "_fields"):
        return _named(value)
    if isinstance(value, (tuple, list, frozenset, set)):
        return [_plain(item) for item in value]
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
