"""Compiled conditions, asked of one bill, line, activity and award: values, operations and three-valued logic."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from milepost.language import EvaluationContext, Scope, check, compile_predicate, read
from milepost.model.event import Activity
from tests.core.sample_contexts import ON_ACTIVITY, ON_AWARD, ON_BILL, ON_LINE, ON_STRANGER, PURCHASE, event

OCCASIONS = {
    Scope.BILL: ON_BILL,
    Scope.LINE: ON_LINE,
    Scope.EVENT: ON_ACTIVITY,
    Scope.EVENT_ON_BILL: ON_BILL,
    Scope.AWARD: ON_AWARD,
}


def holds(text: str, scope: Scope, context: EvaluationContext, zone: str = "UTC") -> bool:
    """Check, compile and ask."""
    assert check(read(text), scope) == ()
    return compile_predicate(read(text), zone)(context)


TRUE = (
    ("true", Scope.BILL),
    ("!false", Scope.BILL),
    ("currentTxn.value==25", Scope.BILL),
    ("currentTxn.value>=25 && currentTxn.value<=25", Scope.BILL),
    ("currentTxn.value>24.99 && currentTxn.value<25.01 && currentTxn.value!=24", Scope.BILL),
    ("25==currentTxn.value", Scope.BILL),
    ("currentTxn.grossAmount-currentTxn.discount==currentTxn.value", Scope.BILL),
    ("currentTxn.discount/currentTxn.grossAmount*100>18", Scope.BILL),
    ("currentTxn.totalQty%4==2 && currentTxn.basketSize*2==6", Scope.BILL),
    ("-currentTxn.value<-24", Scope.BILL),
    ("currentTxn.basketAmountSumNonDiscounted==6", Scope.BILL),
    ("currentTxn.number=='N-31198' && currentTxn.number!='n-31198'", Scope.BILL),
    ("currentTxn.note.contains('wrap') && currentTxn.notes.contains('wrap')", Scope.BILL),
    (r"currentTxn.note.matches('wrap \d') && !currentTxn.note.matches('^wrap')", Scope.BILL),
    (r"currentTxn.note.matches('^[a-g]\w+,\s(wrap|bag)')", Scope.BILL),
    ("currentTxn.note.exists() && currentTxn.note.isNotNull() && !currentTxn.note.isEmpty()", Scope.BILL),
    ("currentTxn.extField_channel=='APP' && currentTxn.extField_weight>12", Scope.BILL),
    ("currentTxn.extField_gift && currentTxn.extField_gift==true", Scope.BILL),
    ("currentTxn.extField_none.isNull() && currentTxn.extField_none.notExists()", Scope.BILL),
    ("currentTxn.extField_opened.isValidDate() && !currentTxn.note.isValidDate()", Scope.BILL),
    ("currentTxn.value.interval('10,25,30')==3 && currentTxn.value.interval('26')==1", Scope.BILL),
    ("currentCustomer.firstname=='Ada' && currentCustomer.lastname=='Byron'", Scope.BILL),
    ("currentCustomer.name=='Ada Byron' && currentCustomer.email.matches('@example')", Scope.BILL),
    ("currentCustomer.externalId=='900' && currentCustomer.mobile.isEmpty()", Scope.BILL),
    ("currentCustomer.numberOfTxns==3 && currentCustomer.lifetimePurchase==123.45", Scope.BILL),
    ("currentStore.code=='330' && currentStore.name.contains('street')", Scope.BILL),
    ("currentStore.id==1 && currentStore.zoneId==7 && currentStore.conceptId.isNull()", Scope.BILL),
    ("currentLineItem.code=='C3' && currentLineItem.description.contains('North')", Scope.LINE),
    ("currentLineItem.qty==2 && currentLineItem.rate==10 && currentLineItem.grossAmount==20", Scope.LINE),
    ("currentLineItem.value==15 && currentLineItem.discount==5", Scope.LINE),
    ("currentLineItem.discPercentage==25", Scope.LINE),
    ("currentLineItem.attr_brand=='North' && currentLineItem.attr_size==42", Scope.LINE),
    ("currentLineItem.extField_origin=='ES' && currentTxn.value==25", Scope.LINE),
    ("currentLineItem.doesItemMatch('brand','Mill','North')", Scope.LINE),
    ("currentLineItem.doesItemMatch('size','42') && currentLineItem.doesItemMatch('organic',true)", Scope.LINE),
    ("currentLineItem.doesItemMatch('code','C3') && !currentLineItem.doesItemMatch('brand','north')", Scope.LINE),
    ("currentEvent.eventType=='Workout' && currentEvent.minutes>=30", Scope.EVENT),
    ("currentEvent.sport=='RUN' && currentEvent.outside && currentEvent.distance*2==10.5", Scope.EVENT),
    ("currentEvent.minutes+currentEvent.distance>35", Scope.EVENT),
    ("currentEvent.minutes!=5", Scope.EVENT),
    ("currentEvent.eventType=='TransactionAdd'", Scope.EVENT_ON_BILL),
    ("currentEvent.eventType=='PointsAwarded' && currentEvent.amount==100", Scope.AWARD),
    ("currentEvent.kind=='PROMOTIONAL' && currentEvent.programId==5", Scope.AWARD),
    ("currentEvent.currency.isNull()", Scope.AWARD),
)


@pytest.mark.parametrize("text,scope", TRUE)
def test_what_is_so_holds(text: str, scope: Scope) -> None:
    """Each condition is true of its occasion, and its opposite is not."""
    assert holds(text, scope, OCCASIONS[scope]) is True
    assert holds(f"!({text})", scope, OCCASIONS[scope]) is False


NULL = (
    ("currentTxn.value/0>1", Scope.BILL),
    ("currentTxn.value%0==0", Scope.BILL),
    ("currentTxn.extField_none==5", Scope.BILL),
    ("currentTxn.extField_none!=5", Scope.BILL),
    ("currentTxn.extField_none", Scope.BILL),
    ("currentTxn.extField_channel>5", Scope.BILL),
    ("currentTxn.extField_channel!=5", Scope.BILL),
    ("currentTxn.extField_gift==1", Scope.BILL),
    ("currentTxn.extField_weight=='12.5'", Scope.BILL),
    ("currentTxn.extField_weight.contains('1')", Scope.BILL),
    ("currentTxn.extField_weight+currentTxn.extField_channel>0", Scope.BILL),
    ("currentTxn.extField_opened.month()==12", Scope.BILL),
    ("currentEvent.sport>currentEvent.sport", Scope.EVENT),
    ("currentEvent.sport.interval('1,2')==1", Scope.EVENT),
    ("currentEvent.sport-1==0", Scope.EVENT),
    ("currentEvent.sport", Scope.EVENT),
    ("currentEvent.outside<currentEvent.outside", Scope.EVENT),
    ("currentEvent.currency=='STARS'", Scope.AWARD),
)


@pytest.mark.parametrize("text,scope", NULL)
def test_what_is_missing_or_of_another_type_is_neither_true_nor_false(text: str, scope: Scope) -> None:
    """A null condition does not hold, nor does its opposite."""
    assert holds(text, scope, OCCASIONS[scope]) is False
    assert holds(f"!({text})", scope, OCCASIONS[scope]) is False


def test_facts_of_a_stranger_are_null() -> None:
    """Without a profile, a place or an earlier event, comparisons do not hold; counts are zero."""
    for text in ("currentCustomer.name!='x'", "currentStore.id!=1", "currentCustomer.joinDate.year()>0"):
        assert holds(text, Scope.BILL, ON_STRANGER) is False
    assert holds("currentCustomer.email.isNull() && currentCustomer.numberOfTxns==0", Scope.BILL, ON_STRANGER) is True


def test_a_condition_on_another_kind_of_event_is_null() -> None:
    """A bill's facts are missing where there is no bill, a line's where there is no line."""
    assert compile_predicate(read("currentTxn.value!=1"))(ON_AWARD) is False
    assert compile_predicate(read("currentTxn.basketIncludes('brand','North')"))(ON_AWARD) is False
    assert compile_predicate(read("currentLineItem.qty!=9"))(ON_BILL) is False
    assert compile_predicate(read("currentEvent.amount!=9"))(ON_BILL) is False


LOGIC = (
    ("true", "true", True, True),
    ("true", "false", False, True),
    ("true", "null", None, True),
    ("false", "false", False, False),
    ("false", "null", False, None),
    ("null", "null", None, None),
)


def truth(text: str) -> bool | None:
    """Distinguish true, false and null by evaluating the condition and its opposite."""
    written = text.replace("null", "currentTxn.value/0>1")
    if holds(written, Scope.BILL, ON_BILL):
        return True
    return False if holds(f"!({written})", Scope.BILL, ON_BILL) else None


@pytest.mark.parametrize("left,right,both,either", LOGIC)
def test_logic_is_three_valued(left: str, right: str, *, both: bool | None, either: bool | None) -> None:
    """False decides an and, true decides an or, else one null makes the whole null; order and length do not matter."""
    for one, two in ((left, right), (right, left)):
        assert truth(f"{one} && {two}") is both
        assert truth(f"{one} || {two}") is either
        assert truth(f"{one} && {two} && {one}") is both
        assert truth(f"{one} || {two} || {two}") is either


def test_arithmetic_is_exact() -> None:
    """Sums of decimals are what they are on paper, also for large amounts."""
    assert holds("0.1+0.2==0.3", Scope.BILL, ON_BILL) is True
    assert holds("999999999999999.9999*1000000+0.0001==999999999999999999900.0001", Scope.BILL, ON_BILL) is True
    assert holds("-7%3==-1", Scope.BILL, ON_BILL) is True


@pytest.mark.parametrize(
    "value",
    [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1e999999"), 10**5000, [], {}, "\ud800"],
    ids=["nan", "signalling", "infinite", "huge", "long", "list", "map", "surrogate"],
)
def test_values_that_no_edge_lets_in_do_no_harm(value: object) -> None:
    """Whatever an attribute holds, a predicate answers."""
    context = EvaluationContext(event(Activity({"x": value})), None, ON_BILL.standing)
    for text in ("x>1", "x!=1", "x+1>1", "-x<1", "x%3==1", "x.interval('1')==1", "x.matches('a')", "x.contains('a')"):
        predicate = compile_predicate(read(text.replace("x", "currentEvent.x", 1)))
        assert predicate(context) in {True, False}


def test_amounts_that_are_no_numbers_do_no_harm() -> None:
    """A signalling NaN on a bill makes comparisons null."""
    bill = replace(PURCHASE, net=Decimal("sNaN"))
    context = EvaluationContext(replace(ON_BILL.event, payload=bill), None, ON_BILL.standing)
    for text in ("currentTxn.value>1 && currentTxn.discount>1", "currentTxn.value-currentTxn.discount>1"):
        assert holds(text, Scope.BILL, context) is False


def test_an_unknown_zone_is_refused_when_compiling() -> None:
    """A predicate never meets a zone that does not exist."""
    with pytest.raises(ValueError, match="Atlantis"):
        compile_predicate(read("true"), "Atlantis/Capital")
