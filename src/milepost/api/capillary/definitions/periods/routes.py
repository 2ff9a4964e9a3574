"""The periods of a target group (facts 3.2)."""

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.lookup import changed_period
from milepost.api.capillary.definitions.target_groups.amendment_body import read_periods
from milepost.api.capillary.definitions.target_groups.answer import period_row
from milepost.api.capillary.envelope import answer
from milepost.api.capillary.query import group_id_of
from milepost.api.capillary.scope import ReadingFor, WritingFor, found_group
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.rules.calendar import calendar_of
from milepost.rules.edits import period_edits
from milepost.service.definitions.edit import Edit, edit

ADDRESS = "/v3/targetGroups/{group_id}/targetPeriods"

router = APIRouter(tags=["target groups"])


@router.get(ADDRESS, response_model=None)
async def get_periods(group_id: str, runtime: RunningRuntime, readers: ReadingFor) -> JsonResponse:
    """List the periods of a target group."""
    organisation, group = await found_group(runtime, readers, group_id)
    calendar, now = calendar_of(organisation.zone), runtime.clock()
    return JsonResponse(answer([period_row(period, group, calendar, now) for period in group.periods]))


@router.post(ADDRESS)
async def add_periods(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Add periods to a target group; the answer holds all it has, new ones last."""
    asked_id = group_id_of(group_id)
    amendments, problems = read_periods(await read_body(request))
    now = runtime.clock()
    asked = Edit(
        group_id=asked_id,
        amend=lambda group, where: period_edits.add_periods(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, asked, now)
    calendar = calendar_of(done.organisation.zone)
    shown = [period_row(period, done.group, calendar, now) for period in done.group.periods]
    return JsonResponse(answer(shown, done.warnings))


@router.put(ADDRESS)
async def change_periods(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Change periods as far as their status allows: dates before they start, the end while they run, texts always."""
    asked_id = group_id_of(group_id)
    amendments, problems = read_periods(await read_body(request))
    now = runtime.clock()
    asked = Edit(
        group_id=asked_id,
        amend=lambda group, where: period_edits.change_periods(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, asked, now)
    calendar, by_id = calendar_of(done.organisation.zone), {period.id: period for period in done.group.periods}
    sent = [by_id[one.id] for one in amendments if one.id is not None]
    return JsonResponse(answer([changed_period(period, done.group, calendar, now) for period in sent], done.warnings))
