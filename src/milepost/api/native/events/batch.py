"""From the body of a request to its incoming events.

A list is decoded as a whole: the headings of all events by one call, and the data of each kind of event by one more.
Whatever that refuses, the list or an event in it, is read event by event, so that problems are found by one code alone.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from milepost.api.native.events.body import PAYLOAD_BODIES, EventBody, Fields, has_lines, raw_events
from milepost.api.native.events.incoming_event import (
    EVENT_BYTES_MAX,
    ODD_AMOUNT,
    customer_of,
    instant_of,
    payload_of,
    place_of,
    read_event,
)
from milepost.model.event import EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.event_names import is_own_name
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.snapshot.current_request import current_request_id

EVENTS_MAX = 1_000

_headings_decoder = msgspec.json.Decoder(list[EventBody])
_kinds: tuple[type[Any], ...] = (*set(PAYLOAD_BODIES.values()), Fields)
_data_decoders = {kind: msgspec.json.Decoder(list[kind], float_hook=Decimal) for kind in _kinds}  # type: ignore[valid-type]


class RefusedEvent(NamedTuple):
    """An event that could not be read: its JSON as it came, and everything that is wrong with it."""

    raw: bytes
    problems: tuple[Problem, ...]


class Receipt(NamedTuple):
    """For whom a request's events are, the till that sent them, if a till did, and when (epoch microseconds)."""

    org_id: int
    till_id: int | None
    now: Micros


def read_events(
    body: bytes, content_type: str, receipt: Receipt, *, as_batch: bool = True
) -> Sequence[IncomingEvent | RefusedEvent]:
    """Return the events of *body*: one, a list, or one on each line. Raises Refused if it is none of these.

    Without *as_batch* each event is decoded by itself, which gives the same.
    """
    batch = _read_list(body, receipt) if as_batch and not has_lines(content_type) else None
    if batch is not None and all(event is not None for event in batch):
        return [event for event in batch if event is not None]
    raws = raw_events(body, content_type)
    _check_count(len(raws))
    if batch is None:
        return [_read_one(raw, receipt) for raw in raws]
    return [_read_one(raw, receipt) if event is None else event for raw, event in zip(raws, batch, strict=True)]


def _check_count(count: int) -> None:
    if count > EVENTS_MAX:
        raise Refused(Problem("", f"a request may hold {EVENTS_MAX} events; this one holds {count}"))


def _read_one(raw: bytes, receipt: Receipt) -> IncomingEvent | RefusedEvent:
    read = read_event(raw, org_id=receipt.org_id, till_id=receipt.till_id, now=receipt.now)
    return read if isinstance(read, IncomingEvent) else RefusedEvent(raw, read)


def _read_list(body: bytes, receipt: Receipt) -> list[IncomingEvent | None] | None:
    """Return the events of *body*, None for each with problems; None if they are to be read one by one."""
    # Larger bodies may hold an event that is too large, escapes may hide what an amount is called or U+0000.
    if body[:1] != b"[" or len(body) > EVENT_BYTES_MAX or b"\\u" in body or ODD_AMOUNT.search(body) is not None:
        return None
    try:
        headings = _headings_decoder.decode(body)
        data = _data_of(headings)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, ArithmeticError, RecursionError):
        return None
    _check_count(len(headings))
    request_id = current_request_id.get()
    return [_event(heading, data[_kind(heading)], receipt, request_id) for heading in headings]


def _kind(heading: EventBody) -> type[Any]:
    return PAYLOAD_BODIES.get(heading.type, Fields)


def _data_of(headings: Sequence[EventBody]) -> dict[type[Any], Iterator[Any]]:
    """Return the data of events by kind, each kind in the order of the events; raises what msgspec raises."""
    raws: dict[type[Any], list[Raw]] = {}
    for heading in headings:
        raws.setdefault(_kind(heading), []).append(heading.data)
    return {kind: iter(_data_decoders[kind].decode(b"[%b]" % b",".join(texts))) for kind, texts in raws.items()}


def _event(heading: EventBody, data: Iterator[Any], receipt: Receipt, request_id: str) -> IncomingEvent | None:
    """Return the incoming event of a heading with the next of *data*; None if it has problems."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    customer = customer_of(heading, problems)
    place = place_of(heading.store, heading.till, problems)
    occurred_at = instant_of("time", heading.time, problems)
    payload = payload_of(heading.type, next(data), problems, warnings)
    if problems or customer is None or is_own_name(heading.type):
        return None
    return IncomingEvent(
        org_id=receipt.org_id,
        customer=customer,
        key=EventKey(heading.source, heading.id),
        name=heading.type,
        occurred_at=occurred_at,
        received_at=receipt.now,
        place=place,
        till_id=receipt.till_id,
        payload=payload,
        warnings=tuple(warnings),
        request_id=request_id,
    )
