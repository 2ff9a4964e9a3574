"""The vendor's JSON tree (facts 5.5): the form in which the vendor's rule editor writes expressions.

The vendor publishes literals, names, dereferences and binary operations. The rest is our own choice in the same style:

* `&&` and `||` are binary operations like `>`; a chain of more than two operands is halved until two are left;
* `{"arity":"unary_operation","value":"!","type":…,"operands":[…]}`, also for a minus;
* `{"arity":"function_call","value":"contains","type":…,"operands":[owner, argument, …]}`, where the owner of a
  profile's function is the profile's name;
* a bare word such as GREATER_THAN is a name of type `enum:primitive`.

Types are written for readers. They are ignored when a tree is read, except the types of literals.
"""

import json
import re
from collections.abc import Mapping
from typing import TypeVar, assert_never

from milepost.language.checking import kind_of
from milepost.language.reading import refuse_unprintable
from milepost.language.syntax import (
    NODES_MAX,
    Binary,
    Call,
    Connective,
    Expression,
    Junction,
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
    valid_name,
)
from milepost.language.values import Kind, Scope
from milepost.language.vocabulary import BILL, CUSTOMER, EVENT, LINE, STORE

TREE_LENGTH_MAX = 256 * 1024
"""The largest number of characters in the text of a tree."""

NESTING_MAX = NODES_MAX
"""The largest depth of brackets: two for each node of a chain that is nested on one side."""

Json = dict[str, "Json"] | list["Json"] | str | bool | None
Node = dict[str, Json]
_Symbol = TypeVar("_Symbol", Operator, Sign)

_TYPES = {
    Kind.NUMBER: "real:object:primitive",
    Kind.STRING: "string:object:primitive",
    Kind.BOOLEAN: "boolean:primitive",
    Kind.DATE: "date:object:primitive",
    Kind.DYNAMIC: "any:object:primitive",
}
_PROFILE_TYPES = {
    BILL: "tx:object:primitive",
    LINE: "lineitem:object:primitive",
    EVENT: "event:object:primitive",
    CUSTOMER: "customer:object:primitive",
    STORE: "store:object:primitive",
}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_NUMBER_TYPES = frozenset({"number", "real", "int", "integer", "long", "double"})
_CONNECTIVES = {connective.value: connective for connective in Connective}
_OPERATORS = {operator.value: operator for operator in Operator} | {"=": Operator.EQUAL}
_SIGNS = {sign.value: sign for sign in Sign}


def to_tree(expression: Expression, scope: Scope) -> str:
    """Return *expression* as the vendor's tree, a JSON text. *scope* determines the types of attributes."""
    return json.dumps(_tree_of(expression, scope), ensure_ascii=False, separators=(",", ":"))


def from_tree(text: str) -> Expression:
    """Return the expression of the tree in *text*. Raises `Malformed`, and no other exception.

    If *text* is not JSON, the position is a character of *text*. Otherwise it is 0, and the reason names the node.
    """
    _refuse_before_parsing(text)
    try:
        tree: Json = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise Malformed(error.pos, f"the tree is not JSON: {error.msg}") from None
    expression = _expression_of(tree, "tree")
    refuse_unprintable(expression)
    return expression


def _tree_of(expression: Expression, scope: Scope) -> Json:
    match expression:
        case Truth(value):
            return _leaf("literal", "true" if value else "false", _TYPES[Kind.BOOLEAN])
        case Number(value):
            return _leaf("literal", format(value, "f"), "number:primitive")
        case Text(value):
            return _leaf("literal", value, _TYPES[Kind.STRING])
        case Name(text):
            return _leaf("name", text, _PROFILE_TYPES.get(text, "enum:primitive"))
        case Member(owner, member):
            kind = _TYPES[kind_of(expression, scope)]
            operands: list[Json] = [_tree_of(owner, scope), _leaf("name", member, kind)]
            return {"arity": "object_dereference", "type": kind, "operands": operands}
        case Call():
            kind = _TYPES[kind_of(expression, scope)]
            return _inner("function_call", expression.name, kind, (expression.owner, *expression.arguments), scope)
        case Unary(sign, operand):
            return _inner("unary_operation", sign.value, _TYPES[kind_of(expression, scope)], (operand,), scope)
        case Binary():
            kind = _TYPES[kind_of(expression, scope)]
            pair = (expression.left, expression.right)
            return _inner("binary_operation", expression.operator.value, kind, pair, scope)
        case Junction(connective):
            halves = _halves(expression)
            return _inner("binary_operation", connective.value, _TYPES[Kind.BOOLEAN], halves, scope)
        case _:
            assert_never(expression)


def _halves(junction: Junction) -> tuple[Expression, Expression]:
    middle = (len(junction.operands) + 1) // 2
    first, rest = junction.operands[:middle], junction.operands[middle:]
    return join(junction.connective, first), join(junction.connective, rest)


def _leaf(arity: str, value: str, type_: str) -> Json:
    return {"arity": arity, "value": value, "type": type_}


def _inner(arity: str, value: str, type_: str, operands: tuple[Expression, ...], scope: Scope) -> Json:
    return {"arity": arity, "value": value, "type": type_, "operands": [_tree_of(part, scope) for part in operands]}


def _refuse_before_parsing(text: str) -> None:
    if len(text) > TREE_LENGTH_MAX:
        raise Malformed(TREE_LENGTH_MAX, f"the tree has more than {TREE_LENGTH_MAX} characters")
    depth, in_text, escaped = 0, False, False
    for position, character in enumerate(text):
        if in_text:
            in_text = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_text = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if depth > NESTING_MAX:
            raise Malformed(position, f"the tree is nested deeper than {NESTING_MAX} levels")


def _expression_of(tree: Json, path: str) -> Expression:
    if not isinstance(tree, dict):
        raise Malformed(0, f"{path} is not a node: expected an object")
    match tree.get("arity"):
        case "literal":
            return _literal(tree, path)
        case "name":
            return _name(tree, path)
        case "object_dereference":
            owner, member = _operands(tree, path, exactly=2)
            return Member(_expression_of(owner, f"{path}.operands[0]"), _member_name(member, f"{path}.operands[1]"))
        case "function_call":
            return _call(tree, path)
        case "unary_operation":
            (operand,) = _operands(tree, path, exactly=1)
            return Unary(_symbol(_SIGNS, tree, path), _expression_of(operand, f"{path}.operands[0]"))
        case "binary_operation":
            return _binary(tree, path)
        case arity:
            raise Malformed(0, f"{path} has an unknown arity {str(arity)[:40]!r}")


def _binary(tree: Node, path: str) -> Expression:
    left, right = _operands(tree, path, exactly=2)
    first, second = _expression_of(left, f"{path}.operands[0]"), _expression_of(right, f"{path}.operands[1]")
    connective = _CONNECTIVES.get(_word(tree, "value", path))
    if connective is not None:
        return join(connective, (first, second))
    return Binary(operator=_symbol(_OPERATORS, tree, path), left=first, right=second)


def _call(tree: Node, path: str) -> Expression:
    operands = [_expression_of(part, f"{path}.operands[{place}]") for place, part in enumerate(_operands(tree, path))]
    if not operands:
        raise Malformed(0, f"{path}.operands lacks what the function is called on")
    return Call(owner=operands[0], name=_identifier(tree, path), arguments=tuple(operands[1:]))


def _name(tree: Node, path: str) -> Name:
    word = _identifier(tree, path)
    if is_reserved(word):
        raise Malformed(0, f"{path}.value cannot be a name: {word}")
    return Name(word)


def _literal(tree: Node, path: str) -> Expression:
    value, type_ = _word(tree, "value", path), _word(tree, "type", path).partition(":")[0]
    if type_ == "boolean" and is_reserved(value):
        return Truth(value == "true")
    if type_ == "string":
        return literal(value)
    if type_ in _NUMBER_TYPES and _NUMBER.fullmatch(value):
        digits = number(value.removeprefix("-"))
        return Unary(Sign.NEGATE, digits) if value.startswith("-") else digits
    raise Malformed(0, f"{path} is no literal: {value[:40]!r} of type {type_[:40]!r}")


def _member_name(tree: Json, path: str) -> str:
    if not isinstance(tree, dict) or tree.get("arity") != "name":
        raise Malformed(0, f"{path} is not a name")
    return _identifier(tree, path)


def _identifier(tree: Node, path: str) -> str:
    return valid_name(_word(tree, "value", path))


def _word(tree: Node, key: str, path: str) -> str:
    word = tree.get(key)
    if isinstance(word, bool):
        return "true" if word else "false"
    if not isinstance(word, str):
        raise Malformed(0, f"{path}.{key} is not a text")
    return word


def _operands(tree: Node, path: str, exactly: int | None = None) -> list[Json]:
    operands = tree.get("operands")
    if not isinstance(operands, list) or (exactly is not None and len(operands) != exactly):
        raise Malformed(0, f"{path}.operands is not a list{'' if exactly is None else f' of {exactly}'}")
    return operands


def _symbol(symbols: Mapping[str, _Symbol], tree: Node, path: str) -> _Symbol:
    word = _word(tree, "value", path)
    if word not in symbols:
        raise Malformed(0, f"{path}.value is not an operator: {word[:40]!r}")
    return symbols[word]
