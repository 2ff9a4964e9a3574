"""A leaderboard as an app shows it: the top, a customer's own place and the places around it, in one answer."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, id_of
from milepost.api.http.route import READ, READING, Route
from milepost.api.native.answer import iso
from milepost.api.native.leaderboards.answer import BoardItem, PlaceItem, place_item
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.boards.cached_boards import CachedBoard
from milepost.service.leaderboards.board_queries import (
    BoardRequest,
    Place,
    board_of,
    customer_now,
    entries_of,
    find_board,
    place_of,
)
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

TOP_MAX, AROUND_MAX = 100, 50

router = APIRouter(prefix="/api/v1", tags=["leaderboards"])


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
    """Return the top of a target's leaderboard; with a customer, that customer's place and the places around it too."""
    problems: list[Problem] = []
    target = _id("targetId", target_id, problems)
    period = None if periodId is None else _id("periodId", periodId, problems)
    customer = None if customerId is None else _id("customerId", customerId, problems)
    top_count = _count("top", top, TOP_MAX, problems)
    around_count = _count("around", around, AROUND_MAX, problems)
    if problems:
        raise Refused(*problems)
    snapshot = await current_snapshot(runtime, caller.org_id)
    board = _board_request(snapshot, target, period, runtime.clock())
    cached, customer = await _cached_board(runtime, board, customer)
    own = None if customer is None else place_of(cached, customer)
    around_own = cached.board.around(customer, around_count) if customer else []
    parts = [cached.board.page(0, top_count), [] if own is None else [own], around_own]
    synced_at, is_closed, customers = cached.synced_at, cached.final, len(cached.board)
    shown = await _shown(runtime, caller.org_id, parts)
    return JsonResponse(
        BoardItem(
            target_group_id=board.group.id,
            target_id=target,
            period_id=board.period.id,
            ties=snapshot.organisation.settings.leaderboard_ties,
            synced_at=iso(synced_at),
            closed=is_closed,
            customers=customers,
            top=shown[0],
            own=next(iter(shown[1]), None),
            around=shown[2],
        )
    )


async def _shown(runtime: Runtime, org_id: int, parts: Sequence[Sequence[Place]]) -> list[list[PlaceItem]]:
    """Return *parts* of a board as they are answered; their customers are looked up together."""
    entries = iter(await entries_of(runtime, org_id, [place for part in parts for place in part]))
    return [[place_item(next(entries)) for _ in part] for part in parts]


async def _cached_board(runtime: Runtime, board: BoardRequest, customer: int | None) -> tuple[CachedBoard, int | None]:
    """Return the board, and the id of *customer* after merges.

    A customer on a board has not been merged into another, so only a customer who is not on it is looked up.
    """
    cached = await board_of(runtime, board)
    if customer is None or place_of(cached, customer) is not None:
        return cached, customer
    customer = await customer_now(runtime, board.name.org_id, customer)
    # The board is read again after the look-up: a cached board may only be used until the next await.
    return await board_of(runtime, board), customer


def _board_request(snapshot: OrganisationSnapshot, target: int, period: int | None, now: Micros) -> BoardRequest:
    """Return the board of a target, whatever its group; raises Refused."""
    rule = snapshot.rule_index.rules.get(target)
    if rule is None:
        raise Refused(Problem("targetId", f"there is no target {target}"))
    return find_board(snapshot, rule.group_id, target, period, now)


def _id(name: str, text: str, problems: list[Problem]) -> int:
    id_ = id_of(text)
    if id_ is None:
        problems.append(Problem(name, "must be an id"))
    return id_ or 0


def _count(name: str, text: str, most: int, problems: list[Problem]) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most:
        return int(text)
    problems.append(Problem(name, f"must be a number from 0 to {most}"))
    return 0


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/leaderboards/{target_id}"): Route(READ, BoardItem, statuses=READING, is_hot=True),
}
