"""The periods of a target group (facts 3.2)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.periods.answer import (
    ChangedPeriodAnswer,
    PeriodAnswer,
    changed_period,
    period_answer,
)
from milepost.api.capillary.definitions.periods.body import PeriodBody, read_periods
from milepost.api.capillary.envelope import Envelope, answer
from milepost.api.capillary.query import group_id_of
from milepost.api.capillary.scope import HEADERS, ReadingFor, WritingFor, find_group_by_text
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.rules.calendar import calendar_of
from milepost.rules.edits import period_edits
from milepost.service.definitions.edit import Edit, edit

ADDRESS = "/v3/targetGroups/{group_id}/targetPeriods"

_SOME_PERIODS = Body((PeriodBody,), listed=True)

router = APIRouter(tags=["target groups"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", ADDRESS): Route(READ, Envelope[list[PeriodAnswer]], headers=HEADERS, statuses=READING),
    ("post", ADDRESS): Route(ADMIN, Envelope[list[PeriodAnswer]], _SOME_PERIODS, headers=HEADERS),
    ("put", ADDRESS): Route(ADMIN, Envelope[list[ChangedPeriodAnswer]], _SOME_PERIODS, headers=HEADERS),
}


@router.get(ADDRESS, response_model=None)
async def get_periods(group_id: str, runtime: RunningRuntime, readers: ReadingFor) -> JsonResponse:
    """List the periods of a target group."""
    organisation, group = await find_group_by_text(runtime, readers, group_id)
    calendar, now = calendar_of(organisation.zone), runtime.clock()
    return JsonResponse(answer([period_answer(period, group, calendar, now) for period in group.periods]))


@router.post(ADDRESS)
async def add_periods(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Add periods to a target group; the answer holds all periods of the group, new ones last."""
    edited_id = group_id_of(group_id)
    amendments, problems = read_periods(await read_body(request))
    now = runtime.clock()
    requested = Edit(
        group_id=edited_id,
        amend=lambda group, where: period_edits.add_periods(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, requested, now)
    calendar = calendar_of(done.organisation.zone)
    shown = [period_answer(period, done.group, calendar, now) for period in done.group.periods]
    return JsonResponse(answer(shown, done.warnings))


@router.put(ADDRESS)
async def change_periods(group_id: str, request: Request, runtime: RunningRuntime, asking: WritingFor) -> JsonResponse:
    """Change periods as far as their status allows: dates before the start, the end while they run, texts always."""
    edited_id = group_id_of(group_id)
    amendments, problems = read_periods(await read_body(request))
    now = runtime.clock()
    requested = Edit(
        group_id=edited_id,
        amend=lambda group, where: period_edits.change_periods(group, amendments, where),
        problems=problems,
    )
    done = await edit(runtime.database, asking.org_id, asking.author, requested, now)
    calendar, by_id = calendar_of(done.organisation.zone), {period.id: period for period in done.group.periods}
    sent = [by_id[amendment.id] for amendment in amendments if amendment.id is not None]
    return JsonResponse(answer([changed_period(period, done.group, calendar) for period in sent], done.warnings))
