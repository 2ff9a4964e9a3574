"""Counting what is stored for a group made later: on request, for all customers or some (docs/rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.model.event import Enrol, EventKey
from milepost.model.job import JobKind, JobScope
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Reason
from milepost.model.target import EnrolmentMethod, Evaluation, Target, TargetGroup
from milepost.service.definitions.participation import command_for, find_group, latest
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.survivor_lookup import merge_family, surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import jobs, log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, key_of_customer

SOURCE = "milepost/stored"
CUSTOMERS_MAX = 1_000
"""Customers that one request may name; all of them are worked through page by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What became of a request: the job that goes through all customers, or how many of those named it concerned."""

    job_id: int | None = None
    concerned: int | None = None


async def count_stored(runtime: Runtime, caller: Caller, group_id: int, customer_ids: Sequence[int] | None) -> Counting:
    """Count the events heard before for a group's targets that are open to all; raises Refused.

    Asked again it counts nothing twice.
    """
    if customer_ids is not None and len(customer_ids) > CUSTOMERS_MAX:
        raise Refused(Problem("customers", f"must not be more than {CUSTOMERS_MAX}"))

    async def work(transaction: Transaction) -> Counting:
        snapshot = await runtime.snapshots.one(transaction, caller.org_id)
        group = find_group(snapshot, group_id)
        _refuse_what_counts_nothing(group)
        if customer_ids is None:
            scope = JobScope(group.id)
            job_id = await jobs.ask(transaction, caller.org_id, JobKind.COUNT_STORED, scope, runtime.clock())
            return Counting(job_id=job_id)
        customer_keys = [key_of_customer(caller.org_id, id_) for id_ in customer_ids]
        return Counting(concerned=await count_for(runtime, transaction, caller, snapshot, group, customer_keys))

    return await runtime.database.attempt(work)


async def count_for(
    runtime: Runtime,
    transaction: Transaction,
    caller: Caller,
    snapshot: OrganisationSnapshot,
    group: TargetGroup,
    customer_keys: Sequence[CustomerKey],
) -> int:
    """Count what *customer_keys* did before for the targets of *group*; return for how many of them something counted.

    What was done by those who were merged into somebody is counted for these.
    """
    now = runtime.clock()
    targets = open_targets(group)
    opens_at = min(period.opens_at for period in group.periods)
    closes_at = max(period.closes_at for period in group.periods)
    names = sorted({snapshot.rule_index.rules[target.id].event_name for target in targets})
    leads = await merge_family(transaction, caller.org_id, [one.customer_id for one in customer_keys])
    everybody = sorted({key_of_customer(caller.org_id, id_) for id_ in leads})
    did = (
        await jobs.who_did(transaction, caller.org_id, everybody, names, (opens_at, closes_at))
        if customer_keys
        else set()
    )
    concerned = sorted({key_of_customer(caller.org_id, leads[id_]) for id_ in did})
    standings = surviving(await log.lock_standings(transaction, concerned))
    incoming_events = [
        _incoming_event(caller, one, target, group, now)
        for one, standing in standings.items()
        for target in targets
        if latest(standing, target.id) is None
    ]
    answers = await runtime.ingest.inside(transaction, incoming_events) if incoming_events else []
    counted = Reason.COUNTED_FROM_LOG
    return len({one.customer_id for one in answers if any(entry.reason is counted for entry in one.entries)})


def open_targets(group: TargetGroup) -> list[Target]:
    """Return the targets in force that are open to all."""
    return [one for one in group.targets if one.active and one.enrolment is EnrolmentMethod.TRANSACTION]


def _refuse_what_counts_nothing(group: TargetGroup) -> None:
    if group.evaluation is Evaluation.CYCLIC_WINDOW:
        raise Refused(Problem("targetGroupId", "windows of a customer's own begin with what is heard, not before"))
    if not open_targets(group) or not any(period.active for period in group.periods):
        raise Refused(Problem("targetGroupId", "has no target with periods that everybody takes part in"))


def _incoming_event(
    caller: Caller, customer_key: CustomerKey, target: Target, group: TargetGroup, now: int
) -> IncomingEvent:
    first = min((period for period in group.periods if period.active), key=lambda period: period.opens_at)
    payload = Enrol(target_id=target.id, period_id=first.id)
    return command_for(caller, customer_key.customer_id, EventKey(SOURCE, str(target.id)), payload, now)
