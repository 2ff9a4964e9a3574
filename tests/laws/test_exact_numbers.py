"""Exact numbers: sums come to the last ten-thousandth, however many and however large the amounts are."""

from collections.abc import Iterable
from decimal import Decimal

import pytest

from milepost.engine.apply import apply
from milepost.model.event import BILL, NOWHERE, Bill, Event, EventKey, Scalar
from milepost.model.organisation import Organisation, Settings
from milepost.model.standing import EMPTY_STANDING, ProgressKey, Standing
from milepost.model.target import (
    AggregateFunction,
    EnrolmentMethod,
    Entity,
    Evaluation,
    Goal,
    Kpi,
    Metadata,
    Period,
    Target,
    TargetGroup,
    Tracking,
)
from milepost.model.time import DAY_US, EPOCH, SECOND_US, Micros
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from tests.laws.random_definitions import UNTOUCHED

pytestmark = pytest.mark.usefixtures("rows")

YEAR_US = Micros(365 * DAY_US)
SPEND, TIPS, FILLED = ProgressKey(1, 1), ProgressKey(2, 2), 30


def target(number: int, kpi: Kpi, goal: Decimal, periods: Iterable[int]) -> Target:
    """Make a target that every customer takes part in."""
    return Target(
        id=number,
        name=f"target {number}",
        entity=Entity.TRANSACTION,
        kpi=kpi,
        event_name=BILL,
        expression="true",
        enrolment=EnrolmentMethod.TRANSACTION,
        goals=tuple(Goal(period, period, goal) for period in periods),
        metadata=Metadata(name="tip", aggregate=AggregateFunction.SUM) if kpi is Kpi.EXTENDED_FIELD else None,
    )


def group(number: int, kpi: Kpi, goal: Decimal, periods: tuple[int, ...], evaluation: Evaluation) -> TargetGroup:
    """Make a group of one target, all of whose periods are the first year of the epoch."""
    return TargetGroup(
        id=number,
        name=f"group {number}",
        preferred_till_id=1,
        tracking=Tracking.DEFAULT,
        evaluation=evaluation,
        total_periods=len(periods),
        cycle_opens_at=EPOCH,
        cycle_closes_at=Micros(YEAR_US - SECOND_US),
        periods=tuple(
            Period(
                id=one,
                ref_code=str(one),
                starts_on="1970-01-01",
                ends_on="1970-12-31",
                opens_at=EPOCH,
                closes_at=YEAR_US,
            )
            for one in periods
        ),
        targets=(target(number, kpi, goal, periods),),
        attribution=UNTOUCHED,
    )


@pytest.fixture(name="rules", scope="module")
def _rules() -> RuleIndex:
    """Define spend, a summed field, and spend that fills sequential periods of a thousand each."""
    shop = Organisation(id=1, name="shop", zone="UTC", version=1, settings=Settings())
    fixed = Evaluation.FIXED_CALENDAR_WINDOW
    filling = group(3, Kpi.SALES, Decimal(1000), (30, 31, 32), Evaluation.PERIOD_AGNOSTIC_WINDOW)
    return build_rule_index(
        shop,
        [
            group(1, Kpi.SALES, Decimal(100_000), (1,), fixed),
            group(2, Kpi.EXTENDED_FIELD, Decimal(1), (2,), fixed),
            filling,
        ],
    )


def bought(number: int, net: Decimal, tip: Scalar = None) -> Event:
    """Make a bill."""
    payload = Bill(number=f"N{number}", net=net, gross=net, discount=Decimal(0), lines=(), extended_fields={"tip": tip})
    return Event(
        key=EventKey("till", str(number)),
        name=BILL,
        occurred_at=Micros(number),
        received_at=Micros(number),
        place=NOWHERE,
        member=None,
        payload=payload,
    )


def standing_after(rules: RuleIndex, events: Iterable[Event]) -> Standing:
    """Apply one event after the other."""
    standing = EMPTY_STANDING
    for event in events:
        standing = apply(rules, standing, event).standing
    return standing


def tenths(rules: RuleIndex, count: int) -> None:
    """Buy for a tenth so many times, and look at all that is summed."""
    standing = standing_after(rules, (bought(number, Decimal("0.1"), Decimal("0.1")) for number in range(count)))
    assert standing.purchases == count * 1000
    assert standing.progress[SPEND].value == count * 1000
    assert standing.progress[TIPS].value == count * 1000
    filled = [standing.progress[ProgressKey(3, period)].value for period in (30, 31, 32)]
    assert sum(filled) == count * 1000
    assert filled[0] == 1000 * 10_000
    achieved = standing.progress[SPEND].achieved_by
    assert (achieved != 0) == (count * 1000 >= 100_000 * 10_000)


def test_many_tenths_come_to_the_exact_sum(rules: RuleIndex) -> None:
    """Numbers R24, in small: 25,000 times 0.1 is 2,500.0000, and two periods of a thousand are filled."""
    tenths(rules, 25_000)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_a_million_tenths_come_to_the_exact_sum(rules: RuleIndex) -> None:
    """Numbers R24: a million times 0.1 is 100,000.0000; the last of them reaches a goal of a hundred thousand."""
    tenths(rules, 1_000_000)


def test_a_goal_is_reached_by_the_very_event_that_completes_it(rules: RuleIndex) -> None:
    """One ten-thousandth short is not there; the next ten-thousandth is."""
    short = standing_after(rules, [bought(1, Decimal("99999.9999"))])
    there = apply(rules, short, bought(2, Decimal("0.0001"))).standing
    assert short.progress[SPEND].achieved_by == 0
    assert there.progress[SPEND].achieved_by == EventKey("till", "2").log_id


def test_large_amounts_keep_their_last_digit(rules: RuleIndex) -> None:
    """A thousand times the largest amount, and one ten-thousandth, is exactly that."""
    largest = Decimal(10) ** 15
    standing = standing_after(
        rules, [*(bought(number, largest) for number in range(1000)), bought(1000, Decimal("0.0001"))]
    )
    assert standing.progress[SPEND].value == 1000 * 10**19 + 1


def test_negative_amounts_are_taken_as_they_are(rules: RuleIndex) -> None:
    """A bill of less than nothing lowers the sum; a zero with a sign is a zero."""
    standing = standing_after(rules, [bought(1, Decimal("0.3")), bought(2, Decimal("-0.1")), bought(3, Decimal("-0"))])
    assert standing.progress[SPEND].value == 2000


@pytest.mark.parametrize(
    "tip, expected",
    [
        ("100000", 10**9),
        ("-0", 0),
        ("0.00005", 0),
        ("0.00015", 2),
        ("0.00025", 2),
        (Decimal("0.30000000000000000001"), 3000),
        ("999999999999999.9999", 10**19 - 1),
    ],
)
def test_fields_are_rounded_half_to_even(rules: RuleIndex, tip: Scalar, expected: int) -> None:
    """A field keeps four decimals, whatever it is written as."""
    assert standing_after(rules, [bought(1, Decimal(1), tip)]).progress[TIPS].value == expected


@pytest.mark.parametrize(
    "tip",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1e15",
        "9" * 40,
        "",
        True,
        None,
        "0x10",
        "1E5",
        "5_0",
        "\u0665",
        " 5",
        "+5",
        ".5",
        "5.",
    ],
)
def test_what_is_no_amount_does_not_count(rules: RuleIndex, tip: Scalar) -> None:
    """Neither what is no number, nor what is beyond the largest amount."""
    assert TIPS not in standing_after(rules, [bought(1, Decimal(1), tip)]).progress
