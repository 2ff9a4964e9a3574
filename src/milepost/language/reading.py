r"""Reads rule text: `read` returns its syntax tree, or raises `Malformed` at the first character that makes no sense.

Numbers are digits with an optional fraction; there is no exponent. Texts stand in double or single quotes. In a text,
`\n`, `\t` and `\r` are line feed, tabulator and carriage return, and a backslash before a quote or a backslash is left
out. Before any other character it stays, so that patterns such as "\d+" may be written as they are.
"""

import re
from functools import lru_cache

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from milepost.language.printing import print_text
from milepost.language.syntax import (
    DEPTH_MAX,
    TEXT_LENGTH_MAX,
    Binary,
    Call,
    Connective,
    Expression,
    Malformed,
    Member,
    Name,
    Number,
    Operator,
    Sign,
    Text,
    Truth,
    Unary,
    is_reserved,
    join,
    literal,
    number,
    refuse_oversize,
    refuse_text,
    valid_name,
)

READ_REMEMBERED_MAX = 4_096
"""The number of texts whose expressions are cached."""

_GRAMMAR = r"""
?start: either
?either: both (OR both)*
?both: equation (AND equation)*
?equation: relation | equation EQUALITY relation -> binary
?relation: sum | relation ORDER sum              -> binary
?sum: product | sum (PLUS | MINUS) product       -> binary
?product: signed | product SCALE signed          -> binary
?signed: primary | (NOT | MINUS) signed          -> unary
?primary: NUMBER                                 -> number
    | STRING                                     -> text
    | NAME                                       -> name
    | "(" either ")"
    | primary "." NAME                           -> member
    | primary "." NAME "(" arguments ")"         -> call
arguments: (either ("," either)*)?

OR: "||"
AND: "&&"
EQUALITY: "==" | "=" | "!="
ORDER: ">=" | ">" | "<=" | "<"
PLUS: "+"
MINUS: "-"
SCALE: "*" | "/" | "%"
NOT: "!"
NUMBER: /[0-9]+(\.[0-9]+)?/
NAME: /[^\W\d]\w*/
STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
%ignore /\s+/
"""

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_BRACKET_OR_TEXT = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()]""", re.DOTALL)
_CURLY_QUOTES = frozenset(
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}"
    "\N{RIGHT SINGLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}"
)


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Expression]):
    """Builds the nodes while the parser reduces its rules, without recursion."""

    def either(self, first: Expression, operator: Token, *rest: Expression | Token) -> Expression:
        return join(Connective.OR, (first, *_nodes(rest)), operator.start_pos or 0)

    def both(self, first: Expression, operator: Token, *rest: Expression | Token) -> Expression:
        return join(Connective.AND, (first, *_nodes(rest)), operator.start_pos or 0)

    def binary(self, left: Expression, operator: Token, right: Expression) -> Expression:
        symbol = Operator.EQUAL if operator.value == "=" else Operator(operator.value)
        return Binary(operator=symbol, left=left, right=right, position=operator.start_pos or 0)

    def unary(self, sign: Token, operand: Expression) -> Expression:
        return Unary(Sign(sign.value), operand, position=sign.start_pos or 0)

    def member(self, owner: Expression, word: Token) -> Expression:
        position = word.start_pos or 0
        return Member(owner, valid_name(word.value, position), position=position)

    def call(self, owner: Expression, word: Token, arguments: tuple[Expression, ...]) -> Expression:
        position = word.start_pos or 0
        return Call(owner=owner, name=valid_name(word.value, position), arguments=arguments, position=position)

    def arguments(self, *arguments: Expression) -> tuple[Expression, ...]:
        return arguments

    def name(self, token: Token) -> Name | Truth:
        position = token.start_pos or 0
        if is_reserved(token.value):
            return Truth(token.value == "true", position=position)
        return Name(valid_name(token.value, position), position=position)

    def number(self, token: Token) -> Number:
        return number(token.value, token.start_pos or 0)

    def text(self, token: Token) -> Text:
        characters = _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[0]), token.value[1:-1])
        return literal(characters, token.start_pos or 0)


_PARSER = Lark(_GRAMMAR, parser="lalr", transformer=_TreeBuilder())


@lru_cache(maxsize=READ_REMEMBERED_MAX)
def read(text: str) -> Expression:
    """Return the expression of *text*. Raises `Malformed`, and no other exception.

    Results are cached, because each new version of an organisation's definitions reads all their texts again.
    """
    _refuse_before_parsing(text)
    try:
        expression = _PARSER.parse(text)
    except UnexpectedInput as error:
        raise _malformed(error, text) from None
    assert isinstance(expression, Expression)
    refuse_unprintable(expression)
    return expression


def refuse_unprintable(expression: Expression) -> None:
    """Raise `Malformed` if *expression* exceeds a limit, or if its canonical text does."""
    refuse_oversize(expression)
    if len(print_text(expression)) > TEXT_LENGTH_MAX:
        raise Malformed(TEXT_LENGTH_MAX, f"the expression has more than {TEXT_LENGTH_MAX} characters")


def _nodes(mixed: tuple[Expression | Token, ...]) -> tuple[Expression, ...]:
    return tuple(part for part in mixed if not isinstance(part, Token))


def _refuse_before_parsing(text: str) -> None:
    if len(text) > TEXT_LENGTH_MAX:
        raise Malformed(TEXT_LENGTH_MAX, f"the expression has more than {TEXT_LENGTH_MAX} characters")
    refuse_text(text, 0)
    if not text.strip():
        raise Malformed(0, "the expression is empty")
    depth = 0
    for match in _BRACKET_OR_TEXT.finditer(text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth > DEPTH_MAX:
            raise Malformed(match.start(), f"the expression is nested deeper than {DEPTH_MAX} levels")


def _malformed(error: UnexpectedInput, text: str) -> Malformed:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return Malformed(error.token.start_pos or 0, f"{error.token.value[:40]!r} is not expected here")
    offset = error.pos_in_stream
    if not isinstance(error, UnexpectedCharacters) or offset is None:
        return Malformed(len(text), "the expression ends too early")
    if text[offset] in "\"'":
        return Malformed(offset, "the text that begins here has no closing quote")
    if text[offset] in _CURLY_QUOTES:
        return Malformed(offset, f"a text stands in straight quotes, not in {text[offset]}")
    return Malformed(offset, f"{text[offset]!r} has no meaning here")
