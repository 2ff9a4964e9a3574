"""Authorises awards: decides how much of an intended award the caps leave, and uses them up (decision 0012)."""

from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from milepost.model.commands.correction import VoidAward
from milepost.model.event import AWARDS_SOURCE, AuthoriseAward, EventKey
from milepost.model.problem import Problem
from milepost.model.standing import Reason
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex
from milepost.service.customers.periods import customer_goal
from milepost.service.customers.view import view_customer
from milepost.service.ingest.incoming_event import Answer, Status
from milepost.service.runtime.idempotent_commands import command_event, is_known_command, submit_once
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import PlaceName, snapshot_at

SOURCE = AWARDS_SOURCE
VOIDS = "milepost/awards/voids"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationRequest:
    """An intended award. `id` is the idempotency key; `at` is in epoch microseconds, None for now."""

    id: str
    customer_id: int
    at: Micros | None
    place: PlaceName | None
    payload: AuthoriseAward
    warnings: tuple[Problem, ...] = ()


class UsedCap(NamedTuple):
    """How much an authorisation used of one cap; amounts in units (ten-thousandths)."""

    target_id: int
    period_id: int
    limit: int | None
    before: int
    after: int


class Authorisation(NamedTuple):
    """The amounts that were asked for and granted, in units (ten-thousandths), and the caps that were used."""

    status: Status
    requested: int
    granted: int
    caps: tuple[UsedCap, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


async def authorise_award(runtime: Runtime, caller: Caller, request: AuthorisationRequest) -> Authorisation:
    """Authorise an award. A repetition of the request, with the same id, gets the same answer."""
    now = runtime.clock()
    at = now if request.at is None else request.at
    key = EventKey(SOURCE, request.id)
    incoming_event = command_event(caller, request.customer_id, key, request.payload, at, now, request.place)
    incoming_event = replace(incoming_event, warnings=request.warnings)
    answer = await submit_once(runtime, incoming_event, dated=request.at is not None)
    granted = next((entry for entry in answer.entries if entry.reason is Reason.GRANTED), None)
    if granted is None or answer.version is None:
        return Authorisation(status=answer.status, requested=0, granted=0, caps=(), problems=answer.problems)
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, request.customer_id)
    assert view is not None, "the customer of a granted award exists"
    rule_index = await _rule_index_at(runtime, caller.org_id, answer.version)
    caps = tuple(
        UsedCap(
            target_id=entry.target_id,
            period_id=entry.period_id,
            limit=customer_goal(view.standing, rule_index.rules[entry.target_id], entry.period_id),
            before=entry.before,
            after=entry.after,
        )
        for entry in answer.entries
        if entry.reason is Reason.DECIDED
    )
    return Authorisation(
        status=answer.status,
        requested=granted.before,
        granted=granted.after,
        caps=caps,
        problems=(),
        warnings=answer.warnings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRequest:
    """A request to void a decision, wholly or by an amount. `id` is the idempotency key; `at` is None for now.

    `warnings` are what its reader found odd.
    """

    id: str
    customer_id: int
    at: Micros | None
    payload: VoidAward
    warnings: tuple[Problem, ...] = ()


async def void_award(runtime: Runtime, caller: Caller, request: VoidRequest) -> Answer | None:
    """Void a decision of the customer, which gives its caps back; None if the customer has no such decision."""
    now = runtime.clock()
    at = now if request.at is None else request.at
    decision = EventKey(SOURCE, request.payload.decision)
    event = command_event(caller, request.customer_id, EventKey(VOIDS, request.id), request.payload, at, now)
    if not await is_known_command(runtime, replace(event, key=decision)):
        return None
    return await submit_once(runtime, replace(event, warnings=request.warnings), dated=request.at is not None)


async def _rule_index_at(runtime: Runtime, org_id: int, version: int) -> RuleIndex:
    """Return the compiled rules at *version*: the current ones, unless this repeats an old request."""
    async with runtime.database.transaction() as transaction:
        snapshot = await runtime.snapshots.of_organisation(transaction, org_id)
        if snapshot.organisation.version != version:
            snapshot = await snapshot_at(transaction, org_id, version)
    return snapshot.rule_index
