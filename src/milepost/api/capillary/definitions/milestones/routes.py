"""`GET /v3/milestones`: the groups of an organisation, searched and in pages (facts 3.1)."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query

from milepost.api.capillary.definitions.target_groups.answer import TargetGroupAnswer, milestone
from milepost.api.capillary.envelope import PagedEnvelope, paged
from milepost.api.capillary.query import boolean, number, words
from milepost.api.capillary.scope import HEADERS, ReadingFor
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse
from milepost.api.http.route import READ, READING, Route
from milepost.model.problem import Problem, Refused
from milepost.model.target import Kpi, Tracking
from milepost.rules.calendar import calendar_of
from milepost.service.definitions.group_queries import MilestoneQuery, MilestoneStatus, find_milestones

LIMIT_USUAL = 10
LIMIT_MAX = 100
PAGE_MAX = 1_000_000

_STATUSES = {status.value: status for status in MilestoneStatus}
_TRACKINGS = {tracking.value: tracking for tracking in Tracking} | {"STREAK": Tracking.STREAKS}
_KPIS = {kpi.value: kpi for kpi in Kpi}

MILESTONES = "/v3/milestones"

router = APIRouter(tags=["target groups"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", MILESTONES): Route(READ, PagedEnvelope[list[TargetGroupAnswer]], headers=HEADERS, statuses=READING),
}


@router.get(MILESTONES, response_model=None)
async def get_milestones(
    runtime: RunningRuntime,
    readers: ReadingFor,
    start: Annotated[str | None, Query(alias="start-date")] = None,
    end: Annotated[str | None, Query(alias="end-date")] = None,
    status: str | None = None,
    type: str | None = None,  # noqa: A002 - the vendor's word
    target_on: Annotated[str | None, Query(alias="target-on")] = None,
    name: str | None = None,
    require_periods: Annotated[str, Query(alias="require-periods")] = "false",
    limit: str | None = None,
    offset: str | None = None,
    includeUserCreatedTargetGroups: str = "false",
) -> JsonResponse:
    """List milestones, newest first; `offset` counts pages, `name` may be a part of a name, other filters lists."""
    problems: list[Problem] = []
    query = MilestoneQuery(
        begins=start or None,
        ends=end or None,
        statuses=words("status", status, _STATUSES, problems),
        trackings=words("type", type, _TRACKINGS, problems),
        kpis=words("target-on", target_on, _KPIS, problems),
        name=name or None,
        user_created=boolean("includeUserCreatedTargetGroups", includeUserCreatedTargetGroups, problems),
        limit=number("limit", limit, 1, LIMIT_MAX, LIMIT_USUAL, problems),
        offset=number("offset", offset, 0, PAGE_MAX, 0, problems),
    )
    periods = boolean("require-periods", require_periods, problems)
    if problems:
        raise Refused(*problems)
    now = runtime.clock()
    page = await find_milestones(runtime.database, runtime.snapshots, [reader.org_id for reader in readers], query, now)
    shown = [
        milestone(group, calendar_of(organisation.zone), now, organisation.id, periods=periods)
        for organisation, group in page.groups
    ]
    return JsonResponse(paged(shown, limit=query.limit, offset=query.offset, total=page.total))
