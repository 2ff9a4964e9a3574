"""What files do not say of a group stays: trees beside expressions, versions of audiences, parts of a second."""

from dataclasses import replace

from milepost.model.target import Evaluation, Target, TargetGroup
from milepost.model.time import SECOND_US, Micros
from milepost.rules.definition.draft import AudienceDraft, TargetDraft
from milepost.service.definitions.define import DefinitionRequest


def with_unwritten(request: DefinitionRequest, live: TargetGroup) -> DefinitionRequest:
    """Return *request* with what *live* has besides, for each target that is called the same."""
    known = {target.name.casefold(): target for target in live.targets}
    targets = tuple(_target(one, known.get((one.name or "").casefold())) for one in request.draft.targets)
    return replace(request, draft=replace(request.draft, targets=targets))


def _target(draft: TargetDraft, live: Target | None) -> TargetDraft:
    if live is None:
        return draft
    versions = {one.audience_id: one.version_id for one in live.audiences}
    audiences = tuple(
        one if one.version_id is not None or one.audience_id not in versions else _in_version(one, versions)
        for one in draft.audiences
    )
    is_same = draft.expression_tree is None and draft.expression == live.expression
    return replace(
        draft, audiences=audiences, expression_tree=live.expression_tree if is_same else draft.expression_tree
    )


def _in_version(draft: AudienceDraft, versions: dict[int, int]) -> AudienceDraft:
    return replace(draft, version_id=None if draft.audience_id is None else versions.get(draft.audience_id))


def as_before(group: TargetGroup, live: TargetGroup) -> TargetGroup:
    """Return *group* with the cycle window of *live* if it is the same to the second, as files show it."""
    opens, closes = group.cycle_opens_at, group.cycle_closes_at
    if not (_same_second(opens, live.cycle_opens_at) and _same_second(closes, live.cycle_closes_at)):
        return group
    group = replace(group, cycle_opens_at=live.cycle_opens_at, cycle_closes_at=live.cycle_closes_at)
    if group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        return group
    periods = tuple(
        replace(one, opens_at=live.cycle_opens_at, closes_at=live.cycle_closes_at)
        if (one.opens_at, one.closes_at) == (opens, closes)
        else one
        for one in group.periods
    )
    return replace(group, periods=periods)


def _same_second(one: Micros, other: Micros) -> bool:
    return one // SECOND_US == other // SECOND_US
