"""Builds the condition of a target from the rule text and the tree of a request (facts 5.1, 8 #55, #56)."""

from collections.abc import Iterator
from typing import NamedTuple

from milepost import language
from milepost.language import Malformed, Scope
from milepost.model.event import BILL
from milepost.model.problem import Problem
from milepost.model.target import Entity
from milepost.rules.definition.draft import TargetDraft
from milepost.rules.definition.naming import text_problems

PATTERNS_MAX = 16
"""Regular expressions in one condition. Each may be tried on each of the 5,000 lines that a bill may have."""

TREE_MAX = 65_536
"""The largest number of characters in a tree that is stored and shown again."""

ALWAYS = "true"


class Condition(NamedTuple):
    """The condition's text, its problems, and warnings for the author."""

    text: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def build_condition(path: str, target: TargetDraft) -> Condition:
    """Return the condition of the target at *path*.

    Rule text is used as typed. Without text, or with the bare value true, the tree is used. Without a tree too, the
    condition is always true.
    """
    tree = target.expression_tree if (target.expression_tree or "").strip() else None
    problems = tuple(text_problems(f"{path}.expressionJson", target.expression_tree, TREE_MAX))
    if problems:
        return Condition(ALWAYS, problems)
    match target.expression:
        case str(text) if text.strip():
            return _from_text(path, text, tree, target)
        case False:
            return Condition("false", warnings=(f"{path}.expression is false: nothing is counted for this target.",))
        case _:
            return Condition(ALWAYS) if tree is None else _from_tree(path, tree, target)


def scope_of(entity: Entity, event_name: str | None) -> Scope:
    """Return the scope of a target's expression; an event without a name is a bill (facts 2.3)."""
    match entity:
        case Entity.TRANSACTION:
            return Scope.BILL
        case Entity.LINEITEM:
            return Scope.LINE
        case Entity.EVENT:
            return Scope.EVENT_ON_BILL if (event_name or BILL) == BILL else Scope.EVENT
        case Entity.REWARDS | Entity.POINTS | Entity.ALTERNATE_CURRENCIES:
            return Scope.AWARD


def _from_text(path: str, text: str, tree: str | None, target: TargetDraft) -> Condition:
    try:
        expression = language.read(text)
    except Malformed as malformed:
        return Condition(text, (_problem(f"{path}.expression", malformed.position, malformed.reason),))
    problems = tuple(_faults(f"{path}.expression", expression, target))
    return Condition(text, problems, () if tree is None else tuple(_disagreement(path, expression, tree)))


def _from_tree(path: str, tree: str, target: TargetDraft) -> Condition:
    try:
        expression = language.from_tree(tree)
    except Malformed as malformed:
        return Condition(ALWAYS, (Problem(f"{path}.expressionJson", malformed.reason),))
    return Condition(language.print_text(expression), tuple(_faults(f"{path}.expressionJson", expression, target)))


def _faults(path: str, expression: language.Expression, target: TargetDraft) -> Iterator[Problem]:
    if target.entity is None:
        return
    for fault in language.check(expression, scope_of(target.entity, target.event_name)):
        yield _problem(path, fault.position, fault.reason)
    patterns = language.pattern_count(expression)
    if patterns > PATTERNS_MAX:
        yield Problem(path, f"holds {patterns} patterns; there may be at most {PATTERNS_MAX} in a condition")


def _disagreement(path: str, expression: language.Expression, tree: str) -> Iterator[str]:
    try:
        expression_of_tree = language.from_tree(tree)
    except Malformed as malformed:
        yield f"{path}.expressionJson is kept but was not understood ({malformed.reason}); expression counts."
        return
    if expression_of_tree != expression:
        yield f"{path}.expressionJson differs from expression; expression counts."


def _problem(path: str, position: int, reason: str) -> Problem:
    return Problem(path, f"{reason} (at character {position + 1})")
