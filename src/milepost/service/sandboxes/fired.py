"""What came of moving a clock: periods that opened and closed, and what customers were told because of it."""

from typing import NamedTuple

from milepost.model.event import COMMANDS
from milepost.model.scheduled.boundary import BoundaryKind
from milepost.model.standing import Outcome, OutcomeKind
from milepost.model.target import TargetGroup
from milepost.model.time import Micros, to_micros
from milepost.rules.compiled.index import RuleIndex
from milepost.service.delivery.replayed_customer import replay_customer
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import log, sandboxes
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey
from milepost.store.sandboxes import DueBoundary

LISTED_MAX = 1_000
"""How many happenings an answer lists; the others are counted."""
CUSTOMERS_MAX = 10_000


class Happening(NamedTuple):
    """Something that came due: a boundary, or an outcome of one customer; `at` is in epoch microseconds."""

    at: Micros
    type: str
    group: str
    target: str | None
    period: str | None
    customer_id: int | None


class Fired(NamedTuple):
    """What happened, in the order of time, and how many happenings more there were than are listed."""

    happenings: tuple[Happening, ...]
    left_out: int


NOTHING = Fired((), 0)
_BOUNDARIES = {BoundaryKind.OPENED: "PERIOD_OPENED", BoundaryKind.CLOSED: "PERIOD_CLOSED"}


async def fired_between(runtime: Runtime, org_id: int, since: Micros, until: Micros) -> Fired:
    """Return what became due after *since* and until *until*, found by replay of the customers whom it concerns."""
    async with runtime.database.transaction() as transaction:
        snapshot = await runtime.snapshots.of_organisation(transaction, org_id)
        boundaries = await sandboxes.boundaries_between(transaction, org_id, since, until)
        found = [
            _boundary(group, one) for one in boundaries if (group := snapshot.groups.get(one.group_id)) is not None
        ]
        names = sorted(COMMANDS)
        concerned = await sandboxes.own_events_between(transaction, org_id, names, since, until, CUSTOMERS_MAX)
        indexes: dict[int, RuleIndex] = {}
        for key, seqs in concerned:
            found += await _of_customer(transaction, snapshot, key, seqs, indexes)
    found.sort(key=lambda one: (one.at, one.customer_id or 0, one.type))
    return Fired(tuple(found[:LISTED_MAX]), max(0, len(found) - LISTED_MAX))


def _boundary(group: TargetGroup, due: DueBoundary) -> Happening:
    return Happening(
        at=due.due_at,
        type=_BOUNDARIES[due.kind],
        group=group.name,
        target=None,
        period=_period(group, due.period_id),
        customer_id=None,
    )


async def _of_customer(
    transaction: Transaction,
    snapshot: OrganisationSnapshot,
    key: CustomerKey,
    seqs: frozenset[int],
    indexes: dict[int, RuleIndex],
) -> list[Happening]:
    """Return the outcomes of these events of a customer, without those that only say that a period began or ended."""
    standing = (await log.standings(transaction, [key])).get(key)
    if standing is None:
        return []
    logged, replayed, _ = await replay_customer(transaction, key, standing.lineage, indexes)
    outcomes = [
        outcome
        for (_, row), applied in zip(logged, replayed.applied, strict=True)
        if row.seq in seqs
        for outcome in applied.outcomes
        if outcome.kind not in {OutcomeKind.PERIOD_STARTED, OutcomeKind.PERIOD_CLOSED}
    ]
    return [_happening(snapshot, outcome, key.customer_id) for outcome in outcomes]


def _happening(snapshot: OrganisationSnapshot, outcome: Outcome, customer_id: int) -> Happening:
    group = snapshot.holders.get(outcome.target_id) or snapshot.groups.get(outcome.about)
    names = {} if group is None else {target.id: target.name for target in group.targets}
    return Happening(
        at=to_micros(outcome.at),
        type=outcome.kind.name,
        group="" if group is None else group.name,
        target=names.get(outcome.target_id),
        period=None if group is None else _period(group, outcome.period_id),
        customer_id=customer_id,
    )


def _period(group: TargetGroup, period_id: int) -> str | None:
    return next((one.ref_code for one in group.periods if one.id == period_id), None)
