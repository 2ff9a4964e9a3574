"""Examples of what conditions can ask about the customer's progress."""

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from milepost.engine.progress.context import StandingProgressLookup
from milepost.engine.progress.history import history_needed
from milepost.language import ProgressLookup
from milepost.model.definitions.completion import TARGET_COMPLETED
from milepost.model.event import AUTHORISE_AWARD, AuthoriseAward, AwardKind, Event
from milepost.model.organisation import Settings
from milepost.model.progress.streak import EarnedLevel, Streak
from milepost.model.standing import EMPTY_STANDING, Standing
from milepost.model.target import Entity, Evaluation, Frequency, Goal, Kpi, StreakLevel, Target, Tracking
from milepost.model.time import Seconds
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from tests.core.sample_shop import GROUP, SHOP, TARGET, at, bill, event, live, run

ENDED = "currentCustomer.avgTargetAchieved('spend')>0"
VISITS = replace(TARGET, id=2, name="Visits", goals=())
LEVELS = (StreakLevel(id=5, name="Bronze", count=2), StreakLevel(id=6, name="Gold", count=4))
BOTH = replace(GROUP, targets=(TARGET, VISITS), streak_levels=LEVELS)


def known(expression: str = "currentCustomer.targetAchievedInCurrentPeriod('spend')>0") -> RuleIndex:
    """Return the rule index of a group with two targets; the expression of the second is under test."""
    return build_rule_index(SHOP, [replace(BOTH, targets=(TARGET, replace(VISITS, expression=expression)))])


def reached(*events: Event, when: str = "02-10 12:00", standing: Standing | None = None) -> ProgressLookup:
    """Return the progress of a customer with *events* at that instant."""
    lived = live(known(), *events)
    found = {**lived.history, **lived.standing.progress}
    return StandingProgressLookup(known(), standing or structs.replace(lived.standing, progress=found), at(when))


def test_values_are_found_by_the_names_of_targets_and_periods() -> None:
    """Whatever the case; what nobody has defined has no value."""
    way = reached(bill("1", "01-05 10:00", "50"), bill("2", "02-05 10:00", "60.5"))
    assert way.value_in_period("SPEND", "january") == Decimal(50)
    assert way.value_in_period("spend", "February") == Decimal("60.5")
    assert [way.value_in_period(*names) for names in (("spend", "March"), ("spent", "January"))] == [0, 0]


def test_the_running_period_is_that_of_the_event() -> None:
    """At its opening it is the new one; outside all periods there is none."""
    events = (bill("1", "01-05 10:00", "50"), bill("2", "02-05 10:00", "60"))
    seen = [reached(*events, when=when).value_now("spend") for when in ("01-31 23:59", "02-01 00:00", "03-01 00:00")]
    assert seen == [50, 60, 0]
    assert reached(*events).value_now("nobody") == 0


def test_the_mean_counts_periods_without_anything() -> None:
    """January and nothing in February make half of January, as long as February has begun."""
    events = (bill("1", "01-05 10:00", "50"),)
    means = [reached(*events, when=when).mean_value("spend") for when in ("01-31 23:59", "02-01 00:00", "12-01 00:00")]
    assert means == [50, 25, 25]
    assert reached(*events, when="01-01 00:00").mean_value("nobody") == 0


def test_achieved_targets_of_a_group_are_counted() -> None:
    """Those that reached their goals in the period, by the group's name."""
    way = reached(bill("1", "01-05 10:00", "1000"), bill("2", "02-05 10:00", "999"))
    assert [way.achieved_in_period("Months", name) for name in ("January", "February", "March")] == [1, 0, 0]
    assert [way.achieved_in_period("spend", "January"), way.achieved_now("months"), way.achieved_now("none")] == [
        0,
        0,
        0,
    ]
    assert reached(bill("1", "01-05 10:00", "1000"), when="01-06 00:00").achieved_now("months") == 1


def test_streak_levels_are_those_that_were_earned() -> None:
    """A level of the same streak that was not earned, and one that nobody knows, are not there."""
    streak = Streak(GROUP.id, levels=(EarnedLevel(5, Seconds(0), 1, 1),))
    way = reached(standing=structs.replace(EMPTY_STANDING, streaks={GROUP.id: streak}))
    assert [way.has_level(name) for name in ("bronze", "Gold", "Silver")] == [True, False, False]
    assert reached().has_level("Bronze") is False


def asking_of_ended(target: Target, tracking: Tracking = Tracking.DEFAULT) -> RuleIndex:
    """Return the rule index of a target that asks for ended periods."""
    return build_rule_index(SHOP, [replace(GROUP, tracking=tracking, targets=(replace(target, expression=ENDED),))])


def test_ended_periods_are_fetched_for_rules_that_hear_indirectly() -> None:
    """Any event may achieve what TargetCompleted tells, and caps are asked when an award is decided."""
    has_rules_for = replace(TARGET, entity=Entity.EVENT, kpi=Kpi.COUNT, event_name=TARGET_COMPLETED)
    assert history_needed(asking_of_ended(has_rules_for), EMPTY_STANDING, run("1", "02-05 10:00")).history is True
    asked = AuthoriseAward(kind=AwardKind.REGULAR, amount=Decimal(1))
    decided = event(AUTHORISE_AWARD, "1", "02-05 10:00", asked)
    assert history_needed(asking_of_ended(TARGET, Tracking.CAPPING), EMPTY_STANDING, decided).history is True
    assert history_needed(asking_of_ended(TARGET), EMPTY_STANDING, decided).history is False


def streaking(when: str, *achieved: int, offset_days: int = 0, tracking: Tracking = Tracking.STREAKS) -> Decimal:
    """Return the count of a streak of two months in which these periods were achieved."""
    organisation = replace(SHOP, settings=Settings(offset_days=offset_days))
    rules = build_rule_index(organisation, [replace(GROUP, tracking=tracking, streak_levels=LEVELS)])
    standing = structs.replace(EMPTY_STANDING, streaks={GROUP.id: Streak(GROUP.id, achieved=achieved)})
    return StandingProgressLookup(rules, standing, at(when)).streak_count("MONTHS")


def test_the_count_of_a_streak_is_that_of_the_moment() -> None:
    """A period that is over without being achieved ends the run, once its offset days are over too."""
    assert streaking("02-10 00:00", 1) == 1
    assert streaking("02-28 23:59", 1, 2) == 2
    assert [streaking(when, 1) for when in ("02-28 23:59", "03-01 00:00")] == [1, 0]
    assert [streaking(when, 1, offset_days=2) for when in ("03-02 23:59", "03-03 00:00")] == [1, 0]
    assert streaking("03-01 00:00", 1, tracking=Tracking.NON_CONTINUOUS_STREAKS) == 1
    assert streaking("02-10 00:00", 1, tracking=Tracking.DEFAULT) == 0
    assert [reached().streak_count(name) for name in ("months", "nobody")] == [0, 0]


def windows(evaluation: Evaluation, when: str, *events: Event) -> ProgressLookup:
    """Return the progress of a customer with *events* then, in two periods of another kind with goals of 100."""
    goals = (Goal(1, 1, Decimal(100)), Goal(2, 2, Decimal(100)))
    asking = replace(TARGET, expression="true || currentCustomer.targetAchievedInCurrentPeriod('spend')>0", goals=goals)
    group = replace(GROUP, targets=(asking,), evaluation=evaluation, frequency_kind=Frequency.DAILY, frequency=10)
    rules = build_rule_index(SHOP, [group])
    return StandingProgressLookup(rules, live(rules, *events).standing, at(when))


def test_until_achieved_the_period_that_is_being_filled_is_the_running_one() -> None:
    """What was achieved has begun, and so has the next one; those after it have not."""
    first = windows(Evaluation.PERIOD_AGNOSTIC_WINDOW, "01-06 10:00", bill("1", "01-05 10:00", "60"))
    assert [first.value_now("spend"), first.mean_value("spend"), first.achieved_now("months")] == [60, 60, 0]
    events = (bill("1", "01-05 10:00", "60"), bill("2", "01-05 11:00", "60"))
    second = windows(Evaluation.PERIOD_AGNOSTIC_WINDOW, "01-06 10:00", *events)
    assert [second.value_now("spend"), second.mean_value("spend")] == [20, 60]
    assert second.achieved_in_period("months", "January") == 1


def test_a_customers_own_windows_begin_with_the_customer() -> None:
    """Ten days from the first bill are the first window, the next ten the second; before the first there is none."""
    events = (bill("1", "01-05 10:00", "60"), bill("2", "01-15 10:00", "20"))
    seen = [windows(Evaluation.CYCLIC_WINDOW, when, *events) for when in ("01-15 09:59", "01-15 10:00", "01-25 10:00")]
    assert [way.value_now("spend") for way in seen] == [60, 20, 0]
    assert [way.mean_value("spend") for way in seen] == [60, 40, 40]
    stranger = windows(Evaluation.CYCLIC_WINDOW, "01-15 10:00")
    assert [stranger.value_now("spend"), stranger.mean_value("spend")] == [0, 0]


@pytest.mark.parametrize(
    "expression, event, wanted",
    [
        (ENDED, bill("1", "02-05 10:00", "5"), True),
        (ENDED, run("1", "02-05 10:00"), False),
        ("currentCustomer.targetAchievedInCurrentPeriod('spend')>0", bill("1", "02-05 10:00", "5"), False),
        ("true", bill("1", "02-05 10:00", "5"), False),
    ],
)
def test_ended_periods_are_fetched_for_events_whose_rules_ask(expression: str, event: Event, *, wanted: bool) -> None:
    """Other events do without."""
    assert history_needed(known(expression), EMPTY_STANDING, event).history is wanted
