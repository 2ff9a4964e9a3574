"""The events behind a customer's progress, as they are answered (facts 2.10, 3.6)."""

from msgspec import field

from milepost.api.capillary.answer import AnswerStruct, thousandths
from milepost.api.capillary.envelope import PaginationAnswer, WarningAnswer, warning_answers
from milepost.api.http.body import Number
from milepost.model.event import BILL, ENROL, RETURN, UNENROL
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar
from milepost.service.customers.tracked_events import TrackedEvent, TrackedPage

_WORDS = {BILL: "ADD_TRANSACTION", RETURN: "RETURN_BILL", ENROL: "ENROL", UNENROL: "UNENROL"}
OTHER = "GENERIC_EVENT"


class TrackedEventAnswer(AnswerStruct):
    """An event that concerned a progress."""

    event_log_id: int
    event_name: str
    customer_id: int
    event_display_name: str | None
    unique_id: str
    event_date: str
    event_date_iso: str = field(name="eventDateISO")
    event_processed_date: str
    event_processed_date_iso: str = field(name="eventProcessedDateISO")
    period_id: int
    target_group_id: int
    target_rule_id: int
    target_value: Number


class TrackedPageAnswer(AnswerStruct):
    """A page of events."""

    pagination: PaginationAnswer
    data: list[TrackedEventAnswer]
    errors: list[None]
    warnings: list[WarningAnswer]


def tracked_page(page: TrackedPage, target_id: int, *, limit: int, offset: int) -> TrackedPageAnswer:
    """Return a page of the events that concerned a target; *offset* is the number of the page, from 0."""
    return TrackedPageAnswer(
        pagination=PaginationAnswer(limit=limit, offset=offset, total=page.total),
        data=[_tracked_event(tracked, target_id, page) for tracked in page.events],
        errors=[],
        warnings=warning_answers(),
    )


def _tracked_event(tracked: TrackedEvent, target_id: int, page: TrackedPage) -> TrackedEventAnswer:
    event, calendar = tracked.event, page.calendar
    word = _WORDS.get(event.name, OTHER)
    return TrackedEventAnswer(
        event_log_id=event.key.log_id,
        event_name=word,
        customer_id=page.customer_id,
        event_display_name=event.name if word == OTHER else None,
        unique_id=event.key.id if word == OTHER else str(event.key.log_id),
        event_date=_spaced(calendar, event.occurred_at),
        event_date_iso=calendar.iso(event.occurred_at),
        event_processed_date=_spaced(calendar, event.received_at),
        event_processed_date_iso=calendar.iso(event.received_at),
        period_id=tracked.period_id,
        target_group_id=page.group_id,
        target_rule_id=target_id,
        target_value=thousandths(tracked.worth),
    )


def _spaced(calendar: Calendar, instant: Micros) -> str:
    """Return the local time as `2025-01-09 12:00:12.0` (facts 2.8)."""
    return f"{calendar.iso(instant)[: len('2025-01-09T12:00:12')].replace('T', ' ')}.0"
