"""What is asked of leaderboards: which board is meant, who is on it, and how customers are shown there."""

from collections.abc import Iterable
from dataclasses import dataclass

from milepost.engine.leaderboard.board import Ranked
from milepost.model.customer import Customer
from milepost.model.problem import Problem, Refused
from milepost.model.target import Period, Target, TargetGroup
from milepost.service.boards.cached_boards import CachedBoard
from milepost.service.ingest.survivor_lookup import resolve_survivors
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import customers
from milepost.store.leaderboards import BoardName
from milepost.store.log import key_of_customer

OFF_FOR_ALL = 310133
UNKNOWN_GROUP = 310017
OFF_FOR_GROUP = 310134
NOT_IN_GROUP = 310079
NOT_ITS_PERIOD = 310118
NONE_RUNS = 310019


Place = Ranked
"""A place on a board: the rank and the score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRequest:
    """The board that is meant."""

    snapshot: OrganisationSnapshot
    group: TargetGroup
    target: Target
    period: Period

    @property
    def name(self) -> BoardName:
        """Return its name."""
        return BoardName(self.snapshot.organisation.id, self.target.id, self.period.id)


def find_board(
    snapshot: OrganisationSnapshot, group_id: int, target_id: int, period_id: int | None, now: int
) -> BoardRequest:
    """Return the board of a target in a period, the running one if none is named; raises Refused (facts 3.7)."""
    if not snapshot.organisation.settings.leaderboards:
        raise Refused(Problem("leaderboards", "Leaderboard is not enabled for the org", OFF_FOR_ALL))
    group = snapshot.rule_index.groups.get(group_id)
    if group is None or not group.active or group.deleted:
        raise Refused(Problem("targetGroupId", f"Target group {group_id} is not found or deactivated", UNKNOWN_GROUP))
    if not group.leaderboard:
        raise Refused(
            Problem("targetGroupId", f"Leaderboard is not enabled for target group {group_id}", OFF_FOR_GROUP)
        )
    target = next((target for target in group.targets if target.id == target_id), None)
    if target is None:
        reason = f"Target rule {target_id} does not belong to target group {group_id}"
        raise Refused(Problem("targetId", reason, NOT_IN_GROUP))
    return BoardRequest(snapshot=snapshot, group=group, target=target, period=_period(group, period_id, now))


def _period(group: TargetGroup, period_id: int | None, now: int) -> Period:
    if period_id is None:
        found = next((one for one in group.periods if one.active and one.opens_at <= now < one.closes_at), None)
        if found is None:
            raise Refused(Problem("periodId", f"Target group {group.id} has no active period", NONE_RUNS))
        return found
    named = next((one for one in group.periods if one.id == period_id), None)
    if named is None:
        reason = f"Target period {period_id} does not belong to target group {group.id}"
        raise Refused(Problem("periodId", reason, NOT_ITS_PERIOD))
    return named


async def board_of(runtime: Runtime, board: BoardRequest) -> CachedBoard:
    """Return a board as it is now, or as it was when its period was closed."""
    return await runtime.boards.current(board.name, board.snapshot.organisation.settings.leaderboard_ties)


def place_of(cached: CachedBoard, customer_id: int) -> Ranked | None:
    """Return a customer's place on a board; None for one who is not on it."""
    return cached.board.of(customer_id)


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A place on a board, and the profile of who holds it."""

    ranked: Ranked
    customer: Customer | None


async def entries_of(runtime: Runtime, org_id: int, ranked: Iterable[Ranked]) -> list[BoardEntry]:
    """Return the profiles beside the places."""
    places = list(ranked)
    if not places:
        return []
    customer_keys = [key_of_customer(org_id, one.score.customer_id) for one in places]
    async with runtime.database.reading() as reading:
        found = await customers.profiles(reading, customer_keys)
    return [BoardEntry(one, found.get(key)) for one, key in zip(places, customer_keys, strict=True)]


async def customer_now(runtime: Runtime, org_id: int, customer_id: int) -> int:
    """Return who a customer is by now: whoever was merged into another is that one."""
    async with runtime.database.reading() as reading:
        return (await resolve_survivors(reading, org_id, [customer_id]))[customer_id]


async def profile_of(runtime: Runtime, org_id: int, customer_id: int) -> Customer | None:
    """Return the profile of one customer; None if the organisation has no such customer."""
    async with runtime.database.reading() as reading:
        customer_key = key_of_customer(org_id, (await resolve_survivors(reading, org_id, [customer_id]))[customer_id])
        return (await customers.profiles(reading, [customer_key])).get(customer_key)
