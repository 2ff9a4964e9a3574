"""Which audiences a definition means, and in which version (facts 2.3, 4.13)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from milepost.model.audience import Audience
from milepost.model.problem import Problem
from milepost.model.target import EnrolmentMethod
from milepost.rules.definition.draft import AudienceDraft, TargetDraft
from milepost.rules.definition.goals import enrolment_of
from milepost.rules.definition.naming import MISSING

AUDIENCES_MAX = 20
"""Audiences of one target."""

FIELD = "targetAudienceFilter"


def audience_problems(path: str, target: TargetDraft) -> Iterator[Problem]:
    """Find what is wrong with the audiences of the target at *path*, but for whether there are such."""
    field = f"{path}.{FIELD}"
    if target.audiences and enrolment_of(target) is not EnrolmentMethod.AUDIENCE_FILTER:
        yield Problem(field, "goes with enrolmentMethod AUDIENCE_FILTER only")
    if len(target.audiences) > AUDIENCES_MAX:
        yield Problem(field, f"must not be more than {AUDIENCES_MAX}")
    named: set[int] = set()
    for place, audience in enumerate(target.audiences[:AUDIENCES_MAX]):
        where = f"{field}[{place}].audienceGroupId"
        if audience.audience_id is None:
            yield Problem(where, MISSING)
        elif audience.audience_id in named:
            yield Problem(where, "stands there twice")
        else:
            named.add(audience.audience_id)


def with_versions(
    path: str, target: TargetDraft, known: Mapping[int, Audience]
) -> tuple[TargetDraft, tuple[Problem, ...]]:
    """Return the target at *path* with the version of each audience that it means, and what names none."""
    problems: list[Problem] = []
    meant = tuple(
        _meant(f"{path}.{FIELD}[{place}]", one, known, problems) for place, one in enumerate(target.audiences)
    )
    return replace(target, audiences=meant), tuple(problems)


def _meant(path: str, given: AudienceDraft, known: Mapping[int, Audience], problems: list[Problem]) -> AudienceDraft:
    if given.audience_id is None:
        return given
    audience = known.get(given.audience_id)
    if audience is None:
        problems.append(Problem(f"{path}.audienceGroupId", f"there is no audience with the id {given.audience_id}"))
        return given
    version = audience.version(given.version_id)
    if version is None:
        problems.append(Problem(f"{path}.versionId", f"is no version of the audience {given.audience_id}"))
        return given
    return replace(given, version_id=version.id, updated_at=version.created_at)
