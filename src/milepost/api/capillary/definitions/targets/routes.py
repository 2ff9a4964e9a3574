"""The targets of a target group, each by itself and taken together (facts 3.1, 3.3)."""

from collections.abc import Iterable, Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.target_groups.answer import TargetGroupAnswer, edited_group
from milepost.api.capillary.definitions.target_groups.body import UnifiedBody, read_unified_change
from milepost.api.capillary.definitions.targets.answer import (
    TargetAnswer,
    UnifiedTargetsAnswer,
    combination_answer,
    created_target,
    target_answer,
)
from milepost.api.capillary.definitions.targets.body import TargetBody, read_target, read_targets
from milepost.api.capillary.envelope import Envelope, answer
from milepost.api.capillary.query import group_id_of, target_id_of
from milepost.api.capillary.scope import HEADERS, ReadingFor, WritingFor, find_group_by_text
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.model.target import Target
from milepost.rules.calendar import calendar_of
from milepost.rules.edits import group_edits
from milepost.rules.edits.amendment import TargetAmendment
from milepost.service.definitions.edit import Edit, EditedGroup, edit

TARGETS = "/v3/targetGroups/{group_id}/targets"
TARGET = "/v3/targetGroups/{group_id}/targets/{target_id}"
UNIFIED = "/v3/targetGroups/{group_id}/unifiedTargets"

_SOME_TARGETS = Body((TargetBody,), listed=True)
_CHANGE = Route(ADMIN, Envelope[list[TargetAnswer]], _SOME_TARGETS, headers=HEADERS)
_UNIFIED_CHANGE = Route(ADMIN, Envelope[UnifiedTargetsAnswer], Body((UnifiedBody,)), headers=HEADERS)

router = APIRouter(tags=["target groups"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", TARGETS): Route(READ, Envelope[list[TargetAnswer]], headers=HEADERS, statuses=READING),
    ("post", TARGETS): _CHANGE,
    ("put", TARGETS): _CHANGE,
    ("put", TARGET): Route(ADMIN, Envelope[TargetGroupAnswer], Body((TargetBody,)), headers=HEADERS),
    ("delete", TARGET): Route(ADMIN, Envelope[bool], headers=HEADERS, statuses=READING),
    ("put", UNIFIED): _UNIFIED_CHANGE,
    ("post", UNIFIED): _UNIFIED_CHANGE,
}


@router.get(TARGETS, response_model=None)
async def get_targets(group_id: str, runtime: RunningRuntime, readers: ReadingFor) -> JsonResponse:
    """List the targets of a target group, deactivated targets too."""
    organisation, group = await find_group_by_text(runtime, readers, group_id)
    calendar = calendar_of(organisation.zone)
    return JsonResponse(answer([target_answer(target, group, calendar) for target in group.targets]))


@router.post(TARGETS)
async def add_targets(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Add targets to a target group; the answer holds the new ones."""
    edited_id = group_id_of(group_id)
    amendments, problems = read_targets(await read_body(request))
    requested = Edit(
        group_id=edited_id,
        amend=lambda group, where: group_edits.add_targets(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, requested, runtime.clock())
    calendar = calendar_of(done.organisation.zone)
    return JsonResponse(answer([created_target(target, done.group, calendar) for target in _new(done)], done.warnings))


@router.put(TARGETS)
async def change_targets(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Change targets of a target group; the answer holds the targets that were sent."""
    edited_id = group_id_of(group_id)
    amendments, problems = read_targets(await read_body(request))
    requested = Edit(
        group_id=edited_id,
        amend=lambda group, where: group_edits.change_targets(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, requested, runtime.clock())
    calendar = calendar_of(done.organisation.zone)
    shown = [target_answer(target, done.group, calendar) for target in _sent(done, amendments)]
    return JsonResponse(answer(shown, done.warnings))


@router.put(TARGET)
async def change_target(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Change the condition, the places or the goals of one target, such as a streak's; the answer is its group."""
    edited_id = group_id_of(group_id)
    amendment, problems = read_target(await read_body(request), target_id_of(target_id))
    now = runtime.clock()
    requested = Edit(
        group_id=edited_id,
        amend=lambda group, where: group_edits.change_targets(group, (amendment,), where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, requested, now)
    return JsonResponse(answer(edited_group(done.group, calendar_of(done.organisation.zone), now), done.warnings))


@router.delete(TARGET, response_model=None)
async def deactivate_target(group_id: str, target_id: str, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Deactivate a target: nothing counts for it any more, and it is listed as inactive."""
    edited_id, deactivated_id = group_id_of(group_id), target_id_of(target_id)
    requested = Edit(
        group_id=edited_id, amend=lambda group, where: group_edits.deactivate_target(group, deactivated_id, where)
    )
    await edit(runtime.database, asking.org_id, asking.author, requested, runtime.clock())
    return JsonResponse(answer(data=True))


@router.put(UNIFIED, name="change_unified_targets")
@router.post(UNIFIED, name="post_unified_targets")
async def change_unified_targets(
    group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Change a unified group: its threshold, its targets, and which targets are deactivated (facts 8 #38)."""
    edited_id = group_id_of(group_id)
    amendment, problems = read_unified_change(await read_body(request))
    requested = Edit(
        group_id=edited_id,
        amend=lambda group, where: group_edits.amend_unified(group, amendment, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, requested, runtime.clock())
    assert done.group.combination is not None, "only unified groups can be amended so"
    calendar = calendar_of(done.organisation.zone)
    shown = UnifiedTargetsAnswer(
        unified_target_expression=combination_answer(done.group.combination, done.group.targets),
        targets=[target_answer(target, done.group, calendar) for target in _sent(done, amendment.targets)],
        deactivate_target_ids=list(amendment.deactivated),
    )
    return JsonResponse(answer(shown, done.warnings))


def _new(done: EditedGroup) -> list[Target]:
    """Return the targets that the edit added, in the order in which they were sent."""
    ids_before = {target.id for target in done.before.targets}
    return [target for target in done.group.targets if target.id not in ids_before]


def _sent(done: EditedGroup, amendments: Iterable[TargetAmendment]) -> list[Target]:
    """Return the targets that were sent, changed and new, in the order of the request."""
    by_id, new = {target.id: target for target in done.group.targets}, iter(_new(done))
    return [next(new) if amendment.id is None else by_id[amendment.id] for amendment in amendments]
