"""The rule language: rule text and the vendor's tree become one syntax tree, which is checked and compiled.

`read` and `from_tree` return an `Expression`. `check` returns all its faults in a `Scope`. `compile_predicate` returns
the function that is called with each `EvaluationContext`. `print_text` and `to_tree` convert an expression back.
"""

from milepost.language.checking import Fault, check
from milepost.language.compiling import compile_predicate
from milepost.language.needs import NOTHING_NEEDED, Mention, Needs, mentions, needs, pattern_count
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
from milepost.language.tracing import TracedPart, deciding, trace
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
    "TracedPart",
    "check",
    "compile_predicate",
    "deciding",
    "from_tree",
    "mentions",
    "needs",
    "pattern_count",
    "print_text",
    "read",
    "to_tree",
    "trace",
]
