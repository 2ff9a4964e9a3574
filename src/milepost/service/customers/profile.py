"""Registers customers and changes their profiles (facts 3.8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from milepost.model.customer import Customer, Identifier
from milepost.model.event import REGISTRATION, Activity, EventKey, Scalar
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.ingest.identity import identifier_order
from milepost.service.ingest.incoming_event import IncomingEvent, own_event
from milepost.service.ingest.lookup.identifier_lookup import stored_identifiers
from milepost.service.ingest.lookup.survivor_lookup import resolve_survivors, surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import customers
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer, lock_standings

SOURCE = "milepost/customers"
NON_LOYALTY = "non_loyalty"
NO_CUSTOMER = Problem("customerId", "No customer found with the given identifier", 8015)
NOT_BACK = Problem("loyaltyInfo.loyaltyType", "A loyalty customer cannot become a non-loyalty customer", 8018)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDraft:
    """A customer as a request describes them. A name or loyalty type of None leaves the known one as it is."""

    identifiers: Sequence[Identifier]
    first_name: str | None = None
    last_name: str | None = None
    fields: Mapping[str, Scalar]
    extended_fields: Mapping[str, Scalar]
    loyalty_type: Scalar = None


@dataclass(frozen=True, slots=True)
class KeptCustomer:
    """A customer that was registered or changed; `is_new` says which."""

    customer: Customer
    is_new: bool


async def keep_customer(runtime: Runtime, caller: Caller, draft: CustomerDraft) -> KeptCustomer:
    """Register a customer, or change the customer whom the identifiers name.

    A registration is also an event, which targets may count. Raises Refused if the identifiers name several customers.
    """
    now = runtime.clock()

    async def work(transaction: Transaction) -> KeptCustomer:
        saved = await _keep(transaction, caller, draft, now)
        if saved.is_new:
            await runtime.ingest.inside(transaction, [_registration(saved.customer, caller, now)])
        return saved

    return await runtime.database.attempt(work)


async def change_customer(runtime: Runtime, caller: Caller, customer_id: int, draft: CustomerDraft) -> Customer:
    """Change the profile of a customer, but not the identifiers (facts 3.8). Raises Refused."""
    now = runtime.clock()

    async def work(transaction: Transaction) -> Customer:
        survivors = await resolve_survivors(transaction, caller.org_id, [customer_id])
        customer_key = key_of_customer(caller.org_id, survivors[customer_id])
        surviving(await lock_standings(transaction, [customer_key]))
        customer = (await customers.profiles(transaction, [customer_key])).get(customer_key)
        if customer is None:
            raise Refused(NO_CUSTOMER)
        if _normalised(draft.loyalty_type) == NON_LOYALTY and _normalised(customer.loyalty_type) != NON_LOYALTY:
            raise Refused(NOT_BACK)
        changed = _changed(customer, replace(draft, identifiers=()), caller, now)
        await customers.save_profile(transaction, caller.org_id, changed)
        return changed

    return await runtime.database.attempt(work)


async def change_display(
    runtime: Runtime, caller: Caller, customer_id: int, *, alias: str | None, hidden: bool | None
) -> Customer | None:
    """Change how leaderboards show a customer; None leaves it as it is. Return None if there is no such customer."""
    now = runtime.clock()

    async def work(transaction: Transaction) -> Customer | None:
        survivors = await resolve_survivors(transaction, caller.org_id, [customer_id])
        customer_key = key_of_customer(caller.org_id, survivors[customer_id])
        surviving(await lock_standings(transaction, [customer_key]))
        customer = (await customers.profiles(transaction, [customer_key])).get(customer_key)
        if customer is None:
            return None
        changed = replace(
            customer,
            alias=customer.alias if alias is None else alias,
            hidden=customer.hidden if hidden is None else hidden,
            updated_at=now,
            updated_by=caller.till_id,
        )
        await customers.save_profile(transaction, caller.org_id, changed)
        return changed

    changed = await runtime.database.attempt(work)
    # Boards of this process are refreshed before they are read again.
    runtime.ingest.scored += 1
    return changed


def _normalised(loyalty_type: Scalar) -> str:
    return str(loyalty_type or "").lower()


async def _keep(transaction: Transaction, caller: Caller, draft: CustomerDraft, now: Micros) -> KeptCustomer:
    draft = replace(draft, identifiers=await stored_identifiers(transaction, caller.org_id, draft.identifiers))
    names = [(caller.org_id, identifier) for identifier in sorted(set(draft.identifiers), key=identifier_order)]
    holder_by_name = await customers.ids_by_identifier(transaction, names)
    holders = set(holder_by_name.values())
    if len(holders) > 1:
        raise Refused(Problem("profiles[0].identifiers", "name different customers; merging is another call"))
    is_new = not holders
    if holders:
        # Locked, so that a merge or a change of identifiers at the same time sees all of this change or nothing.
        (survivor_id,) = (await resolve_survivors(transaction, caller.org_id, holders)).values()
        holders = {survivor_id}
        surviving(await lock_standings(transaction, [key_of_customer(caller.org_id, survivor_id)]))
    customer_id = holders.pop() if holders else (await customers.fresh_ids(transaction, 1))[0]
    free_names = [name for name in names if name not in holder_by_name]
    won = (
        await customers.reserve_identifiers(transaction, free_names, [customer_id] * len(free_names))
        if free_names
        else set()
    )
    if len(won) < len(free_names):
        raise Refused(Problem("profiles[0].identifiers", "are being taken by another request; send it again"))
    if is_new:
        customer = _changed(_new(customer_id, caller, now), draft, caller, now)
        await customers.add(transaction, [(caller.org_id, customer)])
        return KeptCustomer(customer, is_new)
    customer_key = key_of_customer(caller.org_id, customer_id)
    customer = _changed((await customers.profiles(transaction, [customer_key]))[customer_key], draft, caller, now)
    await customers.save_profile(transaction, caller.org_id, customer)
    return KeptCustomer(customer, is_new)


def _new(customer_id: int, caller: Caller, now: Micros) -> Customer:
    return Customer(id=customer_id, registered_at=now, registered_by=caller.till_id, updated_at=now)


def _changed(customer: Customer, draft: CustomerDraft, caller: Caller, now: Micros) -> Customer:
    added = [name for name in dict.fromkeys(draft.identifiers) if name not in customer.identifiers]
    return replace(
        customer,
        first_name=customer.first_name if draft.first_name is None else draft.first_name,
        last_name=customer.last_name if draft.last_name is None else draft.last_name,
        identifiers=(*customer.identifiers, *added),
        fields={**customer.fields, **draft.fields},
        extended_fields={**customer.extended_fields, **draft.extended_fields},
        loyalty_type=customer.loyalty_type if draft.loyalty_type is None else draft.loyalty_type,
        updated_at=now,
        updated_by=caller.till_id,
    )


def _registration(customer: Customer, caller: Caller, now: Micros) -> IncomingEvent:
    key = EventKey(SOURCE, "registration")
    return own_event(caller.org_id, customer.id, key, REGISTRATION, Activity({}), now=now, till_id=caller.till_id)
