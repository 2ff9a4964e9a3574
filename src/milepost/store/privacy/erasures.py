"""Erases what is stored of customers, and records it (decision 0044)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from milepost.model.bucket import bucket_of_identifier
from milepost.model.customer import Customer
from milepost.model.event import EventKey
from milepost.model.scheduled.job import JobKind
from milepost.model.time import Micros
from milepost.store import leaderboards
from milepost.store.chain import roots
from milepost.store.chain.digests import head_over, numbered_digests
from milepost.store.claims import key_of_claim
from milepost.store.customers import full_log
from milepost.store.database import Transaction
from milepost.store.delivery.outbox import BUCKETS_EACH
from milepost.store.log import CustomerKey, LoggedRow
from milepost.store.wire.arrays import byteas, int4s, int8s, texts


class Erasure(NamedTuple):
    """That a customer was erased: when (epoch microseconds), upon which request, and how many events there were."""

    org_id: int
    customer_id: int
    erased_at: Micros
    reference: str
    events: int


async def hold_senders(transaction: Transaction, customer_keys: Iterable[CustomerKey]) -> None:
    """Keep everything that writes messages about *customer_keys* waiting until the transaction ends.

    Called before their standings are locked: a page that is being written ends first, so its messages are erased too.
    """
    keys = list(customer_keys)
    relays = sorted({key.bucket // BUCKETS_EACH for key in keys})
    await transaction.rows("hold_relays", {"relays": int4s(relays)})
    for org_id in sorted({key.org_id for key in keys}):
        await transaction.rows("hold_recoveries", {"org_id": org_id, "kind": JobKind.RECOVER_MESSAGES.value})


async def erase(transaction: Transaction, customer_key: CustomerKey) -> int:
    """Erase everything of a customer but digests and identifiers; return how many events there were.

    The standing is locked, and the senders are held.
    """
    key = customer_key._asdict()
    log = await full_log(transaction, customer_key)
    await _erase_log(transaction, customer_key, log)
    held = [delivery_id for (delivery_id,) in await transaction.rows("hold_deliveries", key)]
    await transaction.run("erase_attempts", key | {"deliveries": int8s(held)})
    await transaction.run("erase_feed", key | {"relay_id": customer_key.bucket // BUCKETS_EACH})
    await transaction.run("erase_deliveries", key)
    await transaction.run("erase_delivery_numbers", key)
    await transaction.run("erase_outbox", key)
    await transaction.run("erase_change_effects", key)
    await transaction.run("clear_history", key)
    await transaction.run("remove_member_everywhere", key)
    await transaction.run("delete_customer_goals", key)
    await transaction.run("erase_customer", key)
    await transaction.run("erase_standing", key)
    await leaderboards.reset_customer(transaction, customer_key)
    return len(log)


async def _erase_log(transaction: Transaction, customer_key: CustomerKey, log: Sequence[tuple[int, LoggedRow]]) -> None:
    packed = await roots.digests_of_log(transaction, customer_key)
    left = numbered_digests(packed)
    digests = {
        "seqs": int8s([seq for seq, _ in left]),
        "versions": int8s([version for version, _ in log]),
        "digests": byteas([digest for _, digest in left]),
    }
    await roots.keep_erased_head(transaction, customer_key, head_over(packed)[0])
    await transaction.run("erase_events", customer_key._asdict() | digests)
    # A later bill of one number is logged under the number, a `#` and its date; its claim is under the number.
    names = {row.key for _, row in log} | {EventKey(row.key.source, row.key.id.split("#")[0]) for _, row in log}
    claimed = sorted(key_of_claim(customer_key.org_id, name) for name in names)
    if claimed:
        buckets, orgs, claim_digests = zip(*claimed, strict=True)
        values = {"buckets": int4s(buckets), "orgs": int8s(orgs), "digests": byteas(claim_digests)}
        await transaction.run("erase_claims", values | {"customer_id": customer_key.customer_id})


async def release_identifiers(transaction: Transaction, org_id: int, customers: Sequence[Customer]) -> None:
    """Release every identifier of *customers*, whichever of them has it."""
    named = sorted({name for customer in customers for name in customer.identifiers})
    values = {
        "buckets": int4s([bucket_of_identifier(org_id, name.kind.value, name.value) for name in named]),
        "orgs": int8s([org_id] * len(named)),
        "kinds": texts([name.kind.value for name in named]),
        "values": texts([name.value for name in named]),
        "customers": int8s([customer.id for customer in customers]),
    }
    await transaction.run("erase_identifiers", values)


async def record(transaction: Transaction, erasure: Erasure) -> None:
    """Record an erasure; one that is recorded stays as it is."""
    await transaction.run("record_erasure", erasure._asdict())


async def find(transaction: Transaction, org_id: int, customer_id: int) -> Erasure | None:
    """Return the record of a customer's erasure, None if there is none."""
    row = await transaction.row("erasure", {"org_id": org_id, "customer_id": customer_id})
    return None if row is None else Erasure(*row)


async def recorded(transaction: Transaction, org_id: int | None) -> list[Erasure]:
    """Return the records of erasures of an organisation, or of all."""
    return [Erasure(*row) for row in await transaction.rows("erasures", {"org_id": org_id})]


async def pass_customer_ids(transaction: Transaction, customer_id: int) -> None:
    """Have no customer get an id up to *customer_id* from now on."""
    await transaction.row("pass_customer_ids", {"id": customer_id})
