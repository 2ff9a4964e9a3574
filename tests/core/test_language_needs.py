"""What a condition needs besides the event, and what it calls by name."""

import pytest

from milepost.language import NOTHING_NEEDED, Needs, mentions, needs, read
from milepost.language.parameters import Parameter

PROFILE = Needs(member=True)
NEEDS = (
    ("true", NOTHING_NEEDED),
    ("currentCustomer.numberOfTxns>1 && currentCustomer.numberOfVisits>1", Needs(standing=True, days=True)),
    ("currentTxn.value>1 && !(currentCustomer.email=='a')", PROFILE),
    ("currentTxn.date.dateDiff(currentCustomer.joinDate)>1", PROFILE),
    ("currentCustomer.firstname.contains('a')", PROFILE),
    ("currentStore.name=='a' && currentTxn.extField_a=='b'", NOTHING_NEEDED),
    ("currentTxn.customFieldValueIncludes('a','b')", NOTHING_NEEDED),
    ("currentCustomer.slabName=='GOLD'", Needs(member=True, fields=frozenset({"slabName"}))),
    ("currentCustomer.initialSlabNumber>1", Needs(member=True, fields=frozenset({"slabNumber"}))),
    ("currentCustomer.isLoyal", Needs(member=True, fields=frozenset({"loyaltyType"}))),
    (
        "currentCustomer.extField_a==1 || currentCustomer.clusterValueIncludes('b','c')",
        Needs(member=True, fields=frozenset({"a", "b"})),
    ),
    ("currentCustomer.customFieldValueExists('a')", Needs(member=True, fields=frozenset({"a"}))),
    ("currentCustomer.targetAchievedInCurrentPeriod('T')>1", Needs(reached=True)),
    ("currentCustomer.isStreakAchieved('L') || currentCustomer.streakCurrentValue('G')>1", Needs(reached=True)),
    ("currentCustomer.avgTargetAchieved('T')>1", Needs(reached=True, ended=True)),
    ("currentCustomer.targetsAchievedForUnified('G','P')>1", Needs(reached=True, ended=True)),
)


@pytest.mark.parametrize("text,needed", NEEDS)
def test_only_what_is_asked_for_is_needed(text: str, needed: Needs) -> None:
    """Profiles, fields, what was done so far and progress of ended periods are there for rules that read them."""
    assert needs(read(text)) == needed


def test_names_are_found_with_their_places() -> None:
    """Targets, groups, periods and levels are told apart; a period is named after what has it."""
    text = "currentCustomer.targetAchievedInPeriod('T','P')>1 && currentEvent.streakExists('L')"
    target, period, level = mentions(read(text))
    assert (target.parameter, target.name, target.position, target.of) == (Parameter.TARGET, "T", 39, None)
    assert (period.parameter, period.name, period.of) == (Parameter.PERIOD, "P", target)
    assert (level.parameter, level.name) == (Parameter.LEVEL, "L")


@pytest.mark.parametrize(
    "text", ["currentTxn.basketSum('brand','T')>1", "currentCustomer.customFieldValueIncludes('T','P')", "true"]
)
def test_what_is_not_defined_by_groups_is_no_mention(text: str) -> None:
    """Item attributes and fields of the profile are named by others."""
    assert list(mentions(read(text))) == []
