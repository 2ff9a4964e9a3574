"""Merging: what the victim had is added to what the survivor has (docs/rules.md, merging)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.engine.apply import START, Replayed, replay
from milepost.engine.commands.customer_merge import absorbed_progress
from milepost.engine.progress.history import Logged
from milepost.model.commands.customer_merge import AbsorbCustomer
from milepost.model.event import ABSORB_CUSTOMER, ENROL, Enrol, Event, ReturnKind
from milepost.model.organisation import AfterAchievement, Settings
from milepost.model.standing import OutcomeKind, ProgressKey, Reason, StoredEvents
from milepost.model.target import EnrolmentMethod, Evaluation, Frequency, Goal, Kpi, StreakLevel, Tracking
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from tests.core.sample_shop import (
    FEBRUARY,
    GROUP,
    JANUARY,
    SHOP,
    TARGET,
    at,
    back,
    bill,
    enrol,
    event,
    live,
    progress,
    rules,
    value,
)

pytestmark = pytest.mark.usefixtures("rows")

VICTIM = 2


def merged(known: RuleIndex, ours: list[Event], theirs: list[Event], *after: Event) -> Replayed:
    """Apply both histories, merge on the 20th of January, and apply the survivor's later events."""
    victim = live(known, *theirs)
    payload = absorbed_progress(VICTIM, victim.standing, victim.history.values())
    return going_on(known, victim, payload, ours, *after)


def going_on(known: RuleIndex, victim: Replayed, payload: AbsorbCustomer, ours: list[Event], *after: Event) -> Replayed:
    """Apply the survivor's events, the merge and later events, with the victim's log at hand."""
    number = len(ours) + 1
    log = tuple(Logged(one.event, one.seq, one.entries, (number, *one.under)) for one in victim.log)
    events = [*ours, event(ABSORB_CUSTOMER, str(payload.customer_id), "01-20 00:00", payload), *after]
    return replay(lambda _version: known, [(1, one) for one in events], START._replace(log=log))


def own_goals(id_: str, period_id: int, *goals: tuple[int, str]) -> Event:
    """Enrol with the customer's own goals."""
    own = tuple((period, Decimal(goal)) for period, goal in goals)
    return event(ENROL, id_, "01-01 10:00", Enrol(target_id=1, period_id=period_id, goals=own))


def kinds(lived: Replayed) -> list[OutcomeKind]:
    """Return which outcomes there were."""
    return [one.kind for one in lived.outcomes]


def test_values_add_up_and_the_merge_may_reach_the_goal() -> None:
    """600 and 500 are 1100: the merge crosses 1000, and says so once."""
    lived = merged(rules(), [bill("a", "01-02 10:00", "600")], [bill("b", "01-03 10:00", "500")])
    found = progress(lived)
    assert found is not None
    assert (Decimal(1100), at("01-20 00:00") // 1_000_000) == (value(lived), found.achieved_at)
    (entry,) = lived.log[-1].entries
    assert (Reason.MERGED, 500_0000, 600_0000, 1100_0000) == (entry.reason, entry.amount, entry.before, entry.after)
    assert [OutcomeKind.ENROLLED, OutcomeKind.ACHIEVED] == kinds(lived)


def test_an_achievement_of_either_customer_is_not_achieved_again() -> None:
    """The earlier stamp stays, and there is no outcome."""
    ours, theirs = [bill("a", "01-09 10:00", "1000")], [bill("b", "01-03 10:00", "1000")]
    lived = merged(rules(), ours, theirs)
    found = progress(lived)
    assert found is not None
    assert (at("01-03 10:00") // 1_000_000, theirs[0].key.log_id) == (found.achieved_at, found.achieved_by)
    assert [OutcomeKind.ENROLLED, OutcomeKind.ACHIEVED] == kinds(lived)
    assert (Decimal(2000), []) == (value(lived), kinds(merged(rules(), [], theirs)))


def test_days_unite() -> None:
    """Both came on the second: three days in all, and a return of one bill of that day leaves the other."""
    known = rules(replace(TARGET, kpi=Kpi.VISIT))
    ours = [bill("a", "01-02 10:00", "1"), bill("b", "01-03 10:00", "1")]
    theirs = [bill("c", "01-02 12:00", "1"), bill("d", "01-04 10:00", "1")]
    lived = merged(known, ours, theirs, back("r", "01-21 10:00", "c"), back("s", "01-21 11:00", "d"))
    assert Decimal(3) == value(merged(known, ours, theirs))
    assert Decimal(2) == value(lived)


def test_a_return_finds_the_victims_bill() -> None:
    """It takes back what the bill had added, once; with REVOKE the achievement goes with it.

    Another return of that bill finds nothing left, and waits for a bill of the name.
    """
    known = rules(settings=Settings(after_achievement=AfterAchievement.REVOKE))
    ours, theirs = [bill("a", "01-02 10:00", "600")], [bill("b", "01-03 10:00", "500")]
    returns = [back("r", "01-21 10:00", "b"), back("s", "01-22 10:00", "b", ReturnKind.CANCELLED)]
    lived = merged(known, ours, theirs, *returns)
    assert (Decimal(600), Decimal(600)) == (value(lived), Decimal(lived.standing.purchases) / 10_000)
    assert OutcomeKind.UNACHIEVED is kinds(lived)[-1]
    assert ["s"] == [one.key.id for one in lived.standing.waiting]


def test_each_return_means_the_latest_bill_of_either() -> None:
    """Both had a bill of the name: the first return takes the victim's later one, the second the survivor's."""
    ours, theirs = [bill("x", "01-02 10:00", "100")], [bill("x", "01-03 10:00", "30")]
    returns = back("r", "01-21 10:00", "x"), back("s", "01-22 10:00", "x")
    assert Decimal(100) == value(merged(rules(), ours, theirs, *returns[:1]))
    assert Decimal(0) == value(merged(rules(), ours, theirs, *returns))


def test_a_return_goes_on_waiting() -> None:
    """The victim received a return before its bill; the survivor receives the bill."""
    lived = merged(rules(), [], [back("r", "01-03 10:00", "b")], bill("b", "01-21 10:00", "70"))
    assert (Decimal(0), ()) == (value(lived), lived.standing.waiting)


def test_enrolments_unite() -> None:
    """The survivor takes part where either did; the survivor's own goals win, earlier periods are added."""
    known = rules(replace(TARGET, enrolment=EnrolmentMethod.IMPORT))
    ours = [own_goals("e", 2, (2, "50"))]
    theirs = [own_goals("f", 1, (1, "70"), (2, "90"))]
    bills = [bill("1", "01-21 10:00", "70"), bill("2", "02-01 10:00", "60")]
    lived = merged(known, ours, theirs, *bills)
    assert (Decimal(70), Decimal(60)) == (value(lived, JANUARY), value(lived, FEBRUARY))
    enrolment = lived.standing.enrolments[-1]
    assert (1, None, StoredEvents.NONE) == (enrolment.period_id, enrolment.left_at_period, enrolment.stored)
    assert ((1, 70_0000), (2, 50_0000)) == enrolment.goals
    assert [OutcomeKind.ACHIEVED] * 2 == [kind for kind in kinds(lived) if kind is OutcomeKind.ACHIEVED]
    alone = merged(known, [], theirs, *bills)
    assert (Decimal(70), Decimal(60)) == (value(alone, JANUARY), value(alone, FEBRUARY))


def test_what_counted_when_the_victim_was_enrolled_comes_back() -> None:
    """A bill that the victim's enrolment counted from the log is taken back from the survivor."""
    known = rules(replace(TARGET, enrolment=EnrolmentMethod.IMPORT))
    theirs = [bill("b", "01-03 10:00", "500"), enrol("e", "01-04 10:00", period_id=1)]
    lived = merged(known, [], theirs, back("r", "01-21 10:00", "b"))
    assert Decimal(500) == value(merged(known, [], theirs))
    assert Decimal(0) == value(lived)


def test_streaks_unite() -> None:
    """January of the one and February of the other are two in a row; the level that either had is not earned again."""
    levels = (StreakLevel(id=101, name="one", count=1), StreakLevel(id=102, name="two", count=2))
    known = build_rule_index(SHOP, [replace(GROUP, tracking=Tracking.STREAKS, streak_levels=levels)])
    lived = merged(known, [bill("a", "01-02 10:00", "1000")], [bill("b", "02-02 10:00", "1000")])
    told = [one.about for one in lived.outcomes if one.kind is OutcomeKind.STREAK_LEVEL_ACHIEVED]
    assert ([101, 102], (1, 2)) == (told, lived.standing.streaks[1].achieved)


def test_a_streak_that_the_victim_started_is_not_started_again() -> None:
    """The victim heard of it in January; the survivor, who had done nothing, hears of no start at the merge."""
    known = build_rule_index(SHOP, [replace(GROUP, tracking=Tracking.STREAKS)])
    theirs = [bill("b", "01-03 10:00", "1000")]
    assert OutcomeKind.STREAK_STARTED in kinds(live(known, *theirs))
    lived = merged(known, [], theirs)
    assert ([], (1,)) == (kinds(lived), lived.standing.streaks[1].achieved)


def test_until_achieved_as_many_periods_stay_rewarded_as_were() -> None:
    """1500 and 700: one was rewarded, the second is reached by the merge; 1000 and 1000 are two that were rewarded."""
    until = replace(GROUP, evaluation=Evaluation.PERIOD_AGNOSTIC_WINDOW)
    known = rules(group=until)
    lived = merged(known, [bill("a", "01-02 10:00", "1500")], [bill("b", "01-03 10:00", "700")])
    assert (Decimal(1000), Decimal(1200)) == (value(lived, JANUARY), value(lived, FEBRUARY))
    assert 2 == kinds(lived).count(OutcomeKind.ACHIEVED)
    both = merged(known, [bill("a", "01-02 10:00", "1000")], [bill("b", "01-03 10:00", "1000")])
    assert 1 == kinds(both).count(OutcomeKind.ACHIEVED)
    assert {JANUARY, FEBRUARY} == {key for key, row in both.standing.progress.items() if row.achieved_by}


def test_own_windows_of_the_victim_fall_into_those_of_the_survivor() -> None:
    """Weeks from the 2nd and from the 8th: the first of the other opened in our first, its second in our second."""
    weekly = replace(GROUP, evaluation=Evaluation.CYCLIC_WINDOW, frequency_kind=Frequency.WEEKLY, frequency=1)
    known = rules(group=weekly)
    ours = [bill("a", "01-02 10:00", "10")]
    theirs = [bill("b", "01-08 10:00", "20"), bill("c", "01-15 11:00", "30")]
    lived = merged(known, ours, theirs, back("r", "01-15 12:00", "c"))
    assert (Decimal(30), Decimal(30)) == (
        value(merged(known, ours, theirs), JANUARY),
        value(merged(known, ours, theirs), FEBRUARY),
    )
    assert (Decimal(30), Decimal(0)) == (value(lived, JANUARY), value(lived, FEBRUARY))
    assert (Decimal(20), Decimal(30)) == tuple(value(merged(known, [], theirs), key) for key in (JANUARY, FEBRUARY))


def test_a_composite_is_achieved_by_both_together() -> None:
    """Each member was reached by one of the two; the merge achieves the composite."""
    second = replace(TARGET, id=2, name="visits", kpi=Kpi.COUNT, goals=(Goal(3, 1, Decimal(2)), Goal(4, 2, Decimal(2))))
    known = build_rule_index(SHOP, [replace(GROUP, tracking=Tracking.UNIFIED, targets=(TARGET, second))])
    ours = [bill("a", "01-02 10:00", "1000")]
    theirs = [bill("b", "01-03 10:00", "1"), bill("c", "01-03 11:00", "1")]
    lived = merged(known, ours, theirs)
    assert 1 == kinds(lived).count(OutcomeKind.UNIFIED_ACHIEVED)
    assert lived.standing.progress[ProgressKey.of_composite(1, 1)].is_achieved


def test_a_customer_merged_before_comes_along() -> None:
    """A bill of the victim's victim is found, through both merges."""
    known = rules()
    first = live(known, bill("a", "01-02 10:00", "100"))
    second = going_on(known, first, absorbed_progress(3, first.standing, ()), [bill("b", "01-03 10:00", "10")])
    victim = second._replace(log=(*second.log,))
    payload = absorbed_progress(VICTIM, victim.standing, victim.history.values())
    lived = going_on(known, victim, payload, [bill("c", "01-04 10:00", "1")], back("r", "01-21 10:00", "a"))
    assert [(VICTIM, (2,)), (3, (2, 2))] == [(one.customer_id, one.under) for one in lived.standing.lineage.merged]
    assert Decimal(11) == value(lived)
