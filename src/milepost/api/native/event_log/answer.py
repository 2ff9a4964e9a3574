"""What is answered about an event that was received."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Struct

from milepost.api.http.body import Number, number
from milepost.api.native.answer import iso
from milepost.api.native.events.answer import EntryItem, entry_item
from milepost.api.native.webhooks.answer import DeliveryItem, delivery_item
from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import ReverseEvent
from milepost.model.event import Activity, Award, Bill, Event, EventKey, Line, Return
from milepost.service.delivery.event_detail import EventDetail, ListedEvent
from milepost.service.delivery.payloads.happenings import Happening
from milepost.service.delivery.recent_events import RecentEvent


class EventPlaceItem(Struct, rename="camel"):
    """Where the event happened, as it was known when the event was judged."""

    till_id: int | None
    store_id: int | None
    store: str | None
    zone_id: int | None
    concept_id: int | None


class LoggedEventItem(Struct, rename="camel"):
    """An event as it was received: `data` is what it carried, `sequence` its place among the customer's events.

    `version` is the organisation's version whose definitions and settings judged it.
    """

    source: str
    id: str
    type: str
    time: str
    received_at: str
    sequence: int
    version: int
    place: EventPlaceItem
    data: dict[str, Any]
    entries: list[EntryItem]


class EventKeyItem(Struct, rename="camel"):
    """The source and the id of an event."""

    source: str
    id: str


class EventOutcomeItem(Struct, rename="camel"):
    """Something that an event led to, by the type of its message."""

    type: str
    group_id: int
    target_id: int | None
    period_id: int | None
    at: str
    value: Number


class ReceivedEventItem(Struct, rename="camel"):
    """An event with what it led to.

    `profile` are the facts of the customer that rules asked for when it was judged. `correctedBy` are the returns and
    reversals that take from it, `corrects` is the event that it takes from.
    """

    customer_id: int
    event: LoggedEventItem
    profile: dict[str, Any] | None
    outcomes: list[EventOutcomeItem]
    corrected_by: list[EventKeyItem]
    corrects: EventKeyItem | None
    deliveries: list[DeliveryItem]


class RecentEventItem(Struct, rename="camel"):
    """An event that came in lately, with the customer whom it is for."""

    customer_id: int
    event: LoggedEventItem


def recent_item(recent: RecentEvent) -> RecentEventItem:
    """Return an event that came in lately."""
    return RecentEventItem(recent.customer_id, logged_item(recent.listed))


def logged_item(listed: ListedEvent) -> LoggedEventItem:
    """Return an event of the log."""
    event, place = listed.event, listed.event.place
    return LoggedEventItem(
        source=event.key.source,
        id=event.key.id,
        type=event.name,
        time=iso(event.dated_at),
        received_at=iso(event.received_at),
        sequence=listed.seq,
        version=listed.version,
        place=EventPlaceItem(
            till_id=place.till_id,
            store_id=place.store_id,
            store=place.store_code or None,
            zone_id=place.zone_id,
            concept_id=place.concept_id,
        ),
        data=_data(event),
        entries=[entry_item(entry) for entry in listed.entries],
    )


def event_item(detail: EventDetail) -> ReceivedEventItem:
    """Return an event with what it led to."""
    member = detail.listed.event.member
    return ReceivedEventItem(
        customer_id=detail.customer_id,
        event=logged_item(detail.listed),
        profile=None if member is None else {**member._asdict(), "registered_at": iso(member.registered_at)},
        outcomes=[_outcome(one) for one in detail.happenings],
        corrected_by=_keys(detail.corrected_by),
        corrects=None if detail.corrects is None else _keys([detail.corrects])[0],
        deliveries=[delivery_item(one) for one in detail.deliveries],
    )


def _keys(keys: Iterable[EventKey]) -> list[EventKeyItem]:
    return [EventKeyItem(key.source, key.id) for key in keys]


def _outcome(one: Happening) -> EventOutcomeItem:
    return EventOutcomeItem(
        type=one.type.value,
        group_id=one.group_id,
        target_id=one.target_id if one.target_id > 0 else None,
        period_id=one.period_id or None,
        at=iso(one.at),
        value=number(one.value),
    )


def _data(event: Event) -> dict[str, Any]:
    """Return what an event carried, in the names in which it is sent; of commands only an adjustment shows any."""
    match event.payload:
        case Bill() as bill:
            found: dict[str, Any] = {
                "number": bill.number,
                "netAmount": bill.net,
                "grossAmount": bill.gross,
                "discount": bill.discount,
                "note": bill.note,
                "currency": bill.currency,
                "decision": bill.decision,
                "extendedFields": bill.extended_fields,
                "lines": [_line(line) for line in bill.lines],
            }
        case Return() as returned:
            found = {
                "returnType": returned.kind.value,
                "original": returned.original,
                "amount": returned.amount,
                "extendedFields": returned.extended_fields,
                "lines": [{"code": one.code, "quantity": one.quantity, "netAmount": one.net} for one in returned.lines],
            }
        case Award() as award:
            found = {
                "amount": award.amount,
                "programId": award.program_id,
                "currency": award.currency,
                "kind": award.kind.value,
                "decision": award.decision,
            }
        case Activity(attributes=attributes):
            return dict(attributes)
        case ReverseEvent(original=original):
            found = {"original": original}
        case AdjustProgress() as adjusting:
            found = _adjustment(adjusting)
        case _:
            return {}
    return {name: value for name, value in found.items() if value is not None and value is not UNSET and value != ""}


def _adjustment(adjusting: AdjustProgress) -> dict[str, Any]:
    return {
        "targetId": adjusting.target_id,
        "periodId": adjusting.period_id,
        "amount": adjusting.amount,
        "reason": adjusting.note,
        "author": adjusting.author,
        "reverses": adjusting.reverses,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "description": line.description,
        "quantity": line.quantity,
        "rate": line.rate,
        "netAmount": line.net,
        "grossAmount": line.gross,
        "discount": line.discount,
        "attributes": line.attributes,
        "extendedFields": line.extended_fields,
    }
