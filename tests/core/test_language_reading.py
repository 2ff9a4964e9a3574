"""Texts of the rule language: how they are understood, how they are printed, where they stop making sense."""

import pytest

from milepost.language import (
    DEPTH_MAX,
    DIGITS_MAX,
    LITERAL_BYTES_MAX,
    NODES_MAX,
    TEXT_LENGTH_MAX,
    Malformed,
    print_text,
    read,
)
from milepost.language.syntax import NAME_LENGTH_MAX, Text

CANONICAL = (
    ("true", "true"),
    (" false\n", "false"),
    ("currentTxn.value>500", "currentTxn.value>500"),
    ("currentTxn.value = 500", "currentTxn.value==500"),
    ("currentTxn.value>=007.50", "currentTxn.value>=7.5"),
    ("currentTxn.value != 0.0", "currentTxn.value!=0"),
    ("a.b>1&&a.c<2||a.d==3", "a.b>1 && a.c<2 || a.d==3"),
    ("a.b>1&&(a.c<2||a.d==3)", "a.b>1 && (a.c<2 || a.d==3)"),
    ("(a.b && (a.c && a.d)) && a.e", "a.b && a.c && a.d && a.e"),
    ("((a.b))", "a.b"),
    ("!a.b", "!a.b"),
    ("!(a.b || a.c)", "!(a.b || a.c)"),
    ("!a.b==true", "!a.b==true"),
    ("!(a.b==true)", "!(a.b==true)"),
    ("1-2-3==-4", "1-2-3==-4"),
    ("1-(2-3)==2", "1-(2-3)==2"),
    ("(1+2)*3%4/5>0", "(1+2)*3%4/5>0"),
    ("- -1<1", "--1<1"),
    ("1<2==true", "1<2==true"),
    ("1<(2==true)", "1<(2==true)"),
    ("a.b.c(1, 'x').d()", 'a.b.c(1,"x").d()'),
    ("(a.b+1).interval('1')", '(a.b+1).interval("1")'),
    ("a.true", "a.true"),
    ("a.größe>1", "a.größe>1"),
    (r"""a.b=='it\'s "so"'""", r'''a.b=="it's \"so\""'''),
    (r'a.b.matches("^\d+\.5$")', r'a.b.matches("^\\d+\\.5$")'),
)


@pytest.mark.parametrize("typed, canonical", CANONICAL)
def test_each_text_has_one_canonical_spelling(typed: str, canonical: str) -> None:
    """Spaces, redundant brackets, quotes and leading zeros do not matter; meaning stays."""
    assert print_text(read(typed)) == canonical
    assert read(canonical) == read(typed)


ESCAPES = (
    (r'"a\nb\tc\rd"', "a\nb\tc\rd"),
    (r'"a\\b\"c"', 'a\\b"c'),
    (r"'a\'b'", "a'b"),
    (r'"\d\w\s\u0041"', r"\d\w\s\u0041"),
    ('"a\nb"', "a\nb"),
    ('""', ""),
)


@pytest.mark.parametrize("typed, meant", ESCAPES)
def test_only_known_escapes_are_escapes(typed: str, meant: str) -> None:
    """A backslash before any other letter stays, so that patterns may be written as they are."""
    assert read(typed) == Text(meant)


MALFORMED = (
    ("", 0, "the expression is empty"),
    (" \n", 0, "the expression is empty"),
    ("a.b >", 5, "the expression ends too early"),
    ("(a.b", 4, "the expression ends too early"),
    ("a.b)", 3, "')' is not expected here"),
    ("a..b", 2, "'.' is not expected here"),
    ("a.b(,)", 4, "',' is not expected here"),
    ("a.b > # 1", 6, "'#' has no meaning here"),
    ("a.b & a.c", 4, "'&' has no meaning here"),
    ('a.b == "open', 7, "the text that begins here has no closing quote"),
    (
        "a.b == \N{LEFT DOUBLE QUOTATION MARK}x",
        7,
        "a text stands in straight quotes, not in \N{LEFT DOUBLE QUOTATION MARK}",
    ),
    ("a.b > 1e999999999", 7, "'e999999999' is not expected here"),
    ("a.b > .5", 6, "'.' is not expected here"),
    ("a.b == \0", 7, "the character NUL is not allowed"),
    ('a.b == "\ud800"', 0, "half of a surrogate pair is not a character"),
    ("contains('x')", 8, "'(' is not expected here"),
)


@pytest.mark.parametrize("typed, position, reason", MALFORMED)
def test_a_malformed_expression_is_refused_with_its_place(typed: str, position: int, reason: str) -> None:
    """The position is the offset of the first character that does not fit."""
    with pytest.raises(Malformed) as caught:
        read(typed)
    assert (caught.value.position, caught.value.reason) == (position, reason)


def chain(conditions: int) -> str:
    """Return a junction of as many literals: one node more than it has conditions."""
    return "&&".join(["true"] * conditions)


LIMITS = (
    ("depth of signs", "!" * (DEPTH_MAX - 1) + "true", "!" * DEPTH_MAX + "true"),
    ("depth of sums", "+".join("1" * DEPTH_MAX), "+".join("1" * (DEPTH_MAX + 1))),
    ("brackets", "(" * DEPTH_MAX + "1" + ")" * DEPTH_MAX, "(" * (DEPTH_MAX + 1) + "1" + ")" * (DEPTH_MAX + 1)),
    ("nodes", chain(NODES_MAX - 1), chain(NODES_MAX)),
    ("bytes of a text", f'"{"é" * (LITERAL_BYTES_MAX // 2)}"', f'"{"é" * (LITERAL_BYTES_MAX // 2)}x"'),
    ("digits before the point", "1" * DIGITS_MAX, "1" * (DIGITS_MAX + 1)),
    ("digits behind the point", "1." + "1" * (DIGITS_MAX - 1), "1." + "1" * DIGITS_MAX),
    ("characters of a profile", "a" * NAME_LENGTH_MAX, "a" * (NAME_LENGTH_MAX + 1)),
    ("characters of an attribute", "a." + "b" * NAME_LENGTH_MAX, "a." + "b" * (NAME_LENGTH_MAX + 1)),
    ("characters of a function", "a." + "b" * NAME_LENGTH_MAX + "()", "a." + "b" * (NAME_LENGTH_MAX + 1) + "()"),
    ("characters as typed", " " * (TEXT_LENGTH_MAX - 4) + "true", " " * (TEXT_LENGTH_MAX - 3) + "true"),
)


@pytest.mark.parametrize("within, beyond", [limit[1:] for limit in LIMITS], ids=[limit[0] for limit in LIMITS])
def test_limits_hold_exactly(within: str, beyond: str) -> None:
    """What is at a limit is read, what is one past it is refused with a sentence about a limit."""
    assert read(print_text(read(within))) == read(within)
    with pytest.raises(Malformed, match=r"deeper than|more than|at most"):
        read(beyond)


def test_the_canonical_form_obeys_the_limit_of_length() -> None:
    """A text that only its canonical spelling makes too long is refused, so that what was read can be read again."""
    texts = ",".join(['"' + "\\d" * 500 + '"'] * 15)
    assert len(f"a.b({texts})") < TEXT_LENGTH_MAX
    with pytest.raises(Malformed, match="characters"):
        read(f"a.b({texts})")


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "(" * 8_000 + "1" + ")" * 8_000, "!" * 16_000 + "true", "-" * 16_000 + "1"]
)
def test_endless_nesting_is_refused_without_harm(text: str) -> None:
    """Nesting cannot exhaust the stack."""
    with pytest.raises(Malformed):
        read(text)
    with pytest.raises(Malformed):
        read("1" + "+1" * 8_000)
    with pytest.raises(Malformed):
        read("a" + ".b()" * 4_000)
