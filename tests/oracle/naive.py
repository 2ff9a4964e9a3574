"""The naive evaluator: a customer's progress, reckoned from scratch after every event, obviously and slowly.

It shares no code with the rules or the engine: for each target and period it looks at all events heard so far, asks
which of them count, and adds up. Days are found with the standard library's zones, amounts are fractions. The rules
it holds to are in docs/invariants.md.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from milepost.model.event import Bill, Enrolling, Event, EventKey, Place, Return
from milepost.model.organisation import AfterAchievement, EnrolMidPeriod, Organisation, Returns, Settings
from milepost.model.target import (
    EnrolmentMethod,
    Evaluation,
    Filter,
    FilterKind,
    Kpi,
    Period,
    Target,
    TargetGroup,
    Tracking,
    Trigger,
    TriggerValueKind,
    WindowKind,
)
from tests.oracle.deeds import Deeds, deeds, local_day
from tests.oracle.remains import remains
from tests.oracle.weights import weight

DAY_SECONDS = 86_400
MICROSECONDS = 1_000_000


class Happening(NamedTuple):
    """One thing that happens to a customer: *event* is heard, or, if *bill* is given, takes back from that bill."""

    event: Event
    bill: Event | None = None


class Weight(NamedTuple):
    """An event that counts, and what it adds."""

    event: Event
    amount: Fraction


class Case(NamedTuple):
    """A target in a period, under the settings in force."""

    organisation: Organisation
    group: TargetGroup
    target: Target
    period: Period

    @property
    def settings(self) -> Settings:
        """Give the organisation's settings."""
        return self.organisation.settings

    @property
    def goal(self) -> Fraction:
        """Give the value to reach in this period."""
        return next(Fraction(goal.value) for goal in self.target.goals if goal.period_id == self.period.id)


class Row(NamedTuple):
    """How far a customer is with one target in one period: the stamp and the triggers (by their ids) reached."""

    value: Fraction
    achieved_by: EventKey | None
    achieved_at: int | None
    triggers: frozenset[int]


class Table(NamedTuple):
    """Everything there is to say of one customer; rows by (target id, period id)."""

    rows: dict[tuple[int, int], Row]
    bills: int
    purchases: Fraction
    deeds: Deeds


def evaluate(organisation: Organisation, groups: Iterable[TargetGroup], events: Sequence[Event]) -> Table:
    """Reckon the whole table of a customer who did *events*, given in the order of their arrival."""
    story = told(events)
    rows = {}
    for case in cases(organisation, groups):
        row = lived(case, story)
        if row is not None:
            rows[case.target.id, case.period.id] = row
    bills = [happening.event for happening in story if is_bill(happening)]
    left = [remains(payload, taken_back(event, story)) for event in bills if isinstance(payload := event.payload, Bill)]
    purchases = sum((bill.net for bill in left if bill), Fraction(0))
    return Table(rows, len(bills), purchases, deeds(organisation.zone, heard_once(events)))


def cases(organisation: Organisation, groups: Iterable[TargetGroup]) -> Iterable[Case]:
    """Give every target in every period of the groups that count at all."""
    for group in groups:
        if group.active and (group.tracking, group.evaluation) == (Tracking.DEFAULT, Evaluation.FIXED_CALENDAR_WINDOW):
            for target in group.targets:
                if target.active:
                    yield from (Case(organisation, group, target, period) for period in group.periods if period.active)


def told(events: Sequence[Event]) -> list[Happening]:
    """Tell what happened, in order: repeats left out, and a return that came too early right after its bill."""
    story: list[Happening] = []
    waiting: list[Event] = []
    for event in heard_once(events):
        story.append(Happening(event))
        if isinstance(event.payload, Return):
            bill = named_bill(event, [happening.event for happening in story if is_bill(happening)])
            if bill is None:
                waiting.append(event)
            else:
                story.append(Happening(event, bill))
        if isinstance(event.payload, Bill):
            found = [taken for taken in waiting if named_bill(taken, [event])]
            story.extend(Happening(taken, event) for taken in found)
            waiting = [taken for taken in waiting if taken not in found]
    return story


def heard_once(events: Iterable[Event]) -> list[Event]:
    """Leave out what has the source and id of something heard before."""
    first: dict[EventKey, Event] = {}
    for event in events:
        first.setdefault(event.key, event)
    return list(first.values())


def is_bill(happening: Happening) -> bool:
    """Tell whether a bill is heard here."""
    return happening.bill is None and isinstance(happening.event.payload, Bill)


def named_bill(taken: Event, bills: Sequence[Event]) -> Event | None:
    """Give the bill that a return names by event id or number: of its own source if there is one, else of any."""
    assert isinstance(taken.payload, Return)
    named = [
        bill
        for bill in bills
        if isinstance(bill.payload, Bill) and taken.payload.original in {bill.key.id, bill.payload.number}
    ]
    own = [bill for bill in named if bill.key.source == taken.key.source]
    return next(iter(own + named), None)


def lived(case: Case, story: Sequence[Happening]) -> Row | None:
    """Live through the story, reckoning anew after each happening; None if there is nothing to show."""
    row: Row | None = None
    before: list[Weight] = []
    for length, happening in enumerate(story, start=1):
        after = counted(case, story[:length])
        start = balance(case, story[:length])
        if row is None and (after or start is not None):
            row = Row(start or Fraction(0), None, None, frozenset())
        if row is not None and happening.bill is None:
            for known in range(len(before) + 1, len(after) + 1):
                value = (start or Fraction(0)) + taken_together(case, after[:known])
                row = marked(case, row, value, after[known - 1].event)
        if row is not None and happening.bill is not None and before != after:
            value = (start or Fraction(0)) + taken_together(case, after)
            row = marked(case, unmarked(case, row, value), value, happening.event)
        before = after
    return row


def marked(case: Case, row: Row, value: Fraction, event: Event) -> Row:
    """Give the row once *event* made its value what it is: triggers are reached once, the goal is stamped once."""
    reached = {trigger.id for trigger in case.target.triggers if is_reached(case, trigger, value)}
    row = row._replace(value=value, triggers=row.triggers | reached)
    if row.achieved_by is None and value >= case.goal:
        return row._replace(achieved_by=event.key, achieved_at=event.occurred_at // MICROSECONDS)
    return row


def unmarked(case: Case, row: Row, value: Fraction) -> Row:
    """Give the row without its stamp, if a return took the value below the goal and the settings say so."""
    if case.settings.after_achievement is AfterAchievement.REVOKE and value < case.goal:
        return row._replace(achieved_by=None, achieved_at=None)
    return row


def is_reached(case: Case, trigger: Trigger, value: Fraction) -> bool:
    """Tell whether *value* is at or past the trigger's mark."""
    mark = Fraction(trigger.value)
    if trigger.value_kind is TriggerValueKind.PERCENTAGE:
        mark = case.goal * mark / 100
    return trigger.active and value >= mark


def taken_together(case: Case, weights: Sequence[Weight]) -> Fraction:
    """Add up all weights, or each day's largest or smallest one."""
    window = window_of(case.target)
    if window is None:
        return sum((weight.amount for weight in weights), Fraction(0))
    days = dict[date, list[Fraction]]()
    for event, amount in weights:
        days.setdefault(local_day(case.organisation.zone, event.occurred_at), []).append(amount)
    extreme = max if window is WindowKind.MAX else min
    return sum((extreme(amounts) for amounts in days.values()), Fraction(0))


def window_of(target: Target) -> WindowKind | None:
    """Give which value of a day counts, if it is not all of them; a visit is the largest of ones."""
    match target.kpi:
        case Kpi.VISIT:
            return WindowKind.MAX
        case Kpi.EXTENDED_FIELD | Kpi.EVENT_ATTRIBUTE:
            return target.metadata.window if target.metadata else None
        case _:
            return None


def balance(case: Case, story: Sequence[Happening]) -> Fraction | None:
    """Give the value that an enrolment in this very period began with; None if there was none."""
    for happening in story:
        enrolling = happening.event.payload
        named = (enrolling.target_id, enrolling.period_id) if isinstance(enrolling, Enrolling) else None
        if isinstance(enrolling, Enrolling) and named == (case.target.id, case.period.id):
            return Fraction(enrolling.balance or 0)
    return None


def counted(case: Case, story: Sequence[Happening]) -> list[Weight]:
    """Give the events that count after *story*, each with what it adds."""
    weights = []
    for position, happening in enumerate(story):
        if happening.bill is None and concerns(case, happening.event) and may_take_part(case, story, position):
            subtracted = case.settings.returns is Returns.SUBTRACT
            returns = taken_back(happening.event, story, before=case.period.closes_at) if subtracted else []
            amount = weight(case.target, happening.event, returns)
            if amount is not None:
                weights.append(Weight(happening.event, amount))
    return weights


def taken_back(bill: Event, story: Sequence[Happening], before: int | None = None) -> list[Return]:
    """Give the returns that took back from *bill*, if asked only those that happened *before* an instant."""
    return [
        happening.event.payload
        for happening in story
        if happening.bill is bill
        and isinstance(happening.event.payload, Return)
        and (before is None or happening.event.occurred_at < before)
    ]


def concerns(case: Case, event: Event) -> bool:
    """Tell whether *event* happened in the period, in time, and where the target counts."""
    period, late_days = case.period, case.settings.late_days
    if not period.opens_at <= event.occurred_at < period.closes_at:
        return False
    if late_days is not None and event.received_at > period.closes_at + late_days * DAY_SECONDS * MICROSECONDS:
        return False
    filters = [one for one in case.target.filters or () if one.ids]
    return not filters or any(lies_in(event.place, one) for one in filters)


def lies_in(place: Place, one: Filter) -> bool:
    """Tell whether a filter lets a place pass."""
    found = {FilterKind.STORE: place.store_id, FilterKind.ZONE: place.zone_id, FilterKind.CONCEPT: place.concept_id}
    return found[one.kind] in one.ids


def may_take_part(case: Case, story: Sequence[Happening], position: int) -> bool:
    """Tell whether the customer takes part when the event at *position* is counted: anybody, or whoever is enrolled."""
    if case.target.enrolment is EnrolmentMethod.TRANSACTION:
        return True
    opens = {period.id: period.opens_at for period in case.group.periods}
    for enrolled_at, happening in enumerate(story):
        enrolling = happening.event.payload
        if isinstance(enrolling, Enrolling) and enrolling.target_id == case.target.id:
            replaced = enrolling.balance is not None and enrolling.period_id == case.period.id
            stored = case.settings.enrol_mid_period is EnrolMidPeriod.COUNT_STORED and not replaced
            return opens[enrolling.period_id] <= case.period.opens_at and (stored or enrolled_at < position)
    return False
