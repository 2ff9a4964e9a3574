"""The canonical text of an expression: one spelling for each tree, so that equal rules have equal texts.

Reading the canonical text returns the same tree (invariant 8).
"""

from enum import IntEnum
from typing import assert_never

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
    Text,
    Truth,
    Unary,
)

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


class _Rank(IntEnum):
    """How tightly a node binds, in the order of the grammar's rules."""

    OR = 1
    AND = 2
    EQUALITY = 3
    ORDER = 4
    SUM = 5
    PRODUCT = 6
    SIGN = 7
    PRIMARY = 8


def print_text(expression: Expression) -> str:
    """Return the canonical text of *expression*."""
    match expression:
        case Truth(value):
            return "true" if value else "false"
        case Number(value):
            return format(value, "f")
        case Text(value):
            return f'"{value.translate(_ESCAPES)}"'
        case Name(text):
            return text
        case Member(owner, name):
            return f"{_within(owner, _Rank.PRIMARY)}.{name}"
        case Call():
            arguments = ",".join(map(print_text, expression.arguments))
            return f"{_within(expression.owner, _Rank.PRIMARY)}.{expression.name}({arguments})"
        case Unary(sign, operand):
            return f"{sign.value}{_within(operand, _Rank.SIGN)}"
        case Binary():
            own = _rank(expression)
            # Operators bind to the left, so an operand of equal rank on the right needs brackets: a-(b-c).
            right = _within(expression.right, _Rank(own + 1))
            return f"{_within(expression.left, own)}{expression.operator.value}{right}"
        case Junction(connective, operands):
            own = _rank(expression)
            return f" {connective.value} ".join(_within(operand, own) for operand in operands)
        case _:
            assert_never(expression)


def _within(expression: Expression, least: _Rank) -> str:
    text = print_text(expression)
    return text if _rank(expression) >= least else f"({text})"


def _rank(expression: Expression) -> _Rank:
    match expression:
        case Junction(connective):
            return _Rank.OR if connective is Connective.OR else _Rank.AND
        case Unary():
            return _Rank.SIGN
        case Binary():
            return _operator_rank(expression.operator)
        case _:
            return _Rank.PRIMARY


def _operator_rank(operator: Operator) -> _Rank:
    if operator in EQUALITY:
        return _Rank.EQUALITY
    if operator in ORDER:
        return _Rank.ORDER
    return _Rank.SUM if operator in {Operator.PLUS, Operator.MINUS} else _Rank.PRODUCT
