"""Compiles a checked expression to a predicate on evaluation contexts.

The predicate consists of closures; no text of a rule is ever executed. Logic is three-valued as in SQL: with a null
operand, `&&` is null unless another operand is false, `||` is null unless another operand is true, and `!` is null. A
rule whose result is null does not hold. Only true or false matters at the top of a rule, so common shapes skip the
third value there: they run about nine times for every event.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import assert_never

from milepost.language.operations import Building
from milepost.language.profiles.profile import Daily, Fact, Stamp, Zoned, attribute
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
    """Return *expression* as a predicate. *zone* is the time zone for the calendar parts of dates.

    *expression* must have passed `check`; a fault that is left in it is a defect of ours. Raises ValueError for an
    unknown *zone*. The predicate never raises.
    """
    refuse_unknown_zone(zone)
    return _truth(expression, zone)


def evaluate_part(expression: Expression, zone: str) -> Evaluate:
    """Return the function that evaluates a part of a checked condition, such as one side of a comparison."""
    return _evaluate(expression, zone)


def _truth(expression: Expression, zone: str) -> Predicate:
    match expression:
        case Truth(value):
            return lambda _context: value
        case Junction(connective, operands):
            return _all_or_any(connective, tuple(_truth(operand, zone) for operand in operands))
        case Binary(operator=operator, left=Member(), right=Number(limit)) if operator in EQUALITY | ORDER:
            return _compare_with_number(_evaluate(expression.left, zone), operator, limit)
        case Binary(operator=Operator.EQUAL, left=Member(), right=Text(wanted)):
            read = _evaluate(expression.left, zone)
            return lambda context: read(context) == wanted
        case _:
            evaluate = _evaluate(expression, zone)
            return lambda context: evaluate(context) is True


def _all_or_any(connective: Connective, predicates: tuple[Predicate, ...]) -> Predicate:
    if len(predicates) == 2:
        first, second = predicates
        if connective is Connective.AND:
            return lambda context: first(context) and second(context)
        return lambda context: first(context) or second(context)
    decisive = connective is Connective.OR

    def holds(context: EvaluationContext) -> bool:
        for predicate in predicates:
            if predicate(context) is decisive:
                return decisive
        return not decisive

    return holds


def _compare_with_number(read: Evaluate, operator: Operator, limit: Decimal) -> Predicate:
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
            return _junction(connective, tuple(_evaluate(operand, zone) for operand in operands))
        case _:
            assert_never(expression)


def _constant(value: Value) -> Evaluate:
    return lambda _context: value


def _attribute(node: Member, zone: str) -> Evaluate:
    assert isinstance(node.owner, Name)
    definition = attribute(PROFILES[node.owner.text], node.name)
    assert definition is not None, f"{node.owner.text} has no {node.name}: check first"
    match definition:
        case Fact():
            return definition.read
        case Stamp(read):
            return lambda context: local(read(context), zone)
        case Daily():
            return _daily_value(definition.read, zone)
        case Zoned(read=read_in):
            return lambda context: read_in(context, zone)
        case _:
            assert_never(definition)


def _daily_value(read: Callable[[EvaluationContext, str, int], Value], zone: str) -> Evaluate:
    def evaluate(context: EvaluationContext) -> Value:
        moment = local(context.event.occurred_at, zone)
        return None if moment is None else read(context, zone, moment.date().to_stdlib().toordinal())

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


def _junction(connective: Connective, operands: tuple[Evaluate, ...]) -> Evaluate:
    # The value that decides the junction whatever the other operands are. Without it, one null operand makes it null.
    decisive = connective is Connective.OR

    def evaluate(context: EvaluationContext) -> Value:
        result: bool | None = not decisive
        for operand in operands:
            value = operand(context)
            if value is decisive:
                return decisive
            if not isinstance(value, bool):
                result = None
        return result

    return evaluate
