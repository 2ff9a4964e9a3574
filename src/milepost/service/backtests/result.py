"""The result of a back-test: what its tallies say."""

from decimal import Decimal

from msgspec import Struct

from milepost.model.amount import to_units
from milepost.model.target import TargetGroup
from milepost.service.backtests.customer_rows import WHOLE, reported_periods
from milepost.service.backtests.request import BacktestRequest
from milepost.service.backtests.tally import EXAMPLES_MAX, KINDS, Example, PartTally, SideTallies, Tally

UNITS = Decimal(10_000)
BINS = 20
QUANTILES = (10, 25, 50, 75, 90, 95, 99)


class Bin(Struct, frozen=True, kw_only=True, rename="camel"):
    """How many customers reached a value from `from_value` on and below the next bin, and how many at least that."""

    from_value: Decimal
    customers: int
    at_least: int


class GoalResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """How many customers would achieve a goal, and what that costs."""

    goal: Decimal
    achieved: int
    cost: Decimal | None


class TargetResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """What customers reached of one target in one period; values to three leading digits."""

    name: str
    enrolled: int
    started: int
    achieved: int
    quantiles: dict[str, Decimal]
    histogram: list[Bin]
    goals: list[GoalResult]


class SideResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """One side in one period: customers who take part, have begun and have achieved, the cost, and each target."""

    enrolled: int
    started: int
    achieved: int
    cost: Decimal | None
    targets: list[TargetResult]


class PeriodResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """A period under both definitions; null for one that does not have it."""

    ref_code: str
    draft: SideResult | None
    live: SideResult | None


class Step(Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of an example: the event, and the value before and after it."""

    source: str
    event_id: str
    reason: str
    amount: Decimal
    before: Decimal
    after: Decimal


class ExampleResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """A customer as an example of a kind, with the latest steps that led to the draft's value."""

    kind: str
    customer_id: int
    ref_code: str
    target: str
    draft: Decimal
    live: Decimal
    goal: Decimal
    steps: list[Step]


class StreakResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """How many customers have achieved at most so many periods in a row."""

    length: int
    draft: int
    live: int


class BacktestResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """The whole result: customers and events that were read, how many rows differ, and everything else by period."""

    customers: int
    events: int
    differing: int
    cost_draft: Decimal | None
    cost_live: Decimal | None
    periods: list[PeriodResult]
    streaks: list[StreakResult]
    examples: list[ExampleResult]


def result_of(
    request: BacktestRequest,
    tally: PartTally,
    draft: TargetGroup | None,
    live: TargetGroup | None,
    examples: list[ExampleResult],
) -> BacktestResult:
    """Return what *tally* says of the groups *draft* and *live*."""
    sides = (_side(request, tally.draft, draft), _side(request, tally.live, live))
    ref_codes = list(dict.fromkeys([*sides[0], *sides[1]]))
    periods = [
        PeriodResult(ref_code=ref_code, draft=sides[0].get(ref_code), live=sides[1].get(ref_code))
        for ref_code in ref_codes
    ]
    lengths = sorted({*tally.draft_streaks, *tally.live_streaks})
    return BacktestResult(
        customers=tally.customers,
        events=tally.events,
        differing=tally.differing,
        cost_draft=_total([period.draft for period in periods], request),
        cost_live=_total([period.live for period in periods], request),
        periods=periods,
        streaks=[
            StreakResult(
                length=length, draft=tally.draft_streaks.get(length, 0), live=tally.live_streaks.get(length, 0)
            )
            for length in lengths
        ],
        examples=examples,
    )


def chosen_examples(tally: PartTally, draft: TargetGroup | None) -> list[tuple[str, Example]]:
    """Return the customers to be shown, at most two of each kind; the median is that of each target and period."""
    chosen: list[tuple[str, Example]] = []
    for kind in KINDS if draft is not None else ():
        examples = tally.examples.get(kind, [])
        if kind == "median":
            examples = sorted(examples, key=lambda one: (_from_median(tally, one), one.customer_id))
        chosen += [(kind, example) for example in examples[:EXAMPLES_MAX]]
    return chosen


def _from_median(tally: PartTally, example: Example) -> int:
    reached = tally.draft.get(example.ref_code, {}).get(example.target, Tally()).reached
    return abs(example.draft - _quantile(reached, 50))


def _side(request: BacktestRequest, side: SideTallies, group: TargetGroup | None) -> dict[str, SideResult]:
    if group is None:
        return {}
    found: dict[str, SideResult] = {}
    for period in reported_periods(group, (request.since, request.until)):
        tallies = side.get(period.ref_code, {})
        whole = tallies.get(WHOLE, Tally())
        found[period.ref_code] = SideResult(
            enrolled=whole.enrolled,
            started=whole.started,
            achieved=whole.achieved,
            cost=_cost(request, whole.achieved),
            targets=[
                _target(request, target.name, tallies.get(target.name, Tally()))
                for target in group.targets
                if target.active
            ],
        )
    return found


def _target(request: BacktestRequest, name: str, tally: Tally) -> TargetResult:
    goals = [
        GoalResult(goal=goal, achieved=achieved, cost=_cost(request, achieved))
        for goal, achieved in ((goal, tally.goals.get(str(to_units(goal)), 0)) for goal in request.goals)
    ]
    return TargetResult(
        name=name,
        enrolled=tally.enrolled,
        started=tally.started,
        achieved=tally.achieved,
        quantiles={f"p{share}": _amount(_quantile(tally.reached, share)) for share in QUANTILES},
        histogram=_histogram(tally.reached),
        goals=goals,
    )


def _histogram(reached: dict[int, int]) -> list[Bin]:
    """Return twenty bins of one width up to the 99th of a hundred customers; the last one has all above."""
    top = max(_quantile(reached, 99), 1)
    width = max(1, -(-top // BINS))
    counts = [0] * BINS
    for units, customers in reached.items():
        counts[min(BINS - 1, max(0, units // width))] += customers
    remaining, bins = sum(counts), list[Bin]()
    for place, customers in enumerate(counts):
        bins.append(Bin(from_value=_amount(place * width), customers=customers, at_least=remaining))
        remaining -= customers
    return bins


def _quantile(reached: dict[int, int], share: int) -> int:
    """Return the least value that *share* of a hundred customers do not exceed; 0 without customers."""
    wanted, seen = sum(reached.values()) * share, 0
    for units in sorted(reached):
        seen += reached[units] * 100
        if seen >= wanted:
            return units
    return 0


def _cost(request: BacktestRequest, achieved: int) -> Decimal | None:
    return None if request.price is None else request.price * achieved


def _total(sides: list[SideResult | None], request: BacktestRequest) -> Decimal | None:
    if request.price is None:
        return None
    return sum((side.cost for side in sides if side is not None and side.cost is not None), Decimal(0))


def _amount(units: int) -> Decimal:
    return (Decimal(units) / UNITS).normalize() if units % 10_000 else Decimal(units // 10_000)
