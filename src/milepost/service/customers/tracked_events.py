"""Lists the events from which a customer's progress on a target came, by the log's entries (facts 3.6, 4.15)."""

from decimal import Decimal
from typing import NamedTuple

from milepost.model.amount import to_units
from milepost.model.event import ABSORB_CUSTOMER, COMMANDS, ENROL, UNENROL, Award, Bill, Event, Return, ReturnKind
from milepost.model.problem import Problem, Refused
from milepost.model.standing import NOTES, Entry, Reason
from milepost.rules.calendar import Calendar
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.definitions.participation import UNKNOWN_PERIOD, UNKNOWN_TARGET, UNKNOWN_USER, latest
from milepost.service.runtime.runtime import Runtime
from milepost.store import customers
from milepost.store.log import LoggedRow, key_of_customer

NO_RECORD = Problem("targetRuleId", "No record found in user target for the given user and target", 310149)
UNTRACKED = frozenset({Reason.TOO_LATE, Reason.RETURN_AFTER_END, Reason.DECIDED, Reason.GRANTED, Reason.VOIDED})
TRACKED = frozenset(Reason) - UNTRACKED - NOTES
"""The reasons of entries that tie an event to a progress."""

ONE_UNIT = to_units(Decimal(1))


class TrackedEvent(NamedTuple):
    """An event that concerned one progress.

    `worth` is in units (ten-thousandths): the net amount of a bill, the amount of an award, or one for other events.
    """

    event: Event
    period_id: int
    worth: int


class TrackedPage(NamedTuple):
    """A page of a customer's events for a target; `total` counts all of them."""

    customer_id: int
    group_id: int
    events: list[TrackedEvent]
    total: int
    calendar: Calendar


async def tracked_events(
    runtime: Runtime, org_id: int, customer_id: int, target_id: int, period_id: int | None, page: tuple[int, int]
) -> TrackedPage:
    """Return a *page* (number and size) of the events that concerned a target, earliest first. Raises Refused."""
    view = await view_customer(runtime.database, runtime.snapshots, org_id, customer_id)
    if view is None:
        raise Refused(UNKNOWN_USER)
    group_id = _group_of(view, target_id, period_id)
    async with runtime.database.reading() as reading:
        log = await customers.full_log(reading, key_of_customer(org_id, view.customer.id))
    tracked = [
        (row, period, entries)
        for _, row in log
        if row.name in {ENROL, UNENROL, ABSORB_CUSTOMER} or row.name not in COMMANDS
        for period, entries in _by_period(row, target_id).items()
        if period_id in {None, period}
    ]
    tracked.sort(key=lambda event: (event[0].occurred_at, event[0].seq))
    number, size = page
    shown = [_tracked(*event) for event in tracked[number * size : (number + 1) * size]]
    return TrackedPage(
        customer_id=view.customer.id,
        group_id=group_id,
        events=shown,
        total=len(tracked),
        calendar=view.snapshot.rule_index.calendar,
    )


def _group_of(view: CustomerView, target_id: int, period_id: int | None) -> int:
    """Return the id of the target's group. Raises Refused if the target or period is unknown or has no record."""
    group = view.snapshot.holders.get(target_id)
    if group is None:
        raise Refused(UNKNOWN_TARGET)
    if period_id is not None and all(period.id != period_id for period in group.periods):
        raise Refused(UNKNOWN_PERIOD)
    has_progress = any(progress.target_id == target_id for progress in view.progress.values())
    if not has_progress and latest(view.standing, target_id) is None:
        raise Refused(NO_RECORD)
    return group.id


def _by_period(row: LoggedRow, target_id: int) -> dict[int, list[Entry]]:
    entries: dict[int, list[Entry]] = {}
    for entry in row.entries:
        if entry.target_id == target_id and entry.reason in TRACKED:
            entries.setdefault(entry.period_id, []).append(entry)
    return entries


def _tracked(row: LoggedRow, period_id: int, entries: list[Entry]) -> TrackedEvent:
    event = row.event()
    match event.payload:
        case Bill(net=net):
            worth = to_units(net)
        case Return(kind=ReturnKind.AMOUNT, amount=amount) if amount is not None:
            worth = to_units(amount)
        case Award(amount=amount):
            worth = to_units(amount)
        case _ if row.name in COMMANDS or isinstance(event.payload, Return):
            worth = abs(sum(entry.after - entry.before for entry in entries))
        case _:
            worth = ONE_UNIT
    return TrackedEvent(event, period_id, worth)
