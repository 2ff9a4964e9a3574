"""Leaderboards as the vendor shows them: the top of a target, and a customer's ranks (facts 3.7, 4.14)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import Json, answer, paged
from milepost.api.capillary.scope import ReadingFor
from milepost.api.capillary.users.target_groups.answer import thousandths
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import ID_MAX, JsonResponse, id_of, read_body, read_json
from milepost.model.customer import Customer, IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import Calendar
from milepost.service.definitions.participation import UNKNOWN_GROUP, UNKNOWN_TARGET, UNKNOWN_USER
from milepost.service.leaderboards.board_queries import (
    BoardEntry,
    BoardRequest,
    board_of,
    entries_of,
    find_board,
    place_of,
    profile_of,
)
from milepost.service.organisations.scopes import outside_the_family
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

GATEWAY = "/api_gateway/intouch-api-v3"
PAGE_DEFAULT, PAGE_MAX, PAGES_MAX = 10, 100, 100
RANKS_MAX = 25
NOT_CAPTURED = "NOT-CAPTURED"
"""What is shown of a customer that nobody has told us."""

DETAILS = ("birthday", "gender", "mobile", "last_name", "first_name", "anniversary", "email")
RANK_FIELDS = ("orgId", "targetGroupId", "targetRuleId", "periodId")

router = APIRouter(tags=["leaderboards"])


@router.get("/v3.1/leaderboards/targetGroups/{group_id}", response_model=None)
@router.get(
    f"{GATEWAY}/v3.1/leaderboards/targetGroups/{{group_id}}", name="get_gateway_leaderboard", response_model=None
)
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
    """Return a page of a target's board in a period, the running one if none is named; of `pageLimit` pages at most."""
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
    rows = await entries_of(
        runtime, caller.org_id, cached.board.page(page * size, min(size, max(total - page * size, 0)))
    )
    calendar = snapshot.rule_index.calendar
    shown = {
        **_synced(calendar, cached.synced_at),
        **_named(board),
        "rankings": [_entry(row, calendar) for row in rows],
    }
    return JsonResponse(paged(shown, warnings, limit=size, offset=page, total=total))


@router.get("/v3.1/leaderboards/user/{user_id}", response_model=None)
@router.get(f"{GATEWAY}/v3.1/leaderboards/user/{{user_id}}", name="gateway_user_ranks", response_model=None)
async def get_user_ranks(user_id: str, request: Request, runtime: RunningRuntime, readers: ReadingFor) -> JsonResponse:
    """Return a customer's ranks on the boards that the body lists; what is wrong with one of them is a warning."""
    asked, warnings = _asked(read_json(await read_body(request)), {reader.org_id for reader in readers})
    caller, profile = await _reader_knowing(runtime, readers, id_of(user_id))
    customer_id = profile.id
    snapshot = await current_snapshot(runtime, caller.org_id)
    calendar = snapshot.rule_index.calendar
    ranks: list[Json] = []
    synced_at = runtime.clock()
    for group_id, target_id, period_id in asked:
        try:
            board = find_board(snapshot, group_id, target_id, period_id, runtime.clock())
        except Refused as refused:
            warnings += [problem.reason for problem in refused.problems]
            continue
        cached = await board_of(runtime, board)
        synced_at = min(synced_at, cached.synced_at)
        place = place_of(cached, customer_id)
        ranks.append(
            {
                "orgId": caller.org_id,
                "targetGroupId": board.group.id,
                "targetRuleId": board.target.id,
                "periodId": board.period.id,
                "achievedValue": thousandths(0 if place is None else place.score.value),
                "rank": None if place is None else place.rank,
                **_active(calendar, None if place is None else place.score.active_at),
                "totalUsersInTargetGroup": len(cached.board),
            }
        )
    shown = {
        **_synced(calendar, synced_at),
        "customerId": customer_id,
        "userEnrichmentDetails": _details(profile),
        "userRanks": ranks,
    }
    return JsonResponse(answer(shown, warnings))


async def _reader_of(runtime: Runtime, readers: Sequence[Caller], group_id: int) -> tuple[Caller, OrganisationSnapshot]:
    """Return the organisation, among those asked about, that has the group; where none has it, the first."""
    found = [(reader, await current_snapshot(runtime, reader.org_id)) for reader in readers]
    return next((one for one in found if group_id in one[1].groups), found[0])


async def _reader_knowing(
    runtime: Runtime, readers: Sequence[Caller], customer_id: int | None
) -> tuple[Caller, Customer]:
    """Return the organisation, among those asked about, that knows the customer; raises Refused."""
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
    """Return page size, page and number of pages within their limits; what was changed is a warning (facts 3.7)."""
    if page < 0:
        warnings.append("Page offset is negative, the first page is shown")
    if not 1 <= size <= PAGE_MAX:
        warnings.append(f"Page size must be between 1 and {PAGE_MAX}, {min(max(size, 1), PAGE_MAX)} is used")
    if not 1 <= pages <= PAGES_MAX:
        warnings.append(f"Page limit must be between 1 and {PAGES_MAX}, {min(max(pages, 1), PAGES_MAX)} is used")
    return min(max(size, 1), PAGE_MAX), max(page, 0), min(max(pages, 1), PAGES_MAX)


def _asked(value: Any, org_ids: AbstractSet[int]) -> tuple[list[tuple[int, int, int | None]], list[str]]:
    """Return the boards that a body lists, group, target and period, with warnings; raises Refused.

    An organisation that an item names is one of those asked about, *org_ids*.
    """
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise Refused(Problem("", "the body must be a list of objects with targetGroupId and targetRuleId"))
    problems: list[Problem] = []
    asked: list[tuple[int, int, int | None]] = []
    for place, item in enumerate(value[:RANKS_MAX]):
        problems += [
            Problem(f"[{place}].{name}", f"is not a field here; there are {', '.join(RANK_FIELDS)}")
            for name in item
            if name not in RANK_FIELDS
        ]
        named = item.get("orgId")
        if named is not None and not (isinstance(named, int) and named in org_ids):
            problems.append(outside_the_family(f"[{place}].orgId", named))
        ids = [_id(f"[{place}].{name}", item, name, problems) for name in RANK_FIELDS[1:]]
        if ids[0] is not None and ids[1] is not None:
            asked.append((ids[0], ids[1], ids[2]))
    if problems:
        raise Refused(*problems)
    more = len(value) > RANKS_MAX
    return asked, [f"Only the first {RANKS_MAX} target rules are considered"] if more else []


def _id(path: str, item: Mapping[str, Any], name: str, problems: list[Problem]) -> int | None:
    value = item.get(name)
    if value is None and name == "periodId":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= ID_MAX:
        return value
    problems.append(Problem(path, "must be an id"))
    return None


def _synced(calendar: Calendar, at: int) -> Json:
    return {"lastSyncTime": calendar.abbreviated(at), "lastSyncTimeISO": calendar.iso(at)}


def _active(calendar: Calendar, at: int | None) -> Json:
    return {
        "lastActivityTime": None if at is None else calendar.abbreviated(at),
        "lastActivityTimeISO": None if at is None else calendar.iso(at),
    }


def _named(board: BoardRequest) -> Json:
    return {
        "targetGroupId": board.group.id,
        "targetGroupName": board.group.name,
        "periodId": board.period.id,
        "periodRefCode": board.period.ref_code,
        "targetRuleId": board.target.id,
        "targetRuleName": board.target.name,
    }


def _entry(row: BoardEntry, calendar: Calendar) -> Json:
    return {
        "rank": row.ranked.rank,
        "userId": row.ranked.score.customer_id,
        "achievedValue": thousandths(row.ranked.score.value),
        **_active(calendar, row.ranked.score.active_at),
        "userEnrichmentDetails": _details(row.customer),
    }


def _details(customer: Customer | None) -> Json:
    """Return what is shown of a customer; what nobody has told us is said to be so."""
    known: dict[str, Any] = {}
    if customer is not None:
        named = {identifier.kind: identifier.value for identifier in reversed(customer.identifiers)}
        known = {name: value for name, value in customer.fields.items() if name in DETAILS}
        known |= {"first_name": customer.first_name, "last_name": customer.last_name}
        known |= {"mobile": named.get(IdentifierKind.MOBILE), "email": named.get(IdentifierKind.EMAIL)}
    return {name: known.get(name) or NOT_CAPTURED for name in DETAILS}
