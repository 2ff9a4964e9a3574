"""What a customer did in all, counted from scratch and from nothing but the events."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import Award, Bill, Event
from tests.oracle.reference_remaining import is_purchase, was_bought
from tests.oracle.reference_zones import zone_of as zone_named

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Totals(NamedTuple):
    """The bills of each day that has any, the lines on all of them, the points of all awards."""

    days: Mapping[date, int]
    lines: int
    points: Fraction


def totals(zone: str, events: Sequence[Event]) -> Totals:
    """Count what *events*, each received once, come to."""
    bills = [event for event in events if isinstance(event.payload, Bill) and is_purchase(event.payload)]
    awards = [payload for event in events if isinstance(payload := event.payload, Award) and payload.currency is None]
    return Totals(
        Counter(local_day(zone, bill.occurred_at) for bill in bills),
        sum(was_bought(line) for bill in bills if isinstance(bill.payload, Bill) for line in bill.payload.lines),
        sum((Fraction(award.amount) for award in awards), Fraction(0)),
    )


def local_day(zone: str, instant: int) -> date:
    """Return the calendar day of *instant* (epoch microseconds) in *zone*."""
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone_named(zone)).date()
