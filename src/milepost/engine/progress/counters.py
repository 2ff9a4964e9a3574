"""The counters of a customer: visits, lines, points; what each event adds to them."""

from collections.abc import Iterable, Mapping
from itertools import zip_longest

from msgspec import UNSET

from milepost.model.amount import to_units
from milepost.model.commands.customer_merge import AbsorbCustomer
from milepost.model.event import Award, Bill, Event
from milepost.model.organisation import RULES_FIRST
from milepost.model.progress.facts import Facts, ZoneDays
from milepost.rules.calendar import Calendar, calendar_of


def after(facts: Facts, event: Event, calendar: Calendar, edition: int) -> Facts:
    """Return the counters after *event*, whose day is a day of *calendar*; refunds are no visits (facts 8 #77)."""
    payload = event.payload
    if isinstance(payload, Bill):
        lines = len(payload.lines)
        if edition != RULES_FIRST:
            lines = sum([not line.is_given_back for line in payload.lines])
            # A bill with a line that sells something is no refund.
            if not lines and payload.is_refund:
                return facts
        first_day, planes = _one_more(facts.first_day, facts.planes, calendar.day(event.occurred_at))
        return Facts(facts.lines + lines, facts.points, first_day, planes)
    if isinstance(payload, Award) and payload.currency is None:
        return Facts(facts.lines, facts.points + to_units(payload.amount), facts.first_day, facts.planes)
    if isinstance(payload, AbsorbCustomer):
        return merged(facts, payload.facts)
    return facts


def days_of(zone: str, events: Iterable[Event]) -> ZoneDays:
    """Return the bills among *events* by the days of *zone*; refunds are no bills here (facts 8 #77)."""
    days = ZoneDays(zone)
    for event in events:
        if isinstance(event.payload, Bill) and not event.payload.is_refund:
            days = _with_bill(days, event)
    return days


def days_after(zone_days: Mapping[str, ZoneDays], event: Event) -> dict[str, ZoneDays]:
    """Return the bills by day of each zone after *event*.

    A merge leaves the zones whose days were counted for both customers. Those of the others are counted from both logs
    as soon as a rule asks for them.
    """
    payload = event.payload
    if isinstance(payload, Bill) and not payload.is_refund:
        return {zone: _with_bill(days, event) for zone, days in zone_days.items()}
    if isinstance(payload, AbsorbCustomer):
        theirs = {} if payload.zone_days is UNSET else {days.zone: days for days in payload.zone_days}
        return {zone: _joined(days, theirs[zone]) for zone, days in zone_days.items() if zone in theirs}
    return dict(zone_days)


def _with_bill(days: ZoneDays, event: Event) -> ZoneDays:
    day = calendar_of(days.zone).day(event.occurred_at)
    return ZoneDays(days.zone, *_one_more(days.first_day, days.planes, day))


def _joined(ours: ZoneDays, theirs: ZoneDays) -> ZoneDays:
    first_day = min((days.first_day for days in (ours, theirs) if days.planes), default=0)
    return ZoneDays(ours.zone, first_day, _sum(_digits(ours, first_day), _digits(theirs, first_day)))


def merged(ours: Facts, theirs: Facts) -> Facts:
    """Return the counters of two merged customers: counts are added, day by day."""
    first_day = min((facts.first_day for facts in (ours, theirs) if facts.planes), default=0)
    planes = _sum(_digits(ours, first_day), _digits(theirs, first_day))
    return Facts(ours.lines + theirs.lines, ours.points + theirs.points, first_day, planes)


def _digits(facts: Facts | ZoneDays, first_day: int) -> list[int]:
    return [int.from_bytes(plane, "little") << facts.first_day - first_day for plane in facts.planes]


def _sum(ours: list[int], theirs: list[int]) -> tuple[bytes, ...]:
    """Add two rows of binary digits, all days at once, each with its own carry."""
    added, carry = [], 0
    for one, other in zip_longest(ours, theirs, fillvalue=0):
        added.append(one ^ other ^ carry)
        carry = one & other | carry & (one ^ other)
    return tuple(_bytes(digits) for digits in (*added, *([carry] if carry else [])))


def _one_more(first_day: int, planes: tuple[bytes, ...], day: int) -> tuple[int, tuple[bytes, ...]]:
    """Count one more bill on *day*: the binary digits of its count are carried from plane to plane."""
    if not planes:
        return day, (b"\1",)
    if day < first_day:
        planes = tuple(_bytes(int.from_bytes(plane, "little") << first_day - day) for plane in planes)
        first_day = day
    bit = 1 << day - first_day
    ones = int.from_bytes(planes[0], "little")
    if not ones & bit:
        return first_day, (_bytes(ones | bit), *planes[1:])
    counted: list[bytes] = []
    for place, plane in enumerate(planes):
        digits = int.from_bytes(plane, "little") ^ bit
        counted.append(_bytes(digits))
        if digits & bit:
            return first_day, (*counted, *planes[place + 1 :])
    return first_day, (*counted, _bytes(bit))


def _bytes(digits: int) -> bytes:
    return digits.to_bytes((digits.bit_length() + 7) // 8, "little")
