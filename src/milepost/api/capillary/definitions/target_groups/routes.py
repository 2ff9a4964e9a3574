"""Target groups: a brand defines, changes, lists and deletes them (S0, S1, S2; facts 3.1)."""

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.lookup import edited_group, listed_group, one_group
from milepost.api.capillary.definitions.target_groups.amendment_body import read_group_change
from milepost.api.capillary.definitions.target_groups.answer import created_group
from milepost.api.capillary.definitions.target_groups.body import read_definition
from milepost.api.capillary.document import Document, read
from milepost.api.capillary.envelope import Json, answer
from milepost.api.capillary.query import boolean, group_id_of
from milepost.api.capillary.scope import ReadingFor, WritingFor, found_group
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.naming import MISSING
from milepost.rules.edits.group_edits import amend_group, delete_group
from milepost.service.definitions.define import DefinitionRequest, define_groups
from milepost.service.definitions.edit import Edit, edit
from milepost.service.definitions.group_queries import INVALID_KEY, is_valid_name, list_groups
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

router = APIRouter(tags=["target groups"])


class NameBody(Document):
    """A name, and what it is to be the name of."""

    type: str | None = None
    value: str | None = None


@router.post("/v3/targetGroups")
async def create_target_group(request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Define a target group with its periods, targets and streak levels; 200 with the whole of it (facts 8 #3)."""
    draft, problems = read_definition(await read_body(request))
    now = runtime.clock()
    defined = await define_groups(
        runtime.database, asking.org_id, asking.author, DefinitionRequest(draft, problems), now
    )
    shown = created_group(defined.group, calendar_of(defined.organisation.zone), now)
    return JsonResponse(answer(shown, defined.warnings))


@router.post("/v3/targetGroups/isValidName")
async def is_valid_target_name(request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Return whether a group, streak, target, streak level or period could have this name."""
    named, problems = read(NameBody, read_json(await read_body(request)))
    if named.value is None and not problems:
        problems = (Problem("value", MISSING),)
    if problems:
        raise Refused(*problems)
    if named.type is None or named.value is None:
        raise Refused(INVALID_KEY)
    valid = await is_valid_name(runtime.database, runtime.snapshots, asking.org_id, named.type, named.value)
    return JsonResponse(answer(valid))


@router.get("/v3/targetGroups", response_model=None)
async def get_defined_groups(
    runtime: RunningRuntime,
    readers: ReadingFor,
    includePeriods: str = "false",
    includeUserCreatedTargetGroups: str = "false",
    includeOnlyActive: str = "false",
) -> JsonResponse:
    """List the target groups, without targets; with periods and those that customers made for themselves if asked."""
    problems: list[Problem] = []
    periods = boolean("includePeriods", includePeriods, problems)
    user_created = boolean("includeUserCreatedTargetGroups", includeUserCreatedTargetGroups, problems)
    only_active = boolean("includeOnlyActive", includeOnlyActive, problems)
    if problems:
        raise Refused(*problems)
    now, shown = runtime.clock(), list[Json]()
    for reader in readers:
        listed = await list_groups(
            runtime.database, runtime.snapshots, reader.org_id, user_created=user_created, only_active=only_active
        )
        calendar = calendar_of(listed.organisation.zone)
        shown += (listed_group(group, calendar, now, periods=periods) for group in listed.groups)
    return JsonResponse(answer(shown))


@router.get("/v3/targetGroups/{group_id}", response_model=None)
async def get_defined_group(
    group_id: str, runtime: RunningRuntime, readers: ReadingFor, includePeriods: str = "false"
) -> JsonResponse:
    """Show one target group, without targets; with periods if asked."""
    problems: list[Problem] = []
    periods = boolean("includePeriods", includePeriods, problems)
    if problems:
        raise Refused(*problems)
    organisation, group = await found_group(runtime, readers, group_id)
    return JsonResponse(answer(one_group(group, calendar_of(organisation.zone), runtime.clock(), periods=periods)))


@router.put("/v3/targetGroups/editTargetGroup/{group_id}", name="edit_target_group")
@router.put("/v3/targetGroups/{group_id}", name="edit_target_group_by_id")
async def edit_target_group(
    group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor
) -> JsonResponse:
    """Change a target group's name, description, use and targets; what cannot be changed is left, with a warning."""
    return await _edited(await read_body(request), runtime, asking, group_id_of(group_id))


@router.put("/v3/targetGroups")
async def edit_named_target_group(request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Change the target group whose id stands in the body, as at its own address."""
    return await _edited(await read_body(request), runtime, asking, None)


@router.delete("/v3/targetGroups/{group_id}", response_model=None)
async def delete_target_group(group_id: str, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Delete a target group: nothing counts for it any more, and it is not found again; what it counted stays."""
    asked = Edit(group_id=group_id_of(group_id), amend=delete_group)
    await edit(runtime.database, asking.org_id, asking.author, asked, runtime.clock())
    return JsonResponse(answer(data=True))


async def _edited(body: bytes, runtime: Runtime, asking: Caller, group_id: int | None) -> JsonResponse:
    written_id, amendment, problems = read_group_change(body)
    found = written_id if group_id is None else group_id
    if found is None:
        raise Refused(*problems, Problem("id", MISSING))
    now = runtime.clock()
    asked = Edit(group_id=found, amend=lambda group, where: amend_group(group, amendment, where), problems=problems)
    done = await edit(runtime.database, asking.org_id, asking.author, asked, now)
    return JsonResponse(answer(edited_group(done.group, calendar_of(done.organisation.zone), now), done.warnings))
