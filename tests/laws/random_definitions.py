"""Random definitions: target groups of every measure, with periods around a clock change and goals within reach."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from milepost.model.event import BILL, RETURN
from milepost.model.organisation import AfterAchievement, EnrolMidPeriod, ReturnedBills, Returns, Settings
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
from milepost.model.time import Micros
from tests.laws.draws import pick
from tests.oracle.reference_predicates import AWARD_PREDICATES, BILL_PREDICATES, EVENT_PREDICATES, LINE_PREDICATES
from tests.oracle.reference_zones import zone_of as zone_named

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

GOALS = tuple(Decimal(text) for text in ("1", "2", "20", "3", "1", "30", "33.3333", "50", "60.0001", "100"))
MARKS = tuple(Decimal(text) for text in ("0.5", "1", "2", "33.33333", "50", "66.66667", "99.99999", "100", "150"))
MOSTLY = (*[True] * 24, False)
FILTER_IDS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2), (99,))
NOBODY = Author(id=1, code="till", name="till")
UNTOUCHED = Attribution(created_at=Micros(0), updated_at=Micros(0), created_by=NOBODY, updated_by=NOBODY)

Measures = tuple[tuple[Entity, Kpi], ...]

SUMS: Measures = (
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
COUNTS: Measures = (
    (Entity.TRANSACTION, Kpi.COUNT),
    (Entity.TRANSACTION, Kpi.VISIT),
    (Entity.LINEITEM, Kpi.COUNT),
    (Entity.EVENT, Kpi.COUNT),
    (Entity.EVENT, Kpi.VISIT),
)
AWARDS: Measures = (
    *((Entity.REWARDS, kpi) for kpi in (Kpi.REGULAR_POINTS, Kpi.PROMOTIONAL_POINTS, Kpi.ALL_POINTS)),
    (Entity.POINTS, Kpi.ALL_POINTS),
    *((Entity.ALTERNATE_CURRENCIES, kpi) for kpi in (Kpi.REGULAR, Kpi.PROMOTION, Kpi.PROMOTIONAL, Kpi.ALL)),
)
ON_BILLS: Measures = tuple(
    (entity, kpi) for entity, kpi in (*SUMS, *COUNTS) if entity in {Entity.TRANSACTION, Entity.LINEITEM}
)
ON_LINES: Measures = tuple((entity, kpi) for entity, kpi in ON_BILLS if entity is Entity.LINEITEM)
WINDOWED: Measures = tuple((entity, kpi) for entity, kpi in SUMS if kpi in {Kpi.EXTENDED_FIELD, Kpi.EVENT_ATTRIBUTE})
MEASURES = (*WINDOWED, *SUMS, *SUMS, *COUNTS, *COUNTS, *AWARDS)
"""All pairs of entity and type; bills come up more often."""


def midnight(day: date, zone: str) -> Micros:
    """Return the first instant of a day in epoch microseconds; where midnight is skipped, the instant of the change."""
    local = datetime.combine(day, time.min, zone_named(zone))
    return Micros((local.astimezone(UTC) - EPOCH) // MICROSECOND)


def settings(draw: st.DrawFn) -> Settings:
    """Make settings of every kind that progress is computed by."""
    return Settings(
        returns=pick(draw, (*[Returns.SUBTRACT] * 4, Returns.IGNORE)),
        after_achievement=pick(draw, tuple(AfterAchievement)),
        late_days=pick(draw, (None, None, 0, 1, 3)),
        enrol_mid_period=pick(draw, tuple(EnrolMidPeriod)),
        returned_bills=pick(draw, tuple(ReturnedBills)),
    )


def periods(draw: st.DrawFn, group_id: int, first_day: date, zone: str) -> tuple[Period, ...]:
    """Make one to three periods of one to four days each, in order, some with a gap of a day before them."""
    day, made = first_day, []
    for number in range(1, pick(draw, (1, 1, 2, 3)) + 1):
        day += timedelta(days=pick(draw, (0, 0, 1)))
        after = day + timedelta(days=pick(draw, (1, 2, 3, 4)))
        made.append(
            Period(
                id=group_id * 10 + number,
                ref_code=f"Cycle_{number}",
                starts_on=day.isoformat(),
                ends_on=(after - timedelta(days=1)).isoformat(),
                opens_at=midnight(day, zone),
                closes_at=midnight(after, zone),
                active=pick(draw, MOSTLY),
            )
        )
        day = after
    return tuple(made)


def metadata(draw: st.DrawFn, entity: Entity, kpi: Kpi) -> Metadata | None:
    """Make the metadata of a measure; other measures get metadata that must not matter."""
    if entity is Entity.ALTERNATE_CURRENCIES:
        return Metadata(program_id=pick(draw, (7, 7, 8)), currency="GEM")
    if entity in {Entity.REWARDS, Entity.POINTS}:
        return None
    aggregate = AggregateFunction.SUM
    if kpi in {Kpi.EXTENDED_FIELD, Kpi.EVENT_ATTRIBUTE}:
        aggregate = pick(draw, (AggregateFunction.SUM, AggregateFunction.SUM, AggregateFunction.COUNT))
    window = pick(draw, (None, WindowKind.MAX, WindowKind.MIN))
    name = "tip" if kpi is Kpi.EXTENDED_FIELD else "minutes"
    return Metadata(name=name, aggregate=aggregate, window=window)


def expression(draw: st.DrawFn, entity: Entity) -> str:
    """Take one of the rule texts that suit the entity, most often the one that always holds."""
    if pick(draw, (True, True, True, False)):
        return "true"
    match entity:
        case Entity.TRANSACTION:
            return pick(draw, tuple(BILL_PREDICATES))
        case Entity.LINEITEM:
            return pick(draw, tuple(LINE_PREDICATES))
        case Entity.EVENT:
            return pick(draw, tuple(EVENT_PREDICATES))
        case _:
            return pick(draw, tuple(AWARD_PREDICATES))


def filters(draw: st.DrawFn) -> tuple[Filter, ...] | None:
    """Make no filters, or up to two of them over the few places there are; some restrict nothing."""
    count = pick(draw, (None, None, None, None, 0, 1, 2))
    if count is None:
        return None
    return tuple(Filter(kind=pick(draw, tuple(FilterKind)), ids=pick(draw, FILTER_IDS)) for _ in range(count))


def triggers(draw: st.DrawFn, first_id: int) -> tuple[Trigger, ...]:
    """Make up to two triggers, in percent of the goal or absolute, some of them switched off."""
    return tuple(
        Trigger(
            id=first_id + number,
            name=f"mark {number}",
            active=pick(draw, (True, True, True, False)),
            kind="USER",
            value_kind=pick(draw, tuple(TriggerValueKind)),
            value=pick(draw, MARKS),
        )
        for number in range(pick(draw, (0, 1, 2)))
    )


def event_name(draw: st.DrawFn, entity: Entity, kpi: Kpi) -> str:
    """Take the name of an event that the measure makes sense for."""
    if entity is not Entity.EVENT:
        return BILL
    return "Run" if kpi is Kpi.EVENT_ATTRIBUTE else pick(draw, ("Run", "Run", BILL, RETURN))


def target(draw: st.DrawFn, target_id: int, run: tuple[Period, ...], measures: Measures) -> Target:
    """Make a target of one of the measures, with a goal for each period."""
    entity, kpi = pick(draw, measures)
    return Target(
        id=target_id,
        name=f"target {target_id}",
        active=pick(draw, MOSTLY),
        entity=entity,
        kpi=kpi,
        event_name=event_name(draw, entity, kpi),
        expression=expression(draw, entity),
        filters=filters(draw),
        enrolment=pick(draw, (*[EnrolmentMethod.TRANSACTION] * 2, EnrolmentMethod.IMPORT)),
        goals=tuple(
            Goal(number, period.id, pick(draw, GOALS)) for number, period in enumerate(run, start=target_id * 100)
        ),
        metadata=metadata(draw, entity, kpi),
        triggers=triggers(draw, target_id * 100),
    )


def group(draw: st.DrawFn, group_id: int, first_day: date, zone: str, measures: Measures) -> TargetGroup:
    """Make a target group of one or two targets; now and then one that is switched off or cannot be evaluated yet."""
    run = periods(draw, group_id, first_day, zone)
    return TargetGroup(
        id=group_id,
        name=f"group {group_id}",
        active=pick(draw, MOSTLY),
        preferred_till_id=1,
        tracking=pick(draw, (*[Tracking.DEFAULT] * 24, Tracking.CAPPING)),
        evaluation=Evaluation.FIXED_CALENDAR_WINDOW,
        total_periods=len(run),
        cycle_opens_at=run[0].opens_at,
        cycle_closes_at=run[-1].closes_at,
        periods=run,
        targets=tuple(target(draw, group_id * 10 + number, run, measures) for number in range(pick(draw, (1, 1, 2)))),
        attribution=UNTOUCHED,
    )
