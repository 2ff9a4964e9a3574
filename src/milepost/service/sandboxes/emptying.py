"""Emptying a sandbox: all that happened in it is deleted, what it defines stays, and its clock starts anew."""

from milepost.model.problem import Refused
from milepost.model.sandbox import SandboxClock
from milepost.model.time import Micros
from milepost.service.runtime.runtime import Runtime
from milepost.service.sandboxes.moving import NO_SANDBOX
from milepost.service.snapshot.access import Caller
from milepost.store import organisations, sandboxes
from milepost.store.access import logins
from milepost.store.database import Transaction


async def reset(runtime: Runtime, caller: Caller, at: Micros | None) -> SandboxClock:
    """Delete all customers and events of a sandbox; its clock stands at *at*, or runs with real time without one.

    Definitions, settings, places, logins and webhooks stay. Raises Refused for a live organisation.
    """

    async def work(transaction: Transaction) -> SandboxClock:
        await organisations.lock(transaction, caller.org_id)
        if await sandboxes.lock(transaction, caller.org_id) is None:
            raise Refused(NO_SANDBOX)
        clock = SandboxClock(at, 0)
        await sandboxes.set_clock(transaction, caller.org_id, clock)
        await sandboxes.empty(transaction, caller.org_id)
        # Every server plans the boundaries anew, because the snapshot is another one.
        await organisations.raise_version(transaction, caller.org_id)
        subject = f"organisation {caller.org_id}"
        await logins.record_act(
            transaction, org_id=caller.org_id, actor=caller.author.code, act="sandbox reset", subject=subject
        )
        return clock

    done = await runtime.database.attempt(work)
    # Boards of this process are refreshed before they are read again.
    runtime.ingest.scored += 1
    return done
