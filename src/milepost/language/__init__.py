"""The rule language: text and the vendor's tree, into one syntax tree, checked against a catalogue, and compiled.

`read` or `from_tree` give an `Expression`, `check` gives all that is wrong with it for a `Scope`, `compile_predicate`
makes the function that is asked on every `EvaluationContext`; `print_text` and `to_tree` lead back.
"""

from milepost.language.checking import Fault, check
from milepost.language.compiling import compile_predicate
from milepost.language.needs import NOTHING_NEEDED, Mention, Needs, mentions, needs
from milepost.language.printing import print_text
from milepost.language.progress_lookup import NOTHING_REACHED, ProgressLookup
from milepost.language.reading import read
from milepost.language.syntax import (
    DEPTH_MAX,
    DIGITS_MAX,
    LITERAL_BYTES_MAX,
    NODES_MAX,
    TEXT_LENGTH_MAX,
    Expression,
    Malformed,
)
from milepost.language.tree import TREE_LENGTH_MAX, from_tree, to_tree
from milepost.language.values import EvaluationContext, Scope

__all__ = [
    "DEPTH_MAX",
    "DIGITS_MAX",
    "LITERAL_BYTES_MAX",
    "NODES_MAX",
    "NOTHING_NEEDED",
    "NOTHING_REACHED",
    "TEXT_LENGTH_MAX",
    "TREE_LENGTH_MAX",
    "EvaluationContext",
    "Expression",
    "Fault",
    "Malformed",
    "Mention",
    "Needs",
    "ProgressLookup",
    "Scope",
    "check",
    "compile_predicate",
    "from_tree",
    "mentions",
    "needs",
    "print_text",
    "read",
    "to_tree",
]
