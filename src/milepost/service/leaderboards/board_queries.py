"""Reads leaderboards: finds the board that a request names, places on it, and the profiles of those customers."""

from collections.abc import Iterable
from dataclasses import dataclass

from milepost.engine.leaderboard.board import Ranked
from milepost.model.customer import Customer
from milepost.model.problem import Problem, Refused
from milepost.model.target import Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.boards.cached_boards import CachedBoard
from milepost.service.ingest.lookup.survivor_lookup import resolve_survivors
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
"""A customer's place on a board: rank and score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRequest:
    """The board that a request names: of a target in a period."""

    snapshot: OrganisationSnapshot
    group: TargetGroup
    target: Target
    period: Period

    @property
    def name(self) -> BoardName:
        """Return the name by which the board is stored."""
        return BoardName(self.snapshot.organisation.id, self.target.id, self.period.id)


def find_board(
    snapshot: OrganisationSnapshot, group_id: int, target_id: int, period_id: int | None, now: Micros
) -> BoardRequest:
    """Return the board of a target in a period (facts 3.7). Raises Refused.

    Without *period_id* it is the period that runs at *now* (epoch microseconds).
    """
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


def _period(group: TargetGroup, period_id: int | None, now: Micros) -> Period:
    if period_id is None:
        running = next(
            (period for period in group.periods if period.active and period.opens_at <= now < period.closes_at), None
        )
        if running is None:
            raise Refused(Problem("periodId", f"Target group {group.id} has no active period", NONE_RUNS))
        return running
    period = next((period for period in group.periods if period.id == period_id), None)
    if period is None:
        reason = f"Target period {period_id} does not belong to target group {group.id}"
        raise Refused(Problem("periodId", reason, NOT_ITS_PERIOD))
    return period


async def board_of(runtime: Runtime, board: BoardRequest) -> CachedBoard:
    """Return a board as of now, or as it was closed if its period is over."""
    return await runtime.boards.current(board.name, board.snapshot.organisation.settings.leaderboard_ties)


def place_of(cached: CachedBoard, customer_id: int) -> Ranked | None:
    """Return a customer's place on a board, hidden or not; None if the customer has no score."""
    return cached.place(customer_id)


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A place on a board, and the profile of the customer there."""

    ranked: Ranked
    customer: Customer | None


async def entries_of(runtime: Runtime, org_id: int, ranked: Iterable[Ranked]) -> list[BoardEntry]:
    """Return places, each with the profile of its customer."""
    places = list(ranked)
    if not places:
        return []
    customer_keys = [key_of_customer(org_id, place.score.customer_id) for place in places]
    async with runtime.database.reading() as reading:
        profiles = await customers.profiles(reading, customer_keys)
    return [BoardEntry(place, profiles.get(key)) for place, key in zip(places, customer_keys, strict=True)]


async def customer_now(runtime: Runtime, org_id: int, customer_id: int) -> int:
    """Return the id of the survivor if a customer was merged, else the customer's own id."""
    async with runtime.database.reading() as reading:
        return (await resolve_survivors(reading, org_id, [customer_id]))[customer_id]


async def profile_of(runtime: Runtime, org_id: int, customer_id: int) -> Customer | None:
    """Return the profile of a customer, or of the survivor; None if the organisation has no such customer."""
    async with runtime.database.reading() as reading:
        customer_key = key_of_customer(org_id, (await resolve_survivors(reading, org_id, [customer_id]))[customer_id])
        return (await customers.profiles(reading, [customer_key])).get(customer_key)
