"""Operations on dates: Sunday, 2017-01-01 20:30:10 in New York, which is Monday 01:30:10 in UTC."""

import pytest
from msgspec.structs import replace

from milepost.language import EvaluationContext, Scope, check, compile_predicate, read
from milepost.model.time import Micros
from tests.core.sample_contexts import ON_BILL, PURCHASE

NEW_YORK = "America/New_York"

TRUE_IN_NEW_YORK = (
    "isValid()",
    "day()==1",
    "dayOfMonth()==1",
    "month()==1",
    "year()==2017",
    "isWeekend()",
    "isWeekday()==false",
    "isAfter(2017,1,1,20,30,9)",
    "isAfter(2017,1,1,20,30,10)==false",
    "isHourBetween(20,21)",
    "isHourBetween(21,24)==false",
    "isHourBetween(8,20)==false",
    "isHourBetween(20,2)",
    "isHourBetween(22,2)==false",
    "isHourBetween(20,20)==false",
    "isTimeBetween(20,30,20,31)",
    "isTimeBetween(20,0,20,30)==false",
    "isTimeBetween(20,15,6,0)",
    "isTimeBetween(20,31,20,30)==false",
    "isTimeBetween(0,0,24,0)",
    "dateDiff(currentTxn.date)==0",
    "dateDiff(currentCustomer.joinDate)==366",
    "daysDiff(currentCustomer.joinDate)==0",
    "daysDiffFromString('1990-01-04')==3",
    "daysDiffFromString('1990-12-30')==2",
    "daysDiffFromString('2016-02-29')==58",
    "daysDiffFromString('2016-12-31T23:00:00Z')==1",
    "minutesDiff(currentCustomer.joinDate)==528270",
    "isNull()==false",
    "isNotNull()",
)


@pytest.mark.parametrize("operation", TRUE_IN_NEW_YORK)
def test_calendar_parts_are_those_of_the_zone(operation: str) -> None:
    """Days, hours and weekends are the organisation's."""
    expression = read(f"currentTxn.date.{operation}")
    assert check(expression, Scope.BILL) == ()
    assert compile_predicate(expression, NEW_YORK)(ON_BILL) is True


def test_without_a_zone_the_calendar_is_utc() -> None:
    """The same instant is Monday there."""
    assert compile_predicate(read("currentTxn.date.day()==2 && currentTxn.date.isWeekday()"))(ON_BILL) is True
    assert compile_predicate(read("currentTxn.date.isHourBetween(1,2)"))(ON_BILL) is True


@pytest.mark.parametrize("text", ["someday", "2017-02-30", "", "01/02/2017", "\ud800"])
def test_a_text_that_is_no_date_gives_null(text: str) -> None:
    """Neither a difference of days nor its opposite holds."""
    bill = replace(PURCHASE, extended_fields={"day": text})
    context = EvaluationContext(replace(ON_BILL.event, payload=bill), None, ON_BILL.standing)
    condition = "currentTxn.date.daysDiffFromString(currentTxn.extField_day)>=0"
    assert compile_predicate(read(condition))(context) is False
    assert compile_predicate(read(f"!({condition})"))(context) is False
    assert compile_predicate(read("currentTxn.extField_day.isValidDate()"))(context) is False


@pytest.mark.parametrize("micros", [-(10**20), 10**20, -(2**63), 2**63])
def test_instants_beyond_the_calendar_are_no_dates(micros: Micros) -> None:
    """No year 0 and no year 10000."""
    context = EvaluationContext(replace(ON_BILL.event, occurred_at=micros), None, ON_BILL.standing)
    assert compile_predicate(read("currentTxn.date.isValid()"), NEW_YORK)(context) is False
    assert compile_predicate(read("currentTxn.date.year()!=1"), NEW_YORK)(context) is False


@pytest.mark.parametrize("micros", [-62_135_596_800_000_000, 253_402_300_799_999_999])
def test_the_ends_of_the_calendar_do_no_harm(micros: Micros) -> None:
    """The first and the last year have no neighbours to look for an anniversary in."""
    context = EvaluationContext(replace(ON_BILL.event, occurred_at=micros), None, ON_BILL.standing)
    condition = "currentTxn.date.daysDiffFromString('2016-02-29')<=183 && currentTxn.date.daysDiff(currentTxn.date)==0"
    assert compile_predicate(read(condition))(context) in {True, False}


def test_a_wall_time_that_a_clock_change_skips_is_the_one_after_it() -> None:
    """02:30 does not exist on 2017-03-12 in New York: being after it means being after 03:30."""
    predicate = compile_predicate(read("currentTxn.date.isAfter(2017,3,12,2,30,0)"), NEW_YORK)
    half_past_three = 1_489_303_800_000_000
    for micros, expected in ((half_past_three, False), (half_past_three + 1, True)):
        context = EvaluationContext(replace(ON_BILL.event, occurred_at=micros), None, ON_BILL.standing)
        assert predicate(context) is expected
