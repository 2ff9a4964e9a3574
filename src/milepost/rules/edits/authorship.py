"""When and by whom a definition and its parts were made and last changed."""

from milepost.model.target import Attribution, Period, Target, TargetGroup


def created_by(group: TargetGroup) -> Attribution:
    """Return when and by whom *group* was made, as if it had never been changed."""
    at, by = group.attribution.created_at, group.attribution.created_by
    return Attribution(created_at=at, updated_at=at, created_by=by, updated_by=by)


def attribution_of(group: TargetGroup, part: Period | Target) -> Attribution:
    """Return when and by whom a *part* of *group* was made and last changed: with the group, unless it has its own."""
    return part.attribution or created_by(group)
