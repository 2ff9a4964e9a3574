"""How many patterns (regular expressions) all conditions of an organisation may hold together.

A condition is asked of each line of a bill, and a pattern is by far the dearest part of one. So their number bounds
what one legal bill can cost.
"""

from collections.abc import Iterable

from milepost import language
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import TargetGroup
from milepost.store import organisations
from milepost.store.database import Transaction

PATTERNS_MAX = 200
"""Patterns in the conditions of all target groups of an organisation that are not deleted."""


async def check_patterns(transaction: Transaction, organisation: Organisation, group: TargetGroup) -> None:
    """Raise Refused if the organisation would hold too many patterns with *group* in force.

    Groups are read only if *group* has patterns at all, which few have.
    """
    own = patterns_of([group])
    if not own:
        return
    groups = await organisations.groups_at(transaction, organisation.id, organisation.version)
    others = patterns_of(one for one in groups if one.id != group.id and not one.deleted)
    if own + others > PATTERNS_MAX:
        reason = (
            f"hold {own} patterns, and the conditions of other target groups hold {others}; "
            f"there may be at most {PATTERNS_MAX} in an organisation"
        )
        raise Refused(Problem("targets", reason))


def patterns_of(groups: Iterable[TargetGroup]) -> int:
    """Return how many patterns the conditions of *groups* hold."""
    return sum(language.pattern_count(language.read(target.expression)) for group in groups for target in group.targets)
