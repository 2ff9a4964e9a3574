"""Secrets are compared in constant time (S13), and no log line gets a secret or what a client sent (S16)."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.tidy.sources import package

SECRET = re.compile(r"(^|_)(secret|password|signature|token|digest|password_hash)$")
SENT = re.compile(r"(^|_)(secret|password|token|body|payload|identifier|headers)$")
Check = Callable[[ast.AST], Iterator[int]]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def named(node: ast.expr) -> str:
    """Return the last name in an expression, empty if it has none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def plain_comparisons(tree: ast.AST) -> Iterator[int]:
    """Yield the lines in which a secret is compared by `==` or `!=`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            if any(SECRET.search(named(side)) for side in sides):
                yield node.lineno


def logged_secrets(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that log a value under a name, or from a variable, of secrets or of what was sent."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        words = [word.arg or "" for word in node.keywords]
        values = [named(value) for value in (*node.args, *(word.value for word in node.keywords))]
        if any(SENT.search(word) for word in (*words, *values)):
            yield node.lineno


@pytest.mark.parametrize("check", [plain_comparisons, logged_secrets])
def test_the_code_keeps_secrets(check: Check) -> None:
    """No file of the package has such a line."""
    found = [f"{one.path}:{line}" for one in package() for line in check(one.tree)]
    assert [] == found


@pytest.mark.parametrize(
    "check, text",
    [
        (plain_comparisons, "if given == self.secret: pass"),
        (plain_comparisons, "ok = login.password_hash != other"),
        (logged_secrets, "_log.info('x', password=given)"),
        (logged_secrets, "_log.warning('x', given=request.body)"),
    ],
)
def test_a_check_finds_what_it_is_for(check: Check, text: str) -> None:
    """One line each."""
    assert [1] == list(check(ast.parse(text)))
