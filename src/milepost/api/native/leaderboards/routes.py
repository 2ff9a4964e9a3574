"""A board as an app shows it: the top, a customer's own place and those around it, in one answer."""

from typing import Any

from fastapi import APIRouter
from msgspec import Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, Number, id_of, number
from milepost.model.organisation import LeaderboardTies
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Calendar, calendar_of
from milepost.service.boards.cached_boards import CachedBoard
from milepost.service.leaderboards.board_queries import (
    BoardRequest,
    Place,
    board_of,
    customer_now,
    find_board,
    place_of,
)
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

TOP_MAX, AROUND_MAX = 100, 50

router = APIRouter(prefix="/api/v1", tags=["leaderboards"])


class PlaceItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A place on a board."""

    rank: int
    customer_id: int
    value: Number
    active_at: str


class BoardItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A board: how equal values are ranked, when it was brought up to date, and whether its period is closed."""

    target_group_id: int
    target_id: int
    period_id: int
    ties: LeaderboardTies
    synced_at: str
    closed: bool
    customers: int
    top: list[PlaceItem]
    own: PlaceItem | None
    around: list[PlaceItem]


@router.get("/leaderboards/{target_id}", response_model=None)
async def get_board(
    target_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    periodId: str | None = None,
    customerId: str | None = None,
    top: str = "10",
    around: str = "0",
) -> JsonResponse:
    """Return the top of a target's board and, if a customer is named, that customer's place and those around it."""
    problems: list[Problem] = []
    target = _id("targetId", target_id, problems)
    period = None if periodId is None else _id("periodId", periodId, problems)
    customer = None if customerId is None else _id("customerId", customerId, problems)
    first = _count("top", top, TOP_MAX, problems)
    reach = _count("around", around, AROUND_MAX, problems)
    if problems:
        raise Refused(*problems)
    snapshot = await current_snapshot(runtime, caller.org_id)
    board = _meant(snapshot, target, period, runtime.clock())
    cached, customer = await _with(runtime, board, customer)
    own = None if customer is None else place_of(cached, customer)
    calendar = calendar_of("UTC")
    return JsonResponse(
        {
            "targetGroupId": board.group.id,
            "targetId": target,
            "periodId": board.period.id,
            "ties": snapshot.organisation.settings.leaderboard_ties.value,
            "syncedAt": calendar.iso(cached.synced_at),
            "closed": cached.final,
            "customers": len(cached.board),
            "top": [_place(one, calendar) for one in cached.board.page(0, first)],
            "own": None if own is None else _place(own, calendar),
            "around": [_place(one, calendar) for one in cached.board.around(customer, reach)] if customer else [],
        }
    )


async def _with(runtime: Runtime, board: BoardRequest, customer: int | None) -> tuple[CachedBoard, int | None]:
    """Return the board, and who the customer is by now.

    Nobody on a board was merged into another: only who is not there need be asked about.
    """
    cached = await board_of(runtime, board)
    if customer is None or place_of(cached, customer) is not None:
        return cached, customer
    customer = await customer_now(runtime, board.name.org_id, customer)
    # Last, because a board is read before anything else is awaited.
    return await board_of(runtime, board), customer


def _meant(snapshot: OrganisationSnapshot, target: int, period: int | None, now: int) -> BoardRequest:
    """Return the board of a target, whatever its group; raises Refused."""
    rule = snapshot.rule_index.rules.get(target)
    if rule is None:
        raise Refused(Problem("targetId", f"there is no target {target}"))
    return find_board(snapshot, rule.group_id, target, period, now)


def _id(name: str, text: str, problems: list[Problem]) -> int:
    found = id_of(text)
    if found is None:
        problems.append(Problem(name, "must be an id"))
    return found or 0


def _count(name: str, text: str, most: int, problems: list[Problem]) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most:
        return int(text)
    problems.append(Problem(name, f"must be a number from 0 to {most}"))
    return 0


def _place(one: Place, calendar: Calendar) -> dict[str, Any]:
    return {
        "rank": one.rank,
        "customerId": one.score.customer_id,
        "value": number(one.score.value),
        "activeAt": calendar.iso(one.score.active_at),
    }
