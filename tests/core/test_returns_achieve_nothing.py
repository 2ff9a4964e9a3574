"""A return is no achievement (facts 8 #86): where it lifts a value, the next event that counts is the cause."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.model.event import EventKey
from milepost.model.organisation import RULES_FIRST, Settings
from milepost.model.standing import OutcomeKind
from milepost.model.target import (
    AggregateFunction,
    Evaluation,
    Goal,
    Kpi,
    Metadata,
    TargetGroup,
    Trigger,
    TriggerValueKind,
    WindowKind,
)
from tests.core.sample_shop import GROUP, JANUARY, TARGET, back, bill, live, progress, rules, value

pytestmark = pytest.mark.usefixtures("rows")

SMALLEST = replace(
    TARGET,
    kpi=Kpi.EXTENDED_FIELD,
    metadata=Metadata(name="tip", aggregate=AggregateFunction.SUM, window=WindowKind.MIN),
    goals=(Goal(1, 1, Decimal(8)), Goal(2, 2, Decimal(8))),
    triggers=(
        Trigger(id=7, name="all", active=True, kind="USER", value_kind=TriggerValueKind.PERCENTAGE, value=Decimal(100)),
    ),
)
"""The smallest tip of each day is added up, 8 is the goal and a trigger."""

LIFTED = (bill("2", "01-02 11:00", "5", tip=4), bill("1", "01-02 10:00", "5", tip=9), back("r", "01-02 12:00", "2"))
"""Two bills of a day with tips of 4 and 9, of which the smaller one comes back."""

SAME_DAY = bill("3", "01-02 13:00", "5", tip=9)


@pytest.mark.parametrize(
    "evaluation, shown", [(Evaluation.FIXED_CALENDAR_WINDOW, 9), (Evaluation.PERIOD_AGNOSTIC_WINDOW, 8)]
)
def test_the_next_event_is_the_cause_though_it_adds_nothing(evaluation: Evaluation, shown: int) -> None:
    """The bill with the tip of 4 comes back, so 9 is left; the third bill of 9 adds nothing and achieves."""
    group: TargetGroup = replace(GROUP, evaluation=evaluation)
    known = rules(replace(SMALLEST, triggers=()), group=group)
    before, after = live(known, *LIFTED), live(known, *LIFTED, SAME_DAY)
    row = progress(before)
    assert (Decimal(9), False) == (value(before), row is not None and row.is_achieved)
    row = progress(after)
    assert row is not None
    assert (Decimal(shown), EventKey("till", "3").log_id) == (value(after), row.achieved_by)


def test_a_return_reaches_no_trigger() -> None:
    """The trigger at all of the goal is reached by the bill that is received next."""
    kinds = [one.kind for one in live(rules(SMALLEST), *LIFTED).outcomes]
    assert OutcomeKind.TRIGGER_REACHED not in kinds
    kinds = [one.kind for one in live(rules(SMALLEST), *LIFTED, SAME_DAY).outcomes]
    assert OutcomeKind.TRIGGER_REACHED in kinds


def test_in_the_first_edition_a_return_achieves() -> None:
    """An organisation from before keeps what it was told (decision 0027)."""
    known = rules(SMALLEST, Settings(rules_edition=RULES_FIRST))
    row = progress(live(known, *LIFTED))
    assert row is not None
    assert EventKey("till", "r").log_id == row.achieved_by
    assert JANUARY == row.key
