"""Decisions about awards: how much the caps leave, and how much of each cap that uses."""

from collections.abc import Iterable
from fractions import Fraction
from math import floor
from typing import NamedTuple

from msgspec import structs

from milepost.model.event import BILL, CURRENCY, POINTS, AuthoriseAward, Award, Event
from milepost.model.target import CapScope, Entity, Kpi, Tracking
from tests.oracle.reference_course import Course
from tests.oracle.reference_events import local_day
from tests.oracle.reference_measures import weight
from tests.oracle.reference_plan import Span
from tests.oracle.reference_replay import Story

TEN_THOUSANDTHS = 10_000
SHARES = {Kpi.SALES, Kpi.GROSS_SALES, Kpi.QUANTITY}
ONES = {Kpi.COUNT, Kpi.VISIT}


class Limit(NamedTuple):
    """What one cap allows, and how much of it that uses; None for as much as is given in the end."""

    allowed: Fraction
    used: Fraction | None


def decide(courses: Iterable[Course], story: Story) -> tuple[Fraction, dict[int, Fraction]]:
    """Return how much the decision at the end of *story* gives, and what it uses up of each cap, by target id."""
    event = story[-1].event
    assert isinstance(event.payload, AuthoriseAward)
    limits: dict[int, Limit] = {}
    kept: set[int] = set()
    for course in courses:
        if course.plan.group.tracking is Tracking.CAPPING and event.key not in course.plan.before:
            found = limit(course, event, event.payload, story)
            if found is not None:
                limits[course.plan.target.id] = found
                if course.plan.group.cap_scope is CapScope.TRANSACTION:
                    kept.add(course.plan.target.id)
    least = min([Fraction(event.payload.amount), *(one.allowed for one in limits.values())])
    given = Fraction(floor(least * TEN_THOUSANDTHS), TEN_THOUSANDTHS)
    if given <= 0:
        return Fraction(0), {}
    uses = {name: given if one.used is None else one.used for name, one in limits.items() if name not in kept}
    return given, uses


def limit(course: Course, event: Event, wanted: AuthoriseAward, story: Story) -> Limit | None:
    """Return how much of an award one cap allows; None if the cap does not concern it."""
    span, target = course.place(event), course.plan.target
    if span is None or not course.takes_part(story[:-1], span.period_id) or course.is_before_enrolment(event):
        return None
    most = course.wanted(span.period_id, story)
    if most is None:
        return None
    used = course.rows[span.period_id].value if span.period_id in course.rows else Fraction(0)
    left = most if course.plan.group.cap_scope is CapScope.TRANSACTION else max(most - used, Fraction(0))
    if target.entity not in {Entity.TRANSACTION, Entity.LINEITEM}:
        return Limit(min(left, Fraction(wanted.amount)), None) if is_of_kind(course, event, wanted) else None
    if wanted.bill is None:
        return None
    measured = weight(target, structs.replace(event, name=BILL, payload=wanted.bill), [])
    if measured is None:
        return None
    if target.kpi in ONES:
        is_free = target.kpi is Kpi.VISIT and is_known_day(course, event, span, story)
        return Limit(Fraction(wanted.amount) if left >= 1 or is_free else Fraction(0), Fraction(1))
    if target.kpi not in SHARES:
        return None
    taken = min(left, measured)
    share = taken / measured if measured > 0 else 1
    return Limit(Fraction(wanted.amount) * share, taken)


def is_of_kind(course: Course, event: Event, wanted: AuthoriseAward) -> bool:
    """Return whether a cap on awards would count the award that is asked for."""
    award = Award(program_id=wanted.program_id, currency=wanted.currency, kind=wanted.kind, amount=wanted.amount)
    name = POINTS if wanted.currency is None else CURRENCY
    return weight(course.plan.target, structs.replace(event, name=name, payload=award), []) is not None


def is_known_day(course: Course, event: Event, span: Span, story: Story) -> bool:
    """Return whether the day of a decision counts already; a balance stands for the days before it, too."""
    start = course.start_of(span.period_id)
    days = {
        local_day(course.plan.zone, one.event.occurred_at)
        for one in course.booked.values()
        if one.period_id == span.period_id and one.at > start.at and course.amount(one.event, span, story) is not None
    }
    return local_day(course.plan.zone, event.occurred_at) in days
