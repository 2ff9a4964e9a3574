"""Applies a customer's log again, together with those of the customers who were merged into this one."""

from typing import NamedTuple

from milepost.engine.apply import START, Replayed, replay
from milepost.engine.progress.history import Logged
from milepost.model.standing import Lineage
from milepost.rules.compiled.index import RuleIndex
from milepost.service.snapshot.organisation_snapshot import snapshot_at
from milepost.store import customers
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, LoggedRow, key_of_customer


class ReplayedCustomer(NamedTuple):
    """A customer's log, each event with its version, and where it leads; `first` is its place in the whole log."""

    log: list[tuple[int, LoggedRow]]
    replayed: Replayed
    first: int


async def replay_customer(
    transaction: Transaction, customer_key: CustomerKey, lineage: Lineage, rule_indexes: dict[int, RuleIndex]
) -> ReplayedCustomer:
    """Apply the log of a customer with this *lineage* again; *rule_indexes* remembers rules by version."""
    log = await customers.full_log(transaction, customer_key)
    merged_logs = {
        merged.under: await customers.full_log(transaction, key_of_customer(customer_key.org_id, merged.customer_id))
        for merged in lineage.merged
    }
    for version in {version for version, _ in log} - rule_indexes.keys():
        rule_indexes[version] = (await snapshot_at(transaction, customer_key.org_id, version)).rule_index
    start = START._replace(
        log=tuple(
            Logged(row.event(), row.seq, row.entries, under) for under, rows in merged_logs.items() for _, row in rows
        )
    )
    replayed = replay(rule_indexes.__getitem__, [(version, row.event()) for version, row in log], start)
    return ReplayedCustomer(log, replayed, len(start.log))
