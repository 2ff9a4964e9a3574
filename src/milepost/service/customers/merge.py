"""Merging two customers: one transaction in which the victim is taken over by the survivor (decision 0022)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from milepost.engine.commands.customer_merge import absorbed_progress
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.customer_merge import MergeIntoSurvivor
from milepost.model.event import ABSORB_CUSTOMER, MERGE_INTO_SURVIVOR, CommandPayload, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Standing
from milepost.service.ingest.incoming_event import IncomingEvent, Status
from milepost.service.ingest.survivor_lookup import resolve_survivors
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
    """What became of a request to merge: its number, and the two customers."""

    id: int
    victim_id: int
    survivor_id: int


class _Both(NamedTuple):
    """The two who are to become one, locked."""

    victim: CustomerKey
    victim_stood: Standing
    survivor: CustomerKey


async def merge_customers(runtime: Runtime, caller: Caller, victim: Identifier, survivor: Identifier) -> MergeRequest:
    """Merge two customers; the same request again gets the same answer. Raises Refused with the vendor's codes."""

    async def work(transaction: Transaction) -> MergeRequest:
        victim_id = await _meant(transaction, caller.org_id, victim, "remove")
        survivor_id = await _meant(transaction, caller.org_id, survivor, "add")
        done = await _done_before(transaction, caller.org_id, victim, victim_id, survivor_id)
        if done is not None:
            return done
        both = await _locked(transaction, caller.org_id, victim_id, survivor_id)
        if victim_id != await _meant(transaction, caller.org_id, victim, "remove"):
            raise Stale
        if survivor_id != await _meant(transaction, caller.org_id, survivor, "add"):
            raise Stale
        archived = (await log.histories(transaction, [both.victim])).get(both.victim, [])
        payload = absorbed_progress(victim_id, both.victim_stood, archived)
        incoming_events = [
            _incoming_event(runtime, caller, both.survivor, EventKey(SOURCE, str(victim_id)), payload),
            _incoming_event(runtime, caller, both.victim, INTO, MergeIntoSurvivor(customer_id=survivor_id)),
        ]
        for answer in await runtime.ingest.inside(transaction, incoming_events):
            if answer.status is not Status.APPLIED:
                raise Refused(*answer.problems)
        await _move(transaction, caller, both, runtime.clock())
        return _merger(victim_id, survivor_id)

    return await runtime.database.attempt(work)


def _merger(victim_id: int, survivor_id: int) -> MergeRequest:
    return MergeRequest(EventKey(SOURCE, str(victim_id)).log_id, victim_id, survivor_id)


async def _meant(transaction: Transaction, org_id: int, name: Identifier, path: str) -> int:
    """Return the id of the customer called so, who may be merged by now; raises Refused."""
    customer_id = int(name.value) if name.kind is IdentifierKind.ID else None
    if customer_id is None:
        customer_id = (await customers.ids_by_identifier(transaction, [(org_id, name)])).get((org_id, name))
    if customer_id is None or not await log.standings(transaction, [key_of_customer(org_id, customer_id)]):
        raise Refused(Problem(path, "Customer not found for given identifiers", UNKNOWN))
    return customer_id


async def _done_before(
    transaction: Transaction, org_id: int, name: Identifier, victim_id: int, survivor_id: int
) -> MergeRequest | None:
    """Return the merger if it was made before, None if it is to be made; raises Refused where it cannot be."""
    leads = await resolve_survivors(transaction, org_id, [victim_id, survivor_id])
    if leads[victim_id] != leads[survivor_id]:
        if leads[victim_id] != victim_id:
            raise Refused(Problem("remove", "Victim is already merged to another user", VICTIM_MERGED))
        if leads[survivor_id] != survivor_id:
            raise Refused(Problem("add", "Survivor is already merged to another user as victim", SURVIVOR_MERGED))
        return None
    if victim_id == survivor_id:
        once = await _who_was_called(transaction, key_of_customer(org_id, leads[victim_id]), name)
        if once is None:
            raise Refused(Problem("remove", "Survivor and victim are same", SAME))
        return _merger(once, survivor_id)
    if leads[victim_id] == victim_id:
        raise Refused(Problem("add", "Survivor is already merged to another user as victim", SURVIVOR_MERGED))
    return _merger(victim_id, survivor_id)


async def _who_was_called(transaction: Transaction, survivor: CustomerKey, name: Identifier) -> int | None:
    """Return who, of those merged into a customer, had the name that leads to that one now."""
    standing = (await log.standings(transaction, [survivor]))[survivor]
    merged = [key_of_customer(survivor.org_id, one.customer_id) for one in standing.lineage.merged]
    had = await customers.profiles(transaction, merged) if merged else {}
    return next(
        (
            customer_key.customer_id
            for customer_key in merged
            if customer_key in had and name in had[customer_key].identifiers
        ),
        None,
    )


async def _locked(transaction: Transaction, org_id: int, victim_id: int, survivor_id: int) -> _Both:
    """Lock both, one bucket after the other in the order of keys; raises Stale if one was merged meanwhile."""
    victim, survivor = key_of_customer(org_id, victim_id), key_of_customer(org_id, survivor_id)
    found: dict[CustomerKey, Standing] = {}
    for customer_key in sorted((victim, survivor)):
        found |= await log.lock_standings(transaction, [customer_key])
    if any(standing.lineage.merged_into for standing in found.values()):
        raise Stale
    return _Both(victim, found[victim], survivor)


def _incoming_event(
    runtime: Runtime, caller: Caller, customer_key: CustomerKey, key: EventKey, payload: CommandPayload
) -> IncomingEvent:
    now = runtime.clock()
    return IncomingEvent(
        org_id=caller.org_id,
        customer=Identifier(IdentifierKind.ID, str(customer_key.customer_id)),
        key=key,
        name=MERGE_INTO_SURVIVOR if isinstance(payload, MergeIntoSurvivor) else ABSORB_CUSTOMER,
        occurred_at=now,
        received_at=now,
        place=None,
        till_id=caller.till_id,
        payload=payload,
    )


async def _move(transaction: Transaction, caller: Caller, both: _Both, now: int) -> None:
    """Move what is found by customer: names, profile, audiences, own goals, scores."""
    victim, survivor = both.victim, both.survivor
    profiles = await customers.profiles(transaction, [victim, survivor])
    names = [(caller.org_id, name) for name in sorted(profiles[victim].identifiers, key=_in_order)]
    await customers.move_identifiers(transaction, names, victim.customer_id, survivor.customer_id)
    await customers.save_profile(transaction, caller.org_id, _joined(profiles, both, caller, now))
    await audiences.move_memberships(transaction, victim, survivor, now)
    await _move_goals(transaction, both, now)
    await leaderboards.remove_customer(transaction, victim)


def _in_order(identifier: Identifier) -> tuple[str, str]:
    return identifier.kind.value, identifier.value


def _joined(profiles: Mapping[CustomerKey, Customer], both: _Both, caller: Caller, now: int) -> Customer:
    """Return the survivor's profile, with what the victim's adds to it."""
    ours, theirs = profiles[both.survivor], profiles[both.victim]
    first = min(ours, theirs, key=lambda one: one.registered_at)
    return replace(
        ours,
        first_name=ours.first_name or theirs.first_name,
        last_name=ours.last_name or theirs.last_name,
        identifiers=tuple(dict.fromkeys((*ours.identifiers, *theirs.identifiers))),
        fields={**theirs.fields, **ours.fields},
        extended_fields={**theirs.extended_fields, **ours.extended_fields},
        loyalty_type=theirs.loyalty_type if ours.loyalty_type is None else ours.loyalty_type,
        registered_at=first.registered_at,
        registered_by=first.registered_by,
        updated_at=now,
        updated_by=caller.till_id,
    )


async def _move_goals(transaction: Transaction, both: _Both, now: int) -> None:
    """Let goals that the victim set be the survivor's; of two for one target the victim's is cancelled."""
    kept = await customer_goals.of_customer(transaction, both.survivor)
    running = {goal.target_id for goal in kept if goal.cancelled_at is None}
    for goal in await customer_goals.of_customer(transaction, both.victim):
        doubled = goal.cancelled_at is None and goal.target_id in running
        moved = replace(goal, changed_at=now, cancelled_at=now) if doubled else goal
        await customer_goals.save(transaction, both.survivor, moved)
    await customer_goals.delete_all(transaction, both.victim)
