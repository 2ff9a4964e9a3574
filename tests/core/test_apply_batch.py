"""Examples of a batch that is lived through at once: where plain events stop being plain."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from milepost.engine.apply import START, BatchResult, apply_batch, replay
from milepost.model.event import Event
from milepost.model.standing import ProgressKey
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from tests.core.sample_shop import FEBRUARY, GROUP, JANUARY, SHOP, TARGET, at, back, bill, live, rules

pytestmark = pytest.mark.usefixtures("rows")


def together(rule_index: RuleIndex, events: Sequence[Event]) -> BatchResult:
    """Live through *events* as one batch; what they lead to is what single steps lead to."""
    lived = apply_batch(rule_index, START.standing, START.history, (), events)
    single = live(rule_index, *events)
    assert (lived.standing, lived.history) == (single.standing, single.history)
    assert [told.entries for told in lived.applied] == [logged.entries for logged in single.log]
    return lived


def test_progress_of_a_period_leaves_a_week_after_its_end() -> None:
    """The event that is dated so late moves the ended period out of the standing, plain as it is."""
    lived = together(rules(), [bill("1", "01-05 12:00", "5"), bill("2", "02-08 00:00", "7")])
    assert {JANUARY} == lived.history.keys()
    assert {FEBRUARY} == lived.standing.progress.keys()


def test_late_event_goes_on_from_settled_progress() -> None:
    """A bill of January that comes after January was settled adds to what was settled."""
    bills = [bill("1", "01-05 12:00", "5"), bill("2", "02-20 12:00", "7"), bill("3", "01-06 12:00", "1")]
    assert 60_000 == together(rules(), bills).history[JANUARY].value


def test_settled_progress_counts_from_when_the_first_of_two_periods_ends() -> None:
    """Progress that began later does not keep earlier progress in the standing."""
    bills = [bill("1", "02-01 12:00", "7"), bill("2", "01-31 12:00", "5"), bill("3", "02-09 12:00", "7")]
    assert {JANUARY} == together(rules(), bills).history.keys()


def test_rule_sees_what_the_batch_did_before() -> None:
    """A condition on the number of bills holds from the second bill of one batch on."""
    second = rules(replace(TARGET, expression="currentCustomer.numberOfTxns>0"))
    lived = together(second, [bill("1", "01-05 12:00", "5"), bill("2", "01-06 12:00", "7")])
    assert [0, 1] == [len(told.entries) for told in lived.applied]


def test_return_takes_back_from_a_bill_of_its_batch() -> None:
    """A return goes the way of single steps, and finds the bill that was counted in place."""
    lived = together(rules(), [bill("1", "01-05 12:00", "5"), back("2", "01-06 12:00", "1")])
    assert 0 == lived.standing.progress[JANUARY].value


def test_bill_that_a_return_waits_for_is_not_plain() -> None:
    """A bill that comes after its return counts for nothing, in one batch too."""
    lived = together(rules(), [back("2", "01-06 12:00", "1"), bill("1", "01-05 12:00", "5")])
    assert 0 == lived.standing.progress[JANUARY].value
    assert () == lived.standing.waiting


def test_stamps_follow_the_latest_date_not_the_latest_arrival() -> None:
    """An earlier date that arrives later leaves the customer's clock where it is."""
    lived = together(rules(), [bill("1", "01-20 12:00", "5"), bill("2", "01-18 12:00", "7")])
    assert at("01-20 12:00") == lived.standing.latest_at


def test_a_batch_that_begins_with_a_question_about_an_ended_period_sees_it() -> None:
    """January left the standing with the batch before; a rule that asks for it has it back from the first event on."""
    expression = "currentCustomer.targetAchievedInPeriod('spend','January')==5"
    asking = replace(TARGET, id=2, name="asking", expression=expression)
    both = build_rule_index(SHOP, [replace(GROUP, targets=(TARGET, asking))])
    before = together(both, [bill("1", "01-05 12:00", "5"), bill("2", "02-20 12:00", "7")])
    assert before.history.keys().isdisjoint(before.standing.progress)
    after = apply_batch(both, before.standing, before.history, (), [bill("3", "02-21 12:00", "1")])
    assert 80_000 == after.standing.progress[ProgressKey(2, FEBRUARY.period_id)].value


def test_progress_of_a_period_that_no_rule_knows_any_more_stays() -> None:
    """January was switched off after something had counted there: nobody knows when it would leave the standing."""
    periods = (replace(GROUP.periods[0], active=False), GROUP.periods[1])
    versions = {1: rules(), 2: rules(group=replace(GROUP, periods=periods))}
    bills = [bill("1", "01-05 12:00", "5"), bill("2", "02-20 12:00", "7"), bill("3", "03-20 12:00", "7")]
    lived = replay(versions.__getitem__, zip((1, 2, 2), bills, strict=True))
    assert ({JANUARY}, {FEBRUARY}) == ({*lived.standing.progress}, {*lived.history})
