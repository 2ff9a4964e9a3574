"""Examples of what one event does: which period it counts in, what it adds, and when a goal is reached."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from msgspec import structs

from milepost.model.event import CURRENCY, POINTS, Award, AwardKind, EventKey, Place
from milepost.model.organisation import Settings
from milepost.model.progress.facts import NO_FACTS
from milepost.model.standing import EMPTY_STANDING, OutcomeKind, ProgressKey, Reason
from milepost.model.target import (
    AggregateFunction,
    EnrolmentMethod,
    Entity,
    Filter,
    FilterKind,
    Kpi,
    Metadata,
    Target,
    Trigger,
    TriggerValueKind,
    WindowKind,
)
from milepost.rules.calendar import day_from
from milepost.rules.compiled.index import build_rule_index
from tests.core.sample_shop import (
    FEBRUARY,
    GROUP,
    JANUARY,
    SHOP,
    TARGET,
    at,
    bill,
    event,
    explained,
    line,
    live,
    progress,
    rules,
    run,
    told,
    value,
)

pytestmark = pytest.mark.usefixtures("rows")

ON_LIST = replace(TARGET, enrolment=EnrolmentMethod.IMPORT)
TIP = Metadata(name="tip", aggregate=AggregateFunction.SUM)


def measured(entity: Entity, kpi: Kpi, metadata: Metadata | None = None, expression: str = "true") -> Target:
    """Make a target with another measure."""
    name = "Run" if entity is Entity.EVENT else "TransactionAdd"
    return replace(TARGET, entity=entity, kpi=kpi, metadata=metadata, expression=expression, event_name=name)


def test_bill_counts_in_the_period_of_its_date() -> None:
    """A bill of 31 January that arrives on 3 February counts for January (facts 4.5)."""
    lived = live(rules(), bill("1", "01-31 12:00", "400", heard="02-03 09:00"))
    assert (Decimal(400), None) == (value(lived, JANUARY), value(lived, FEBRUARY))


def test_period_ends_before_the_first_instant_of_the_next() -> None:
    """Midnight belongs to the period that it opens (facts 8 #20)."""
    lived = live(rules(), bill("1", "01-31 23:59:59", "1"), bill("2", "02-01 00:00", "2"))
    assert (Decimal(1), Decimal(2)) == (value(lived, JANUARY), value(lived, FEBRUARY))


def test_nothing_counts_outside_every_period() -> None:
    """An event after the last period changes nothing but what is known of the customer."""
    lived = live(rules(), bill("1", "03-01 00:00", "7"))
    day = structs.replace(NO_FACTS, first_day=day_from("2017-03-01"), planes=(b"\1",))
    assert (
        structs.replace(EMPTY_STANDING, seq=1, latest_at=at("03-01 00:00"), bills=1, purchases=70_000, facts=day)
        == lived.standing
    )


def test_goal_is_reached_when_it_is_met_exactly() -> None:
    """A value equal to the goal achieves (facts 8 #1), stamped with the event that crossed."""
    lived = live(rules(), bill("1", "01-02 10:00", "999.99"), bill("2", "01-03 10:00", "0.01"))
    found = progress(lived)
    assert found is not None
    assert (at("01-03 10:00") // 1_000_000, EventKey("till", "2").log_id) == (found.achieved_at, found.achieved_by)


def test_value_grows_past_the_goal_and_is_achieved_once() -> None:
    """One bill of 1200 against 1000 is 1200 (facts 4.17); later ones add to it and tell nothing new."""
    events = [bill("1", "01-02 10:00", "1200"), bill("2", "01-03 10:00", "5")]
    assert Decimal(1205) == value(live(rules(), *events))
    assert [(OutcomeKind.ENROLLED, 0), (OutcomeKind.ACHIEVED, 0)] == told(TARGET, *events)


def test_entries_explain_the_value() -> None:
    """Each counted event leaves what it added and the value before and after."""
    lived = live(rules(), bill("1", "01-02 10:00", "2"), bill("2", "01-03 10:00", "0.5"))
    assert [(1, 1, Reason.COUNTED, 5_000, 20_000, 25_000)] == explained(lived.log[1])


@pytest.mark.parametrize(
    "kpi, metadata, expected",
    [
        (Kpi.SALES, None, "30.5"),
        (Kpi.COUNT, None, "1"),
        (Kpi.VISIT, None, "1"),
        (Kpi.QUANTITY, None, "3.5"),
        (Kpi.EXTENDED_FIELD, TIP, "2.25"),
        (Kpi.EXTENDED_FIELD, replace(TIP, aggregate=AggregateFunction.COUNT), "1"),
        (Kpi.EXTENDED_FIELD, replace(TIP, name="other"), None),
    ],
)
def test_bill_adds_what_the_measure_reads(kpi: Kpi, metadata: Metadata | None, expected: str | None) -> None:
    """Each type of a TRANSACTION target reads its own quantity off a bill (facts 4.2)."""
    bought = bill("1", "01-02 10:00", "30.5", [line("A", "2", "20"), line("B", "1.5", "10.5")], tip="2.25")
    lived = live(rules(measured(Entity.TRANSACTION, kpi, metadata)), bought)
    assert (None if expected is None else Decimal(expected)) == value(lived)


@pytest.mark.parametrize(
    "kpi, metadata, expected",
    [
        (Kpi.SALES, None, "30"),
        (Kpi.QUANTITY, None, "5"),
        (Kpi.COUNT, None, "2"),
        (Kpi.EXTENDED_FIELD, TIP, "4"),
        (Kpi.EXTENDED_FIELD, replace(TIP, aggregate=AggregateFunction.COUNT), "1"),
    ],
)
def test_lines_add_what_the_measure_reads_where_the_expression_holds(
    kpi: Kpi, metadata: Metadata | None, expected: str
) -> None:
    """A LINEITEM target adds up only the lines that its expression holds for (facts 4.2)."""
    lines = [line("A", "2", "20", tip=4), line("A", "3", "10"), line("A", "1", "100", tip=9)]
    target = measured(Entity.LINEITEM, kpi, metadata, "currentLineItem.qty>1")
    assert Decimal(expected) == value(live(rules(target), bill("1", "01-02 10:00", "130", lines)))


def test_bill_without_a_matching_line_does_not_count() -> None:
    """No matching line is not a contribution of zero: nobody is enrolled by it."""
    target = measured(Entity.LINEITEM, Kpi.COUNT, None, 'currentLineItem.code=="X"')
    assert value(live(rules(target), bill("1", "01-02 10:00", "20", [line("A", "1", "20")]))) is None


def test_zero_counts() -> None:
    """A free bill enrols and makes a row."""
    assert Decimal(0) == value(live(rules(), bill("1", "01-02 10:00", "0")))


def test_visits_are_counted_by_the_days_of_the_zone() -> None:
    """Two bills around midnight UTC are one visit in Berlin, two around its own midnight are two (facts 8 #19)."""
    target = measured(Entity.TRANSACTION, Kpi.VISIT)
    one_day = [bill("1", "01-05 00:30", "1"), bill("2", "01-05 01:30", "1")]
    assert Decimal(1) == value(live(rules(target), *one_day))
    assert Decimal(2) == value(live(rules(target), *one_day, bill("3", "01-04 23:59", "1")))


def test_targets_that_ask_the_same_each_take_it_together_their_own_way() -> None:
    """One counts runs and one counts the days of runs: three runs on two days are three and two."""
    count, visit = (replace(measured(Entity.EVENT, kpi), id=n) for n, kpi in enumerate((Kpi.COUNT, Kpi.VISIT), 1))
    events = [run("1", "01-02 10:00"), run("2", "01-02 11:00"), run("3", "01-03 10:00")]
    lived = live(build_rule_index(SHOP, [replace(GROUP, targets=(count, visit))]), *events)
    assert [Decimal(3), Decimal(2)] == [value(lived, ProgressKey(n, 1)) for n in (1, 2)]


def test_targets_that_measure_the_same_each_have_their_own_condition() -> None:
    """A bill of 30 counts where nothing is asked, or bills below 50 are, in whatever order the targets stand."""
    conditions = {1: "true", 2: "currentTxn.value>=50", 3: "currentTxn.value<50"}
    for order in permutations(conditions):
        targets = tuple(replace(TARGET, id=id_, expression=conditions[id_]) for id_ in order)
        lived = live(build_rule_index(SHOP, [replace(GROUP, targets=targets)]), bill("1", "01-05 10:00", "30"))
        assert {1, 3} == {key.target_id for key in lived.standing.progress}


def test_largest_value_of_each_day_is_added_up() -> None:
    """1000, 650 and 6000 on one day and 1000, 4000, 2500 on another are 10000 (facts 4.17)."""
    target = measured(Entity.EVENT, Kpi.EVENT_ATTRIBUTE, replace(TIP, name="steps", window=WindowKind.MAX))
    steps = {"01-02": (1000, 650, 6000), "01-03": (1000, 4000, 2500)}
    events = [
        run(f"{day}/{hour}", f"{day} 1{hour}:00", steps=count)
        for day, counts in steps.items()
        for hour, count in enumerate(counts)
    ]
    assert Decimal(10_000) == value(live(rules(target), *events))


def test_smaller_value_lowers_the_smallest_of_the_day() -> None:
    """With MIN the value may fall; what was achieved stays achieved."""
    target = measured(Entity.EVENT, Kpi.EVENT_ATTRIBUTE, replace(TIP, name="steps", window=WindowKind.MIN))
    lived = live(rules(target), run("1", "01-02 10:00", steps=1500), run("2", "01-02 11:00", steps=300))
    found = progress(lived)
    assert found is not None
    assert (3_000_000, EventKey("till", "1").log_id) == (found.value, found.achieved_by)


def test_triggers_are_reached_once_each_at_their_share_of_the_goal() -> None:
    """20, 50 and 100 % of 10000 are 2000, 5000 and 10000 (facts 4.17)."""
    triggers = tuple(
        Trigger(id=n, name="mark", active=True, kind="USER", value_kind=TriggerValueKind.PERCENTAGE, value=Decimal(n))
        for n in (20, 50, 100)
    )
    target = replace(TARGET, triggers=triggers, goals=(replace(TARGET.goals[0], value=Decimal(10_000)),))
    events = [bill(str(n), f"01-0{n} 10:00", amount) for n, amount in enumerate(("1999.99", "0.01", "7999", "1"), 1)]
    reached = [trigger for kind, trigger in told(target, *events) if kind is OutcomeKind.TRIGGER_REACHED]
    assert [20, 50, 100] == reached


def test_trigger_share_is_not_rounded_down() -> None:
    """A third of 10 is not reached by 3.3333."""
    third = Trigger(
        id=7,
        name="third",
        active=True,
        kind="USER",
        value_kind=TriggerValueKind.PERCENTAGE,
        value=Decimal("33.33333"),
    )
    target = replace(TARGET, triggers=(third,), goals=(replace(TARGET.goals[0], value=Decimal(10)),))
    assert [(OutcomeKind.ENROLLED, 0)] == told(target, bill("1", "01-02 10:00", "3.3333"))
    assert (OutcomeKind.TRIGGER_REACHED, 7) in told(target, bill("1", "01-02 10:00", "3.3334"))


def test_inactive_trigger_keeps_its_place() -> None:
    """A trigger's bit is its place among all triggers, so switching one off moves no other."""
    on = Trigger(id=8, name="on", active=True, kind="USER", value_kind=TriggerValueKind.ABSOLUTE, value=Decimal(5))
    target = replace(TARGET, triggers=(replace(on, id=7, active=False), on))
    found = progress(live(rules(target), bill("1", "01-02 10:00", "5")))
    assert found is not None
    assert 0b10 == found.triggers


@pytest.mark.parametrize(
    "filters, expected",
    [
        (None, "5"),
        ((Filter(kind=FilterKind.STORE, ids=(1,)),), "5"),
        ((Filter(kind=FilterKind.STORE, ids=(2,)),), None),
        ((Filter(kind=FilterKind.STORE, ids=(2,)), Filter(kind=FilterKind.ZONE, ids=(7,))), "5"),
        ((Filter(kind=FilterKind.STORE, ids=()), Filter(kind=FilterKind.ZONE, ids=(8,))), None),
        ((Filter(kind=FilterKind.CONCEPT, ids=()),), "5"),
    ],
)
def test_filters_are_alternatives(filters: tuple[Filter, ...] | None, expected: str | None) -> None:
    """An event counts where any filter names its place; a filter without ids is as good as none (facts 8 #54)."""
    bought = structs.replace(bill("1", "01-02 10:00", "5"), place=Place(1, 1, "S1", "one", 7, None))
    lived = live(rules(replace(TARGET, filters=filters)), bought)
    assert (None if expected is None else Decimal(expected)) == value(lived)


@pytest.mark.parametrize("kpi, expected", [(Kpi.REGULAR, "5"), (Kpi.PROMOTION, "2"), (Kpi.ALL, "7")])
def test_currency_counts_for_its_own_target_only(kpi: Kpi, expected: str) -> None:
    """Awards of another programme, another currency, or of points do not count."""
    target = measured(Entity.ALTERNATE_CURRENCIES, kpi, Metadata(program_id=7, currency="GEM"))
    awards = [
        (CURRENCY, 7, "GEM", AwardKind.REGULAR, 5),
        (CURRENCY, 7, "GEM", AwardKind.PROMOTIONAL, 2),
        (CURRENCY, 8, "GEM", AwardKind.REGULAR, 100),
        (CURRENCY, 7, "COIN", AwardKind.REGULAR, 100),
        (POINTS, 7, None, AwardKind.REGULAR, 100),
    ]
    events = [
        event(
            name, str(n), "01-02 10:00", Award(program_id=program, currency=currency, kind=kind, amount=Decimal(paid))
        )
        for n, (name, program, currency, kind, paid) in enumerate(awards)
    ]
    assert Decimal(expected) == value(live(rules(target), *events))


def test_late_event_counts_up_to_the_last_day_allowed() -> None:
    """With two late days, 3 February 00:00 is in time for January and the microsecond after it is not."""
    known = rules(settings=Settings(late_days=2))
    in_time = bill("1", "01-31 10:00", "1", heard="02-03 00:00")
    late = structs.replace(bill("2", "01-31 10:00", "1"), received_at=in_time.received_at + 1)
    lived = live(known, in_time, late)
    assert Decimal(1) == value(lived)
    assert [(1, 1, Reason.TOO_LATE, 10_000, 10_000, 10_000)] == [
        structs.astuple(entry) for entry in lived.log[1].entries
    ]


def test_pair_without_a_meaning_counts_nothing() -> None:
    """Neither bills nor an enrolment make it pretend."""
    odd = replace(TARGET, kpi=Kpi.ALL)
    bought = bill("1", "01-05 10:00", "5")
    assert value(live(rules(odd), bought)) is None
