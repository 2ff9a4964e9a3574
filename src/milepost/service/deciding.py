"""Deciding how much of an intended award may be given: a decision uses caps up, exactly once (decision 0012)."""

from dataclasses import dataclass
from typing import NamedTuple

from milepost.model.event import Deciding, EventKey
from milepost.model.problem import Problem
from milepost.model.standing import Reason
from milepost.rules.matching import Catalogue
from milepost.service.access import Caller
from milepost.service.brand import PlaceName, brand_at
from milepost.service.installation import Installation
from milepost.service.offer import Status
from milepost.service.once import called, receive_once
from milepost.service.own_periods import own_goal
from milepost.service.reading import view_customer

SOURCE = "milepost/awards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An intended award, named by the caller's *id*; *at* is None for now (epoch microseconds)."""

    id: str
    customer_id: int
    at: int | None
    place: PlaceName | None
    payload: Deciding


class UsedCap(NamedTuple):
    """What a decision used of one cap; amounts in units."""

    target_id: int
    period_id: int
    limit: int | None
    before: int
    after: int


class Decided(NamedTuple):
    """How much was asked for and how much may be given, in units, and the caps that the decision used."""

    status: Status
    asked: int
    given: int
    caps: tuple[UsedCap, ...]
    problems: tuple[Problem, ...]


async def decide(here: Installation, caller: Caller, asked: Asked) -> Decided:
    """Decide on an award; who asks again under the same id gets the same answer."""
    now = here.clock()
    at = now if asked.at is None else asked.at
    key = EventKey(SOURCE, asked.id)
    offer = called(caller, asked.customer_id, key, asked.payload, at, now, asked.place)
    answer = await receive_once(here, offer, dated=asked.at is not None)
    granted = next((entry for entry in answer.entries if entry.reason is Reason.GRANTED), None)
    if granted is None or answer.version is None:
        return Decided(answer.status, 0, 0, (), answer.problems)
    view = await view_customer(here.database, here.brands, caller.org_id, asked.customer_id)
    assert view is not None, "who was decided about exists"
    catalogue = await _catalogue_at(here, caller.org_id, answer.version)
    caps = tuple(
        UsedCap(
            entry.target_id,
            entry.period_id,
            own_goal(view.standing, catalogue.rules[entry.target_id], entry.period_id),
            entry.before,
            entry.after,
        )
        for entry in answer.entries
        if entry.reason is Reason.DECIDED
    )
    return Decided(answer.status, granted.before, granted.after, caps, ())


async def _catalogue_at(here: Installation, org_id: int, version: int) -> Catalogue:
    """Give the catalogue that judged, which is that of today unless the call is an old one."""
    async with here.database.transaction() as transaction:
        brand = await here.brands.one(transaction, org_id)
        if brand.organisation.version != version:
            brand = await brand_at(transaction, org_id, version)
    return brand.catalogue
