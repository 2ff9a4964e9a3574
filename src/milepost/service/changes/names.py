"""Names of what customers gain and lose, as a preview lists them."""

from collections.abc import Iterable

from milepost.model.target import TargetGroup


def outcome_names(group: TargetGroup, outcomes: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Return each target (or the group, for 0) with its period, such as `Spend (March)`."""
    targets = {target.id: target.name for target in group.targets}
    periods = {period.id: period.ref_code for period in group.periods}
    return tuple(
        f"{targets.get(target_id, group.name)} ({periods.get(period_id, period_id)})"
        for target_id, period_id in outcomes
    )
