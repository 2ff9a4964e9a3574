"""Random definitions and random histories: small, crowded at the bounds, and full of what goes wrong in practice.

Instants are taken from a short list around a clock change (bounds of periods and days, a microsecond beside them,
ties), amounts from a short list that meets goals exactly. Events arrive in any order and late; returns come before
their bills, in part and repeatedly.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from milepost.model.event import BILL, RETURN, Event
from milepost.model.organisation import AfterAchievement, EnrolMidPeriod, Organisation, Returns, Settings
from milepost.model.target import (
    AggregateFunction,
    Attribution,
    Author,
    EnrolmentMethod,
    Entity,
    Evaluation,
    Filter,
    FilterKind,
    Goal,
    Kpi,
    Metadata,
    Period,
    Target,
    TargetGroup,
    Tracking,
    Trigger,
    TriggerValueKind,
    WindowKind,
)
from tests.laws.happenings import Moments, Wanted, events
from tests.oracle.predicates import AWARD_PREDICATES, BILL_PREDICATES, EVENT_PREDICATES, LINE_PREDICATES

Value = TypeVar("Value")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

SCENES = (
    ("UTC", date(2017, 3, 1)),
    ("Asia/Kolkata", date(2017, 3, 1)),
    ("Europe/Berlin", date(2017, 3, 26)),
    ("Europe/Berlin", date(2017, 10, 29)),
    ("America/New_York", date(2017, 3, 12)),
    ("America/Sao_Paulo", date(2017, 10, 15)),
    ("America/Havana", date(2017, 11, 5)),
    ("Asia/Beirut", date(2017, 3, 26)),
    ("America/Santiago", date(2022, 9, 11)),
    ("Australia/Lord_Howe", date(2017, 4, 2)),
    ("Pacific/Apia", date(2011, 12, 30)),
)
"""Zones, each with a day on which its clocks change: by an hour, by half an hour, at midnight, by a whole day."""

GOALS = tuple(Decimal(text) for text in ("1", "2", "3", "20", "30", "33.3333", "50", "60.0001", "100"))
MARKS = tuple(Decimal(text) for text in ("0.5", "1", "2", "33.3333", "50", "66.6667", "99.9999", "100", "150"))
NOBODY = Author(id=1, code="till", name="till")
UNTOUCHED = Attribution(created_at=0, updated_at=0, created_by=NOBODY, updated_by=NOBODY)

SUMS: tuple[tuple[Entity, Kpi], ...] = (
    (Entity.TRANSACTION, Kpi.SALES),
    (Entity.TRANSACTION, Kpi.GROSS_SALES),
    (Entity.TRANSACTION, Kpi.QUANTITY),
    (Entity.TRANSACTION, Kpi.EXTENDED_FIELD),
    (Entity.LINEITEM, Kpi.SALES),
    (Entity.LINEITEM, Kpi.GROSS_SALES),
    (Entity.LINEITEM, Kpi.QUANTITY),
    (Entity.LINEITEM, Kpi.EXTENDED_FIELD),
    (Entity.EVENT, Kpi.EVENT_ATTRIBUTE),
)
COUNTS: tuple[tuple[Entity, Kpi], ...] = (
    (Entity.TRANSACTION, Kpi.COUNT),
    (Entity.TRANSACTION, Kpi.VISIT),
    (Entity.LINEITEM, Kpi.COUNT),
    (Entity.EVENT, Kpi.COUNT),
    (Entity.EVENT, Kpi.VISIT),
)
AWARDS: tuple[tuple[Entity, Kpi], ...] = (
    *((Entity.REWARDS, kpi) for kpi in (Kpi.REGULAR_POINTS, Kpi.PROMOTIONAL_POINTS, Kpi.ALL_POINTS)),
    (Entity.POINTS, Kpi.ALL_POINTS),
    *((Entity.ALTERNATE_CURRENCIES, kpi) for kpi in (Kpi.REGULAR, Kpi.PROMOTION, Kpi.PROMOTIONAL, Kpi.ALL)),
)
MEASURES = (*SUMS, *SUMS, *COUNTS, *COUNTS, *AWARDS)
"""All pairs of entity and type; bills come up more often."""


class World(NamedTuple):
    """An organisation, what it defined, and what one customer did, in the order of arrival."""

    organisation: Organisation
    groups: tuple[TargetGroup, ...]
    events: tuple[Event, ...]


def one_of(values: Sequence[Value]) -> st.SearchStrategy[Value]:
    """Take one of the values."""
    return st.sampled_from(values)


def midnight(day: date, zone: str) -> int:
    """Give the first instant of a day in epoch microseconds; where midnight is skipped, the instant of the change."""
    local = datetime.combine(day, time.min, ZoneInfo(zone))
    return (local.astimezone(UTC) - EPOCH) // MICROSECOND


def settings(*, returns: bool = True) -> st.SearchStrategy[Settings]:
    """Make settings of every kind that progress is reckoned by; without *returns*, they are always subtracted."""
    return st.builds(
        Settings,
        returns=one_of([Returns.SUBTRACT] * 4 + [Returns.IGNORE] * returns),
        after_achievement=one_of(list(AfterAchievement)),
        late_days=one_of([None, None, 0, 1, 3]),
        enrol_mid_period=one_of(list(EnrolMidPeriod)),
    )


@st.composite
def periods(draw: st.DrawFn, group_id: int, first_day: date, zone: str) -> tuple[Period, ...]:
    """Make one to three periods of one to four days each, in order, some with a gap of a day before them."""
    day, made = first_day, []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        day += timedelta(days=draw(one_of([0, 0, 1])))
        after = day + timedelta(days=draw(one_of([1, 2, 3, 4])))
        made.append(
            Period(
                id=group_id * 10 + number,
                ref_code=f"Cycle_{number}",
                starts_on=day.isoformat(),
                ends_on=(after - timedelta(days=1)).isoformat(),
                opens_at=midnight(day, zone),
                closes_at=midnight(after, zone),
            )
        )
        day = after
    return tuple(made)


@st.composite
def metadata(draw: st.DrawFn, entity: Entity, kpi: Kpi) -> Metadata | None:
    """Make what a measure needs besides its type; counting ones get some that must not matter."""
    if entity is Entity.ALTERNATE_CURRENCIES:
        return Metadata(program_id=draw(one_of([7, 7, 8])), currency="GEM")
    if entity in {Entity.REWARDS, Entity.POINTS}:
        return None
    aggregate = AggregateFunction.SUM
    if kpi in {Kpi.EXTENDED_FIELD, Kpi.EVENT_ATTRIBUTE}:
        aggregate = draw(one_of([AggregateFunction.SUM, AggregateFunction.SUM, AggregateFunction.COUNT]))
    window = draw(one_of([None, None, WindowKind.MAX, WindowKind.MIN]))
    name = "tip" if kpi is Kpi.EXTENDED_FIELD else "minutes"
    return Metadata(name=name, aggregate=aggregate, window=window)


def expressions(entity: Entity) -> st.SearchStrategy[str]:
    """Take one of the rule texts that suit the entity."""
    texts = {
        Entity.TRANSACTION: BILL_PREDICATES,
        Entity.LINEITEM: LINE_PREDICATES,
        Entity.EVENT: EVENT_PREDICATES,
    }.get(entity, AWARD_PREDICATES)
    return one_of(["true"] * len(texts) + list(texts))


def filters() -> st.SearchStrategy[tuple[Filter, ...] | None]:
    """Make no filters, or up to two of them over the few places there are; some restrict nothing."""
    one = st.builds(Filter, one_of(list(FilterKind)), one_of([(), (1,), (2,), (1, 2), (99,)]))
    return st.one_of(st.none(), st.none(), st.none(), st.lists(one, max_size=2).map(tuple))


def triggers() -> st.SearchStrategy[tuple[Trigger, ...]]:
    """Make up to two triggers, in percent of the goal or absolute, some of them switched off."""
    one = st.builds(
        Trigger,
        id=st.just(0),
        name=st.just("mark"),
        active=one_of([True, True, True, False]),
        kind=st.just("USER"),
        value_kind=one_of(list(TriggerValueKind)),
        value=one_of(MARKS),
    )
    return st.lists(one, max_size=2).map(tuple)


def event_names(entity: Entity, kpi: Kpi) -> st.SearchStrategy[str]:
    """Take the name of an event that the measure makes sense for."""
    if entity is not Entity.EVENT:
        return st.just(BILL)
    return one_of(["Run"]) if kpi is Kpi.EVENT_ATTRIBUTE else one_of(["Run", "Run", BILL, RETURN])


@st.composite
def targets(draw: st.DrawFn, target_id: int, run: tuple[Period, ...]) -> Target:
    """Make a target of any measure, with a goal for each period."""
    entity, kpi = draw(one_of(MEASURES))
    marks = draw(triggers())
    return Target(
        id=target_id,
        name=f"target {target_id}",
        active=draw(one_of([True] * 9 + [False])),
        entity=entity,
        kpi=kpi,
        event_name=draw(event_names(entity, kpi)),
        expression=draw(expressions(entity)),
        filters=draw(filters()),
        enrolment=draw(one_of([EnrolmentMethod.TRANSACTION] * 2 + [EnrolmentMethod.IMPORT])),
        goals=tuple(
            Goal(number, period.id, draw(one_of(GOALS))) for number, period in enumerate(run, start=target_id * 100)
        ),
        metadata=draw(metadata(entity, kpi)),
        triggers=tuple(
            Trigger(
                id=target_id * 100 + number,
                name=mark.name,
                active=mark.active,
                kind=mark.kind,
                value_kind=mark.value_kind,
                value=mark.value,
            )
            for number, mark in enumerate(marks)
        ),
    )


@st.composite
def groups(draw: st.DrawFn, group_id: int, first_day: date, zone: str) -> TargetGroup:
    """Make a target group of one or two targets; now and then one that is switched off or cannot be evaluated yet."""
    run = draw(periods(group_id, first_day, zone))
    return TargetGroup(
        id=group_id,
        name=f"group {group_id}",
        active=draw(one_of([True] * 9 + [False])),
        preferred_till_id=1,
        tracking=draw(one_of([Tracking.DEFAULT] * 9 + [Tracking.CAPPING])),
        evaluation=Evaluation.FIXED_CALENDAR_WINDOW,
        total_periods=len(run),
        cycle_opens_at=run[0].opens_at,
        cycle_closes_at=run[-1].closes_at,
        periods=run,
        targets=tuple(draw(targets(group_id * 10 + number, run)) for number in range(draw(one_of([1, 1, 2])))),
        attribution=UNTOUCHED,
    )


def moments(made: Sequence[TargetGroup], first_day: date, zone: str) -> Moments:
    """Give the instants at which things are most likely to go wrong: bounds, a microsecond before, UTC's midnights."""
    bounds = {bound for group in made for period in group.periods for bound in (period.opens_at, period.closes_at)}
    days = [first_day + timedelta(days=number) for number in range(-1, 5)]
    midnights = {midnight(day, name) for day in days for name in (zone, "UTC")}
    hour, day_long = 3_600_000_000, 86_400_000_000
    happening = {instant + by for instant in bounds | midnights for by in (-1, 0, hour)}
    happening = {instant for instant in happening if min(bounds) - 1 <= instant <= max(bounds)}
    happening |= {max(bounds) + 8 * day_long, max(bounds) + 8 * day_long + hour}
    hearing = {bound + late * day_long + by for bound in bounds for late in (0, 1, 3) for by in (0, 1)}
    return Moments(tuple(sorted(happening)), tuple(sorted(hearing)))


@st.composite
def worlds(draw: st.DrawFn, *, length: int = 6, settled: st.SearchStrategy[Settings] | None = None) -> World:
    """Make an organisation with up to three groups, and a history of up to twice *length* events."""
    zone, first_day = draw(one_of(SCENES))
    first_day -= timedelta(days=1)
    organisation = Organisation(
        id=1, name="shop", zone=zone, version=1, settings=draw(settings() if settled is None else settled)
    )
    made = tuple(draw(groups(number, first_day, zone)) for number in range(1, draw(st.integers(1, 3)) + 1))
    return World(organisation, made, draw(events(moments(made, first_day, zone), wanted(made), length=length)))


def wanted(made: Sequence[TargetGroup]) -> Wanted:
    """Give the kinds of events that the groups' targets listen to."""
    aims = [(group, target) for group in made for target in group.targets]
    entities = {target.entity for _, target in aims}
    return Wanted(
        bills=bool(entities & {Entity.TRANSACTION, Entity.LINEITEM}),
        returns=any(target.event_name == RETURN for _, target in aims),
        activities=Entity.EVENT in entities,
        awards=bool(entities & {Entity.REWARDS, Entity.POINTS, Entity.ALTERNATE_CURRENCIES}),
        enrolled=tuple(
            tuple((target.id, period.id) for period in group.periods)
            for group, target in aims
            if target.enrolment is EnrolmentMethod.IMPORT and is_counting(group, target)
        ),
    )


def is_counting(group: TargetGroup, target: Target) -> bool:
    """Tell whether a target counts at all: the service enrols nobody in one that does not."""
    return group.active and target.active and group.tracking is Tracking.DEFAULT
