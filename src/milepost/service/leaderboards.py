"""What is asked of leaderboards: which board is meant, who is on it, and how customers are shown there."""

from collections.abc import Iterable
from dataclasses import dataclass

from milepost.engine.ranking import Ranked
from milepost.model.customer import Customer
from milepost.model.problem import Problem, Refused
from milepost.model.target import Period, Target, TargetGroup
from milepost.service.boards import Live
from milepost.service.brand import Brand
from milepost.service.following import followed
from milepost.service.installation import Installation
from milepost.store import customers
from milepost.store.boards import BoardName
from milepost.store.log import who_is

OFF_FOR_ALL = 310133
UNKNOWN_GROUP = 310017
OFF_FOR_GROUP = 310134
NOT_IN_GROUP = 310079
NOT_ITS_PERIOD = 310118
NONE_RUNS = 310019


Place = Ranked
"""A place on a board: the rank and the score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The board that is meant."""

    brand: Brand
    group: TargetGroup
    target: Target
    period: Period

    @property
    def name(self) -> BoardName:
        """Give its name."""
        return BoardName(self.brand.organisation.id, self.target.id, self.period.id)


def meant(brand: Brand, group_id: int, target_id: int, period_id: int | None, now: int) -> Meant:
    """Give the board of a target in a period, the running one if none is named; raises Refused (semantics 3.7)."""
    if not brand.organisation.settings.leaderboards:
        raise Refused(Problem("leaderboards", "Leaderboard is not enabled for the org", OFF_FOR_ALL))
    group = brand.catalogue.groups.get(group_id)
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
    return Meant(brand=brand, group=group, target=target, period=_period(group, period_id, now))


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


async def brand_of(here: Installation, org_id: int) -> Brand:
    """Give the brand of an organisation as it is now."""
    async with here.database.reading() as reading:
        return await here.brands.one(reading, org_id)


async def board_of(here: Installation, board: Meant) -> Live:
    """Give a board as it is now, or as it was when its period was closed."""
    return await here.boards.current(board.name, board.brand.organisation.settings.leaderboard_ties)


def place_of(live: Live, customer_id: int) -> Ranked | None:
    """Give a customer's place on a board; None for one who is not on it."""
    return live.board.of(customer_id)


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A place on a board, and the profile of who holds it."""

    ranked: Ranked
    customer: Customer | None


async def entries_of(here: Installation, org_id: int, ranked: Iterable[Ranked]) -> list[BoardEntry]:
    """Give the profiles beside the places."""
    places = list(ranked)
    if not places:
        return []
    who = [who_is(org_id, one.score.customer_id) for one in places]
    async with here.database.reading() as reading:
        found = await customers.profiles(reading, who)
    return [BoardEntry(one, found.get(key)) for one, key in zip(places, who, strict=True)]


async def customer_now(here: Installation, org_id: int, customer_id: int) -> int:
    """Give who a customer is by now: whoever was merged into another is that one."""
    async with here.database.reading() as reading:
        return (await followed(reading, org_id, [customer_id]))[customer_id]


async def profile_of(here: Installation, org_id: int, customer_id: int) -> Customer | None:
    """Give the profile of one customer; None if the organisation has no such customer."""
    async with here.database.reading() as reading:
        who = who_is(org_id, (await followed(reading, org_id, [customer_id]))[customer_id])
        return (await customers.profiles(reading, [who])).get(who)
