"""Takes out everything that is stored of one person, for that person."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.customer import Customer
from milepost.model.definitions.customer_goal import CustomerGoal
from milepost.model.standing import Progress, Standing
from milepost.service.ingest.lookup.survivor_lookup import merge_family, resolve_survivors
from milepost.service.runtime.runtime import Runtime
from milepost.store import customer_goals, customers
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, LoggedRow, key_of_customer
from milepost.store.privacy import records
from milepost.store.privacy.records import Membership, StoredMessage


class CustomerRecord(NamedTuple):
    """Everything that is stored of a customer."""

    customer: Customer
    standing: Standing
    history: Sequence[Progress]
    log: Sequence[LoggedRow]
    goals: Sequence[CustomerGoal]
    memberships: Sequence[Membership]
    messages: Sequence[StoredMessage]


async def read_record(runtime: Runtime, org_id: int, customer_id: int) -> list[CustomerRecord]:
    """Return what is stored of a customer, and then of everybody who was merged into the customer.

    The list is empty if the organisation has no such customer.
    """
    async with runtime.database.transaction() as transaction:
        survivors = await resolve_survivors(transaction, org_id, [customer_id])
        family = await merge_family(transaction, org_id, survivors.values())
        first = survivors[customer_id]
        ids = (first, *sorted(family.keys() - {first}))
        found = [await _record(transaction, key_of_customer(org_id, id_)) for id_ in ids]
    return [record for record in found if record is not None]


async def _record(transaction: Transaction, customer_key: CustomerKey) -> CustomerRecord | None:
    stored = await customers.find(transaction, customer_key)
    if stored is None:
        return None
    return CustomerRecord(
        customer=stored.customer,
        standing=stored.standing,
        history=stored.history,
        log=[row for _, row in await customers.full_log(transaction, customer_key)],
        goals=await customer_goals.of_customer(transaction, customer_key),
        memberships=await records.memberships(transaction, customer_key),
        messages=await records.messages(transaction, customer_key),
    )
