"""From a checked expression to a function that tells whether an occasion satisfies it.

Closures only: no text of a rule is ever evaluated. Logic is three-valued as in SQL: a null condition makes `&&` null
unless another part is false, `||` null unless another part is true, `!` null; a rule that is null at the top is false.
At the top only truth matters, so the common shapes skip the third value: they run some nine times for every event.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import assert_never

from milepost.language.operations import Building
from milepost.language.profile import Daily, Fact, Stamp, attribute
from milepost.language.syntax import (
    EQUALITY,
    ORDER,
    Binary,
    Call,
    Connective,
    Expression,
    Junction,
    Member,
    Name,
    Number,
    Operator,
    Sign,
    Text,
    Truth,
    Unary,
)
from milepost.language.values import (
    Evaluate,
    EvaluationContext,
    Value,
    calculate,
    compare,
    comparer,
    local,
    negative,
    refuse_unknown_zone,
)
from milepost.language.vocabulary import OPERATIONS, PROFILES

Predicate = Callable[[EvaluationContext], bool]


def compile_predicate(expression: Expression, zone: str = "UTC") -> Predicate:
    """Return the predicate that *expression* is; calendar parts of dates are those of *zone*.

    *expression* must have passed `check`: what is wrong with it is our own mistake here. An unknown *zone* is a
    ValueError. The predicate never raises.
    """
    refuse_unknown_zone(zone)
    return _truth(expression, zone)


def _truth(expression: Expression, zone: str) -> Predicate:
    match expression:
        case Truth(value):
            return lambda _context: value
        case Junction(connective, operands):
            return _all_or_any(connective, tuple(_truth(operand, zone) for operand in operands))
        case Binary(operator=operator, left=Member(), right=Number(limit)) if operator in EQUALITY | ORDER:
            return _against_number(_evaluate(expression.left, zone), operator, limit)
        case Binary(operator=Operator.EQUAL, left=Member(), right=Text(wanted)):
            read = _evaluate(expression.left, zone)
            return lambda context: read(context) == wanted
        case _:
            evaluate = _evaluate(expression, zone)
            return lambda context: evaluate(context) is True


def _all_or_any(connective: Connective, predicates: tuple[Predicate, ...]) -> Predicate:
    if len(predicates) == 2:
        one, two = predicates
        if connective is Connective.AND:
            return lambda context: one(context) and two(context)
        return lambda context: one(context) or two(context)
    decisive = connective is Connective.OR

    def decided(context: EvaluationContext) -> bool:
        for predicate in predicates:
            if predicate(context) is decisive:
                return decisive
        return not decisive

    return decided


def _against_number(read: Evaluate, operator: Operator, limit: Decimal) -> Predicate:
    holds = comparer(operator)

    def predicate(context: EvaluationContext) -> bool:
        value = read(context)
        try:
            return value.__class__ is Decimal and holds(value, limit)
        except InvalidOperation:  # a signalling NaN, which no edge lets in
            return False

    return predicate


def _evaluate(expression: Expression, zone: str) -> Evaluate:
    match expression:
        case Truth(value) | Number(value) | Text(value):
            return _constant(value)
        case Name(text):
            raise AssertionError(f"{text} is not a value: check first")
        case Member():
            return _attribute(expression, zone)
        case Call():
            return _call(expression, zone)
        case Unary(sign, operand):
            return _signed(sign, _evaluate(operand, zone))
        case Binary():
            return _binary(expression, zone)
        case Junction(connective, operands):
            return _joined(connective, tuple(_evaluate(operand, zone) for operand in operands))
        case _:
            assert_never(expression)


def _constant(value: Value) -> Evaluate:
    return lambda _context: value


def _attribute(node: Member, zone: str) -> Evaluate:
    assert isinstance(node.owner, Name)
    found = attribute(PROFILES[node.owner.text], node.name)
    assert found is not None, f"{node.owner.text} has no {node.name}: check first"
    match found:
        case Fact():
            return found.read
        case Stamp(read):
            return lambda context: local(read(context), zone)
        case Daily():
            return _on_the_day(found.read, zone)
        case _:
            assert_never(found)


def _on_the_day(read: Callable[[EvaluationContext, int], Value], zone: str) -> Evaluate:
    def evaluate(context: EvaluationContext) -> Value:
        moment = local(context.event.occurred_at, zone)
        return None if moment is None else read(context, moment.date().to_stdlib().toordinal())

    return evaluate


def _call(node: Call, zone: str) -> Evaluate:
    if isinstance(node.owner, Name):
        return PROFILES[node.owner.text].functions[node.name].build(node.arguments)
    building = Building(
        subject=_evaluate(node.owner, zone),
        arguments=node.arguments,
        compile=lambda argument: _evaluate(argument, zone),
        zone=zone,
    )
    return OPERATIONS[node.name].build(building)


def _signed(sign: Sign, operand: Evaluate) -> Evaluate:
    match sign:
        case Sign.NEGATE:
            return lambda context: negative(operand(context))
        case Sign.NOT:
            return lambda context: _negation(operand(context))
        case _:
            assert_never(sign)


def _negation(value: Value) -> bool | None:
    return not value if isinstance(value, bool) else None


def _binary(node: Binary, zone: str) -> Evaluate:
    operator, left, right = node.operator, _evaluate(node.left, zone), _evaluate(node.right, zone)
    if operator in EQUALITY | ORDER:
        return lambda context: compare(operator, left(context), right(context))
    return lambda context: calculate(operator, left(context), right(context))


def _joined(connective: Connective, operands: tuple[Evaluate, ...]) -> Evaluate:
    # The value that decides the junction whatever the other parts are; without it, one null makes it null.
    decisive = connective is Connective.OR

    def joined(context: EvaluationContext) -> Value:
        result: bool | None = not decisive
        for operand in operands:
            value = operand(context)
            if value is decisive:
                return decisive
            if not isinstance(value, bool):
                result = None
        return result

    return joined
