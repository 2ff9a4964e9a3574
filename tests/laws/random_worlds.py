"""Random worlds: what an organisation defines and what one customer does, crowded at the bounds.

Instants are taken from a short list around a clock change (bounds of periods and days, a microsecond beside them,
ties), amounts from a short list that meets goals exactly. Events arrive in any order and late; returns come before
their bills, in part and repeatedly.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from milepost.model.event import RETURN, Event, EventKey
from milepost.model.organisation import Organisation, Settings
from milepost.model.target import (
    EnrolmentMethod,
    Entity,
    Target,
    TargetGroup,
    Tracking,
)
from milepost.model.time import DAY_US, Micros
from tests.laws.draws import pick
from tests.laws.random_definitions import (
    MEASURES,
    ON_BILLS,
    ON_LINES,
    SCENES,
    Measures,
    group,
    midnight,
    settings,
    target,
)
from tests.laws.random_events import Moments, Wanted, events

MINUTE, HOUR, DAY = DAY_US // 1_440, DAY_US // 24, DAY_US


class World(NamedTuple):
    """An organisation, what it defined, and what one customer did, in the order of arrival.

    The groups named *late* were made when so many events had been received.
    """

    organisation: Organisation
    groups: tuple[TargetGroup, ...]
    events: tuple[Event, ...]
    late: frozenset[int] = frozenset()
    heard: int = 0

    @property
    def before(self) -> frozenset[EventKey]:
        """Return the events that were received before the late groups were made."""
        return frozenset(event.key for event in self.events[: self.heard])


def moments(draw: st.DrawFn, made: Sequence[TargetGroup], first_day: date, zone: str) -> Moments:
    """Take a few of the instants at which things are most likely to go wrong: bounds, midnights here and in UTC.

    They are few so that much happens on one day, and most of them lie in a period.
    """
    spans = [(period.opens_at, period.closes_at) for one in made for period in one.periods]
    bounds = {bound for span in spans for bound in span}
    days = [first_day + timedelta(days=number) for number in range(-1, 5)]
    midnights = {midnight(day, name) for day in days for name in (zone, "UTC")}
    beside = (-1, 0, HOUR, HOUR - 15 * MINUTE, HOUR - 15 * MINUTE - 1)
    all_of_them = sorted({Micros(instant + by) for instant in bounds | midnights for by in beside})
    all_of_them.append(Micros(max(bounds) + 8 * DAY))
    inside = [instant for instant in all_of_them if any(opens <= instant < closes for opens, closes in spans)]
    happening = [pick(draw, inside or all_of_them) for _ in range(4)] + [pick(draw, all_of_them)]
    hearing = {Micros(bound + late * DAY + by) for bound in bounds for late in (0, 1, 3) for by in (0, 1)}
    return Moments(tuple(happening), tuple(sorted(hearing)))


@st.composite
def worlds(draw: st.DrawFn, *, length: int = 8, settled: Settings | None = None) -> World:
    """Make an organisation with up to three groups and a history; settings are *settled*, or of any kind."""
    zone, first_day = pick(draw, SCENES)
    first_day -= timedelta(days=1)
    chosen = settings(draw) if settled is None else settled
    organisation = Organisation(id=1, name="shop", zone=zone, version=1, settings=chosen)
    # Now and then all targets measure alike: what they ask alike may be answered once.
    one = pick(draw, MEASURES)
    alike = tuple(measure for measure in MEASURES if measure[0] is one[0])
    measures: Measures = pick(draw, (MEASURES, MEASURES, alike, (one,)))
    count = pick(draw, (1, 2, 3))
    made = tuple(group(draw, number, first_day, zone, measures) for number in range(1, count + 1))
    return World(organisation, made, events(draw, moments(draw, made, first_day, zone), wanted(made), length))


@st.composite
def returning_worlds(draw: st.DrawFn, *, settled: Settings | None = None) -> World:
    """Make a world of one or two bills and many returns, around the end of the one period that all targets have."""
    zone, first_day = pick(draw, SCENES)
    chosen = settings(draw) if settled is None else settled
    organisation = Organisation(id=1, name="shop", zone=zone, version=1, settings=chosen)
    by_line = pick(draw, (False, True))
    measures = ON_LINES if by_line else ON_BILLS
    whole = group(draw, 1, first_day, zone, measures)
    run = (replace(whole.periods[0], active=True),)
    aims = tuple(
        replace(target(draw, number, run, measures), active=True, filters=None)
        for number in range(pick(draw, (1, 2, 3)))
    )
    made = (replace(whole, active=True, tracking=Tracking.DEFAULT, periods=run, targets=aims),)
    end = run[0].closes_at
    around = Moments(tuple(Micros(end - by) for by in (2, 2, 2, 1, 0)), (end, Micros(end + 1)))
    return World(organisation, made, events(draw, around, wanted(made)._replace(only_returns=True, by_line=by_line), 2))


def wanted(made: Sequence[TargetGroup]) -> Wanted:
    """Return the kinds of events that the groups' targets listen to."""
    aims = [(group, one) for group in made for one in group.targets]
    entities = {one.entity for _, one in aims}
    return Wanted(
        bills=bool(entities & {Entity.TRANSACTION, Entity.LINEITEM}),
        returns=any(one.event_name == RETURN for _, one in aims),
        activities=Entity.EVENT in entities,
        only_returns=False,
        awards=bool(entities & {Entity.REWARDS, Entity.POINTS, Entity.ALTERNATE_CURRENCIES}),
        enrolled=tuple(
            tuple((one.id, period.id) for period in group.periods if period.active)
            for group, one in aims
            if one.enrolment is EnrolmentMethod.IMPORT
            and is_counting(group, one)
            and any(period.active for period in group.periods)
        ),
    )


def is_counting(group: TargetGroup, one: Target) -> bool:
    """Return whether a target counts at all: the service enrols no customer in one that does not."""
    return group.active and one.active
