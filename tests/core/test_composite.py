"""Examples of composites: evaluated after all that one event did."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.engine.apply import Replayed
from milepost.model.organisation import AfterAchievement, Settings
from milepost.model.standing import OutcomeKind, ProgressKey
from milepost.model.target import AggregateFunction, Combination, Goal, Kpi, Metadata, Tracking, WindowKind
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from tests.core.sample_shop import GROUP, SHOP, TARGET, back, bill, live

pytestmark = pytest.mark.usefixtures("rows")

WHOLE = ProgressKey.of_composite(1, 1)


def together(threshold: int, settings: Settings | None = None) -> RuleIndex:
    """Return a group of spend and, of each day, the least tip; any of them, and a sum of *threshold*."""
    low = tuple(Goal(number, number % 2 + 1, Decimal(1)) for number in (1, 2))
    spend = replace(TARGET, goals=low)
    least = Metadata(name="tip", aggregate=AggregateFunction.SUM, window=WindowKind.MIN)
    tips = replace(TARGET, id=2, name="tips", kpi=Kpi.EXTENDED_FIELD, metadata=least, goals=low)
    rule = Combination(any_of=True, aggregation=AggregateFunction.SUM, threshold=Decimal(threshold))
    group = replace(GROUP, tracking=Tracking.UNIFIED, targets=(spend, tips), combination=rule)
    return build_rule_index(replace(SHOP, settings=settings or Settings()), [group])


def judged(lived: Replayed) -> tuple[Decimal, bool, list[OutcomeKind]]:
    """Return the composite's value, whether it is achieved, and its outcomes."""
    row = lived.standing.progress[WHOLE]
    kinds = [OutcomeKind.UNIFIED_ACHIEVED, OutcomeKind.UNIFIED_UNACHIEVED]
    return Decimal(row.value) / 10_000, bool(row.achieved_by), [one.kind for one in lived.outcomes if one.kind in kinds]


def test_composite_is_not_achieved_in_the_middle_of_an_event() -> None:
    """A bill of 50 with a tip of 1 takes spend from 0 to 50 and the least tip from 10 to 1: 51, never 60."""
    events = [bill("a", "01-02 10:00", "0", tip=10), bill("b", "01-02 11:00", "50", tip=1)]
    assert (Decimal(51), False, []) == judged(live(together(60), *events))
    assert (Decimal(51), True, [OutcomeKind.UNIFIED_ACHIEVED]) == judged(live(together(51), *events))


def test_composite_is_not_taken_back_in_the_middle_of_a_return() -> None:
    """The return of that bill takes spend to 0 and the least tip back to 10: below 10 only in between."""
    events = [
        bill("a", "01-02 10:00", "0", tip=10),
        bill("b", "01-02 11:00", "50", tip=1),
        back("r", "01-02 12:00", "b"),
    ]
    revoking = Settings(after_achievement=AfterAchievement.REVOKE)
    assert (Decimal(10), True, [OutcomeKind.UNIFIED_ACHIEVED]) == judged(live(together(10, revoking), *events))
