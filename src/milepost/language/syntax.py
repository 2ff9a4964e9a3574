"""The syntax tree of the rule language: what a condition means, not how it was typed.

Positions are character offsets (0-based) in the text; equality ignores them. A chain such as `a && b && c` is one
`Junction`, which is never nested in a junction of the same connective. So long lists of alternatives stay flat, and
brackets that change nothing leave no trace.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import assert_never

DEPTH_MAX = 32
"""The largest depth of the tree, and of brackets inside brackets."""

NODES_MAX = 256
"""The largest number of nodes in one expression."""

LITERAL_BYTES_MAX = 1024
"""The largest number of UTF-8 bytes in one text literal."""

DIGITS_MAX = 38
"""The largest number of digits in one number, as in a wide decimal column."""

TEXT_LENGTH_MAX = 16 * 1024
"""The largest number of characters in an expression, as typed and in canonical form."""

NAME_LENGTH_MAX = 200
"""The largest number of characters in a name."""

_NAME = re.compile(r"[^\W\d]\w*")
_RESERVED = frozenset({"true", "false"})


class Malformed(Exception):
    """A text is not an expression; `position` is the character offset (0-based) of the first fault."""

    def __init__(self, position: int, reason: str) -> None:
        """Keep the position and the reason."""
        super().__init__(f"{reason} (at {position})")
        self.position = position
        self.reason = reason


class Connective(Enum):
    """An operator that joins conditions."""

    OR = "||"
    AND = "&&"


class Operator(Enum):
    """An operator between two values."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    OVER = "/"
    REMAINDER = "%"


EQUALITY = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})
ORDER = frozenset({Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST})


class Sign(Enum):
    """An operator before one value."""

    NOT = "!"
    NEGATE = "-"


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number that is never negative; a minus is a `Sign` before it."""

    value: Decimal
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Text:
    """A text literal."""

    value: str
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Name:
    """A profile, such as `currentTxn`, or a bare word that a function takes, such as `GREATER_THAN`."""

    text: str
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute of a profile: `currentTxn.value`."""

    owner: "Expression"
    name: str
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of a profile or an operation on a value: `currentTxn.note.contains("gift")`."""

    owner: "Expression"
    name: str
    arguments: tuple["Expression", ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before a value."""

    sign: Sign
    operand: "Expression"
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A comparison or a calculation."""

    operator: Operator
    left: "Expression"
    right: "Expression"
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more conditions, of which all (AND) or any (OR) must hold. It is made by `join`."""

    connective: Connective
    operands: tuple["Expression", ...]
    position: int = field(default=0, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Assert what `join` ensures: at least two operands, and none that is a junction of the same connective."""
        assert len(self.operands) > 1
        assert not any(isinstance(part, Junction) and part.connective is self.connective for part in self.operands)


Expression = Truth | Number | Text | Name | Member | Call | Unary | Binary | Junction


def join(connective: Connective, operands: tuple[Expression, ...], position: int = 0) -> Expression:
    """Return *operands* under one *connective*. Operands that are junctions of that connective are flattened."""
    flat: list[Expression] = []
    for operand in operands:
        if isinstance(operand, Junction) and operand.connective is connective:
            flat.extend(operand.operands)
        else:
            flat.append(operand)
    return flat[0] if len(flat) == 1 else Junction(connective, tuple(flat), position=position)


def valid_name(text: str, position: int = 0) -> str:
    """Return *text* if it may name an attribute or a function; otherwise raise `Malformed`."""
    if len(text) > NAME_LENGTH_MAX:
        raise Malformed(position, f"a name has at most {NAME_LENGTH_MAX} characters")
    if _NAME.fullmatch(text) is None:
        raise Malformed(position, f"{text!r} cannot be a name")
    return text


def is_reserved(text: str) -> bool:
    """Return whether *text* is `true` or `false`, which no profile may be called."""
    return text in _RESERVED


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Return the child nodes of *expression*."""
    match expression:
        case Truth() | Number() | Text() | Name():
            return ()
        case Member(owner):
            return (owner,)
        case Call():
            return (expression.owner, *expression.arguments)
        case Unary(_, operand):
            return (operand,)
        case Binary():
            return (expression.left, expression.right)
        case Junction(_, operands):
            return operands
        case _:
            assert_never(expression)


def walk_tree(expression: Expression) -> Iterator[tuple[Expression, int]]:
    """Return every node with its depth in reading order; the root has depth 1."""
    # Iterative, because a tree that is not checked yet may be deeper than the stack.
    waiting = [(expression, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((part, depth + 1) for part in reversed(parts(node)))


def refuse_oversize(expression: Expression) -> None:
    """Raise `Malformed` if *expression* has too many nodes or is too deep."""
    for count, (node, depth) in enumerate(walk_tree(expression), start=1):
        if depth > DEPTH_MAX:
            raise Malformed(node.position, f"the expression is nested deeper than {DEPTH_MAX} levels")
        if count > NODES_MAX:
            raise Malformed(node.position, f"the expression has more than {NODES_MAX} parts")


def refuse_text(text: str, position: int) -> None:
    """Raise `Malformed` if *text* contains a character that cannot be stored."""
    if "\0" in text:
        raise Malformed(position + text.index("\0"), "the character NUL is not allowed")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Malformed(position, "half of a surrogate pair is not a character")


def number(digits: str, position: int = 0) -> Number:
    """Return the number that *digits*, such as `007.50`, spell. Raises `Malformed` beyond `DIGITS_MAX` digits."""
    whole, _, decimals = digits.partition(".")
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    if len(whole) + len(decimals) > DIGITS_MAX:
        raise Malformed(position, f"a number has at most {DIGITS_MAX} digits")
    return Number(Decimal(f"{whole}.{decimals}" if decimals else whole), position=position)


def literal(text: str, position: int = 0) -> Text:
    """Return a text literal. Raises `Malformed` beyond `LITERAL_BYTES_MAX` bytes and for characters we cannot store."""
    refuse_text(text, position)
    if len(text.encode()) > LITERAL_BYTES_MAX:
        raise Malformed(position, f"a text has at most {LITERAL_BYTES_MAX} bytes")
    return Text(text, position=position)
