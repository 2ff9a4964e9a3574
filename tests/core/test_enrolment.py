"""How a customer comes to take part, and what of the past counts then (facts 4.7, 8.1)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.model.event import UNENROL, EventKey, Unenrol
from milepost.model.organisation import EnrolMidPeriod, Settings
from milepost.model.standing import OutcomeKind
from milepost.model.target import (
    EnrolmentMethod,
)
from tests.core.sample_shop import FEBRUARY, TARGET, at, bill, enrol, event, live, progress, rules, told, value

pytestmark = pytest.mark.usefixtures("rows")

ON_LIST = replace(TARGET, enrolment=EnrolmentMethod.IMPORT)


def test_only_the_enrolled_count_where_there_is_a_list() -> None:
    """Without enrolment nothing counts; enrolled in February, February and what follows counts."""
    bought = [bill("1", "01-05 10:00", "1"), bill("2", "02-05 10:00", "2")]
    assert (None, None) == (value(live(rules(ON_LIST), *bought)), value(live(rules(ON_LIST), *bought), FEBRUARY))
    lived = live(rules(ON_LIST), enrol("e", "01-01 00:00", period_id=2), *bought)
    assert (None, Decimal(2)) == (value(lived), value(lived, FEBRUARY))


@pytest.mark.parametrize("choice, expected", [(EnrolMidPeriod.COUNT_STORED, "5"), (EnrolMidPeriod.FROM_ENROLMENT, "2")])
def test_enrolment_within_a_period(choice: EnrolMidPeriod, expected: str) -> None:
    """Events received before count or do not, as the organisation has chosen (facts 8.1)."""
    known = rules(ON_LIST, Settings(enrol_mid_period=choice))
    events = [bill("1", "01-05 10:00", "3"), enrol("e", "01-06 10:00"), bill("2", "01-07 10:00", "2")]
    assert Decimal(expected) == value(live(known, *events))


def test_the_stored_event_that_crosses_the_goal_is_the_cause() -> None:
    """Counted at enrolment, the goal is stamped with the bill that reached it, not with the enrolment."""
    events = [bill("1", "01-05 10:00", "999"), bill("2", "01-06 10:00", "1"), enrol("e", "01-07 10:00")]
    found = progress(live(rules(ON_LIST), *events))
    assert found is not None
    assert (EventKey("till", "2").log_id, at("01-06 10:00") // 1_000_000) == (found.achieved_by, found.achieved_at)


def test_balance_alone_does_not_achieve() -> None:
    """A balance at the goal is not stamped; the next counted event is, however little it adds (facts 8 #27)."""
    events = [enrol("e", "01-01 10:00", balance="1000"), bill("1", "01-05 10:00", "0")]
    assert [(OutcomeKind.ENROLLED, 0)] == told(ON_LIST, events[0])
    assert [(OutcomeKind.ENROLLED, 0), (OutcomeKind.ACHIEVED, 0)] == told(ON_LIST, *events)


def test_balance_leaves_the_rest_to_go() -> None:
    """Enrolled with 300, stored bills of that period are in the balance already and do not count again."""
    events = [bill("1", "01-05 10:00", "50"), enrol("e", "01-06 10:00", balance="300"), bill("2", "01-07 10:00", "7")]
    assert Decimal(307) == value(live(rules(ON_LIST), *events))


def test_enrolment_in_a_target_open_to_all_counts_nothing_twice() -> None:
    """Bills that counted when they were received are not counted again from the log."""
    assert Decimal(5) == value(live(rules(), bill("1", "01-05 10:00", "5"), enrol("e", "01-06 10:00")))


def test_changed_goal_is_not_a_second_enrolment() -> None:
    """A customer who takes part and is enrolled with another goal has one Enrolled outcome.

    One who had left has another.
    """
    again = enrol("again", "01-03 10:00")
    known = rules(ON_LIST)
    kinds = [one.kind for one in live(known, enrol("e", "01-02 10:00"), again).outcomes]
    assert [OutcomeKind.ENROLLED] == kinds
    away = event(UNENROL, "l", "01-02 12:00", Unenrol(target_id=1, period_id=1))
    kinds = [one.kind for one in live(known, enrol("e", "01-02 10:00"), away, again).outcomes]
    assert [OutcomeKind.ENROLLED, OutcomeKind.UNENROLLED, OutcomeKind.ENROLLED] == kinds
