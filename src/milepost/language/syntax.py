"""The syntax tree of the rule language: what a condition says, not how it was typed.

Positions are character offsets (0-based) into the text that was read; they take no part in equality. A chain such as
`a && b && c` is one `Junction`, never nested in a junction of the same connective, so long lists of alternatives stay
flat and brackets that change nothing are not remembered.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import assert_never

DEPTH_MAX = 32
"""Levels of the tree, and brackets inside brackets."""

NODES_MAX = 256
"""Nodes of one expression."""

LITERAL_BYTES_MAX = 1024
"""UTF-8 bytes of one text literal."""

DIGITS_MAX = 38
"""Digits of one number, as many as a wide decimal column holds."""

TEXT_LENGTH_MAX = 16 * 1024
"""Characters of an expression, as typed and in canonical form."""

NAME_LENGTH_MAX = 200
"""Characters of a name."""

_NAME = re.compile(r"[^\W\d]\w*")
_RESERVED = frozenset({"true", "false"})


class Malformed(Exception):
    """A text is not an expression; `position` is the 0-based character offset of the first thing wrong."""

    def __init__(self, position: int, reason: str) -> None:
        """Keep where and why."""
        super().__init__(f"{reason} (at {position})")
        self.position = position
        self.reason = reason


class Connective(Enum):
    """What joins conditions."""

    OR = "||"
    AND = "&&"


class Operator(Enum):
    """What stands between two values."""

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
    """What stands before one value."""

    NOT = "!"
    NEGATE = "-"


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number, never negative: a minus is a sign before it."""

    value: Decimal
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Text:
    """A text literal."""

    value: str
    position: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Name:
    """A profile, such as `currentTxn`, or a bare word that a function asks for, such as `GREATER_THAN`."""

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
    """Two or more conditions, all or any of which must hold; made by `join`."""

    connective: Connective
    operands: tuple["Expression", ...]
    position: int = field(default=0, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Assert what `join` promises."""
        assert len(self.operands) > 1
        assert not any(isinstance(part, Junction) and part.connective is self.connective for part in self.operands)


Expression = Truth | Number | Text | Name | Member | Call | Unary | Binary | Junction


def join(connective: Connective, operands: tuple[Expression, ...], position: int = 0) -> Expression:
    """Return *operands* under one *connective*; operands that are junctions of the same kind are taken apart."""
    flat: list[Expression] = []
    for operand in operands:
        if isinstance(operand, Junction) and operand.connective is connective:
            flat.extend(operand.operands)
        else:
            flat.append(operand)
    return flat[0] if len(flat) == 1 else Junction(connective, tuple(flat), position=position)


def name(text: str, position: int = 0) -> str:
    """Return *text* if it may name an attribute or a function, else raise `Malformed`."""
    if len(text) > NAME_LENGTH_MAX:
        raise Malformed(position, f"a name has at most {NAME_LENGTH_MAX} characters")
    if _NAME.fullmatch(text) is None:
        raise Malformed(position, f"{text!r} cannot be a name")
    return text


def is_reserved(text: str) -> bool:
    """Return whether *text* is a literal's word, which no profile may bear."""
    return text in _RESERVED


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Return the nodes directly below *expression*."""
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
    """Return every node with its depth, the root's being 1, in reading order; any tree may be given."""
    # No recursion: the tree may be deeper than the stack.
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
    """Raise `Malformed` if *text* holds what no stored text may hold."""
    if "\0" in text:
        raise Malformed(position + text.index("\0"), "the character NUL is not allowed")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Malformed(position, "half of a surrogate pair is not a character")


def number(digits: str, position: int = 0) -> Number:
    """Return the number that *digits* spell, such as `007.50`; raises `Malformed` past `DIGITS_MAX`."""
    whole, _, decimals = digits.partition(".")
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    if len(whole) + len(decimals) > DIGITS_MAX:
        raise Malformed(position, f"a number has at most {DIGITS_MAX} digits")
    return Number(Decimal(f"{whole}.{decimals}" if decimals else whole), position=position)


def literal(text: str, position: int = 0) -> Text:
    """Return a text literal; raises `Malformed` past `LITERAL_BYTES_MAX` and for characters that cannot be kept."""
    refuse_text(text, position)
    if len(text.encode()) > LITERAL_BYTES_MAX:
        raise Malformed(position, f"a text has at most {LITERAL_BYTES_MAX} bytes")
    return Text(text, position=position)
