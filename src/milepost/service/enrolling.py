"""Enrolling a customer in a target (semantics 3.5, 4.7): an event of our own, on the same path as all others."""

from dataclasses import dataclass
from decimal import Decimal

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import ENROL, Enrolling, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.target import EnrolmentMethod, Period, Target, TargetGroup
from milepost.service.access import Caller
from milepost.service.brand import Brand
from milepost.service.installation import Installation
from milepost.service.offer import Offer, Status
from milepost.service.reading import view_customer

SOURCE = "milepost/enrol"
UNKNOWN_USER = Problem("customerId", "Invalid userId", 310011)
UNKNOWN_GROUP = Problem("targetGroupId", "Target group is not found or is deactivated", 310017)
UNKNOWN_TARGET = Problem("targetId", "Target rule is not found", 310018)
UNKNOWN_PERIOD = Problem("periodName", "Target period is not found", 310019)
ALREADY = Problem("customerId", "User is already enrolled", 310119)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentDraft:
    """What a request says: who, from which period on, and the balance to start with."""

    customer_id: int
    period_name: str | None
    initial_balance: Decimal | None


async def enrol(here: Installation, caller: Caller, group_id: int, target_id: int, draft: EnrolmentDraft) -> int:
    """Enrol a customer from a period on; give the customer's id. Raises Refused with the vendor's codes."""
    now = here.clock()
    view = await view_customer(here.database, here.brands, caller.org_id, draft.customer_id)
    if view is None:
        raise Refused(UNKNOWN_USER)
    group, target = _found(view.brand, group_id, target_id)
    period = _period(group, draft.period_name, now)
    if any(enrolment.target_id == target.id for enrolment in view.standing.enrolments):
        raise Refused(ALREADY)
    offer = Offer(
        org_id=caller.org_id,
        customer=Identifier(IdentifierKind.ID, str(draft.customer_id)),
        key=EventKey(SOURCE, str(target.id)),
        name=ENROL,
        occurred_at=now,
        received_at=now,
        place=None,
        till_id=caller.till_id,
        payload=Enrolling(target_id=target.id, period_id=period.id, balance=draft.initial_balance),
    )
    (answer,) = await here.lanes.receive([offer])
    if answer.status in {Status.DUPLICATE, Status.CONFLICT}:
        raise Refused(ALREADY)
    if answer.status is Status.REFUSED:
        raise Refused(*answer.problems)
    return draft.customer_id


def _found(brand: Brand, group_id: int, target_id: int) -> tuple[TargetGroup, Target]:
    group = brand.catalogue.groups.get(group_id)
    if group is None or not group.active:
        raise Refused(UNKNOWN_GROUP)
    target = next((target for target in group.targets if target.id == target_id and target.active), None)
    if target is None:
        raise Refused(UNKNOWN_TARGET)
    if target.enrolment is not EnrolmentMethod.IMPORT:
        reason = f"the target enrols by {target.enrolment.value}; only IMPORT targets are enrolled in by a call"
        raise Refused(Problem("targetId", reason))
    return group, target


def _period(group: TargetGroup, name: str | None, now: int) -> Period:
    """Give the period called *name*; without a name the running one, else the next to come (semantics 8 #30)."""
    if name is not None:
        named = next((period for period in group.periods if period.ref_code.lower() == name.lower()), None)
        if named is None:
            raise Refused(UNKNOWN_PERIOD)
        return named
    open_still = [period for period in group.periods if period.active and period.closes_at > now]
    if not open_still:
        raise Refused(UNKNOWN_PERIOD)
    return min(open_still, key=lambda period: period.opens_at)
