"""The vendor's JSON tree: the published samples, our own shapes, and trees that draw nothing."""

import json

import pytest

from milepost.language import TREE_LENGTH_MAX, Malformed, Scope, from_tree, print_text, read, to_tree
from milepost.language.tree import NESTING_MAX

ALWAYS = '{"arity":"literal","value":"true","type":"boolean:primitive"}'
ALWAYS_SPACED = '\n{\n "arity":"literal",\n "value":"true",\n "type":"boolean:primitive"\n}'
NON_DISCOUNTED = """
{
 "arity":"binary_operation",
 "value":">",
 "type":"boolean:primitive",
 "operands":[
 {
 "arity":"object_dereference",
 "type":"real:object:primitive",
 "operands":[
 {
 "arity":"name",
 "value":"currentTxn",
 "type":"tx:object:primitive"
 },
 {
 "arity":"name",
 "value":"basketAmountSumNonDiscounted",
 "type":"real:object:primitive"
 }
 ]
 },
 {
 "arity":"literal",
 "value":"25",
 "type":"number:primitive"
 }
 ]
}"""

PUBLISHED = (
    (ALWAYS, "true"),
    (ALWAYS_SPACED, "true"),
    (NON_DISCOUNTED, "currentTxn.basketAmountSumNonDiscounted>25"),
)


@pytest.mark.parametrize("tree, text", PUBLISHED)
def test_the_published_trees_are_read_and_written(tree: str, text: str) -> None:
    """The samples of S0 and S3 mean what stands beside them, and are drawn with the same keys in the same order."""
    assert from_tree(tree) == read(text)
    assert to_tree(read(text), Scope.BILL) == json.dumps(json.loads(tree), separators=(",", ":"))


def leaf(arity: str, value: str, kind: str) -> dict[str, str]:
    """Return a node without operands."""
    return {"arity": arity, "value": value, "type": kind}


def test_functions_signs_and_words_have_a_documented_shape() -> None:
    """What is not published is drawn in the same manner."""
    tree = json.loads(to_tree(read("!(currentTxn.basketSumIf(AMOUNT,EQUAL_TO,'0')>-5)"), Scope.BILL))
    (comparison,) = tree.pop("operands")
    call, limit = comparison["operands"]
    assert tree == leaf("unary_operation", "!", "boolean:primitive")
    assert (call["arity"], call["value"], call["type"]) == ("function_call", "basketSumIf", "real:object:primitive")
    assert call["operands"] == [
        leaf("name", "currentTxn", "tx:object:primitive"),
        leaf("name", "AMOUNT", "enum:primitive"),
        leaf("name", "EQUAL_TO", "enum:primitive"),
        leaf("literal", "0", "string:object:primitive"),
    ]
    assert (limit["arity"], limit["operands"]) == ("unary_operation", [leaf("literal", "5", "number:primitive")])


def test_chains_are_binary_whichever_way_they_lean() -> None:
    """Trees of one chain, leaning left, right or neither way, are one expression."""
    true, both = json.loads(ALWAYS), {"arity": "binary_operation", "value": "&&", "type": "boolean:primitive"}
    pair = {**both, "operands": [true, true]}
    left = {**both, "operands": [{**both, "operands": [pair, true]}, true]}
    right = {**both, "operands": [true, {**both, "operands": [true, pair]}]}
    chain = read("true && true && true && true")
    assert from_tree(json.dumps(left)) == chain
    assert from_tree(json.dumps(right)) == chain
    assert json.loads(to_tree(chain, Scope.BILL)) == {**both, "operands": [pair, pair]}


LITERALS = (
    ({"arity": "literal", "value": "-2.50", "type": "number:primitive"}, "-2.5"),
    ({"arity": "literal", "value": 25, "type": "number:primitive"}, "25"),
    ({"arity": "literal", "value": "7", "type": "real:object:primitive"}, "7"),
    ({"arity": "literal", "value": True, "type": "boolean:primitive"}, "true"),
    ({"arity": "literal", "value": 'a"b', "type": "string:object:primitive"}, r'"a\"b"'),
)


@pytest.mark.parametrize("tree, text", LITERALS)
def test_literals_are_read_by_their_type(tree: object, text: str) -> None:
    """Signs of numbers become signs of the language; JSON's own numbers and truths are understood."""
    assert print_text(from_tree(json.dumps(tree))) == text


NONSENSE = (
    ("", "the tree is not JSON: Expecting value"),
    ("true", "tree is not a node: expected an object"),
    ("[]", "tree is not a node: expected an object"),
    ("{}", "tree has an unknown arity 'None'"),
    ('{"arity":"literal","value":"1e9","type":"number:primitive"}', "tree is no literal: '1e9' of type 'number'"),
    ('{"arity":"literal","value":null,"type":"number"}', "tree.value is not a text"),
    ('{"arity":"literal","value":"a\\u0000","type":"string"}', "the character NUL is not allowed"),
    ('{"arity":"literal","value":"\\ud800","type":"string"}', "half of a surrogate pair is not a character"),
    ('{"arity":"name","value":"a b"}', "'a b' cannot be a name"),
    ('{"arity":"name","value":"true"}', "tree.value cannot be a name: true"),
    ('{"arity":"unary_operation","value":"!","operands":[]}', "tree.operands is not a list of 1"),
    ('{"arity":"unary_operation","value":"?","operands":[{}]}', "tree.value is not an operator: '?'"),
    ('{"arity":"function_call","value":"x","operands":[]}', "tree.operands lacks what the function is called on"),
    (
        '{"arity":"object_dereference","operands":[{"arity":"name","value":"a"},{"arity":"literal"}]}',
        "tree.operands[1] is not a name",
    ),
    (
        '{"arity":"binary_operation","value":">","operands":[{"arity":"name","value":"a"},5]}',
        "tree.operands[1] is not a node: expected an object",
    ),
    (f'{{"arity":"literal","value":"{"1" * 39}","type":"number"}}', "a number has at most 38 digits"),
)


@pytest.mark.parametrize("tree, reason", NONSENSE)
def test_trees_that_draw_nothing_are_refused_with_the_node(tree: str, reason: str) -> None:
    """The reason names the node by its path."""
    with pytest.raises(Malformed) as caught:
        from_tree(tree)
    assert caught.value.reason == reason


def test_limits_of_trees_hold_exactly() -> None:
    """A tree at the limit of length or of nesting is judged by what it draws, one past it is refused unread."""
    assert from_tree(ALWAYS.ljust(TREE_LENGTH_MAX)) == read("true")
    with pytest.raises(Malformed, match="characters"):
        from_tree(ALWAYS.ljust(TREE_LENGTH_MAX + 1))
    with pytest.raises(Malformed, match="expected an object"):
        from_tree("[" * NESTING_MAX + "]" * NESTING_MAX)
    with pytest.raises(Malformed, match="levels"):
        from_tree("[" * (NESTING_MAX + 1) + "]" * (NESTING_MAX + 1))
    with pytest.raises(Malformed, match="levels"):
        from_tree('{"a":' * 10_000)


def test_brackets_inside_texts_are_no_nesting() -> None:
    """Only the structure of a tree counts towards its depth."""
    value = "[{" * 400
    tree = json.dumps({"arity": "literal", "value": '"' + value, "type": "string:object:primitive"})
    assert from_tree(tree) == read(f"'\"{value}'")
