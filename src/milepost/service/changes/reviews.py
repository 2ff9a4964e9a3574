"""Reviews: another login approves or rejects a change that was previewed."""

from dataclasses import replace

from milepost.model.definitions.change import ChangeState, DefinitionChange
from milepost.model.problem import Problem, Refused
from milepost.service.changes.drafts import record
from milepost.service.changes.previews import NO_PREVIEW
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import organisations
from milepost.store.database import Transaction
from milepost.store.drafts import changes

COMMENT_MAX = 500
OWN = Problem("targetGroupId", "the login that asked for the preview cannot review it; another one can")


async def review(runtime: Runtime, caller: Caller, group_id: int, *, approves: bool, comment: str) -> DefinitionChange:
    """Approve or reject the latest preview of a group's draft. Raises Refused, also for the login that asked for it."""
    if len(comment) > COMMENT_MAX:
        raise Refused(Problem("comment", f"must have at most {COMMENT_MAX} characters"))

    async def work(transaction: Transaction) -> DefinitionChange:
        await organisations.lock(transaction, caller.org_id)
        change = await changes.latest(transaction, caller.org_id, group_id)
        states = {ChangeState.PREVIEWED, ChangeState.APPROVED, ChangeState.REJECTED}
        if change is None or change.state not in states:
            raise Refused(NO_PREVIEW)
        if change.asked_by == caller.author.code:
            raise Refused(OWN)
        state = ChangeState.APPROVED if approves else ChangeState.REJECTED
        reviewed = replace(change, state=state, reviewed_by=caller.author.code, comment=comment)
        await changes.save(transaction, reviewed)
        act = "change approved" if approves else "change rejected"
        await record(transaction, caller, act, f"target group {group_id}, change {change.id}: {comment}")
        return reviewed

    return await runtime.database.attempt(work)
