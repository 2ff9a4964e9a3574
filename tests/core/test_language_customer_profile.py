"""What conditions know of the customer: counts that are kept here, and fields that the organisation sends."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from milepost.language import EvaluationContext, Scope, check, compile_predicate, read
from milepost.model.standing import EMPTY_STANDING
from tests.core.sample_contexts import MEMBER, ON_BILL, ON_STRANGER, PURCHASE, event

NEW_YORK = "America/New_York"


def holds(text: str, context: EvaluationContext = ON_BILL, zone: str = NEW_YORK) -> bool:
    """Check, compile and ask of a bill on Sunday evening in New York."""
    assert check(read(text), Scope.BILL) == ()
    return compile_predicate(read(text), zone)(context)


TRUE = (
    "currentCustomer.numberOfVisits==2",
    "currentCustomer.numberOfTxnsToday==1",
    "currentCustomer.avgBasketSize==4",
    "currentCustomer.avgSpendPerVisit==61.725",
    "currentCustomer.lifetimePoints==450 && currentCustomer.initialLifetimePoints==450",
    "currentCustomer.initialLifetimePurchase==123.45 && currentCustomer.InitialLifetimePurchase==123.45",
    "currentCustomer.slabName=='GOLD' && currentCustomer.initialSlabName.contains('OL')",
    "currentCustomer.slabNumber==3 && currentCustomer.initialSlabNumber.interval('2,4')==2",
    "currentCustomer.isLoyal && currentCustomer.isLoyal==true",
    "currentCustomer.customerStatus=='ACTIVE' && currentCustomer.customerStatusLabel.matches('^Reg')",
    "currentCustomer.currentPoints==120.5 && currentCustomer.initialCurrentPoints<121",
    "currentCustomer.extField_city=='Oslo' && currentCustomer.extField_age>=42 && currentCustomer.extField_vegan",
    "currentCustomer.extField_unknown.isNull() && currentCustomer.extField_nothing.isEmpty()",
    "currentCustomer.customFieldValueIncludes('city','Bergen','Oslo')",
    "currentCustomer.customFieldValueIncludes('age',42) && currentCustomer.customFieldValueIncludes('shoes','42')",
    "currentCustomer.customFieldValueExcludes('city','oslo') && currentCustomer.customFieldValueExcludes('x','y')",
    "currentCustomer.customFieldValueExists('age') && !currentCustomer.customFieldValueExists('nothing')",
    "currentCustomer.clusterValueIncludes('vegan',true) && currentCustomer.clusterValueExcludes('city','Bergen')",
)


@pytest.mark.parametrize("text", TRUE)
def test_what_is_so_holds(text: str) -> None:
    """Each condition is true of the customer before the bill, and its opposite is not."""
    assert holds(text) is True
    assert holds(f"!({text})") is False


def test_today_is_the_day_of_the_event_in_the_zone_of_the_rule() -> None:
    """The same evening is Monday in UTC, on which nothing was bought yet."""
    assert holds("currentCustomer.numberOfTxnsToday==0", zone="UTC") is True


def test_averages_of_nothing_are_null() -> None:
    """A customer without bills has neither a small nor a large average; counts are zero."""
    stranger = EvaluationContext(ON_BILL.event, None, EMPTY_STANDING)
    for text in ("currentCustomer.avgBasketSize<1", "currentCustomer.avgSpendPerVisit<1"):
        assert holds(text, stranger) is holds(f"!({text})", stranger) is False
    zero = (
        "currentCustomer.numberOfVisits==0 && currentCustomer.numberOfTxnsToday==0 && currentCustomer.lifetimePoints==0"
    )
    assert holds(zero, stranger) is True


@pytest.mark.parametrize(
    "text",
    [
        "currentCustomer.slabName!='GOLD'",
        "currentCustomer.isLoyal",
        "currentCustomer.slabNumber<9",
        "currentCustomer.customFieldValueIncludes('city','Oslo')",
        "currentCustomer.customFieldValueExcludes('city','Oslo')",
        "currentCustomer.customFieldValueExists('city')",
    ],
)
def test_without_a_profile_its_fields_are_null(text: str) -> None:
    """A condition on them does not hold, nor does its opposite."""
    assert holds(text, ON_STRANGER) is False
    assert holds(f"!({text})", ON_STRANGER) is False


def test_a_customer_outside_the_scheme_is_not_loyal() -> None:
    """Every known customer is a member, unless the organisation has sent NON_LOYALTY."""
    outside = MEMBER._replace(fields={"loyaltyType": "NON_LOYALTY"})
    assert holds("currentCustomer.isLoyal==false", ON_BILL._replace(event=event(PURCHASE, member=outside))) is True
    silent = MEMBER._replace(fields={})
    assert holds("currentCustomer.isLoyal", ON_BILL._replace(event=event(PURCHASE, member=silent))) is True


def test_a_field_of_another_type_is_null() -> None:
    """A tier that is not a number has no number."""
    odd = MEMBER._replace(fields={"slabNumber": "three", "currentPoints": True})
    context = ON_BILL._replace(event=replace(ON_BILL.event, member=odd))
    assert holds("currentCustomer.slabNumber.isNull() && currentCustomer.currentPoints.isNull()", context) is True


@pytest.mark.parametrize("odd", [[], ["Oslo"], {"in": "Oslo"}, Decimal("sNaN"), Decimal("Infinity")])
def test_a_field_that_holds_no_value_is_not_there(odd: object) -> None:
    """What is neither text nor number nor truth is null, and asking whether the field is there raises nothing."""
    context = ON_BILL._replace(event=replace(ON_BILL.event, member=MEMBER._replace(fields={"city": odd})))
    assert holds("currentCustomer.customFieldValueExists('city')", context) is False
    assert holds("!currentCustomer.customFieldValueExists('city')", context) is True
