"""Laws of the rule language: what is printed reads back, what is checked compiles, what is compiled never raises."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from milepost.language import (
    EvaluationContext,
    Expression,
    Malformed,
    Scope,
    check,
    compile_predicate,
    from_tree,
    print_text,
    read,
    to_tree,
)
from milepost.language.syntax import Binary, Connective, Operator, Sign, Truth, Unary, join, refuse_oversize
from milepost.language.values import Kind
from milepost.language.vocabulary import IN_SCOPE
from tests.laws.random_expressions import ZONES, expressions, occasions, rules, wild_rules


def fits(expression: Expression) -> bool:
    """Return whether *expression* is within the limits."""
    try:
        refuse_oversize(expression)
    except Malformed:
        return False
    return True


@given(rules | wild_rules)
def test_printing_and_reading_give_the_expression_back(rule: tuple[Scope, Expression]) -> None:
    """Invariant 8: parse(print(e)) == e, and the canonical text is a fixed point."""
    _, expression = rule
    assume(fits(expression))
    text = print_text(expression)
    assert read(text) == expression
    assert print_text(read(text)) == text


@given(rules | wild_rules)
def test_drawing_and_reading_the_tree_give_the_expression_back(rule: tuple[Scope, Expression]) -> None:
    """Invariant 8 for the vendor's tree."""
    scope, expression = rule
    assume(fits(expression))
    assert from_tree(to_tree(expression, scope)) == expression


@given(rules, occasions, st.sampled_from(ZONES))
def test_what_is_well_typed_passes_the_check_compiles_and_never_raises(
    rule: tuple[Scope, Expression], context: EvaluationContext, zone: str
) -> None:
    """Whatever happens, a sound condition is true or false, and never true together with its opposite."""
    scope, expression = rule
    assert check(expression, scope) == ()
    answer = compile_predicate(expression, zone)(context)
    opposite = compile_predicate(Unary(Sign.NOT, expression), zone)(context)
    assert (answer, opposite) in {(True, False), (False, True), (False, False)}


@given(wild_rules, occasions)
def test_whatever_passes_the_check_compiles(rule: tuple[Scope, Expression], context: EvaluationContext) -> None:
    """Any tree at all has faults, or is a predicate that answers."""
    scope, expression = rule
    if check(expression, scope) == ():
        assert compile_predicate(expression)(context) in {True, False}


@given(rules, occasions)
def test_the_quick_shapes_answer_like_the_general_one(
    rule: tuple[Scope, Expression], context: EvaluationContext
) -> None:
    """Asking whether a condition equals true goes the long way, and comes to the same."""
    _, expression = rule
    long_way = Binary(operator=Operator.EQUAL, left=expression, right=Truth(True))
    assert compile_predicate(expression)(context) is compile_predicate(long_way)(context)


@given(
    st.sampled_from(Connective), st.lists(expressions(Scope.LINE, Kind.BOOLEAN, 2), min_size=2, max_size=4), occasions
)
def test_a_denied_junction_is_the_other_junction_of_denials(
    connective: Connective, parts: list[Expression], context: EvaluationContext
) -> None:
    """De Morgan's law holds with nulls too."""
    other = Connective.OR if connective is Connective.AND else Connective.AND
    denied = Unary(Sign.NOT, join(connective, tuple(parts)))
    denials = join(other, tuple(Unary(Sign.NOT, part) for part in parts))
    assert compile_predicate(denied)(context) is compile_predicate(denials)(context)


WORDS = ("currentTxn", "value", "matches", "true", "1", ".5", "e9")
MARKS = ("||", "&&", *".()'\"\\!=<-%,{ \0")
fragments = st.lists(st.sampled_from(WORDS + MARKS), max_size=30).map("".join)


def understood(text: str) -> tuple[Expression | None, int]:
    """Return the expression, or the position from which on *text* is none."""
    try:
        return read(text), 0
    except Malformed as malformed:
        return None, malformed.position


@given(st.text(max_size=60) | fragments)
def test_any_text_is_an_expression_or_malformed(text: str) -> None:
    """Nothing else comes out of `read`; the position lies within the text."""
    expression, position = understood(text)
    assert 0 <= position <= len(text)
    if expression is not None:
        assert read(print_text(expression)) == expression
        for scope in Scope:
            assert all(0 <= fault.position < len(text) for fault in check(expression, scope))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["literal", "name", "&&", ">", "true", "number", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["arity", "value", "type", "operands", "x"]), inner, max_size=4)
    ),
)


@given(json_values, st.text(max_size=20))
def test_any_tree_is_an_expression_or_malformed(value: object, text: str) -> None:
    """Nothing else comes out of `from_tree`."""
    for tree in (json.dumps(value), text):
        try:
            expression = from_tree(tree)
        except Malformed:
            continue
        assert read(print_text(expression)) == expression


@pytest.mark.parametrize("scope", Scope)
def test_every_attribute_and_function_is_distinguished(scope: Scope) -> None:
    """No name is both an attribute and a function, nor both there and absent."""
    for rule_index in IN_SCOPE[scope].values():
        names = [*rule_index.attributes, *rule_index.functions, *rule_index.absent]
        assert sorted(names) == sorted(set(names))
