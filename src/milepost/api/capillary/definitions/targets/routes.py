"""The targets of a target group, each by itself and taken together (facts 3.1, 3.3)."""

from collections.abc import Iterable

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.lookup import edited_group
from milepost.api.capillary.definitions.target_groups.amendment_body import (
    read_target,
    read_targets,
    read_unified_change,
)
from milepost.api.capillary.definitions.target_groups.answer import combination_row, created_target, target_row
from milepost.api.capillary.envelope import answer
from milepost.api.capillary.query import group_id_of, target_id_of
from milepost.api.capillary.scope import ReadingFor, WritingFor, found_group
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.model.target import Target
from milepost.rules.calendar import calendar_of
from milepost.rules.edits import group_edits
from milepost.rules.edits.amendment import TargetAmendment
from milepost.service.definitions.edit import Edit, EditedGroup, edit

TARGETS = "/v3/targetGroups/{group_id}/targets"
TARGET = "/v3/targetGroups/{group_id}/targets/{target_id}"
UNIFIED = "/v3/targetGroups/{group_id}/unifiedTargets"

router = APIRouter(tags=["target groups"])


@router.get(TARGETS, response_model=None)
async def get_targets(group_id: str, runtime: RunningRuntime, readers: ReadingFor) -> JsonResponse:
    """List the targets of a target group, those that were deactivated too."""
    organisation, group = await found_group(runtime, readers, group_id)
    calendar = calendar_of(organisation.zone)
    return JsonResponse(answer([target_row(target, group, calendar) for target in group.targets]))


@router.post(TARGETS)
async def add_targets(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Add targets to a target group; the answer holds the new ones."""
    asked_id = group_id_of(group_id)
    amendments, problems = read_targets(await read_body(request))
    asked = Edit(
        group_id=asked_id,
        amend=lambda group, where: group_edits.add_targets(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, asked, runtime.clock())
    calendar = calendar_of(done.organisation.zone)
    return JsonResponse(answer([created_target(target, done.group, calendar) for target in _new(done)], done.warnings))


@router.put(TARGETS)
async def change_targets(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Change targets of a target group; the answer holds those that were sent."""
    asked_id = group_id_of(group_id)
    amendments, problems = read_targets(await read_body(request))
    asked = Edit(
        group_id=asked_id,
        amend=lambda group, where: group_edits.change_targets(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, asked, runtime.clock())
    calendar = calendar_of(done.organisation.zone)
    shown = [target_row(target, done.group, calendar) for target in _sent(done, amendments)]
    return JsonResponse(answer(shown, done.warnings))


@router.put(TARGET)
async def change_target(
    group_id: str, target_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Change the condition, the places or the goals of one target, such as a streak's; the answer is its group."""
    asked_id = group_id_of(group_id)
    amendment, problems = read_target(await read_body(request), target_id_of(target_id))
    now = runtime.clock()
    asked = Edit(
        group_id=asked_id,
        amend=lambda group, where: group_edits.change_targets(group, (amendment,), where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, asked, now)
    return JsonResponse(answer(edited_group(done.group, calendar_of(done.organisation.zone), now), done.warnings))


@router.delete(TARGET, response_model=None)
async def deactivate_target(group_id: str, target_id: str, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Take a target out of use: nothing counts for it any more, and it is listed as inactive."""
    asked_id, gone = group_id_of(group_id), target_id_of(target_id)
    asked = Edit(group_id=asked_id, amend=lambda group, where: group_edits.deactivate_target(group, gone, where))
    await edit(runtime.database, asking.org_id, asking.author, asked, runtime.clock())
    return JsonResponse(answer(data=True))


@router.put(UNIFIED, name="change_unified_targets")
@router.post(UNIFIED, name="post_unified_targets")
async def change_unified_targets(
    group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Change a unified group: its threshold, its targets, and which of them go out of use (facts 8 #38)."""
    asked_id = group_id_of(group_id)
    amendment, problems = read_unified_change(await read_body(request))
    asked = Edit(
        group_id=asked_id,
        amend=lambda group, where: group_edits.amend_unified(group, amendment, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, asked, runtime.clock())
    assert done.group.combination is not None, "only unified groups get here"
    calendar = calendar_of(done.organisation.zone)
    shown = {
        "unifiedTargetExpression": combination_row(done.group.combination, done.group.targets),
        "targets": [target_row(target, done.group, calendar) for target in _sent(done, amendment.targets)],
        "deactivateTargetIds": list(amendment.deactivated),
    }
    return JsonResponse(answer(shown, done.warnings))


def _new(done: EditedGroup) -> list[Target]:
    """Return the targets that the edit brought, in the order in which they were sent."""
    known = {target.id for target in done.before.targets}
    return [target for target in done.group.targets if target.id not in known]


def _sent(done: EditedGroup, amendments: Iterable[TargetAmendment]) -> list[Target]:
    """Return the targets that were sent, new ones too, in their order."""
    by_id, new = {target.id: target for target in done.group.targets}, iter(_new(done))
    return [next(new) if one.id is None else by_id[one.id] for one in amendments]
