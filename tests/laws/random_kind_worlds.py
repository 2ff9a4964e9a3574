"""Random worlds of the other kinds of targets, crowded at their bounds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from milepost.model.definitions.completion import TARGET_COMPLETED
from milepost.model.event import Enrol, Unenrol
from milepost.model.organisation import (
    CapsFollowReturns,
    CarryLines,
    CyclicMonths,
    Organisation,
    Outage,
    PeriodEndOutcome,
    ReturnedBills,
    Returns,
    Settings,
    TimeZonePolicy,
)
from milepost.model.target import EnrolmentMethod, Entity, Evaluation, Kpi, TargetGroup
from milepost.model.time import Micros
from tests.laws.draws import pick
from tests.laws.random_commands import (
    Requests,
    adjusting,
    among,
    boundaries,
    decided,
    deciding,
    freezing,
    pausing,
    stays,
    voiding,
)
from tests.laws.random_definitions import MEASURES, ON_BILLS, SCENES, midnight, settings
from tests.laws.random_events import Moments, events
from tests.laws.random_kinds import ON_MORE, SIMPLE, cap_group, open_group, plain_group, streak_group, unified_group
from tests.laws.random_worlds import DAY, HOUR, World, moments, wanted
from tests.oracle.reference_plan import Plan
from tests.oracle.reference_predicates import COMPLETION_PREDICATES, PAST
from tests.oracle.reference_windows import spans

MONTH_SCENES = (
    ("Europe/Berlin", date(2016, 1, 30)),
    ("UTC", date(2015, 1, 31)),
    ("America/New_York", date(2017, 10, 5)),
    ("Australia/Lord_Howe", date(2017, 3, 1)),
    ("Pacific/Apia", date(2011, 11, 30)),
    ("America/Sao_Paulo", date(2017, 9, 15)),
)
"""Zones, each with a day from which months lead to a day that is missing, skipped, or has a changed clock."""


class Scene(NamedTuple):
    """Where and when a world plays, and by which settings."""

    organisation: Organisation
    first_day: date


def scene(draw: st.DrawFn, settled: Settings | None, scenes: Sequence[tuple[str, date]] = SCENES) -> Scene:
    """Choose a zone, a day around which things happen, and settings of all kinds unless they are *settled*."""
    zone, day = pick(draw, scenes)
    chosen = settings(draw) if settled is None else settled
    if settled is None:
        chosen = replace(
            chosen,
            returns=pick(draw, (Returns.SUBTRACT, chosen.returns, Returns.CARRY)),
            carry_lines=pick(draw, tuple(CarryLines)),
            time_zone_policy=pick(draw, tuple(TimeZonePolicy)),
            cyclic_months=pick(draw, (CyclicMonths.CALENDAR, CyclicMonths.CALENDAR, CyclicMonths.DAYS_30)),
            offset_days=pick(draw, (0, 0, 1)),
            period_end_outcome=pick(draw, tuple(PeriodEndOutcome)),
            own_window_grace_hours=pick(draw, (24, 24, 1, 0)),
            caps_follow_returns=pick(draw, tuple(CapsFollowReturns)),
        )
    return Scene(Organisation(id=1, name="shop", zone=zone, version=1, settings=chosen), day)


def lived_through(
    draw: st.DrawFn, at: Scene, made: Sequence[TargetGroup], around: Moments, length: int, *, returning: bool = False
) -> World:
    """Make the history of a world: what targets listen to, with requests to take part and to leave in between."""
    late = frozenset(group.id for group in made if pick(draw, (False, False, False, True)))
    rows: list[Requests] = [
        [(None, payload) for payload in stays(draw, group, one, late=group.id in late)]
        for group in made
        for one in group.targets
    ]
    if pick(draw, (False, False, True)):
        open_now = [(group, one) for group in made if group.id not in late for one in group.targets]
        rows += [[(None, payload) for payload in adjusting(draw, group, one)] for group, one in open_now]
    heard = wanted(made)._replace(enrolled=(), alone=True, only_returns=returning)
    if returning:
        heard = heard._replace(bills=True)
    told = among(draw, events(draw, around, heard, length), rows, around)
    # Nobody enrols in a group that is not there yet.
    ids = {one.id for group in made if group.id in late for one in group.targets}
    first = [
        place
        for place, event in enumerate(told)
        if isinstance(event.payload, Enrol | Unenrol) and event.payload.target_id in ids
    ]
    return World(at.organisation, tuple(made), told, late, pick(draw, range(min([len(told), *first]) + 1)))


@st.composite
def window_worlds(draw: st.DrawFn, *, length: int = 8, settled: Settings | None = None) -> World:
    """Make a world of one or two groups with customers' own windows, or sequential periods."""
    at = scene(draw, settled, (*SCENES, *MONTH_SCENES, *MONTH_SCENES))
    zone, first_day = at.organisation.zone, at.first_day
    measures = pick(draw, (ON_MORE, SIMPLE))
    made = [open_group(draw, number, first_day, zone, measures) for number in range(1, pick(draw, (1, 1, 2)) + 1)]
    return lived_through(draw, at, made, own_moments(draw, at, made), length)


def own_moments(draw: st.DrawFn, at: Scene, made: Sequence[TargetGroup]) -> Moments:
    """Take an instant at which windows are likely to begin, and the bounds of the windows that follow from it."""
    anchor = midnight(at.first_day, at.organisation.zone) + pick(draw, (0, HOUR, HOUR * 5 // 2, 20 * HOUR, DAY, 1))
    bounds = {anchor}
    for group in made:
        plan = Plan(at.organisation, group, group.targets[0], frozenset())
        bounds |= {plan.begins_at, plan.ends_at}
        if group.evaluation is Evaluation.CYCLIC_WINDOW and plan.periods:
            bounds |= {bound for span in spans(plan, anchor) for bound in span[1:]}
    near = sorted({bound + by for bound in bounds for by in (-1, 0, 1, HOUR)} | {anchor - DAY, anchor - DAY - 1})
    happening = [Micros(at) for at in (anchor, anchor, *(pick(draw, near) for _ in range(4)))]
    hearing = {Micros(bound + late * DAY + by) for bound in bounds for late in (0, 1, 3) for by in (0, 1)}
    return Moments(tuple(happening), tuple(sorted(hearing)))


Maker = Callable[[st.DrawFn, int, date, str], TargetGroup]


def calendar_world(draw: st.DrawFn, at: Scene, made: Sequence[TargetGroup], length: int) -> World:
    """Make the history of a world of calendar periods."""
    return lived_through(draw, at, made, moments(draw, made, at.first_day, at.organisation.zone), length)


@st.composite
def streak_worlds(draw: st.DrawFn, *, length: int = 8, settled: Settings | None = None) -> World:
    """Make a world of one or two streaks, with freezes, pauses, outages, resets, and turns of periods."""
    at = scene(draw, settled)
    # The day on which something happens to the clocks is not always the first.
    zone, first_day = at.organisation.zone, at.first_day - timedelta(days=pick(draw, (0, 1, 2)))
    measures = pick(draw, (SIMPLE, ON_MORE, SIMPLE))
    made = [streak_group(draw, number, first_day, zone, measures) for number in range(1, pick(draw, (1, 1, 2)) + 1)]
    outages = tuple(outage(draw, made[0]) for _ in range(pick(draw, (0, 0, 1))))
    chosen = replace(at.organisation.settings, outages=outages)
    at = at._replace(organisation=replace(at.organisation, settings=chosen))
    span = streak_moments(draw, made)
    world = lived_through(draw, at, made, span, length + 2)
    rows: list[Requests] = []
    for group in made:
        if group.id in world.late:
            continue
        kinds = pick(draw, ("f", "", "p", "fp", "ff", ""))
        rows += [[(None, freezing(draw, group) if kind == "f" else pausing(draw, group))] for kind in kinds]
        if pick(draw, (True, False)):
            rows.append(boundaries(group, chosen.offset_days))
    return world._replace(events=among(draw, world.events, rows, span, "s"), late=frozenset(), heard=0)


def outage(draw: st.DrawFn, group: TargetGroup) -> Outage:
    """Declare an outage between two bounds of periods, or a microsecond beside them."""
    found = pausing(draw, group)
    return Outage(found.starts_at, found.ends_at)


def streak_moments(draw: st.DrawFn, made: Sequence[TargetGroup]) -> Moments:
    """Take an instant in each of most periods, at its bounds or within."""
    found: list[Micros] = []
    bounds: set[Micros] = set()
    for group in made:
        for period in group.periods:
            bounds |= {period.opens_at, period.closes_at}
            if pick(draw, (True, True, True, True, False)):
                found.append(Micros(pick(draw, (period.opens_at, period.closes_at - 1, period.opens_at + HOUR))))
    hearing = {Micros(bound + late * DAY + by) for bound in bounds for late in (0, 1, 3) for by in (0, 1)}
    return Moments(tuple(found or sorted(bounds)), tuple(sorted(hearing)))


@st.composite
def unified_worlds(draw: st.DrawFn, *, length: int = 8, settled: Settings | None = None) -> World:
    """Make a world of one or two unified groups."""
    at = scene(draw, settled)
    zone, first_day = at.organisation.zone, at.first_day
    measures = pick(draw, (ON_MORE, ON_BILLS, MEASURES))
    made = [unified_group(draw, number, first_day, zone, measures) for number in range(1, pick(draw, (1, 1, 2)) + 1)]
    return calendar_world(draw, at, made, length)


@st.composite
def cap_worlds(draw: st.DrawFn, *, length: int = 5, settled: Settings | None = None) -> World:
    """Make a world of a few caps, with decisions about awards."""
    at = scene(draw, settled)
    zone, first_day = at.organisation.zone, at.first_day
    returning = pick(draw, (False, True))
    if returning and settled is None:
        chosen = replace(at.organisation.settings, caps_follow_returns=CapsFollowReturns.ON)
        at = at._replace(organisation=replace(at.organisation, settings=chosen))
    made = [cap_group(draw, number, first_day, zone) for number in range(1, pick(draw, (1, 2, 3)) + 1)]
    span = moments(draw, made, first_day, zone)
    world = lived_through(draw, at, made, span, length, returning=returning)
    rows: list[Requests] = [[(None, deciding(draw))] for _ in range(pick(draw, (1, 2, 3, 5)))]
    rows += [[(None, voiding(draw, len(rows)))] for _ in range(pick(draw, (0, 0, 1, 2)))]
    world = world._replace(late=frozenset(), heard=0)
    return world._replace(events=decided(draw, among(draw, world.events, rows, span, "d")))


@st.composite
def carry_worlds(draw: st.DrawFn, *, length: int = 3, settled: Settings | None = None) -> World:
    """Make a world in which returns are carried: few bills, many returns, several periods of all calendar kinds."""
    at = scene(draw, settled)
    if settled is None:
        chosen = replace(at.organisation.settings, returns=Returns.CARRY)
        at = at._replace(organisation=replace(at.organisation, settings=chosen))
    zone, first_day = at.organisation.zone, at.first_day
    maker = pick(draw, (plain_group, plain_group, unified_group, streak_group))
    made = [maker(draw, 1, first_day, zone, ON_BILLS)]
    return lived_through(draw, at, made, streak_moments(draw, made), length, returning=True)


@st.composite
def zone_worlds(draw: st.DrawFn, *, length: int = 6, settled: Settings | None = None) -> World:
    """Make a world of groups with zones of their own whose targets ask for days of the customer's past."""
    at = scene(draw, settled)
    if settled is None:
        # A condition that is asked again sees what the customer has done by then; the oracle does not keep that.
        chosen = replace(
            at.organisation.settings,
            time_zone_policy=TimeZonePolicy.GROUP,
            returned_bills=ReturnedBills.KEEP_JUDGEMENT,
        )
        at = at._replace(organisation=replace(at.organisation, settings=chosen))
    zone, first_day = at.organisation.zone, at.first_day
    made = [asking(draw, plain_group(draw, number, first_day, zone, SIMPLE)) for number in range(1, 4)]
    return calendar_world(draw, at, made, length)


def asking(draw: st.DrawFn, group: TargetGroup) -> TargetGroup:
    """Return *group* with targets for everybody that ask of the customer's past."""
    return replace(
        group,
        targets=tuple(
            replace(one, expression=pick(draw, PAST), enrolment=EnrolmentMethod.TRANSACTION) for one in group.targets
        ),
    )


@st.composite
def enrolment_worlds(draw: st.DrawFn, *, length: int = 6, settled: Settings | None = None) -> World:
    """Make a world of plain targets in which customers come, go and come back, some with goals of their own."""
    at = scene(draw, settled)
    zone, first_day = at.organisation.zone, at.first_day
    made = [plain_group(draw, number, first_day, zone, ON_MORE) for number in range(1, pick(draw, (1, 2)) + 1)]
    return calendar_world(draw, at, made, length)


@st.composite
def completion_worlds(draw: st.DrawFn, *, length: int = 4, settled: Settings | None = None) -> World:
    """Make a world in which targets count the achievements of others and of each other; much of it comes back."""
    at = scene(draw, settled)
    zone, first_day = at.organisation.zone, at.first_day
    maker = pick(draw, (plain_group, unified_group, streak_group))
    made = [maker(draw, 1, first_day, zone, SIMPLE), listening(draw, plain_group(draw, 2, first_day, zone, COUNTED))]
    return lived_through(draw, at, made, streak_moments(draw, made), length, returning=pick(draw, (True, False)))


COUNTED = ((Entity.EVENT, Kpi.COUNT), (Entity.EVENT, Kpi.COUNT), (Entity.EVENT, Kpi.VISIT))
"""How achievements are counted."""


def listening(draw: st.DrawFn, group: TargetGroup) -> TargetGroup:
    """Return *group* with targets that count achievements."""
    texts = tuple(COMPLETION_PREDICATES)
    return replace(
        group,
        targets=tuple(replace(one, event_name=TARGET_COMPLETED, expression=pick(draw, texts)) for one in group.targets),
    )


KIND_WORLDS = (
    window_worlds,
    streak_worlds,
    unified_worlds,
    cap_worlds,
    carry_worlds,
    zone_worlds,
    enrolment_worlds,
    completion_worlds,
)
"""All makers of worlds in this module."""
