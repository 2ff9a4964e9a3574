"""Enrols many customers, each perhaps with goals of their own (facts 4.7): in transactions of CHUNK rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from milepost.model.amount import to_units
from milepost.model.customer import Identifier
from milepost.model.event import Enrol
from milepost.model.standing import Standing
from milepost.model.target import EnrolmentMethod, Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.definitions.participation import enrol_event, find_group, latest, takes_part
from milepost.service.enrolments.audiences import ids_of
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.lookup.survivor_lookup import surviving
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.access import Caller
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer

CHUNK = 200
"""Rows in one transaction."""

Goals = tuple[tuple[int, Decimal], ...]
"""A customer's own goals: pairs of period id and value, in the order of the ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRow:
    """A row of the list: the customer to enrol, the target, and the customer's own goals."""

    customer: Identifier
    target: Target
    goals: Goals


class RowStatus(Enum):
    """What became of a row: enrolled, goals changed, nothing to do, or refused."""

    ENROLLED = "enrolled"
    CHANGED = "changed"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowResult:
    """The status of a row, and the reason if it was refused."""

    status: RowStatus
    reason: str = ""


EarlierRows = dict[tuple[int, int], Goals]
"""The goals in earlier rows of the list, by customer id and target id."""

_ALREADY = RowResult(RowStatus.ALREADY)


async def group_in_force(runtime: Runtime, caller: Caller, group_id: int) -> TargetGroup:
    """Return the active group with this id. Raises Refused if there is none."""
    return find_group(await current_snapshot(runtime, caller.org_id), group_id)


async def enrol_rows(
    runtime: Runtime, caller: Caller, first: Period, rows: Sequence[EnrolmentRow], earlier: EarlierRows
) -> list[RowResult]:
    """Enrol at most CHUNK rows in one transaction, from the period *first* on; return the result of each, in order.

    A customer who takes part already gets the row's goals from now on, unless they are equal. The rows are added to
    *earlier*, so that a later row of the same customer and target is recognised.
    """
    assert len(rows) <= CHUNK

    async def work(transaction: Transaction) -> tuple[list[RowResult], EarlierRows]:
        ids = await ids_of(transaction, caller.org_id, [row.customer for row in rows])
        customer_keys = sorted({key_of_customer(caller.org_id, id_) for id_ in ids.values()})
        locked = surviving(await log.lock_standings(transaction, customer_keys))
        standings = {key.customer_id: standing for key, standing in locked.items()}
        results: list[RowResult] = []
        incoming_events: list[IncomingEvent] = []
        chunk_rows: EarlierRows = {}
        for row in rows:
            customer_id = ids.get(row.customer, 0)
            result = _row_result(row, customer_id, standings.get(customer_id), earlier | chunk_rows)
            results.append(result)
            chunk_rows.setdefault((customer_id, row.target.id), row.goals)
            if result.status in {RowStatus.ENROLLED, RowStatus.CHANGED}:
                incoming_events.append(
                    _enrol_event(caller, first, row, customer_id, standings[customer_id], runtime.clock())
                )
        if incoming_events:
            await runtime.ingest.inside(transaction, incoming_events)
        return results, chunk_rows

    results, chunk_rows = await runtime.database.attempt(work)
    earlier.update({key: goals for key, goals in chunk_rows.items() if key not in earlier})
    return results


def _row_result(row: EnrolmentRow, customer_id: int, standing: Standing | None, earlier: EarlierRows) -> RowResult:
    """Return the result of a row for a customer with this *standing*; None if there is no such customer."""
    if standing is None:
        kind, value = row.customer
        return RowResult(RowStatus.REFUSED, f'there is no customer with this {kind.value}: "{value}"')
    earlier_goals = earlier.get((customer_id, row.target.id))
    if earlier_goals is not None:
        is_equal = earlier_goals == row.goals
        return (
            _ALREADY
            if is_equal
            else RowResult(RowStatus.REFUSED, "an earlier row says other goals of the same customer")
        )
    if row.target.enrolment is EnrolmentMethod.TRANSACTION:
        return RowResult(RowStatus.REFUSED, "the target enrols by TRANSACTION: everybody takes part, with its goals")
    if not takes_part(standing, row.target):
        return RowResult(RowStatus.ENROLLED)
    enrolment = latest(standing, row.target.id)
    current_goals = () if enrolment is None else enrolment.goals
    wanted_goals = tuple((period_id, to_units(goal)) for period_id, goal in row.goals)
    return _ALREADY if wanted_goals == current_goals else RowResult(RowStatus.CHANGED)


def _enrol_event(
    caller: Caller, first: Period, row: EnrolmentRow, customer_id: int, standing: Standing, now: Micros
) -> IncomingEvent:
    enrolment = latest(standing, row.target.id)
    covered = takes_part(standing, row.target) and enrolment is not None
    period_id = enrolment.period_id if covered and enrolment is not None else first.id
    payload = Enrol(target_id=row.target.id, period_id=period_id, goals=row.goals)
    return enrol_event(caller, customer_id, standing, payload, now)
