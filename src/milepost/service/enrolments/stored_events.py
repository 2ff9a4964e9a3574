"""Counts stored events for a group that was defined after them, for all customers or some (docs/rules.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.model.event import Enrol, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.scheduled.job import JobKind, JobScope
from milepost.model.standing import Reason
from milepost.model.target import EnrolmentMethod, Evaluation, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.definitions.participation import command_for, find_group, latest
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.lookup.survivor_lookup import merge_family, surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, key_of_customer
from milepost.store.scheduled import jobs

SOURCE = "milepost/stored"
CUSTOMERS_MAX = 1_000
"""Customers that one request may name. Without names a job counts for all customers, page by page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountResult:
    """The result of a request: the job that counts for all customers, or for how many named ones something counted."""

    job_id: int | None = None
    concerned: int | None = None


async def count_stored(
    runtime: Runtime, caller: Caller, group_id: int, customer_ids: Sequence[int] | None
) -> CountResult:
    """Count stored events for those targets of a group that are open to all. Raises Refused.

    A repeated request counts nothing twice.
    """
    if customer_ids is not None and len(customer_ids) > CUSTOMERS_MAX:
        raise Refused(Problem("customers", f"must hold at most {CUSTOMERS_MAX} customers"))

    async def work(transaction: Transaction) -> CountResult:
        snapshot = await runtime.snapshots.of_organisation(transaction, caller.org_id)
        group = find_group(snapshot, group_id)
        _refuse_uncountable(group)
        if customer_ids is None:
            scope = JobScope(group.id)
            job_id = await jobs.request(transaction, caller.org_id, JobKind.COUNT_STORED, scope, runtime.clock())
            return CountResult(job_id=job_id)
        customer_keys = [key_of_customer(caller.org_id, id_) for id_ in customer_ids]
        return CountResult(
            concerned=await count_stored_for(runtime, transaction, caller, snapshot, group, customer_keys)
        )

    return await runtime.database.attempt(work)


async def count_stored_for(
    runtime: Runtime,
    transaction: Transaction,
    caller: Caller,
    snapshot: OrganisationSnapshot,
    group: TargetGroup,
    customer_keys: Sequence[CustomerKey],
) -> int:
    """Count the stored events of customers for the targets of *group*; return for how many something counted.

    Events of a merged customer count for the survivor.
    """
    now = runtime.clock()
    targets = open_targets(group)
    opens_at = min(period.opens_at for period in group.periods)
    closes_at = max(period.closes_at for period in group.periods)
    names = sorted({snapshot.rule_index.rules[target.id].event_name for target in targets})
    survivors = await merge_family(transaction, caller.org_id, [key.customer_id for key in customer_keys])
    family = sorted({key_of_customer(caller.org_id, id_) for id_ in survivors})
    active_ids = (
        await jobs.customers_with_events(transaction, caller.org_id, family, names, (opens_at, closes_at))
        if customer_keys
        else set()
    )
    concerned = sorted({key_of_customer(caller.org_id, survivors[id_]) for id_ in active_ids})
    standings = surviving(await log.lock_standings(transaction, concerned))
    incoming_events = [
        _enrol_event(caller, key, target, group, now)
        for key, standing in standings.items()
        for target in targets
        if latest(standing, target.id) is None
    ]
    answers = await runtime.ingest.inside(transaction, incoming_events) if incoming_events else []
    counted = Reason.COUNTED_FROM_LOG
    return len({answer.customer_id for answer in answers if any(entry.reason is counted for entry in answer.entries)})


def open_targets(group: TargetGroup) -> list[Target]:
    """Return the active targets of *group* that are open to all."""
    return [target for target in group.targets if target.active and target.enrolment is EnrolmentMethod.TRANSACTION]


def _refuse_uncountable(group: TargetGroup) -> None:
    if group.evaluation is Evaluation.CYCLIC_WINDOW:
        raise Refused(
            Problem(
                "targetGroupId",
                "a customer's own windows begin with the next event received, so stored events cannot count in them",
            )
        )
    if not open_targets(group) or not any(period.active for period in group.periods):
        raise Refused(
            Problem("targetGroupId", "has no active target that everybody takes part in, or no active period")
        )


def _enrol_event(
    caller: Caller, customer_key: CustomerKey, target: Target, group: TargetGroup, now: Micros
) -> IncomingEvent:
    first = min((period for period in group.periods if period.active), key=lambda period: period.opens_at)
    payload = Enrol(target_id=target.id, period_id=first.id)
    return command_for(caller, customer_key.customer_id, EventKey(SOURCE, str(target.id)), payload, now)
