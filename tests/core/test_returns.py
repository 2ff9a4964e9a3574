"""Examples of what a return takes back (facts 4.8 and 8.1)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from milepost.engine.apply import replay
from milepost.model.event import EventKey, ReturnKind
from milepost.model.organisation import AfterAchievement, ReturnedBills, Returns, Settings
from milepost.model.standing import EMPTY_STANDING, NOTES, OutcomeKind, Reason
from milepost.model.target import AggregateFunction, EnrolmentMethod, Entity, Kpi, Metadata, Target, WindowKind
from tests.core.sample_shop import (
    FEBRUARY,
    JANUARY,
    TARGET,
    amount_back,
    at,
    back,
    bill,
    enrol,
    line,
    lines_back,
    live,
    pieces,
    progress,
    rules,
    value,
)

pytestmark = pytest.mark.usefixtures("rows")

BASKET = [line("A", "4", "100"), line("B", "1", "20"), line("A", "1", "30")]
LINES = replace(TARGET, entity=Entity.LINEITEM, expression='currentLineItem.code=="A"')


def of(kpi: Kpi, target: Target = TARGET, window: WindowKind | None = None) -> Target:
    """Return the target with another measure."""
    metadata = Metadata(name="tip", aggregate=AggregateFunction.SUM, window=window) if window else None
    return replace(target, kpi=kpi, metadata=metadata)


@pytest.mark.parametrize("kind", [ReturnKind.FULL, ReturnKind.CANCELLED])
@pytest.mark.parametrize("kpi, expected", [(Kpi.SALES, "3500"), (Kpi.COUNT, "2"), (Kpi.VISIT, "2")])
def test_full_return_withdraws_its_bill(kind: ReturnKind, kpi: Kpi, expected: str) -> None:
    """2000, 1500 and 3000 less the 3000 are two bills of 3500 on two days (facts 8 #16)."""
    bought = [bill("1", "01-02 10:00", "2000"), bill("2", "01-03 10:00", "1500"), bill("3", "01-04 10:00", "3000")]
    assert Decimal(expected) == value(live(rules(of(kpi)), *bought, back("r", "01-31 10:00", "3", kind)))


def test_bill_is_found_by_number_too() -> None:
    """A return may name the number on the paper instead of the event."""
    assert Decimal(0) == value(live(rules(), bill("1", "01-02 10:00", "5"), back("r", "01-03 10:00", "N1")))


def test_another_bill_of_the_day_is_still_a_visit() -> None:
    """One of two bills of a day comes back: the day stays a visit."""
    bought = [bill("1", "01-02 10:00", "5"), bill("2", "01-02 11:00", "5")]
    assert Decimal(1) == value(live(rules(of(Kpi.VISIT)), *bought, back("r", "01-03 10:00", "1")))


@pytest.mark.parametrize("window, expected", [(WindowKind.MAX, "4"), (WindowKind.MIN, "9")])
def test_day_without_its_extreme_shows_the_next_one(window: WindowKind, expected: str) -> None:
    """The bill that made the largest (smallest) value of the day comes back."""
    target = of(Kpi.EXTENDED_FIELD, window=window)
    bought = [bill("1", "01-02 10:00", "5", tip=9), bill("2", "01-02 11:00", "5", tip=4)]
    returned = "1" if window is WindowKind.MAX else "2"
    assert Decimal(expected) == value(live(rules(target), *bought, back("r", "01-03 10:00", returned)))


def test_amount_lowers_the_bill_and_its_lines_in_proportion() -> None:
    """60 of 150 come back without goods: the bill loses them, and lines of 130 lose 52; it stays a bill."""
    told = [bill("1", "01-02 10:00", "150", BASKET), amount_back("r", "01-03 10:00", "1", "60")]
    assert Decimal(90) == value(live(rules(), *told))
    assert Decimal(78) == value(live(rules(of(Kpi.SALES, LINES)), *told))
    assert Decimal(1) == value(live(rules(of(Kpi.COUNT)), *told))


def test_bill_gives_back_no_more_than_it_has() -> None:
    """Returns of more than the bill, one after the other, end at nothing and not below."""
    told = [bill("1", "01-02 10:00", "50", [line("A", "1", "50")]), bill("2", "01-02 10:00", "7")]
    taken = [amount_back("r1", "01-03 10:00", "1", "40"), amount_back("r2", "01-03 11:00", "1", "40")]
    lived = live(rules(), *told, *taken, back("r3", "01-03 12:00", "1"), back("r4", "01-03 13:00", "1"))
    assert (Decimal(7), 70_000) == (value(lived), lived.standing.purchases)


@pytest.mark.parametrize(
    "kpi, expected", [(Kpi.QUANTITY, "3"), (Kpi.SALES, "80"), (Kpi.GROSS_SALES, "80"), (Kpi.COUNT, "2")]
)
def test_returned_pieces_leave_their_lines(kpi: Kpi, expected: str) -> None:
    """Two of four pieces take half of their line; other articles and lines stay."""
    told = [bill("1", "01-02 10:00", "150", BASKET), lines_back("r", "01-03 10:00", "1", pieces("A", "2"))]
    assert Decimal(expected) == value(live(rules(of(kpi, LINES)), *told))


def test_pieces_are_taken_off_the_lines_in_order() -> None:
    """Five of four and one pieces of an article take both lines whole."""
    told = [bill("1", "01-02 10:00", "150", BASKET), lines_back("r", "01-03 10:00", "1", pieces("A", "5"))]
    assert Decimal(20) == value(live(rules(), *told))
    lived = live(rules(of(Kpi.COUNT, LINES)), *told)
    assert Decimal(0) == value(lived)


def test_stated_worth_of_pieces_goes_before_their_share() -> None:
    """When the return says what was paid back, that is what the line and the bill lose."""
    told = [bill("1", "01-02 10:00", "150", BASKET), lines_back("r", "01-03 10:00", "1", pieces("A", "2", "45"))]
    assert Decimal(105) == value(live(rules(), *told))
    assert Decimal(85) == value(live(rules(of(Kpi.SALES, LINES)), *told))


def test_share_of_a_line_is_rounded_half_to_even() -> None:
    """Of three pieces of 20.0002 two are worth 13.3335, not 13.3334; half of 0.0001 is rounded to the even 0."""
    thirds = bill("1", "01-02 10:00", "20.0002", [line("A", "3", "20.0002")])
    assert Decimal("13.3335") == value(live(rules(), thirds, lines_back("r", "01-03 10:00", "1", pieces("A", "1"))))
    halves = bill("1", "01-02 10:00", "0.0001", [line("A", "2", "0.0001")])
    assert Decimal(0) == value(live(rules(), halves, lines_back("r", "01-03 10:00", "1", pieces("A", "1"))))


def test_line_and_bill_lose_no_more_than_they_have() -> None:
    """A stated worth of more than the line takes the line's share of the bill, which is 15 of 30, and not more."""
    bought = bill("1", "01-02 10:00", "30", [line("A", "2", "20"), line("B", "2", "20")])
    lines_only = replace(LINES, expression='currentLineItem.code=="B"')
    dear = lines_back("r", "01-03 10:00", "1", pieces("B", "1", "99"))
    assert Decimal(0) == value(live(rules(lines_only), bought, dear))
    assert Decimal(15) == value(live(rules(), bought, dear))
    more = lines_back("s", "01-03 11:00", "1", pieces("A", "1", "15"))
    assert Decimal(0) == value(live(rules(), bought, dear, more))


def test_line_that_matched_goes_on_matching() -> None:
    """Of two pieces one comes back: the line was bought as two, so a rule about more than one piece still holds."""
    target = replace(LINES, kpi=Kpi.COUNT, expression="currentLineItem.qty>1")
    bought = bill("1", "01-02 10:00", "20", [line("A", "2", "20")])
    assert Decimal(1) == value(live(rules(target), bought, lines_back("r", "01-03 10:00", "1", pieces("A", "1"))))


def test_all_lines_and_all_money_back_is_a_full_return() -> None:
    """A bill of which nothing is left does not count any more."""
    told = [
        bill("1", "01-02 10:00", "20", [line("B", "1", "20")]),
        lines_back("r", "01-03 10:00", "1", pieces("B", "1")),
    ]
    assert Decimal(0) == value(live(rules(of(Kpi.COUNT)), *told))


def test_the_expression_is_not_evaluated_again_after_a_return() -> None:
    """A bill that counted as a large one goes on counting when a return makes it a small one."""
    target = replace(TARGET, expression="currentTxn.value>100")
    assert Decimal(50) == value(
        live(rules(target), bill("1", "01-02 10:00", "150"), amount_back("r", "01-03 10:00", "1", "100"))
    )


def test_return_after_the_period_changes_nothing_there() -> None:
    """Dated in February, it leaves January alone, and says so; February is not charged either (facts 8.1)."""
    lived = live(rules(), bill("1", "01-31 10:00", "5"), back("r", "02-01 00:00", "1"))
    assert (Decimal(5), None) == (value(lived, JANUARY), value(lived, FEBRUARY))
    assert [(1, 1, Reason.RETURN_AFTER_END, 0, 50_000, 50_000)] == [
        structs.astuple(entry) for entry in lived.log[1].entries if entry.reason not in NOTES
    ]


def test_earlier_return_that_is_received_later_still_takes_back() -> None:
    """What came too late for January has left the bill whole there, so an earlier return may still reduce it."""
    told = [bill("1", "01-30 10:00", "5"), back("r1", "02-01 00:00", "1"), amount_back("r2", "01-31 10:00", "1", "2")]
    assert Decimal(3) == value(live(rules(), *told))


def test_return_waits_for_its_bill() -> None:
    """A return that comes first takes effect right after its bill, and waits no longer."""
    lived = live(rules(), back("r", "01-03 10:00", "1"), bill("1", "01-02 10:00", "1200"))
    found = progress(lived)
    assert found is not None
    assert (0, EventKey("till", "1").log_id) == (found.value, found.achieved_by)
    assert () == lived.standing.waiting


def test_return_of_an_unknown_bill_changes_no_progress() -> None:
    """Nothing is known of the bill: the return waits, and nothing else."""
    lived = live(rules(), back("r", "01-03 10:00", "nothing"))
    expected = structs.replace(EMPTY_STANDING, seq=1, latest_at=at("01-03 10:00"), waiting=lived.standing.waiting)
    assert (expected, 1) == (lived.standing, len(lived.standing.waiting))


def test_bill_of_the_own_source_is_meant_first() -> None:
    """Two tills use one number: each return takes back from the bill of its own till."""
    known = rules()
    bought = [
        bill("1", "01-02 10:00", "10", source="north", number="7"),
        bill("2", "01-02 10:00", "100", source="south", number="7"),
    ]
    south = back("r1", "01-03 10:00", "7", source="south")
    north = back("r2", "01-03 11:00", "7", source="north")
    assert Decimal(10) == value(live(known, *bought, south))
    assert Decimal(0) == value(live(known, *bought, south, north))
    assert Decimal(10) == value(live(known, *bought, back("r", "01-03 10:00", "7", source="elsewhere")))


@pytest.mark.parametrize(
    "choice, expected",
    [
        (AfterAchievement.KEEP, [OutcomeKind.ACHIEVED]),
        (AfterAchievement.REVOKE, [OutcomeKind.ACHIEVED, OutcomeKind.UNACHIEVED, OutcomeKind.ACHIEVED]),
    ],
)
def test_return_below_the_goal(choice: AfterAchievement, expected: list[OutcomeKind]) -> None:
    """KEEP leaves the achievement; REVOKE takes it back, and it may be achieved again (facts 8.1)."""
    told = [bill("1", "01-02 10:00", "1000"), back("r", "01-03 10:00", "1"), bill("2", "01-04 10:00", "1000")]
    lived = live(rules(settings=Settings(after_achievement=choice)), *told)
    assert expected == [one.kind for one in lived.outcomes if one.kind is not OutcomeKind.ENROLLED]


def test_ignored_return_leaves_progress_alone() -> None:
    """With IGNORE no progress falls; what the customer has bought in all is still less what came back."""
    told = [bill("1", "01-02 10:00", "5"), back("r", "01-03 10:00", "1")]
    lived = live(rules(settings=Settings(returns=Returns.IGNORE)), *told)
    assert (Decimal(5), 0) == (value(lived), lived.standing.purchases)


def test_return_may_count_as_an_event_itself() -> None:
    """A target on ReturnBill counts returns in the period of the return (facts 4.8)."""
    target = replace(TARGET, entity=Entity.EVENT, kpi=Kpi.COUNT, event_name="ReturnBill")
    lived = live(rules(target), bill("1", "01-31 10:00", "5"), back("r", "02-01 10:00", "1"))
    assert (None, Decimal(1)) == (value(lived, JANUARY), value(lived, FEBRUARY))


def test_return_of_a_bill_that_counted_at_enrolment() -> None:
    """A bill counted from the log gives back like any other; one that was returned before is not counted at all."""
    target = replace(TARGET, enrolment=EnrolmentMethod.IMPORT)
    bought = [bill("1", "01-02 10:00", "5"), bill("2", "01-03 10:00", "7")]
    taken = [back("r1", "01-04 10:00", "1"), back("r2", "01-06 10:00", "2")]
    lived = live(rules(target), *bought, taken[0], enrol("e", "01-05 10:00"))
    assert Decimal(7) == value(lived)
    assert Decimal(0) == value(live(rules(target), *bought, taken[0], enrol("e", "01-05 10:00"), taken[1]))


def test_bill_counted_at_enrolment_keeps_what_came_back_after_its_period() -> None:
    """Counted from the log in March, a January bill is whole in January if its return is dated in February."""
    target = replace(TARGET, enrolment=EnrolmentMethod.IMPORT)
    told = [bill("1", "01-02 10:00", "5"), back("r", "02-01 00:00", "1"), enrol("e", "03-01 10:00")]
    assert Decimal(5) == value(live(rules(target), *told))


def test_return_dated_before_its_period_is_known_at_enrolment() -> None:
    """A till with a slow clock dates the return into December; the January bill is returned all the same."""
    target = replace(TARGET, enrolment=EnrolmentMethod.IMPORT)
    taken = back("r", "01-01 00:00", "1")
    early = structs.replace(taken, occurred_at=taken.occurred_at - 1)
    assert Decimal(0) == value(live(rules(target), bill("1", "01-01 00:00", "5"), early, enrol("e", "01-05 10:00")))


def test_return_of_a_bill_of_an_archived_period() -> None:
    """Progress that left the hot row comes back when a return that is dated in its period arrives late."""
    told = [bill("1", "01-02 10:00", "5"), bill("2", "02-20 10:00", "1"), amount_back("r", "01-03 10:00", "1", "2")]
    lived = live(rules(), *told)
    assert (Decimal(3), False) == (value(lived), JANUARY in lived.standing.progress)


@pytest.mark.parametrize("kind, expected", [(ReturnKind.FULL, "0"), (ReturnKind.AMOUNT, "3")])
def test_return_after_the_rule_was_changed_takes_what_the_bill_added(kind: ReturnKind, expected: str) -> None:
    """Milk counted for 5; by the new rule bread would for 10: a full return takes the 5, a fifth of the money 2."""
    lines = replace(TARGET, entity=Entity.LINEITEM)
    versions = {
        number: rules(replace(lines, expression=f'currentLineItem.code=="{code}"'))
        for number, code in ((1, "milk"), (2, "bread"))
    }
    bought = bill("b", "01-05 10:00", "15", lines=(line("milk", "1", "5"), line("bread", "1", "10")))
    taken = back("r", "01-06 10:00", "b") if kind is ReturnKind.FULL else amount_back("r", "01-06 10:00", "b", "3")
    assert Decimal(expected) == value(replay(versions.__getitem__, [(1, bought), (2, taken)]))


def test_return_asks_a_rule_that_is_switched_off_by_now_what_its_bill_had_counted() -> None:
    """It asks for earlier bills of the customer, line by line at once, and of a bill that counted at the enrolment."""
    earlier, taken = bill("1", "01-05 10:00", "5"), lines_back("r", "01-07 10:00", "2", pieces("A", "2"))
    bought = bill("2", "01-06 10:00", "150", lines=BASKET)
    at_once = replace(LINES, expression='currentCustomer.numberOfTxns>=1 && currentLineItem.code=="A"')
    from_log = replace(TARGET, enrolment=EnrolmentMethod.IMPORT, expression="currentCustomer.numberOfTxns>=1")
    for target, told, expected in (
        (at_once, [earlier, bought], "80"),
        (from_log, [earlier, bought, enrol("e", "01-06 11:00")], "105"),
    ):
        versions = {1: rules(target), 2: rules(replace(target, active=False))}
        assert Decimal(expected) == value(replay(versions.__getitem__, [*((1, one) for one in told), (2, taken)]))


@pytest.mark.parametrize("returned, left", [(ReturnedBills.KEEP_JUDGEMENT, "90"), (ReturnedBills.JUDGE_AGAIN, "0")])
def test_a_condition_that_is_asked_again_asks_what_the_customer_has_by_then(returned: ReturnedBills, left: str) -> None:
    """The bill itself is one of the bills of its day when ten of its hundred come back."""
    known = rules(replace(TARGET, expression="currentCustomer.numberOfTxnsToday==0"), Settings(returned_bills=returned))
    assert Decimal(left) == value(
        live(known, bill("b", "01-05 10:00", "100"), amount_back("r", "01-06 10:00", "b", "10"))
    )
