"""Leaderboards as the vendor shows them: the top of a target, and a customer's ranks (facts 3.7, 4.14)."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import ListedEnvelope, PagedEnvelope, listed_answer, paged
from milepost.api.capillary.leaderboards.answer import (
    BoardAnswer,
    RankAnswer,
    RanksAnswer,
    board_answer,
    rank_answer,
    ranks_answer,
)
from milepost.api.capillary.leaderboards.body import RankBody, read_rank_queries
from milepost.api.capillary.scope import HEADERS, ReadingFor
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, id_of, read_body, read_json
from milepost.api.http.route import READ, READING, Body, Route
from milepost.model.customer import Customer
from milepost.model.problem import Problem, Refused
from milepost.service.definitions.participation import UNKNOWN_GROUP, UNKNOWN_TARGET, UNKNOWN_USER
from milepost.service.leaderboards.board_queries import board_of, entries_of, find_board, profile_of
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

PAGE_DEFAULT, PAGE_MAX, PAGES_MAX = 10, 100, 100

BOARD = "/v3.1/leaderboards/targetGroups/{group_id}"
RANKS = "/v3.1/leaderboards/user/{user_id}"
_GATEWAY = "/api_gateway/intouch-api-v3"

_BOARD = Route(READ, PagedEnvelope[BoardAnswer], headers=HEADERS, statuses=READING, is_hot=True)
_RANKS = Route(
    READ, ListedEnvelope[RanksAnswer], Body((RankBody,), alone=False, listed=True), headers=HEADERS, is_hot=True
)

router = APIRouter(tags=["leaderboards"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", BOARD): _BOARD,
    ("get", f"{_GATEWAY}{BOARD}"): _BOARD,
    ("get", RANKS): _RANKS,
    ("get", f"{_GATEWAY}{RANKS}"): _RANKS,
}


@router.get(BOARD, response_model=None)
@router.get(f"{_GATEWAY}{BOARD}", name="get_gateway_leaderboard", response_model=None)
async def get_leaderboard(
    group_id: str,
    runtime: RunningRuntime,
    readers: ReadingFor,
    targetId: str = "",
    periodId: str | None = None,
    pageSize: str = str(PAGE_DEFAULT),
    pageOffset: str = "0",
    pageLimit: str = str(PAGES_MAX),
) -> JsonResponse:
    """Return a page of a target's board in a period, by default the running one, and of at most `pageLimit` pages."""
    warnings: list[str] = []
    problems: list[Problem] = []
    size = _number("pageSize", pageSize, problems)
    page = _number("pageOffset", pageOffset, problems)
    pages = _number("pageLimit", pageLimit, problems)
    group, target, period = id_of(group_id), id_of(targetId), id_of(periodId or "")
    if target is None:
        problems.append(UNKNOWN_TARGET)
    if periodId is not None and period is None:
        problems.append(Problem("periodId", "must be the id of a period"))
    if group is None:
        problems.append(UNKNOWN_GROUP)
    if problems or group is None or target is None:
        raise Refused(*problems)
    size, page, pages = _within(size, page, pages, warnings)
    caller, snapshot = await _reader_of(runtime, readers, group)
    board = find_board(snapshot, group, target, period, runtime.clock())
    cached = await board_of(runtime, board)
    total = min(len(cached.board), size * pages)
    entries = await entries_of(
        runtime, caller.org_id, cached.board.page(page * size, min(size, max(total - page * size, 0)))
    )
    shown = board_answer(board, cached.synced_at, entries)
    return JsonResponse(paged(shown, warnings, limit=size, offset=page, total=total))


@router.get(RANKS, response_model=None)
@router.get(f"{_GATEWAY}{RANKS}", name="gateway_user_ranks", response_model=None)
async def get_user_ranks(user_id: str, request: Request, runtime: RunningRuntime, readers: ReadingFor) -> JsonResponse:
    """Return a customer's ranks on the boards that the body lists; a board that cannot be shown becomes a warning."""
    value = read_json(await read_body(request))
    queries, warnings = read_rank_queries(value, {reader.org_id for reader in readers})
    caller, customer = await _reader_knowing(runtime, readers, id_of(user_id))
    snapshot = await current_snapshot(runtime, caller.org_id)
    ranks: list[RankAnswer] = []
    synced_at = runtime.clock()
    for query in queries:
        try:
            board = find_board(snapshot, query.group_id, query.target_id, query.period_id, runtime.clock())
        except Refused as refused:
            warnings += [problem.reason for problem in refused.problems]
            continue
        cached = await board_of(runtime, board)
        synced_at = min(synced_at, cached.synced_at)
        ranks.append(rank_answer(board, cached, customer.id, caller.org_id))
    shown = ranks_answer(customer, ranks, synced_at, snapshot.rule_index.calendar)
    return JsonResponse(listed_answer(shown, warnings))


async def _reader_of(runtime: Runtime, readers: Sequence[Caller], group_id: int) -> tuple[Caller, OrganisationSnapshot]:
    """Return the first organisation of the request that has the target group; the first at all if none has it."""
    snapshots = [(reader, await current_snapshot(runtime, reader.org_id)) for reader in readers]
    return next(((reader, snapshot) for reader, snapshot in snapshots if group_id in snapshot.groups), snapshots[0])


async def _reader_knowing(
    runtime: Runtime, readers: Sequence[Caller], customer_id: int | None
) -> tuple[Caller, Customer]:
    """Return the first organisation of the request that knows the customer; raises Refused."""
    for reader in readers if customer_id is not None else ():
        assert customer_id is not None
        profile = await profile_of(runtime, reader.org_id, customer_id)
        if profile is not None:
            return reader, profile
    raise Refused(UNKNOWN_USER)


def _number(name: str, text: str, problems: list[Problem]) -> int:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(2**31)):
        return int(text)
    problems.append(Problem(name, "must be a whole number"))
    return 0


def _within(size: int, page: int, pages: int, warnings: list[str]) -> tuple[int, int, int]:
    """Return page size, page and number of pages within their limits; each change is a warning (facts 3.7)."""
    if page < 0:
        warnings.append("Page offset is negative, the first page is shown")
    if not 1 <= size <= PAGE_MAX:
        warnings.append(f"Page size must be between 1 and {PAGE_MAX}, {min(max(size, 1), PAGE_MAX)} is used")
    if not 1 <= pages <= PAGES_MAX:
        warnings.append(f"Page limit must be between 1 and {PAGES_MAX}, {min(max(pages, 1), PAGES_MAX)} is used")
    return min(max(size, 1), PAGE_MAX), max(page, 0), min(max(pages, 1), PAGES_MAX)
