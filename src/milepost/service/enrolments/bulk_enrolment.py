"""Enrolling many customers with goals of their own (facts 4.7): row by row, in transactions of a few hundred."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from milepost.model.amount import to_units
from milepost.model.customer import Identifier
from milepost.model.event import Enrol
from milepost.model.standing import Standing
from milepost.model.target import EnrolmentMethod, Period, Target, TargetGroup
from milepost.service.definitions.participation import enrol_event, find_group, latest, takes_part
from milepost.service.enrolments.audiences import ids_of
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.survivor_lookup import surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer

CHUNK = 200
"""Rows of one transaction."""

Goals = tuple[tuple[int, Decimal], ...]
"""Goals of a customer's own, by period id and in the order of the ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRow:
    """Who takes part in what, and which goals are the customer's own."""

    customer: Identifier
    target: Target
    goals: Goals


class Became(Enum):
    """What became of a row."""

    ENROLLED = "enrolled"
    CHANGED = "changed"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outturn:
    """What became of a row, and why if it was refused."""

    became: Became
    reason: str = ""


Seen = dict[tuple[int, int], Goals]
"""The goals of rows that came before, by customer and target."""

_ALREADY = Outturn(Became.ALREADY)


async def group_in_force(runtime: Runtime, caller: Caller, group_id: int) -> TargetGroup:
    """Return the active group with this id; raises Refused."""
    async with runtime.database.transaction() as transaction:
        return find_group(await runtime.snapshots.one(transaction, caller.org_id), group_id)


async def enrol_rows(
    runtime: Runtime, caller: Caller, first: Period, rows: Sequence[EnrolmentRow], seen: Seen
) -> list[Outturn]:
    """Enrol at most CHUNK rows in one transaction, from the period *first* on; return what became of each, in order.

    Who takes part already is given the row's goals from now on, or left alone if they are the same. *seen* is added to.
    """
    assert len(rows) <= CHUNK

    async def work(transaction: Transaction) -> tuple[list[Outturn], Seen]:
        ids = await ids_of(transaction, caller.org_id, [row.customer for row in rows])
        customer_keys = sorted({key_of_customer(caller.org_id, id_) for id_ in ids.values()})
        locked = surviving(await log.lock_standings(transaction, customer_keys))
        standings = {one.customer_id: found for one, found in locked.items()}
        told: list[Outturn] = []
        incoming_events: list[IncomingEvent] = []
        mine: Seen = {}
        for row in rows:
            customer_id = ids.get(row.customer, 0)
            outturn = _outturn(row, customer_id, standings.get(customer_id), seen | mine)
            told.append(outturn)
            mine.setdefault((customer_id, row.target.id), row.goals)
            if outturn.became in {Became.ENROLLED, Became.CHANGED}:
                incoming_events.append(
                    _incoming_event(caller, first, row, customer_id, standings[customer_id], runtime.clock())
                )
        if incoming_events:
            await runtime.ingest.inside(transaction, incoming_events)
        return told, mine

    told, mine = await runtime.database.attempt(work)
    seen.update({key: goals for key, goals in mine.items() if key not in seen})
    return told


def _outturn(row: EnrolmentRow, customer_id: int, standing: Standing | None, seen: Seen) -> Outturn:
    """Return what becomes of a row for a customer with this standing."""
    if standing is None:
        kind, value = row.customer
        return Outturn(Became.REFUSED, f'there is no customer with this {kind.value}: "{value}"')
    before = seen.get((customer_id, row.target.id))
    if before is not None:
        same = before == row.goals
        return _ALREADY if same else Outturn(Became.REFUSED, "an earlier row says other goals of the same customer")
    if row.target.enrolment is EnrolmentMethod.TRANSACTION:
        return Outturn(Became.REFUSED, "the target enrols by TRANSACTION: everybody takes part, with its goals")
    if not takes_part(standing, row.target):
        return Outturn(Became.ENROLLED)
    enrolment = latest(standing, row.target.id)
    kept = () if enrolment is None else enrolment.goals
    asked = tuple((period_id, to_units(goal)) for period_id, goal in row.goals)
    return _ALREADY if asked == kept else Outturn(Became.CHANGED)


def _incoming_event(
    caller: Caller, first: Period, row: EnrolmentRow, customer_id: int, standing: Standing, now: int
) -> IncomingEvent:
    enrolment = latest(standing, row.target.id)
    covered = takes_part(standing, row.target) and enrolment is not None
    period_id = enrolment.period_id if covered and enrolment is not None else first.id
    payload = Enrol(target_id=row.target.id, period_id=period_id, goals=row.goals)
    return enrol_event(caller, customer_id, standing, payload, now)
