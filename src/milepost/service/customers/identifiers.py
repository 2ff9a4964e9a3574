"""Changing the names by which a customer is known: some are added, some taken away (facts 3.8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.customer_merge import LoseIdentifiers
from milepost.model.event import LOSE_IDENTIFIERS, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Standing
from milepost.service.customers.profile import NO_CUSTOMER
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.survivor_lookup import resolve_survivors, surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import customers, log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, key_of_customer

SOURCE = "milepost/names"
NAMES_MAX = 50
"""Names of one customer."""

NOT_THEIRS = 9012
TAKEN: Mapping[IdentifierKind, int] = {
    IdentifierKind.EMAIL: 9002,
    IdentifierKind.EXTERNAL_ID: 9003,
    IdentifierKind.MOBILE: 9005,
}
"""The vendor's codes for a name that is somebody else's; for other kinds it publishes none."""
TAKEN_OTHERWISE = 9049


async def change_identifiers(
    runtime: Runtime,
    caller: Caller,
    customer_id: int,
    added: Sequence[Identifier],
    removed: Sequence[Identifier],
) -> Customer:
    """Let a customer be known by other names, all of it or nothing; doing it again changes nothing. Raises Refused.

    A name that was taken away leads nowhere from then on, and may be given to somebody else.
    """

    async def work(transaction: Transaction) -> Customer:
        leads = await resolve_survivors(transaction, caller.org_id, [customer_id])
        customer_key = key_of_customer(caller.org_id, leads[customer_id])
        standing = surviving(await log.lock_standings(transaction, [customer_key])).get(customer_key)
        if standing is None:
            raise Refused(NO_CUSTOMER)
        known = (await customers.profiles(transaction, [customer_key]))[customer_key]
        await _refuse(transaction, customer_key, known, added, removed)
        changed = await _renamed(transaction, customer_key, known, added, removed)
        if any(name in known.identifiers for name in removed):
            await runtime.ingest.inside(
                transaction, [_incoming_event(caller, customer_key, standing, removed, runtime.clock())]
            )
        changed = replace(changed, updated_at=runtime.clock(), updated_by=caller.till_id)
        await customers.save_profile(transaction, caller.org_id, changed)
        return changed

    return await runtime.database.attempt(work)


async def _refuse(
    transaction: Transaction,
    customer_key: CustomerKey,
    known: Customer,
    added: Sequence[Identifier],
    removed: Sequence[Identifier],
) -> None:
    """Raise Refused with all that stands against it."""
    names = [(customer_key.org_id, name) for name in (*added, *removed)]
    holders = (
        {name: id_ for (_, name), id_ in (await customers.ids_by_identifier(transaction, names)).items()}
        if names
        else {}
    )
    problems = [
        Problem(
            f"add[{place}]", f"Requested new {name.kind.value} already exists", TAKEN.get(name.kind, TAKEN_OTHERWISE)
        )
        for place, name in enumerate(added)
        if holders.get(name, customer_key.customer_id) != customer_key.customer_id
    ]
    problems += [
        Problem(f"remove[{place}]", "Old value is invalid: it leads to another customer", NOT_THEIRS)
        for place, name in enumerate(removed)
        if holders.get(name, customer_key.customer_id) != customer_key.customer_id
    ]
    problems += [
        Problem(f"remove[{place}]", "is to be added as well") for place, name in enumerate(removed) if name in added
    ]
    if len({*known.identifiers, *added} - {*removed}) > NAMES_MAX:
        problems.append(Problem("add", f"a customer may have {NAMES_MAX} names"))
    if problems:
        raise Refused(*problems)


async def _renamed(
    transaction: Transaction,
    customer_key: CustomerKey,
    known: Customer,
    added: Sequence[Identifier],
    removed: Sequence[Identifier],
) -> Customer:
    """Take and give the names; return the customer who has them."""
    await customers.release_identifiers(transaction, _ordered(customer_key, removed), customer_key.customer_id)
    wanted = _ordered(customer_key, (name for name in added if name not in known.identifiers))
    won = (
        await customers.reserve_identifiers(transaction, wanted, [customer_key.customer_id] * len(wanted))
        if wanted
        else set()
    )
    if len(won) < len(wanted):
        raise Refused(Problem("add", "is being taken by another request; send it again"))
    kept = [name for name in known.identifiers if name not in removed]
    return replace(known, identifiers=tuple(dict.fromkeys((*kept, *added))))


def _ordered(customer_key: CustomerKey, names: Iterable[Identifier]) -> list[customers.IdentifierKey]:
    ordered = sorted(set(names), key=lambda name: (name.kind.value, name.value))
    return [(customer_key.org_id, name) for name in ordered]


def _incoming_event(
    caller: Caller, customer_key: CustomerKey, standing: Standing, removed: Sequence[Identifier], now: int
) -> IncomingEvent:
    return IncomingEvent(
        org_id=caller.org_id,
        customer=Identifier(IdentifierKind.ID, str(customer_key.customer_id)),
        key=EventKey(SOURCE, str(standing.seq)),
        name=LOSE_IDENTIFIERS,
        occurred_at=now,
        received_at=now,
        place=None,
        till_id=caller.till_id,
        payload=LoseIdentifiers(kinds=tuple(sorted({name.kind.value for name in removed}))),
    )
