"""What conditions know of TargetCompleted and CustomerUpdate."""

from decimal import Decimal

import pytest

from milepost.language import EvaluationContext, Scope, check, compile_predicate, read
from milepost.model.definitions.completion import TARGET_COMPLETED, Completion
from milepost.model.event import CUSTOMER_UPDATE, Activity, Scalar
from tests.core.sample_contexts import ON_ACTIVITY, STANDING, event

COMPLETED: dict[Completion, Scalar] = {
    Completion.TARGET_NAME: "Spend more",
    Completion.TARGET_GROUP: "Autumn",
    Completion.TARGET_PERIOD: "Cycle_1",
    Completion.ACHIEVED: Decimal(700),
    Completion.DEFINED: "500",
    Completion.TRIGGER_NAME: "Half way",
    Completion.TRIGGER_VALUE: 250,
    Completion.IS_TARGET: True,
    Completion.IS_TRIGGER: "false",
    Completion.STREAK_LEVEL: "Bronze",
}


def context(name: str, attributes: dict[str, Scalar]) -> EvaluationContext:
    """Return a context with a behavioural event."""
    return EvaluationContext(event(Activity(attributes), name=name), None, STANDING)


ON_COMPLETED = context(TARGET_COMPLETED, {attribute.value: value for attribute, value in COMPLETED.items()})


def holds(text: str, on: EvaluationContext) -> bool:
    """Check, compile and ask."""
    assert check(read(text), Scope.EVENT) == ()
    return compile_predicate(read(text))(on)


TRUE = (
    "currentEvent.eventType=='TargetCompleted'",
    "currentEvent.targetName=='Spend more' && currentEvent.targetGroup.contains('tum')",
    "currentEvent.targetPeriod=='Cycle_1' && currentEvent.targetMilestoneTrigger=='Half way'",
    "currentEvent.milestoneValueDefined==250",
    "currentEvent.targetExists('Spend more') && currentEvent.targetExists('SPEND MORE')",
    "!currentEvent.targetExists('Spend')",
    "currentEvent.targetAchieved('Spend more')==700 && currentEvent.targetDefined('spend more')==500",
    "currentEvent.targetGaps('Spend more')==-200",
    "currentEvent.isTargetAchievedEvent && currentEvent.isSubTargetAchievedEvent==false",
    "currentEvent.streakName('Bronze') && currentEvent.streakExists('bronze') && !currentEvent.streakExists('Gold')",
    "currentEvent.achieved==700",
)


@pytest.mark.parametrize("text", TRUE)
def test_a_completed_target_carries_what_was_achieved(text: str) -> None:
    """Names are the same whatever their case; the gap is what was defined less what was achieved."""
    assert holds(text, ON_COMPLETED) is True
    assert holds(f"!({text})", ON_COMPLETED) is False


NULL = (
    "currentEvent.targetAchieved('Another')>=0",
    "currentEvent.targetGaps('Another')<1",
    "currentEvent.isUnifiedTargetAchievedEvent",
    "currentEvent.isStreakAchievedEvent",
)


@pytest.mark.parametrize("text", NULL)
def test_an_attribute_that_the_event_lacks_is_null(text: str) -> None:
    """Amounts of another target, and kinds that it does not name, are unknown."""
    assert holds(text, ON_COMPLETED) is False
    assert holds(f"!({text})", ON_COMPLETED) is False


@pytest.mark.parametrize("text", ["currentEvent.targetExists('T')", "currentEvent.streakName('L')"])
def test_other_events_complete_nothing(text: str) -> None:
    """A workout knows of no target."""
    assert holds(text, ON_ACTIVITY) is False
    assert holds(f"!({text})", ON_ACTIVITY) is False


@pytest.mark.parametrize("spelling", ["previousLoyaltytype", "previousLoyaltyType"])
def test_a_changed_profile_carries_the_value_before(spelling: str) -> None:
    """The loyalty type goes by both of the vendor's spellings, in the event and in the rule; fields have any type."""
    changed = context(
        CUSTOMER_UPDATE,
        {spelling: "NON_LOYALTY", "currentLoyaltyType": "LOYALTY", "currentCustomFieldValue": 3},
    )
    before = "currentEvent.previousLoyaltytype=='NON_LOYALTY' && currentEvent.previousLoyaltyType.matches('^NON')"
    after = "currentEvent.currentLoyaltyType=='LOYALTY' && currentEvent.currentLoyaltytype.exists()"
    assert holds(f"{before} && {after}", changed) is True
    assert holds("currentEvent.currentCustomFieldValue>2 && currentEvent.previousCustomFieldValue.isNull()", changed)
