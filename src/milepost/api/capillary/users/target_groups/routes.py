"""A customer's target groups and enrolled targets (S4, S3; facts 3.6)."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from milepost.api.capillary.definitions.targets.answer import TargetAnswer, enrolled_target
from milepost.api.capillary.envelope import Envelope, answer
from milepost.api.capillary.query import boolean
from milepost.api.capillary.scope import HEADERS, ReadingFor
from milepost.api.capillary.users.target_groups.answer import UserAnswer, user_answer
from milepost.api.capillary.users.target_groups.selection import RowQuery
from milepost.api.capillary.users.target_groups.written_answer import written_answer
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, id_of
from milepost.api.http.route import READ, READING, Route
from milepost.api.native.instants import past_instant
from milepost.model.problem import Problem, Refused
from milepost.model.target import EnrolmentMethod
from milepost.model.time import Micros
from milepost.service.customers.view import CustomerView, enrolled_targets, view_customer
from milepost.service.definitions.participation import UNKNOWN_USER
from milepost.service.explanations.customer_log import view_at
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

RULE_IDS_MAX = 200

USER_GROUPS = "/v3/users/{user_id}/targetGroups"
CONNECTED_USER_GROUPS = "/v3.1/users/{user_id}/targetGroups"
GATEWAY_USER_GROUPS = f"/api_gateway/intouch-api-v3{CONNECTED_USER_GROUPS}"
ENROLLED_TARGETS = "/v3/users/{user_id}/enrolledTargets"

AT_HEADER = "X-Milepost-At"
"""An instant of the past, as of which the answer is given, by what had been received then."""

_CONNECTED_VIEW = Route(READ, Envelope[UserAnswer], headers=(*HEADERS, AT_HEADER), statuses=READING, is_hot=True)

router = APIRouter(tags=["users"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", USER_GROUPS): Route(READ, Envelope[UserAnswer], headers=(AT_HEADER,), statuses=READING, is_hot=True),
    ("get", CONNECTED_USER_GROUPS): _CONNECTED_VIEW,
    ("get", GATEWAY_USER_GROUPS): _CONNECTED_VIEW,
    ("get", ENROLLED_TARGETS): Route(READ, Envelope[list[TargetAnswer]], headers=(AT_HEADER,), statuses=READING),
}


async def row_query(
    includeInactive: str = "false",
    targetRuleId: str | None = None,
    includeInactiveTargets: str = "false",
    trackingDate: str | None = None,
) -> RowQuery:
    """Return the rows that the query asks for; raises Refused."""
    problems: list[Problem] = []
    query = RowQuery(
        every_period=boolean("includeInactive", includeInactive, problems),
        every_target=boolean("includeInactiveTargets", includeInactiveTargets, problems),
        rule_ids=_ids("targetRuleId", targetRuleId, problems),
        at=_instant("trackingDate", trackingDate, problems),
    )
    if problems:
        raise Refused(*problems)
    return query


Rows = Annotated[RowQuery, Depends(row_query)]


async def as_of(request: Request, runtime: RunningRuntime) -> Micros | None:
    """Return the instant of the past that the request asks about, None for now; raises Refused."""
    instant, problem = past_instant(AT_HEADER, request.headers.get(AT_HEADER), runtime.clock())
    if problem is not None:
        raise Refused(problem)
    return instant


AsOf = Annotated[Micros | None, Depends(as_of)]


@router.get(USER_GROUPS, response_model=None)
async def get_target_groups(
    request: Request, user_id: str, runtime: RunningRuntime, caller: CurrentCaller, rows: Rows, at: AsOf
) -> JsonResponse:
    """Return a customer's target groups, with progress in the running period or, on request, in every period."""
    return _groups(request, await _view(runtime, [caller], user_id, at), rows, at or runtime.clock())


@router.get(CONNECTED_USER_GROUPS, response_model=None)
@router.get(GATEWAY_USER_GROUPS, response_model=None, name="get_target_groups_by_gateway")
async def get_connected_target_groups(
    request: Request, user_id: str, runtime: RunningRuntime, readers: ReadingFor, rows: Rows, at: AsOf
) -> JsonResponse:
    """Return the target groups of a customer of the caller's organisation, or of an organisation in the headers."""
    return _groups(request, await _view(runtime, readers, user_id, at), rows, at or runtime.clock())


def _groups(request: Request, view: CustomerView, query: RowQuery, now: Micros) -> JsonResponse:
    if request.app.state.answer_templates:
        return JsonResponse(written_answer(view, query, now))
    return JsonResponse(answer(user_answer(view, query, now)))


@router.get(ENROLLED_TARGETS, response_model=None)
async def get_enrolled_targets(
    user_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    asked_at: AsOf,
    targetRuleIds: str | None = None,
    trackingDate: str | None = None,
    enrollmentType: str | None = None,
    includeOnlyUserCreated: str = "false",
) -> JsonResponse:
    """Return the targets that a customer takes part in and that run at a date; without a date, now."""
    problems: list[Problem] = []
    rule_ids = _ids("targetRuleIds", targetRuleIds, problems)
    at = _instant("trackingDate", trackingDate, problems)
    only_user_created = boolean("includeOnlyUserCreated", includeOnlyUserCreated, problems)
    method = _method(enrollmentType, problems)
    if problems:
        raise Refused(*problems)
    view = await _view(runtime, [caller], user_id, asked_at)
    rows = [
        enrolled_target(target, group, view.snapshot.rule_index.calendar)
        for group, target in enrolled_targets(view, at or asked_at or runtime.clock())
        if (rule_ids is None or target.id in rule_ids)
        and (method is None or target.enrolment is method)
        and (group.user_created or not only_user_created)
    ]
    return JsonResponse(answer(rows))


async def _view(runtime: Runtime, callers: Sequence[Caller], user_id: str, at: Micros | None) -> CustomerView:
    """Return the customer, as of *at*, with the view of the first organisation that knows the id; raises Refused.

    An id belongs to one organisation only.
    """
    customer_id = id_of(user_id)
    if customer_id is None:
        raise Refused(UNKNOWN_USER)
    for caller in callers:
        if at is None:
            view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
        else:
            view = await view_at(runtime, caller.org_id, customer_id, at)
        if view is not None:
            return view
    raise Refused(UNKNOWN_USER)


def _ids(name: str, text: str | None, problems: list[Problem]) -> set[int] | None:
    if text is None or not text.strip():
        return None
    ids = {id_of(part.strip()) for part in text.split(",")}
    if len(ids) > RULE_IDS_MAX or None in ids:
        problems.append(Problem(name, f"must be at most {RULE_IDS_MAX} ids, separated by commas"))
        return None
    return {id_ for id_ in ids if id_ is not None}


def _instant(name: str, text: str | None, problems: list[Problem]) -> Micros | None:
    """Return the instant in epoch microseconds that *text*, epoch milliseconds, names; None if there is no text."""
    if text is None or not text.strip():
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len("9999999999999"):
        problems.append(Problem(name, "must be epoch milliseconds"))
        return None
    return Micros(int(text) * 1000)


def _method(text: str | None, problems: list[Problem]) -> EnrolmentMethod | None:
    if text is None:
        return None
    if text not in EnrolmentMethod.__members__:
        problems.append(Problem("enrollmentType", "Invalid enrollment type as input", 310130))
        return None
    return EnrolmentMethod[text]
