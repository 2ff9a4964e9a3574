"""The audiences that a target names, and their versions (facts 2.3, 4.13)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from milepost.model.definitions.audience import Audience
from milepost.model.problem import Problem
from milepost.model.target import EnrolmentMethod
from milepost.rules.definition.draft import AudienceDraft, TargetDraft
from milepost.rules.definition.goals import enrolment_of
from milepost.rules.definition.naming import MISSING

AUDIENCES_MAX = 20
"""The largest number of audiences of one target."""

FIELD = "targetAudienceFilter"


def audience_problems(path: str, target: TargetDraft) -> Iterator[Problem]:
    """Yield the problems of the audiences of the target at *path*, except unknown ids: see `resolve_audiences`."""
    field = f"{path}.{FIELD}"
    if target.audiences and enrolment_of(target) is not EnrolmentMethod.AUDIENCE_FILTER:
        yield Problem(field, "is allowed only with enrolmentMethod AUDIENCE_FILTER")
    if len(target.audiences) > AUDIENCES_MAX:
        yield Problem(field, f"must not have more than {AUDIENCES_MAX} entries")
    earlier_ids: set[int] = set()
    for place, audience in enumerate(target.audiences[:AUDIENCES_MAX]):
        id_path = f"{field}[{place}].audienceGroupId"
        if audience.audience_id is None:
            yield Problem(id_path, MISSING)
        elif audience.audience_id in earlier_ids:
            yield Problem(id_path, "is listed twice")
        else:
            earlier_ids.add(audience.audience_id)


def resolve_audiences(
    path: str, target: TargetDraft, audiences: Mapping[int, Audience]
) -> tuple[TargetDraft, tuple[Problem, ...]]:
    """Return the target at *path* with a version for each audience, and a problem for each unknown id.

    *audiences* holds the organisation's audiences by id.
    """
    problems: list[Problem] = []
    resolved = tuple(
        _resolve(f"{path}.{FIELD}[{place}]", draft, audiences, problems) for place, draft in enumerate(target.audiences)
    )
    return replace(target, audiences=resolved), tuple(problems)


def _resolve(
    path: str, draft: AudienceDraft, audiences: Mapping[int, Audience], problems: list[Problem]
) -> AudienceDraft:
    if draft.audience_id is None:
        return draft
    audience = audiences.get(draft.audience_id)
    if audience is None:
        problems.append(Problem(f"{path}.audienceGroupId", f"there is no audience with the id {draft.audience_id}"))
        return draft
    version = audience.version(draft.version_id)
    if version is None:
        problems.append(Problem(f"{path}.versionId", f"is no version of the audience {draft.audience_id}"))
        return draft
    return replace(draft, version_id=version.id, updated_at=version.created_at)
