"""Counting what is stored for a group made later: on request, for all customers or some (docs/rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.model.event import Enrolling, EventKey
from milepost.model.job import JobKind, JobScope
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Reason
from milepost.model.target import EnrolmentMethod, Evaluation, Target, TargetGroup
from milepost.service.access import Caller
from milepost.service.brand import Brand
from milepost.service.following import family, present
from milepost.service.installation import Installation
from milepost.service.offer import Offer
from milepost.service.taking_part import find_group, latest, own_offer
from milepost.store import jobs, log
from milepost.store.database import Transaction
from milepost.store.log import Who, who_is

SOURCE = "milepost/stored"
CUSTOMERS_MAX = 1_000
"""Customers that one request may name; all of them are worked through page by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What became of a request: the job that goes through all customers, or how many of those named it concerned."""

    job_id: int | None = None
    concerned: int | None = None


async def count_stored(
    here: Installation, caller: Caller, group_id: int, customer_ids: Sequence[int] | None
) -> Counting:
    """Count the events heard before for a group's targets that are open to all; raises Refused.

    Asked again it counts nothing twice.
    """
    if customer_ids is not None and len(customer_ids) > CUSTOMERS_MAX:
        raise Refused(Problem("customers", f"must not be more than {CUSTOMERS_MAX}"))

    async def work(transaction: Transaction) -> Counting:
        brand = await here.brands.one(transaction, caller.org_id)
        group = find_group(brand, group_id)
        _refuse_what_counts_nothing(group)
        if customer_ids is None:
            scope = JobScope(group.id)
            job_id = await jobs.ask(transaction, caller.org_id, JobKind.COUNT_STORED, scope, here.clock())
            return Counting(job_id=job_id)
        who = [who_is(caller.org_id, id_) for id_ in customer_ids]
        return Counting(concerned=await count_for(here, transaction, caller, brand, group, who))

    return await here.database.attempt(work)


async def count_for(
    here: Installation,
    transaction: Transaction,
    caller: Caller,
    brand: Brand,
    group: TargetGroup,
    who: Sequence[Who],
) -> int:
    """Count what *who* did before for the targets of *group*; give for how many of them something counted.

    What was done by those who were merged into somebody is counted for these.
    """
    now = here.clock()
    targets = open_targets(group)
    opens_at = min(period.opens_at for period in group.periods)
    closes_at = max(period.closes_at for period in group.periods)
    names = sorted({brand.catalogue.rules[target.id].event_name for target in targets})
    leads = await family(transaction, caller.org_id, [one.customer_id for one in who])
    everybody = sorted({who_is(caller.org_id, id_) for id_ in leads})
    did = await jobs.who_did(transaction, caller.org_id, everybody, names, (opens_at, closes_at)) if who else set()
    concerned = sorted({who_is(caller.org_id, leads[id_]) for id_ in did})
    standings = present(await log.lock_standings(transaction, concerned))
    offers = [
        _offer(caller, one, target, group, now)
        for one, standing in standings.items()
        for target in targets
        if latest(standing, target.id) is None
    ]
    answers = await here.ingest.inside(transaction, offers) if offers else []
    counted = Reason.COUNTED_FROM_LOG
    return len({one.customer_id for one in answers if any(entry.reason is counted for entry in one.entries)})


def open_targets(group: TargetGroup) -> list[Target]:
    """Give the targets in force that are open to all."""
    return [one for one in group.targets if one.active and one.enrolment is EnrolmentMethod.TRANSACTION]


def _refuse_what_counts_nothing(group: TargetGroup) -> None:
    if group.evaluation is Evaluation.CYCLIC_WINDOW:
        raise Refused(Problem("targetGroupId", "windows of a customer's own begin with what is heard, not before"))
    if not open_targets(group) or not any(period.active for period in group.periods):
        raise Refused(Problem("targetGroupId", "has no target with periods that everybody takes part in"))


def _offer(caller: Caller, who: Who, target: Target, group: TargetGroup, now: int) -> Offer:
    first = min((period for period in group.periods if period.active), key=lambda period: period.opens_at)
    payload = Enrolling(target_id=target.id, period_id=first.id)
    return own_offer(caller, who.customer_id, EventKey(SOURCE, str(target.id)), payload, now)
