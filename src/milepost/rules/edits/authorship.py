"""Attribution of a definition and its parts: when and by whom they were made and last changed."""

from milepost.model.target import Attribution, Period, Target, TargetGroup


def creation_of(group: TargetGroup) -> Attribution:
    """Return the attribution of *group* as it was when the group was made."""
    at, by = group.attribution.created_at, group.attribution.created_by
    return Attribution(created_at=at, updated_at=at, created_by=by, updated_by=by)


def attribution_of(group: TargetGroup, part: Period | Target) -> Attribution:
    """Return the attribution of a *part* of *group*: its own, or else that of the group's creation."""
    return part.attribution or creation_of(group)
