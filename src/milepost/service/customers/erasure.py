"""Erases a customer: everything that names, describes or was done by the person (decision 0044)."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.ingest.lookup.survivor_lookup import merge_family, resolve_survivors
from milepost.service.runtime.runtime import Runtime
from milepost.store import customers, log
from milepost.store.access import logins
from milepost.store.database import Stale, Transaction
from milepost.store.log import CustomerKey, key_of_customer
from milepost.store.privacy import erasures
from milepost.store.privacy.erasures import Erasure

REFERENCE_CHARACTERS_MAX = 100
ACT = "customer erase"


class ErasureRequest(NamedTuple):
    """That a customer is to be erased, by whom, and the requester's reference; `at` is in epoch microseconds."""

    org_id: int
    customer_id: int
    actor: str
    reference: str
    at: Micros


class ErasedPerson(NamedTuple):
    """The records of one person's erasure: of the customer, and of those who had been merged into the customer."""

    erasures: Sequence[Erasure]

    @property
    def events(self) -> int:
        """Return how many events were erased."""
        return sum(erasure.events for erasure in self.erasures)


def check_reference(reference: str) -> None:
    """Raise Refused if *reference* is no reference to a request; it outlives the person's data, so it is short."""
    if not 1 <= len(reference) <= REFERENCE_CHARACTERS_MAX or "\0" in reference:
        reason = f"must have 1 to {REFERENCE_CHARACTERS_MAX} characters, none of them U+0000"
        raise Refused(Problem("reference", reason))


async def erase_customer(runtime: Runtime, request: ErasureRequest) -> ErasedPerson | None:
    """Erase a customer, and everybody who was merged into the customer; return the records, None if there is none.

    A customer who was erased before is not erased again: the records of then are returned.
    """
    check_reference(request.reference)

    async def work(transaction: Transaction) -> ErasedPerson | None:
        return await erase_within(transaction, request)

    erased = await runtime.database.attempt(work)
    # Boards of this process are refreshed before they are read again.
    runtime.ingest.scored += 1
    return erased


async def erase_within(transaction: Transaction, request: ErasureRequest) -> ErasedPerson | None:
    """Erase a customer as a part of *transaction*. Raises Stale if the customer was merged meanwhile."""
    org_id, customer_id = request.org_id, request.customer_id
    family = await _family(transaction, org_id, customer_id)
    await erasures.hold_senders(transaction, family)
    locked = await log.lock_standings(transaction, family)
    if not locked:
        earlier = await erasures.find(transaction, org_id, customer_id)
        return None if earlier is None else ErasedPerson([earlier])
    if await _family(transaction, org_id, customer_id) != family:
        raise Stale
    profiles = await customers.profiles(transaction, family)
    await erasures.release_identifiers(transaction, org_id, list(profiles.values()))
    records = []
    for customer_key in locked:
        events = await erasures.erase(transaction, customer_key)
        record = Erasure(
            org_id=org_id,
            customer_id=customer_key.customer_id,
            erased_at=request.at,
            reference=request.reference,
            events=events,
        )
        await erasures.record(transaction, record)
        records.append(record)
    await logins.record_act(transaction, org_id=org_id, actor=request.actor, act=ACT, subject=str(customer_id))
    return ErasedPerson(records)


async def _family(transaction: Transaction, org_id: int, customer_id: int) -> list[CustomerKey]:
    """Return the keys of the customer, the survivor, and everybody merged into the survivor, in key order."""
    survivors = await resolve_survivors(transaction, org_id, [customer_id])
    family = await merge_family(transaction, org_id, survivors.values())
    return sorted(key_of_customer(org_id, id_) for id_ in {customer_id, *family})


async def recorded_erasures(runtime: Runtime, org_id: int | None) -> list[Erasure]:
    """Return the records of erasures of an organisation, or of all organisations."""
    async with runtime.database.reading() as reading:
        return await erasures.recorded(reading, org_id)


async def repeat_erasures(runtime: Runtime, recorded: Sequence[Erasure], actor: str) -> int:
    """Erase again whom an older backup has brought back; return how many of the *recorded* customers were there.

    All are recorded again, and no later customer gets one of their ids.
    """
    if not recorded:
        return 0
    repeated = 0
    for erasure in recorded:

        async def work(transaction: Transaction, erasure: Erasure = erasure) -> int:
            request = ErasureRequest(
                org_id=erasure.org_id,
                customer_id=erasure.customer_id,
                actor=actor,
                reference=erasure.reference,
                at=erasure.erased_at,
            )
            key = key_of_customer(erasure.org_id, erasure.customer_id)
            is_there = bool(await log.standings(transaction, [key]))
            if is_there:
                await erase_within(transaction, request)
            await erasures.record(transaction, erasure)
            await erasures.pass_customer_ids(transaction, erasure.customer_id)
            return int(is_there)

        repeated += await runtime.database.attempt(work)
    return repeated
