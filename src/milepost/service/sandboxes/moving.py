"""Moving the clock of a sandbox: forward only, from one boundary to the next, doing what is due at each."""

import asyncio
from typing import NamedTuple

from milepost.model.problem import Problem, Refused
from milepost.model.sandbox import SandboxClock
from milepost.model.scheduled.boundary import BoundaryKind
from milepost.model.time import Micros
from milepost.rules.compiled.boundaries import boundaries_of
from milepost.service.runtime.runtime import Runtime, within
from milepost.service.sandboxes.fired import Fired, fired_between
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.service.scheduled.jobs import work_once
from milepost.service.snapshot.access import Caller
from milepost.store import sandboxes
from milepost.store.access import logins
from milepost.store.database import Transaction

STEPS_MAX = 1_000
"""How many instants at which something is due one advance may pass."""
LOOK_MS = 50
"""How soon to look again whether another server is done with what it works on."""
NO_SANDBOX = Problem("organisation", "is no sandbox: its clock is that of the server")
BACKWARDS = Problem("to", "lies before what the clock shows; a clock moves forward only")


class MovedClock(NamedTuple):
    """What a clock shows, whether it stands, and what came of moving it."""

    now: Micros
    is_frozen: bool
    fired: Fired


async def find_clock(runtime: Runtime, org_id: int) -> SandboxClock | None:
    """Return the clock of a sandbox; None for an organisation that lives in real time."""
    async with runtime.database.reading() as reading:
        return await sandboxes.find(reading, org_id)


async def freeze(runtime: Runtime, caller: Caller, *, is_frozen: bool) -> SandboxClock:
    """Let the clock of a sandbox stand, or run on from what it shows. Raises Refused for a live organisation."""

    async def work(transaction: Transaction) -> SandboxClock:
        real, clock = runtime.clocks.real(), await _locked(transaction, caller.org_id)
        shown = clock.at(real)
        changed = SandboxClock(shown, 0) if is_frozen else SandboxClock(None, shown - real)
        await sandboxes.set_clock(transaction, caller.org_id, changed)
        await _record(transaction, caller, "clock frozen" if is_frozen else "clock runs")
        return changed

    return await runtime.database.attempt(work)


async def advance(runtime: Runtime, caller: Caller, to: Micros) -> MovedClock:
    """Move the clock of a sandbox to *to* (epoch microseconds), where it stands, and do all that is due on the way.

    Raises Refused for a live organisation, for an instant before now, and if too much would be due on the way.
    """
    org_id, now = caller.org_id, (await within(runtime, caller.org_id)).clock()
    if to < now:
        raise Refused(BACKWARDS)
    began = now
    await _stand(runtime, caller, now, now)
    steps = 0
    while (instants := await _instants(runtime, org_id, now)) and instants[0] <= to:
        if not steps and sum(1 for one in instants if one <= to) > STEPS_MAX:
            raise Refused(Problem("to", f"more than {STEPS_MAX} boundaries lie before it; advance in smaller steps"))
        steps += 1
        await _stand(runtime, caller, now, instants[0])
        now = instants[0]
        await _finish_due_work(runtime, org_id, now)
    await _stand(runtime, caller, now, to)
    await _finish_due_work(runtime, org_id, to)
    async with runtime.database.transaction() as transaction:
        await _record(transaction, caller, "clock advanced")
    return MovedClock(now=to, is_frozen=True, fired=await fired_between(runtime, org_id, began, to))


async def next_boundary(runtime: Runtime, org_id: int, *, only_closings: bool) -> Micros:
    """Return when the next period opens or closes, or a scheduled change comes in force. Raises Refused if none does.

    With *only_closings* it is when the next period closes, with the offset days.
    """
    now = (await within(runtime, org_id)).clock()
    instants = await _instants(runtime, org_id, now, only_closings=only_closings)
    if not instants:
        raise Refused(Problem("next", "there is no such instant: define a period that has not closed"))
    return instants[0]


async def _instants(runtime: Runtime, org_id: int, now: Micros, *, only_closings: bool = False) -> list[Micros]:
    """Return the instants after *now* at which something is due. Own windows are checked at any of them."""
    async with runtime.database.transaction() as transaction:
        snapshot = await runtime.snapshots.of_organisation(transaction, org_id)
        starts = [] if only_closings else await sandboxes.scheduled_starts(transaction, org_id)
    settings = snapshot.organisation.settings
    due = {
        boundary.due_at
        for group in snapshot.rule_index.groups.values()
        for boundary in boundaries_of(group, settings)
        if boundary.kind is BoundaryKind.CLOSED or (boundary.kind is BoundaryKind.OPENED and not only_closings)
    }
    return sorted(at for at in {*due, *starts} if at > now)


async def _stand(runtime: Runtime, caller: Caller, expected: Micros, to: Micros) -> None:
    """Let the clock stand at *to*. Raises Refused if somebody else moved it away from *expected*."""

    async def work(transaction: Transaction) -> None:
        clock = await _locked(transaction, caller.org_id)
        if clock.frozen_at is not None and clock.frozen_at != expected:
            raise Refused(Problem("to", "somebody else moves this clock now"))
        await sandboxes.set_clock(transaction, caller.org_id, SandboxClock(to, 0))

    await runtime.database.attempt(work)


async def _finish_due_work(runtime: Runtime, org_id: int, now: Micros) -> None:
    """Do all boundaries and jobs of a sandbox that are due, or wait for a server that does them."""
    notifier = BoundaryNotifier(runtime)
    while True:
        await notifier.plan()
        lease = await notifier.acquire_lease_of(org_id, now)
        while lease is not None:
            lease = await notifier.notify_page(lease)
            lease = lease or await notifier.acquire_lease_of(org_id, now)
        has_worked = await work_once(runtime)
        async with runtime.database.reading() as reading:
            if not await sandboxes.open_work(reading, org_id, now):
                return
        if not has_worked:
            await asyncio.sleep(LOOK_MS / 1_000)


async def _locked(transaction: Transaction, org_id: int) -> SandboxClock:
    clock = await sandboxes.lock(transaction, org_id)
    if clock is None:
        raise Refused(NO_SANDBOX)
    return clock


async def _record(transaction: Transaction, caller: Caller, act: str) -> None:
    subject = f"organisation {caller.org_id}"
    await logins.record_act(transaction, org_id=caller.org_id, actor=caller.author.code, act=act, subject=subject)
