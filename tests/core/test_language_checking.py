"""What is wrong with a condition is found at once, at its place, with the nearest name."""

import pytest

from milepost.language import Fault, Scope, check, compile_predicate, read

TRACKERS = "trackers are kept by a points engine; a target is the tracker here"

SOUND = (
    ("true", Scope.BILL),
    ("currentTxn.value>500", Scope.BILL),
    ("currentTxn.value>500 && currentLineItem.qty>1", Scope.LINE),
    ("currentTxn.extField_channel=='APP' && currentTxn.extField_weight>3", Scope.BILL),
    ("currentLineItem.attr_brand=='North' || currentLineItem.extField_origin=='ES'", Scope.LINE),
    ("currentEvent.minutes>=30 && currentEvent.sport.contains('R') && currentEvent.outside", Scope.EVENT),
    ("currentEvent.eventType=='TransactionAdd' && currentTxn.value>1", Scope.EVENT_ON_BILL),
    ("currentEvent.amount>10 && currentEvent.kind=='REGULAR' && currentEvent.programId==5", Scope.AWARD),
    ("currentCustomer.numberOfTxns==0 && currentStore.code=='330'", Scope.AWARD),
    (
        "currentTxn.basketSumIf(AMOUNT,GREATER_THAN,'0')>currentTxn.basketSumIf('VALUE','LESS_THAN_OR_EQUAL',-5)",
        Scope.BILL,
    ),
    ("currentTxn.basketSum('brand','North','Mill').interval('10,20')==2", Scope.BILL),
    ("currentTxn.date.dateDiff(currentCustomer.joinDate)>30 && currentTxn.date>currentCustomer.joinDate", Scope.BILL),
    ("currentTxn.date.isAfter(2017,2,28,23,59,59)", Scope.BILL),
    ("currentTxn.date.isAfter(1000,1,1,0,0,0) || currentTxn.date.isAfter(9998,12,31,23,59,59)", Scope.BILL),
    ("currentTxn.date.isHourBetween(0,24)", Scope.BILL),
    ("currentCustomer.slabName=='GOLD' && currentCustomer.isLoyal && currentCustomer.slabNumber>=2", Scope.EVENT),
    ("currentCustomer.extField_age>17 && currentCustomer.customFieldValueIncludes('city','Oslo','Bergen')", Scope.LINE),
    ("currentCustomer.targetAchievedInPeriod('T','Cycle_1')+currentCustomer.avgTargetAchieved('T')>1", Scope.AWARD),
    ("currentCustomer.isStreakAchieved('L') || currentCustomer.targetsAchievedForUnified('G','P')==2", Scope.BILL),
    (
        "currentEvent.targetGaps('T')<0 && currentEvent.isTargetAchievedEvent && currentEvent.streakName('L')",
        Scope.EVENT,
    ),
    ("currentEvent.targetPeriod=='Cycle_1' && currentEvent.milestoneValueDefined>1", Scope.EVENT),
    ("currentEvent.previousLoyaltyType.matches('NON') && currentEvent.currentCustomFieldValue==3", Scope.EVENT),
)


@pytest.mark.parametrize("text, scope", SOUND)
def test_sound_conditions_have_no_fault_and_compile(text: str, scope: Scope) -> None:
    """What passes the check can be compiled."""
    assert check(read(text), scope) == ()
    assert callable(compile_predicate(read(text)))


FAULTY = (
    ("5", Scope.BILL, 0, "expected a condition, not a number"),
    ("currentTxn.value", Scope.BILL, 11, "expected a condition, not a number"),
    ("currentTxn", Scope.BILL, 0, "currentTxn is a profile: name one of its attributes after a dot"),
    ("currentTxn.valu>5", Scope.BILL, 11, "currentTxn has no valu; did you mean value?"),
    (
        "currenttxn.value>5",
        Scope.BILL,
        0,
        "there is no profile currenttxn; did you mean currentTxn or currentStore or currentCustomer?",
    ),
    (
        "currentLineItem.qty>1",
        Scope.BILL,
        0,
        "currentLineItem is known only to targets on line items, not to a condition on a bill",
    ),
    ("currentTxn.value>1", Scope.EVENT, 0, "currentTxn is not known to a condition on a behavioural event"),
    ("currentEvent.minutes>1", Scope.BILL, 0, "currentEvent is not known to a condition on a bill"),
    (
        "tenderProfile.mode=='CARD'",
        Scope.BILL,
        0,
        "tenderProfile is not supported in milestones: a bill comes without its payments",
    ),
    (
        "currentTrackerCondition.x>1",
        Scope.LINE,
        0,
        "currentTrackerCondition is not supported in milestones: trackers are kept by a points engine",
    ),
    ("currentEvent.minutes>1", Scope.EVENT_ON_BILL, 13, "currentEvent has no minutes"),
    ("currentEvent.amounts>1", Scope.AWARD, 13, "currentEvent has no amounts; did you mean amount?"),
    (
        "currentCustomer.trackerValueBeforeEvent>1",
        Scope.BILL,
        16,
        f"currentCustomer has no trackerValueBeforeEvent: {TRACKERS}",
    ),
    (
        "currentTxn.points>1",
        Scope.BILL,
        11,
        "currentTxn has no points: points are awarded after the bill, in an event of their own",
    ),
    (
        "currentEvent.targetExists('T')",
        Scope.AWARD,
        13,
        "currentEvent has no targetExists: only TargetCompleted has it",
    ),
    (
        "currentEvent.currentLoyaltyType=='X'",
        Scope.EVENT_ON_BILL,
        13,
        "currentEvent has no currentLoyaltyType: only CustomerUpdate has it",
    ),
    ("currentEvent.targetAchieved>1", Scope.EVENT, 13, "targetAchieved needs arguments in brackets"),
    ("currentEvent.targetName('T')", Scope.EVENT, 13, "targetName is an attribute: leave the brackets out"),
    ("currentEvent.targetExists(5)", Scope.EVENT, 26, "expected the name of a target in quotes"),
    (
        "currentCustomer.targetAchievedInPeriod('T')>1",
        Scope.BILL,
        16,
        "targetAchievedInPeriod takes the name of a target in quotes; the refCode of a period in quotes",
    ),
    ("currentCustomer.avgTargetAchieved('')>1", Scope.BILL, 34, "expected the name of a target in quotes"),
    ("currentCustomer.isStreakAchieved('L')>1", Scope.BILL, 37, "a condition is neither greater nor less than another"),
    ("currentCustomer.slabNumber=='GOLD'", Scope.BILL, 26, "a number cannot be compared with a text"),
    (
        "currentCustomer.customFieldValueExists()",
        Scope.BILL,
        16,
        "customFieldValueExists takes the name of a customer's field in quotes",
    ),
    ("currentTxn.value()>1", Scope.BILL, 11, "value is an attribute: leave the brackets out"),
    ("currentTxn.basketSum>1", Scope.BILL, 11, "basketSum needs arguments in brackets"),
    ("currentTxn.date.day>1", Scope.BILL, 16, "there is no attribute day of a value: write day()"),
    ("currentTxn.note.contain('x')", Scope.BILL, 16, "there is no operation contain; did you mean contains?"),
    ("currentTxn.value.contains('x')", Scope.BILL, 17, "contains is for a text, not for a number"),
    ("currentTxn.note.contains(5)", Scope.BILL, 25, "expected a text, not a number"),
    ("currentTxn.note.contains()", Scope.BILL, 16, "contains takes a text"),
    ("currentTxn.note>'a'", Scope.BILL, 15, "a text is neither greater nor less than another"),
    ("currentTxn.note==5", Scope.BILL, 15, "a text cannot be compared with a number"),
    ("currentTxn.note+1>5", Scope.BILL, 11, "expected a number, not a text"),
    ("true>false", Scope.BILL, 4, "a condition is neither greater nor less than another"),
    ("!currentTxn.value", Scope.BILL, 12, "expected a condition, not a number"),
    ("-true==1", Scope.BILL, 1, "expected a number, not a condition"),
    ("currentTxn.value && true", Scope.BILL, 11, "expected a condition, not a number"),
    ("currentTxn.note.matches('(')", Scope.BILL, 24, "not a regular expression: missing ): ("),
    ("currentTxn.note.matches('(?=x)')", Scope.BILL, 24, "not a regular expression: invalid perl operator: (?="),
    ("currentTxn.note.matches(currentTxn.number)", Scope.BILL, 35, "expected a regular expression in quotes"),
    (
        "currentTxn.basketSumIf(PRICE,GREATER_THAN,'0')>1",
        Scope.BILL,
        23,
        "expected one of AMOUNT, DISCOUNT, QUANTITY, RATE, VALUE",
    ),
    ("currentTxn.basketQtyIf(RATE,EQUAL_TO,'x')>1", Scope.BILL, 37, "expected a number, in quotes or not"),
    (
        "currentTxn.value.interval('3,2')==1",
        Scope.BILL,
        26,
        'expected ascending numbers in quotes, such as "100,400,600"',
    ),
    ("currentTxn.basketSum('',1)>1", Scope.BILL, 21, "expected a name in quotes"),
    ("currentTxn.date.isHourBetween(9,25)", Scope.BILL, 32, "expected an hour from 0 to 24"),
    ("currentTxn.date.isAfter(2017,2,28,24,0,0)", Scope.BILL, 34, "expected an hour from 0 to 23"),
    ("currentTxn.date.isAfter(999,2,28,0,0,0)", Scope.BILL, 24, "expected a year from 1000 to 9998"),
    ("currentTxn.date.isAfter(2017,2,29,0,0,0)", Scope.BILL, 16, "no calendar has this date and time"),
    ("currentTxn.extField_>1", Scope.BILL, 11, "currentTxn has no extField_"),
    ("'a'.b=='c'", Scope.BILL, 4, "there is no attribute b of a value"),
)


@pytest.mark.parametrize("text, scope, position, reason", FAULTY)
def test_each_fault_says_what_and_where(text: str, scope: Scope, position: int, reason: str) -> None:
    """One mistake is reported once."""
    assert check(read(text), scope) == (Fault(position, reason),)


def test_all_faults_are_found_at_once_in_the_order_of_the_text() -> None:
    """A rule is corrected in one go."""
    text = "currentTxn.valu>5 && currentLineItem.qty>1 && currentTxn.note.contains(5) || currentStore.codes=='x'"
    assert [fault.position for fault in check(read(text), Scope.BILL)] == [11, 21, 71, 90]
