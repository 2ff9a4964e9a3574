"""Archiving: progress of ended periods leaves the live row, and comes back when a late event concerns it.

The clock of a customer's archiving is the date of the latest event that was applied, never the wall clock: so replaying
the log archives the same progress at the same step.
"""

from collections.abc import Mapping

from milepost.engine.fold import Fold
from milepost.engine.progress.history import ARCHIVE_AFTER_US
from milepost.engine.progress.windows import closes_at
from milepost.model.standing import Progress
from milepost.model.time import NEVER, Micros
from milepost.rules.compiled.index import RuleIndex


def archive_at(rule_index: RuleIndex, anchors: Mapping[int, Micros], progress: Progress) -> Micros:
    """Return when *progress* leaves the live row (epoch microseconds); NEVER if no rule knows its period any more."""
    group_id = progress.key.composite_group
    if group_id is not None:
        composite = rule_index.composites.get(group_id)
        closes = None if composite is None else composite.closes.get(progress.period_id)
        return NEVER if closes is None else Micros(closes + ARCHIVE_AFTER_US)
    rule = rule_index.rules.get(progress.target_id)
    position = None if rule is None else rule.position_of(progress.period_id)
    if rule is None or position is None:
        return NEVER
    return Micros(closes_at(rule, anchors, position) + ARCHIVE_AFTER_US)


def archive_closed(fold: Fold) -> tuple[Progress, ...]:
    """Take the rows whose time has come out of *fold* and return them; the fold knows then when the next ones leave."""
    archived: list[Progress] = []
    next_at = NEVER
    for key in [*fold.progress]:
        row = fold.progress[key]
        at = archive_at(fold.rule_index, fold.anchors, row)
        if at <= fold.latest_at:
            archived.append(row)
            del fold.progress[key]
        else:
            next_at = min(next_at, at)
    fold.archive_at = next_at
    return tuple(archived)
