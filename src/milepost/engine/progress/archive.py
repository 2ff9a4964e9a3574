"""Moving progress of ended periods out of the hot row, and back when a late event concerns them.

The clock of a customer's settling is the date of the latest event heard, never the wall clock: so replaying the log
settles the same progress at the same step.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from milepost.engine.progress.history import ARCHIVE_AFTER_US
from milepost.engine.progress.windows import closes_at
from milepost.model.standing import NEVER, Progress, ProgressKey, Standing
from milepost.rules.compiled.index import RuleIndex


def archive_at(rule_index: RuleIndex, anchors: Mapping[int, int], progress: Progress) -> int:
    """Return when *progress* leaves the hot row; never, if nobody knows its period any more."""
    if progress.target_id < 0:
        composite = rule_index.composites.get(-progress.target_id)
        closes = None if composite is None else composite.closes.get(progress.period_id)
        return NEVER if closes is None else closes + ARCHIVE_AFTER_US
    rule = rule_index.rules.get(progress.target_id)
    position = -1 if rule is None else rule.position_of(progress.period_id)
    if rule is None or position < 0:
        return NEVER
    return closes_at(rule, anchors, position) + ARCHIVE_AFTER_US


def archive_closed(rule_index: RuleIndex, standing: Standing) -> tuple[Standing, tuple[Progress, ...]]:
    """Return the standing without the progress whose time has come, and that progress."""
    if standing.latest_at < standing.archive_at:
        return standing, ()
    stays: dict[ProgressKey, Progress] = {}
    leaves: list[Progress] = []
    next_at = NEVER
    for key, progress in standing.progress.items():
        at = archive_at(rule_index, standing.anchors, progress)
        if at <= standing.latest_at:
            leaves.append(progress)
        else:
            stays[key] = progress
            next_at = min(next_at, at)
    return replace(standing, progress=stays, archive_at=next_at), tuple(leaves)


def restore(standing: Standing, history: Iterable[Progress]) -> Standing:
    """Return the standing with settled progress back in place; what is hot already stays as it is."""
    archived: Mapping[ProgressKey, Progress] = {ProgressKey(p.target_id, p.period_id): p for p in history}
    if not archived:
        return standing
    return replace(standing, progress={**archived, **standing.progress}, archive_at=0)
