"""Archiving: progress of ended periods leaves the live row, and comes back when a late event concerns it.

The clock of a customer's archiving is the date of the latest event that was applied, never the wall clock: so replaying
the log archives the same progress at the same step.
"""

from collections.abc import Mapping

from milepost.engine.fold import Fold
from milepost.engine.progress.history import ARCHIVE_AFTER_US
from milepost.engine.progress.windows import closes_at
from milepost.model.standing import Progress, ProgressKey
from milepost.model.time import NEVER, Micros
from milepost.rules.compiled.index import RuleIndex


def archive_at(rule_index: RuleIndex, anchors: Mapping[int, Micros], key: ProgressKey) -> Micros:
    """Return when the progress of *key* leaves the live row (epoch microseconds); NEVER if no rule knows its period."""
    group_id = key.composite_group
    if group_id is not None:
        composite = rule_index.composites.get(group_id)
        closes = None if composite is None else composite.closes.get(key.period_id)
        return NEVER if closes is None else Micros(closes + ARCHIVE_AFTER_US)
    rule = rule_index.rules.get(key.target_id)
    position = None if rule is None else rule.position_of(key.period_id)
    if rule is None or position is None:
        return NEVER
    return Micros(closes_at(rule, anchors, position) + ARCHIVE_AFTER_US)


def archive_closed(fold: Fold) -> tuple[Progress, ...]:
    """Take the rows whose time has come out of *fold* and return them; the fold knows then when the next ones leave."""
    rows, rule_index, archived = fold.progress, fold.rule_index, list[Progress]()
    # Most rows are of the calendar, and whoever has fifty of them has all of them looked at when a month is over.
    closings, next_at = rule_index.calendar_closings, NEVER
    for key in [*rows]:
        closing = closings.get(key)
        at = archive_at(rule_index, fold.anchors, key) if closing is None else Micros(closing + ARCHIVE_AFTER_US)
        if at <= fold.latest_at:
            archived.append(rows[key])
            del rows[key]
        elif at < next_at:
            next_at = at
    fold.archive_at = next_at
    return tuple(archived)
