"""What requests about drafts hold."""

from typing import Annotated

from msgspec import Meta, Struct

from milepost.api.http.body import ID_MAX
from milepost.model.definitions.change import BelowGoal, ChangePolicy
from milepost.service.changes.publishing import GROUPS_MAX
from milepost.service.changes.reviews import COMMENT_MAX

Comment = Annotated[str, Meta(max_length=COMMENT_MAX)]


class PreviewBody(Struct, forbid_unknown_fields=True):
    """What is to become of running progress, and of achievements that the draft would not give."""

    policy: ChangePolicy = ChangePolicy.NEXT_PERIOD
    below: BelowGoal = BelowGoal.KEEP


class ReviewBody(Struct, forbid_unknown_fields=True):
    """Whether a change is approved, and why."""

    approved: bool
    comment: Comment = ""


class PublishBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """When the draft comes in force (at once if it is left out), and why."""

    starts_at: str | None = None
    comment: Comment = ""


class PublishAllBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """The target groups whose drafts come in force together, all or none."""

    target_groups: Annotated[list[Annotated[int, Meta(ge=1, le=ID_MAX)]], Meta(min_length=1, max_length=GROUPS_MAX)]
    starts_at: str | None = None
    comment: Comment = ""


class RevertBody(Struct, forbid_unknown_fields=True):
    """The version that the draft is to be as."""

    version: Annotated[int, Meta(ge=1, le=ID_MAX)]
