"""Achievements as events of their own (facts 4.2, 4.16)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.model.standing import ProgressKey
from milepost.model.target import Entity, Goal, Kpi
from milepost.rules.compiled.index import build_rule_index
from tests.core.sample_shop import GROUP, SHOP, TARGET, bill, live, value

pytestmark = pytest.mark.usefixtures("rows")

HEARS = replace(TARGET, id=2, name="champion", entity=Entity.EVENT, kpi=Kpi.COUNT, event_name="TargetCompleted")
KEY = ProgressKey(2, 1)


def counted(expression: str, *amounts: str) -> Decimal | None:
    """Return how many achievements of a spend of 1000 a target with this expression counts."""
    has_rules_for = replace(HEARS, expression=expression, goals=(Goal(3, 1, Decimal(2)),))
    known = build_rule_index(
        SHOP, [replace(GROUP, targets=(TARGET,)), replace(GROUP, id=2, name="more", targets=(has_rules_for,))]
    )
    return value(live(known, *(bill(f"b{n}", f"01-{n + 1:02} 10:00", one) for n, one in enumerate(amounts))), KEY)


def test_achievement_counts_once_where_it_is_listened_to() -> None:
    """Two bills reach 1000, a third only grows the value."""
    assert Decimal(1) == counted("true", "600", "400", "5")


def test_expression_sees_what_was_achieved() -> None:
    """Name, value and goal of the target are attributes of the event."""
    told = 'currentEvent.targetName == "spend" && currentEvent.targetAchieved("spend") >= 1100'
    assert (Decimal(1), None) == (counted(told, "1100"), counted(told, "1000"))
