"""A customer's log up to an instant, with the rules that judged it: what an explanation and a look at the past need."""

from collections.abc import Mapping
from typing import NamedTuple

from milepost.engine.apply import START, Replayed, replay
from milepost.engine.progress.history import Logged
from milepost.model.customer import Customer
from milepost.model.event import MERGE_INTO_SURVIVOR, Event
from milepost.model.lazy import unpack_rows
from milepost.model.standing import Lineage, Progress, ProgressKey, Standing
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex
from milepost.service.customers.view import CustomerView
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, snapshot_at
from milepost.store import customers, organisations
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, LoggedRow, key_of_customer


class CustomerLog(NamedTuple):
    """The log of a customer up to `at` (epoch microseconds), or up to now if it is None.

    `events` are decoded, each with the version that judged it; `start` holds the logs of customers who were merged into
    this one. `snapshot` is the organisation as of then. `standing` is that of today, `stored` all progress of today.
    """

    customer: Customer
    snapshot: OrganisationSnapshot
    rows: list[tuple[int, LoggedRow]]
    events: list[tuple[int, Event]]
    rule_indexes: Mapping[int, RuleIndex]
    start: Replayed
    standing: Standing
    stored: Mapping[ProgressKey, Progress]
    at: Micros | None


async def read_log(
    runtime: Runtime, org_id: int, customer_id: int, at: Micros | None, *, follows: bool = True
) -> CustomerLog | None:
    """Return the log of a customer; None if the organisation has no such customer.

    A customer who was merged by then stands for the survivor if it *follows* merges.
    """
    async with runtime.database.transaction() as transaction:
        while True:
            key = key_of_customer(org_id, customer_id)
            found = await customers.find(transaction, key)
            if found is None:
                return None
            # An event that is received meanwhile is not in the standing, so it is left out of the log too.
            rows = await _rows(transaction, key, found.standing.seq, at)
            survivor = found.standing.lineage.survivor
            if not follows or survivor is None or all(row.name != MERGE_INTO_SURVIVOR for _, row in rows):
                break
            customer_id = survivor
        version = found.version if at is None else await organisations.version_at(transaction, org_id, at)
        current = await runtime.snapshots.at(transaction, org_id, found.version)
        snapshot = current if version == found.version else await snapshot_at(transaction, org_id, version)
        rule_indexes = {snapshot.organisation.version: snapshot.rule_index, found.version: current.rule_index}
        for needed in {version for version, _ in rows} - rule_indexes.keys():
            rule_indexes[needed] = (await snapshot_at(transaction, org_id, needed)).rule_index
        start = await _start(transaction, key, found.standing.lineage)
    return CustomerLog(
        customer=found.customer,
        snapshot=snapshot,
        rows=rows,
        events=[(version, row.event()) for version, row in rows],
        rule_indexes=rule_indexes,
        start=start,
        standing=found.standing,
        stored={row.key: row for row in found.history} | unpack_rows(found.standing.progress),
        at=at,
    )


async def _rows(
    transaction: Transaction, key: CustomerKey, last: int, at: Micros | None
) -> list[tuple[int, LoggedRow]]:
    """Return the events up to the number *last* that were received by the instant *at*, each with its version."""
    rows = await customers.full_log(transaction, key)
    return [one for one in rows if one[1].seq <= last and (at is None or one[1].received_at <= at)]


async def _start(transaction: Transaction, key: CustomerKey, lineage: Lineage) -> Replayed:
    """Return a beginning that knows the logs of the customers who were merged into this one."""
    log: list[Logged] = []
    for merged in lineage.merged:
        rows = await customers.full_log(transaction, key_of_customer(key.org_id, merged.customer_id))
        log += [Logged(row.event(), row.seq, row.entries, merged.under) for _, row in rows]
    return START._replace(log=tuple(log))


def view_of_stored(log: CustomerLog) -> CustomerView:
    """Return the customer as stored today, by the definitions of the log's instant; currencies are not named."""
    return CustomerView(
        snapshot=log.snapshot,
        customer=log.customer,
        standing=log.standing,
        progress={**log.stored},
        currency_names={},
    )


def view_of_log(log: CustomerLog) -> CustomerView:
    """Return the customer as the log leads to it; currencies are not named."""
    replayed = replay(log.rule_indexes.__getitem__, log.events, log.start)
    return CustomerView(
        snapshot=log.snapshot,
        customer=log.customer,
        standing=replayed.standing,
        progress=replayed.history | unpack_rows(replayed.standing.progress),
        currency_names={},
    )


async def view_at(runtime: Runtime, org_id: int, customer_id: int, at: Micros) -> CustomerView | None:
    """Return the customer as of the instant *at*, by what had been received then; None if there is none."""
    log = await read_log(runtime, org_id, customer_id, at)
    return None if log is None else view_of_log(log)
