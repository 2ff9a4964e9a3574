"""Target groups: an organisation defines, changes, lists and deletes them (S0, S1, S2; facts 3.1)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.target_groups.answer import (
    CreatedGroupAnswer,
    TargetGroupAnswer,
    created_group,
    edited_group,
    listed_group,
    single_group,
)
from milepost.api.capillary.definitions.target_groups.body import (
    GroupBody,
    NameBody,
    read_definition,
    read_group_change,
)
from milepost.api.capillary.document import read
from milepost.api.capillary.envelope import Envelope, answer
from milepost.api.capillary.query import boolean, group_id_of
from milepost.api.capillary.scope import HEADERS, ReadingFor, WritingFor, find_group_by_text
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.naming import MISSING
from milepost.rules.edits.group_edits import amend_group, delete_group
from milepost.service.definitions.define import DefinitionRequest, define_groups
from milepost.service.definitions.edit import Edit, edit
from milepost.service.definitions.group_queries import INVALID_KEY, is_valid_name, list_groups
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

GROUPS = "/v3/targetGroups"
GROUP = "/v3/targetGroups/{group_id}"
EDITED_GROUP = "/v3/targetGroups/editTargetGroup/{group_id}"
NAME_CHECK = "/v3/targetGroups/isValidName"

_EDIT = Route(ADMIN, Envelope[TargetGroupAnswer], Body((GroupBody,)), headers=HEADERS)

router = APIRouter(tags=["target groups"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", GROUPS): Route(ADMIN, Envelope[CreatedGroupAnswer], Body((GroupBody,)), headers=HEADERS),
    ("get", GROUPS): Route(READ, Envelope[list[TargetGroupAnswer]], headers=HEADERS, statuses=READING),
    ("put", GROUPS): _EDIT,
    ("post", NAME_CHECK): Route(READ, Envelope[bool], Body((NameBody,)), headers=HEADERS),
    ("get", GROUP): Route(READ, Envelope[TargetGroupAnswer], headers=HEADERS, statuses=READING),
    ("put", GROUP): _EDIT,
    ("put", EDITED_GROUP): _EDIT,
    ("delete", GROUP): Route(ADMIN, Envelope[bool], headers=HEADERS, statuses=READING),
}


@router.post(GROUPS)
async def create_target_group(request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Define a target group with its periods, targets and streak levels; the answer, 200, holds it (facts 8 #3)."""
    draft, problems = read_definition(await read_body(request))
    now = runtime.clock()
    defined = await define_groups(
        runtime.database, asking.org_id, asking.author, DefinitionRequest(draft, problems, asking.till_id), now
    )
    shown = created_group(defined.group, calendar_of(defined.organisation.zone), now)
    return JsonResponse(answer(shown, defined.warnings))


@router.post(NAME_CHECK)
async def is_valid_target_name(request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Return whether a target group, streak, target, streak level or period could have this name."""
    named, problems = read(NameBody, read_json(await read_body(request)))
    if named.value is None and not problems:
        problems = (Problem("value", MISSING),)
    if problems:
        raise Refused(*problems)
    if named.type is None or named.value is None:
        raise Refused(INVALID_KEY)
    valid = await is_valid_name(runtime.database, runtime.snapshots, asking.org_id, named.type, named.value)
    return JsonResponse(answer(valid))


@router.get(GROUPS, response_model=None)
async def get_defined_groups(
    runtime: RunningRuntime,
    readers: ReadingFor,
    includePeriods: str = "false",
    includeUserCreatedTargetGroups: str = "false",
    includeOnlyActive: str = "false",
) -> JsonResponse:
    """List the target groups, newest first; on request with periods, or with targets and the goals that customers set.

    The published list without `includeUserCreatedTargetGroups` has no targets, the published list with it has them.
    """
    problems: list[Problem] = []
    periods = boolean("includePeriods", includePeriods, problems)
    user_created = boolean("includeUserCreatedTargetGroups", includeUserCreatedTargetGroups, problems)
    only_active = boolean("includeOnlyActive", includeOnlyActive, problems)
    if problems:
        raise Refused(*problems)
    now, shown = runtime.clock(), list[TargetGroupAnswer]()
    for reader in readers:
        listed = await list_groups(
            runtime.database, runtime.snapshots, reader.org_id, user_created=user_created, only_active=only_active
        )
        calendar = calendar_of(listed.organisation.zone)
        shown += (listed_group(group, calendar, now, periods=periods, targets=user_created) for group in listed.groups)
    return JsonResponse(answer(shown))


@router.get(GROUP, response_model=None)
async def get_defined_group(
    group_id: str, runtime: RunningRuntime, readers: ReadingFor, includePeriods: str = "false"
) -> JsonResponse:
    """Return one target group without its targets; on request with periods."""
    problems: list[Problem] = []
    periods = boolean("includePeriods", includePeriods, problems)
    if problems:
        raise Refused(*problems)
    organisation, group = await find_group_by_text(runtime, readers, group_id)
    return JsonResponse(answer(single_group(group, calendar_of(organisation.zone), runtime.clock(), periods=periods)))


@router.put(EDITED_GROUP, name="edit_target_group")
@router.put(GROUP, name="edit_target_group_by_id")
async def edit_target_group(
    group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Change a target group's name, description, use and targets; other fields stay, and a warning says so."""
    return await _edited(await read_body(request), runtime, asking, group_id_of(group_id))


@router.put(GROUPS)
async def edit_named_target_group(request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Change the target group whose id is in the body; otherwise the same as the change at the group's own address."""
    return await _edited(await read_body(request), runtime, asking, None)


@router.delete(GROUP, response_model=None)
async def delete_target_group(group_id: str, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Delete a target group: nothing counts for it any more, and no read returns it; its progress stays stored."""
    request = Edit(group_id=group_id_of(group_id), amend=delete_group)
    await edit(runtime.database, asking.org_id, asking.author, request, runtime.clock())
    return JsonResponse(answer(data=True))


async def _edited(body: bytes, runtime: Runtime, asking: Caller, group_id: int | None) -> JsonResponse:
    id_in_body, amendment, problems = read_group_change(body)
    edited_id = id_in_body if group_id is None else group_id
    if edited_id is None:
        raise Refused(*problems, Problem("id", MISSING))
    now = runtime.clock()
    request = Edit(
        group_id=edited_id, amend=lambda group, where: amend_group(group, amendment, where), problems=problems
    )
    done = await edit(runtime.database, asking.org_id, asking.author, request, now)
    return JsonResponse(answer(edited_group(done.group, calendar_of(done.organisation.zone), now), done.warnings))
