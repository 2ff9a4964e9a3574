"""A customer's target groups and enrolled targets (S4, S3; facts 3.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends

from milepost.api.capillary.definitions.target_groups.answer import rule_row
from milepost.api.capillary.envelope import answer
from milepost.api.capillary.query import boolean
from milepost.api.capillary.scope import ReadingFor
from milepost.api.capillary.users.target_groups.answer import customer_shown, groups_shown
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, id_of
from milepost.model.problem import Problem, Refused
from milepost.model.target import EnrolmentMethod
from milepost.service.customers.view import CustomerView, enrolled_targets, view_customer
from milepost.service.definitions.participation import UNKNOWN_USER
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

RULE_IDS_MAX = 200

router = APIRouter(tags=["users"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of a customer's rows are asked for; `at` in epoch microseconds, None for now."""

    every_period: bool
    every_target: bool
    rule_ids: set[int] | None
    at: int | None


async def wanted_rows(
    includeInactive: str = "false",
    targetRuleId: str | None = None,
    includeInactiveTargets: str = "false",
    trackingDate: str | None = None,
) -> Wanted:
    """Return what the query asks for; raises Refused."""
    problems: list[Problem] = []
    wanted = Wanted(
        every_period=boolean("includeInactive", includeInactive, problems),
        every_target=boolean("includeInactiveTargets", includeInactiveTargets, problems),
        rule_ids=_ids("targetRuleId", targetRuleId, problems),
        at=_instant("trackingDate", trackingDate, problems),
    )
    if problems:
        raise Refused(*problems)
    return wanted


Rows = Annotated[Wanted, Depends(wanted_rows)]


@router.get("/v3/users/{user_id}/targetGroups", response_model=None)
async def get_target_groups(user_id: str, runtime: RunningRuntime, caller: CurrentCaller, wanted: Rows) -> JsonResponse:
    """Return a customer's target groups, with the running period's progress or, if asked, every period's."""
    return _groups(await _view(runtime, [caller], user_id), wanted, runtime.clock())


@router.get("/v3.1/users/{user_id}/targetGroups", response_model=None)
@router.get(
    "/api_gateway/intouch-api-v3/v3.1/users/{user_id}/targetGroups",
    response_model=None,
    name="get_target_groups_by_gateway",
)
async def get_connected_target_groups(
    user_id: str, runtime: RunningRuntime, readers: ReadingFor, wanted: Rows
) -> JsonResponse:
    """Return the target groups of a customer of the caller's organisation, or of one that the headers name."""
    return _groups(await _view(runtime, readers, user_id), wanted, runtime.clock())


def _groups(view: CustomerView, wanted: Wanted, now: int) -> JsonResponse:
    shown = {
        "userId": view.customer.id,
        "customer": customer_shown(view),
        "targetGroups": groups_shown(
            view,
            now if wanted.at is None else wanted.at,
            now,
            every_period=wanted.every_period,
            every_target=wanted.every_target,
            rule_ids=wanted.rule_ids,
        ),
    }
    return JsonResponse(answer(shown))


@router.get("/v3/users/{user_id}/enrolledTargets", response_model=None)
async def get_enrolled_targets(
    user_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    targetRuleIds: str | None = None,
    trackingDate: str | None = None,
    enrollmentType: str | None = None,
    includeOnlyUserCreated: str = "false",
) -> JsonResponse:
    """Return the targets that a customer takes part in and that run at a date, now if none is given."""
    problems: list[Problem] = []
    rule_ids = _ids("targetRuleIds", targetRuleIds, problems)
    at = _instant("trackingDate", trackingDate, problems)
    only_user_created = boolean("includeOnlyUserCreated", includeOnlyUserCreated, problems)
    method = _method(enrollmentType, problems)
    if problems:
        raise Refused(*problems)
    view = await _view(runtime, [caller], user_id)
    found = enrolled_targets(view, runtime.clock() if at is None else at)
    rows = [
        rule_row(group, target, view.snapshot.rule_index.calendar)
        for group, target in found
        if (rule_ids is None or target.id in rule_ids)
        and (method is None or target.enrolment is method)
        and (group.user_created or not only_user_created)
    ]
    return JsonResponse(answer(rows))


async def _view(runtime: Runtime, callers: Sequence[Caller], user_id: str) -> CustomerView:
    """Return the customer as the first organisation that knows the id sees it; an id is of one organisation only."""
    customer_id = id_of(user_id)
    if customer_id is None:
        raise Refused(UNKNOWN_USER)
    for caller in callers:
        view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
        if view is not None:
            return view
    raise Refused(UNKNOWN_USER)


def _ids(name: str, text: str | None, problems: list[Problem]) -> set[int] | None:
    if text is None or not text.strip():
        return None
    ids = {id_of(part.strip()) for part in text.split(",")}
    if len(ids) > RULE_IDS_MAX or None in ids:
        problems.append(Problem(name, f"must be at most {RULE_IDS_MAX} ids, parted by commas"))
        return None
    return {one for one in ids if one is not None}


def _instant(name: str, text: str | None, problems: list[Problem]) -> int | None:
    """Return the instant that epoch milliseconds name, in microseconds."""
    if text is None or not text.strip():
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len("9999999999999"):
        problems.append(Problem(name, "must be epoch milliseconds"))
        return None
    return int(text) * 1000


def _method(text: str | None, problems: list[Problem]) -> EnrolmentMethod | None:
    if text is None:
        return None
    if text not in EnrolmentMethod.__members__:
        problems.append(Problem("enrollmentType", "Invalid enrollment type as input", 310130))
        return None
    return EnrolmentMethod[text]
