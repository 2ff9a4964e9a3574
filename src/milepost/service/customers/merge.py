"""Merges two customers in one transaction: the survivor takes over what the victim had (decision 0022)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from milepost.engine.commands.customer_merge import absorbed_progress
from milepost.model.commands.customer_merge import MergeIntoSurvivor
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.event import ABSORB_CUSTOMER, MERGE_INTO_SURVIVOR, CommandPayload, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Standing
from milepost.model.time import Micros
from milepost.service.ingest.identity import identifier_order
from milepost.service.ingest.incoming_event import IncomingEvent, Status, own_event
from milepost.service.ingest.lookup.identifier_lookup import stored_identifiers
from milepost.service.ingest.lookup.survivor_lookup import resolve_survivors
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import audiences, customer_goals, customers, leaderboards, log
from milepost.store.database import Stale, Transaction
from milepost.store.log import CustomerKey, key_of_customer

SOURCE = "milepost/merge"
INTO = EventKey("milepost/merge-into", "survivor")
UNKNOWN = 9042
SURVIVOR_MERGED = 9023
VICTIM_MERGED = 9027
SAME = 9029


class MergeRequest(NamedTuple):
    """A merge that was made: its number, and the two customers."""

    id: int
    victim_id: int
    survivor_id: int


class _LockedPair(NamedTuple):
    """The two customers of a merge, locked; `standing` is the victim's."""

    victim: CustomerKey
    standing: Standing
    survivor: CustomerKey


async def merge_customers(runtime: Runtime, caller: Caller, victim: Identifier, survivor: Identifier) -> MergeRequest:
    """Merge *victim* into *survivor*. Raises Refused with the vendor's codes.

    Repeating a request returns the same answer.
    """

    async def work(transaction: Transaction) -> MergeRequest:
        names = await stored_identifiers(transaction, caller.org_id, [victim, survivor])
        return await merge_named(transaction, *names)

    async def merge_named(transaction: Transaction, victim: Identifier, survivor: Identifier) -> MergeRequest:
        victim_id = await _customer_id(transaction, caller.org_id, victim, "remove")
        survivor_id = await _customer_id(transaction, caller.org_id, survivor, "add")
        done = await _earlier_merge(transaction, caller.org_id, victim, victim_id, survivor_id)
        if done is not None:
            return done
        pair = await _locked(transaction, caller.org_id, victim_id, survivor_id)
        if victim_id != await _customer_id(transaction, caller.org_id, victim, "remove"):
            raise Stale
        if survivor_id != await _customer_id(transaction, caller.org_id, survivor, "add"):
            raise Stale
        archived = (await log.histories(transaction, [pair.victim])).get(pair.victim, [])
        payload = absorbed_progress(victim_id, pair.standing, archived)
        incoming_events = [
            _incoming_event(runtime, caller, pair.survivor, EventKey(SOURCE, str(victim_id)), payload),
            _incoming_event(runtime, caller, pair.victim, INTO, MergeIntoSurvivor(customer_id=survivor_id)),
        ]
        for answer in await runtime.ingest.inside(transaction, incoming_events):
            if answer.status is not Status.APPLIED:
                raise Refused(*answer.problems)
        await _move(transaction, caller, pair, runtime.clock())
        return _merge_of(victim_id, survivor_id)

    return await runtime.database.attempt(work)


def _merge_of(victim_id: int, survivor_id: int) -> MergeRequest:
    return MergeRequest(EventKey(SOURCE, str(victim_id)).log_id, victim_id, survivor_id)


async def _customer_id(transaction: Transaction, org_id: int, name: Identifier, path: str) -> int:
    """Return the id of the customer called *name*, who may have been merged since. Raises Refused at *path*."""
    customer_id = int(name.value) if name.kind is IdentifierKind.ID else None
    if customer_id is None:
        customer_id = (await customers.ids_by_identifier(transaction, [(org_id, name)])).get((org_id, name))
    if customer_id is None or not await log.standings(transaction, [key_of_customer(org_id, customer_id)]):
        raise Refused(Problem(path, "Customer not found for given identifiers", UNKNOWN))
    return customer_id


async def _earlier_merge(
    transaction: Transaction, org_id: int, name: Identifier, victim_id: int, survivor_id: int
) -> MergeRequest | None:
    """Return the merge if it was made before, or None if it is still to be made. Raises Refused if it cannot be made.

    After a merge the victim's identifier *name* finds the survivor, so a repeated request seems to name one customer
    twice. It is recognised by the identifiers that the victim had.
    """
    survivors = await resolve_survivors(transaction, org_id, [victim_id, survivor_id])
    if survivors[victim_id] != survivors[survivor_id]:
        if survivors[victim_id] != victim_id:
            raise Refused(Problem("remove", "Victim is already merged to another user", VICTIM_MERGED))
        if survivors[survivor_id] != survivor_id:
            raise Refused(Problem("add", "Survivor is already merged to another user as victim", SURVIVOR_MERGED))
        return None
    if victim_id == survivor_id:
        former_id = await _former_holder(transaction, key_of_customer(org_id, survivors[victim_id]), name)
        if former_id is None:
            raise Refused(Problem("remove", "Survivor and victim are same", SAME))
        return _merge_of(former_id, survivor_id)
    if survivors[victim_id] == victim_id:
        raise Refused(Problem("add", "Survivor is already merged to another user as victim", SURVIVOR_MERGED))
    return _merge_of(victim_id, survivor_id)


async def _former_holder(transaction: Transaction, survivor: CustomerKey, name: Identifier) -> int | None:
    """Return the id of the customer who had *name* before being merged into *survivor*; None if there is none."""
    standing = (await log.standings(transaction, [survivor]))[survivor]
    merged = [key_of_customer(survivor.org_id, merged.customer_id) for merged in standing.lineage.merged]
    profiles = await customers.profiles(transaction, merged) if merged else {}
    return next(
        (
            customer_key.customer_id
            for customer_key in merged
            if customer_key in profiles and name in profiles[customer_key].identifiers
        ),
        None,
    )


async def _locked(transaction: Transaction, org_id: int, victim_id: int, survivor_id: int) -> _LockedPair:
    """Lock both customers in the order of their keys. Raises Stale if one was merged meanwhile."""
    victim, survivor = key_of_customer(org_id, victim_id), key_of_customer(org_id, survivor_id)
    standings: dict[CustomerKey, Standing] = {}
    for customer_key in sorted((victim, survivor)):
        standings |= await log.lock_standings(transaction, [customer_key])
    if any(standing.lineage.survivor is not None for standing in standings.values()):
        raise Stale
    return _LockedPair(victim, standings[victim], survivor)


def _incoming_event(
    runtime: Runtime, caller: Caller, customer_key: CustomerKey, key: EventKey, payload: CommandPayload
) -> IncomingEvent:
    name = MERGE_INTO_SURVIVOR if isinstance(payload, MergeIntoSurvivor) else ABSORB_CUSTOMER
    customer_id, now = customer_key.customer_id, runtime.clock()
    return own_event(caller.org_id, customer_id, key, name, payload, now=now, till_id=caller.till_id)


async def _move(transaction: Transaction, caller: Caller, pair: _LockedPair, now: Micros) -> None:
    """Move the victim's identifiers, profile, audiences and goals to the survivor, and drop the victim's scores."""
    victim, survivor = pair.victim, pair.survivor
    profiles = await customers.profiles(transaction, [victim, survivor])
    names = [(caller.org_id, name) for name in sorted(profiles[victim].identifiers, key=identifier_order)]
    await customers.move_identifiers(transaction, names, victim.customer_id, survivor.customer_id)
    await customers.save_profile(transaction, caller.org_id, _completed(profiles, pair, caller, now))
    await audiences.move_memberships(transaction, victim, survivor, now)
    await _move_goals(transaction, pair, now)
    await leaderboards.unite_activity(transaction, victim, survivor)
    await leaderboards.remove_customer(transaction, victim)


def _completed(profiles: Mapping[CustomerKey, Customer], pair: _LockedPair, caller: Caller, now: Micros) -> Customer:
    """Return the survivor's profile, completed by the victim's."""
    survivor, victim = profiles[pair.survivor], profiles[pair.victim]
    first = min(survivor, victim, key=lambda customer: customer.registered_at)
    return replace(
        survivor,
        first_name=survivor.first_name or victim.first_name,
        last_name=survivor.last_name or victim.last_name,
        identifiers=tuple(dict.fromkeys((*survivor.identifiers, *victim.identifiers))),
        fields={**victim.fields, **survivor.fields},
        extended_fields={**victim.extended_fields, **survivor.extended_fields},
        loyalty_type=victim.loyalty_type if survivor.loyalty_type is None else survivor.loyalty_type,
        registered_at=first.registered_at,
        registered_by=first.registered_by,
        updated_at=now,
        updated_by=caller.till_id,
        alias=survivor.alias or victim.alias,
        hidden=survivor.hidden or victim.hidden,
    )


async def _move_goals(transaction: Transaction, pair: _LockedPair, now: Micros) -> None:
    """Move the victim's goals to the survivor. Where both have one for a target, the victim's is cancelled."""
    survivors_goals = await customer_goals.of_customer(transaction, pair.survivor)
    running = {goal.target_id for goal in survivors_goals if goal.cancelled_at is None}
    for goal in await customer_goals.of_customer(transaction, pair.victim):
        is_double = goal.cancelled_at is None and goal.target_id in running
        moved = replace(goal, changed_at=now, cancelled_at=now) if is_double else goal
        await customer_goals.save(transaction, pair.survivor, moved)
    await customer_goals.delete_all(transaction, pair.victim)
