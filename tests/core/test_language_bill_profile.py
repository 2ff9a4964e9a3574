"""Functions over the lines of a bill: apples (6), bread (4 of 4.50) and discounted pears (15 of 20)."""

import pytest
from msgspec.structs import replace

from milepost.language import EvaluationContext, Scope, check, compile_predicate, read
from tests.core.sample_contexts import ON_BILL, PURCHASE

AMOUNTS = (
    ("basketSum('brand','North')", "21"),
    ("basketSum('brand','North','Mill')", "25"),
    ("basketSum('brand','Nobody')", "0"),
    ("basketSum('nothing','x')", "0"),
    ("basketSum('size',42)", "25"),
    ("basketSum('size','42.0')", "0"),
    ("basketSum('organic',true)", "25"),
    ("basketSumGross('department','PRODUCE')", "26"),
    ("basketSumRegex('brand','^N')", "21"),
    ("basketSumRegex('description','(A1|B2)$')", "10"),
    ("basketSumRegexGross('brand','or')", "26"),
    ("basketQty('brand','North')", "5"),
    ("basketQtyRegex('code','[AC]')", "5"),
    ("basketCount('brand','North')", "2"),
    ("basketCount('code','A1','B2')", "2"),
    ("basketCountRegex('brand','.')", "3"),
    ("basketSumIf(AMOUNT,GREATER_THAN,'5')", "21"),
    ("basketSumIf(VALUE,GREATER_THAN_OR_EQUAL_TO,'6')", "21"),
    ("basketSumIf(DISCOUNT,EQUAL_TO,'0')", "6"),
    ("basketCountIf(DISCOUNT,NOT_EQUAL_TO,0)", "2"),
    ("basketQtyIf(QUANTITY,LESS_THAN,'3')", "3"),
    ("basketQtyIf(RATE,LESS_THAN_OR_EQUAL_TO,4.5)", "4"),
    ("basketAmountSumNonDiscounted", "6"),
    ("totalQty", "6"),
    ("basketSize", "3"),
)


@pytest.mark.parametrize("function,amount", AMOUNTS)
def test_sums_quantities_and_counts_are_of_the_lines_that_match(function: str, amount: str) -> None:
    """Sums are net unless called gross; quantities are pieces, counts are lines."""
    expression = read(f"currentTxn.{function}=={amount}")
    assert check(expression, Scope.BILL) == ()
    assert compile_predicate(expression)(ON_BILL) is True


CONDITIONS = (
    ("basketIncludes('brand','North')", True),
    ("basketIncludes('brand','Nobody','Mill')", True),
    ("basketIncludes('brand','Nobody')", False),
    ("basketExcludes('brand','Nobody')", True),
    ("basketExcludes('brand','North')", False),
    ("basketIncludesRegex('department','^BAKE')", True),
    ("basketExcludesRegex('department','^BAKE')", False),
    ("basketIncludesRegexBrand('^Mi')", True),
    ("basketExcludesRegexBrand('^Mi')", False),
    ("basketIncludesRegexCategory('PROD')", True),
    ("basketExcludesRegexCategory('MEAT')", True),
    ("customFieldValueIncludes('channel','WEB','APP')", True),
    ("customFieldValueIncludes('channel','WEB')", False),
    ("customFieldValueIncludes('weight',12.50)", True),
    ("customFieldValueIncludes('gift',true)", True),
    ("customFieldValueExcludes('channel','WEB')", True),
    ("customFieldValueExcludes('channel','APP')", False),
    ("customFieldValueIncludes('none','x')", False),
    ("customFieldValueExcludes('none','x')", True),
)


@pytest.mark.parametrize("function,expected", CONDITIONS)
def test_a_basket_includes_what_one_line_has(function: str, *, expected: bool) -> None:
    """Includes asks for one line or field with the value, Excludes for none."""
    expression = read(f"currentTxn.{function}")
    assert check(expression, Scope.BILL) == ()
    assert compile_predicate(expression)(ON_BILL) is expected
    assert compile_predicate(read(f"!currentTxn.{function}"))(ON_BILL) is not expected


def test_an_empty_basket_sums_to_nothing_and_includes_nothing() -> None:
    """A bill without lines is a bill: its sums are zero, not missing."""
    empty = replace(PURCHASE, lines=())
    context = EvaluationContext(replace(ON_BILL.event, payload=empty), None, ON_BILL.standing)
    for text in ("basketSum('a','b')==0", "basketSize==0", "totalQty==0", "basketExcludes('a','b')"):
        assert compile_predicate(read(f"currentTxn.{text}"))(context) is True
    assert compile_predicate(read("currentTxn.basketIncludes('a','b')"))(context) is False
