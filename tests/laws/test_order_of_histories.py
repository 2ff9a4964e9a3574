"""Order of arrival, on whole histories: a year of one customer in any order comes to the same.

Bills lie around the bounds of months and the changes of clocks, some come back in full or in part, once each. What does
not depend on the order then is every value; without returns it is every achievement, trigger, level and whole too.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from milepost.model.event import (
    BILL,
    ENROL,
    GRANT_FREEZES,
    RETURN,
    Bill,
    Enrol,
    Event,
    EventKey,
    GrantFreezes,
    Line,
    Payload,
    Return,
    ReturnKind,
)
from milepost.model.organisation import Organisation
from milepost.model.target import (
    AggregateFunction,
    Combination,
    EnrolmentMethod,
    Entity,
    Evaluation,
    FreezeRule,
    Goal,
    Kpi,
    Metadata,
    Period,
    StreakLevel,
    Target,
    TargetGroup,
    Tracking,
    Trigger,
    TriggerValueKind,
    WindowKind,
)
from milepost.model.time import Micros
from tests.laws.engine_histories import lived, progress_of, values
from tests.laws.law_settings import ANY_ORDER
from tests.laws.random_definitions import midnight
from tests.laws.random_events import PLACES
from tests.laws.random_kinds import group_of
from tests.laws.random_worlds import World
from tests.oracle.reference_zones import zone_of

pytestmark = pytest.mark.usefixtures("rows")

ZONE = "Europe/Berlin"
MONTHS = [date(2017, month, 1) for month in range(1, 13)] + [date(2018, 1, 1)]
CHANGES = (date(2017, 3, 26), date(2017, 10, 29))
HOUR = 3_600_000_000
FILLED = 41
"""The target whose periods last until they are achieved."""

AMOUNTS = tuple(Decimal(text) for text in ("0", "0.1", "9.99", "20", "33.3333", "70"))


def periods(group_id: int) -> tuple[Period, ...]:
    """Make the months of 2017."""
    return tuple(
        Period(
            id=group_id * 100 + number,
            ref_code=f"{first:%Y-%m}",
            starts_on=first.isoformat(),
            ends_on=(after - timedelta(days=1)).isoformat(),
            opens_at=midnight(first, ZONE),
            closes_at=midnight(after, ZONE),
        )
        for number, (first, after) in enumerate(pairwise(MONTHS))
    )


def target(number: int, group_id: int, kpi: Kpi, goal: str, *, is_listed: bool = False) -> Target:
    """Make a target on bills."""
    return Target(
        id=group_id * 10 + number,
        name=f"target {group_id}-{number}",
        entity=Entity.LINEITEM if kpi is Kpi.QUANTITY else Entity.TRANSACTION,
        kpi=kpi,
        event_name=BILL,
        expression="true",
        enrolment=EnrolmentMethod.IMPORT if is_listed else EnrolmentMethod.TRANSACTION,
        goals=tuple(Goal(period.id, period.id, Decimal(goal)) for period in periods(group_id)),
        metadata=Metadata(name="tip", aggregate=AggregateFunction.SUM, window=WindowKind.MAX),
        triggers=(
            Trigger(
                id=1, name="half", active=True, kind="USER", value_kind=TriggerValueKind.PERCENTAGE, value=Decimal(50)
            ),
        ),
    )


def group(group_id: int, tracking: Tracking, *aims: Target) -> TargetGroup:
    """Make a group of months."""
    return group_of(group_id, periods(group_id), aims, tracking)


def groups() -> tuple[TargetGroup, ...]:
    """Make one group of each kind that promises the same in any order."""
    streak = group(2, Tracking.STREAKS, target(1, 2, Kpi.SALES, "40"))
    levels = tuple(StreakLevel(id=200 + count, name=f"level {count}", count=count) for count in (1, 2, 4, 8))
    unified = group(3, Tracking.UNIFIED, target(1, 3, Kpi.SALES, "60"), target(2, 3, Kpi.QUANTITY, "3"))
    threshold = Combination(any_of=True, least=1, aggregation=AggregateFunction.SUM, threshold=Decimal(90))
    filling = group(4, Tracking.DEFAULT, target(1, 4, Kpi.SALES, "150"))
    return (
        group(1, Tracking.DEFAULT, target(1, 1, Kpi.SALES, "100")),
        replace(streak, streak_levels=levels, freezes=FreezeRule(most=1)),
        replace(unified, combination=threshold),
        replace(filling, evaluation=Evaluation.PERIOD_AGNOSTIC_WINDOW),
        group(5, Tracking.DEFAULT, target(1, 5, Kpi.VISIT, "2")),
        group(6, Tracking.DEFAULT, target(1, 6, Kpi.EXTENDED_FIELD, "50")),
        group(7, Tracking.NON_CONTINUOUS_STREAKS, target(1, 7, Kpi.COUNT, "2", is_listed=True)),
    )


def instants() -> list[Micros]:
    """Return instants around the bounds of months and the changes of clocks."""
    days = [*MONTHS, *CHANGES]
    return [Micros(midnight(day, ZONE) + by) for day in days for by in (-HOUR, -1, 0, 1, 2 * HOUR, 3 * HOUR, 30 * HOUR)]


def bill(number: int, chance: Random) -> Bill:
    """Make a bill of one line."""
    net = chance.choice(AMOUNTS)
    line = Line(
        code="A",
        quantity=Decimal(chance.randrange(1, 4)),
        rate=net,
        gross=net,
        discount=Decimal(0),
        net=net,
        attributes={},
        extended_fields={},
    )
    return Bill(
        number=f"N{number}",
        net=net,
        gross=net,
        discount=Decimal(0),
        lines=(line,),
        extended_fields={"tip": chance.choice(AMOUNTS)},
    )


def back(number: int, chance: Random) -> Return:
    """Make the one return of a bill."""
    kind = chance.choice((ReturnKind.FULL, ReturnKind.CANCELLED, ReturnKind.AMOUNT))
    amount = Decimal(5) if kind is ReturnKind.AMOUNT else None
    return Return(kind=kind, original=f"N{number}", amount=amount, extended_fields={})


def history(length: int, chance: Random, *, returning: bool) -> list[Event]:
    """Make a year of so many events."""
    bills = length * 3 // 4 if returning else length - 2
    told: list[tuple[str, Payload]] = [(BILL, bill(number, chance)) for number in range(bills)]
    if returning:
        told += [(RETURN, back(number, chance)) for number in chance.sample(range(bills), length - bills - 2)]
    listed = Enrol(target_id=71, period_id=periods(7)[0].id)
    told += [(GRANT_FREEZES, GrantFreezes(group_id=2, count=1)), (ENROL, listed)]
    when = instants()
    return [
        Event(
            key=EventKey("till", f"e{number}"),
            name=name,
            occurred_at=chance.choice(when),
            received_at=midnight(MONTHS[-1], ZONE),
            place=chance.choice(PLACES),
            member=None,
            payload=payload,
        )
        for number, (name, payload) in enumerate(told)
    ]


def outcome(world: World, events: Sequence[Event], *, returning: bool) -> object:
    """Return what must not depend on the order: values, and without returns what was reached too."""
    replayed = lived(world, events)
    standing = replayed.standing
    # Which until-achieved periods a total fills before it falls depends on the order, and so does what a whole counts.
    unsteady = {FILLED, *(-group.id for group in world.groups)} if returning else set()
    total = sum(value for key, value in values(replayed).items() if key.target_id == FILLED)
    shown = (values(replayed, but=unsteady), total, standing.bills, standing.purchases, standing.facts)
    if returning:
        return shown
    marks = {key: (bool(row.achieved_by), row.triggers) for key, row in progress_of(replayed).items()}
    levels = {level.level_id for streak in standing.streaks.values() for level in streak.levels}
    return shown, marks, levels


def same_in_any_order(histories: int, permutations: int, length: int) -> None:
    """Permute so many histories so many times each."""
    assert zone_of(ZONE) is not None
    organisation = Organisation(id=1, name="shop", zone=ZONE, version=1, settings=ANY_ORDER)
    for seed in range(histories):
        chance, returning = Random(seed), seed % 2 == 0
        events = history(length, chance, returning=returning)
        world = World(organisation, groups(), tuple(events))
        expected = outcome(world, events, returning=returning)
        for turn in range(permutations):
            chance.shuffle(events)
            assert outcome(world, events, returning=returning) == expected, (seed, turn)


def test_histories_come_to_the_same_in_any_order() -> None:
    """Order independence R09, in small: 500 permutations of histories of 25 events."""
    same_in_any_order(histories=20, permutations=25, length=25)


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_long_histories_come_to_the_same_in_any_order() -> None:
    """Order independence R09: 10,000 permutations of histories of two hundred events."""
    same_in_any_order(histories=50, permutations=200, length=200)
