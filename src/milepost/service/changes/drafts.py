"""Drafts: whole definitions beside those in force."""

from dataclasses import dataclass

from milepost.model.problem import Problem, Refused
from milepost.model.target import TargetGroup
from milepost.rules.edits.adoption import adopted
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.definitions.drafted_group import drafted_group
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import definitions, organisations
from milepost.store.access import logins
from milepost.store.database import Transaction
from milepost.store.drafts import changes

NO_DRAFT = Problem("targetGroupId", "this target group has no draft")
UNKNOWN_VERSION = Problem("version", "this target group has no such version")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDraft:
    """A draft that was saved: its revision, the group that it defines, the live group, and warnings."""

    revision: int
    group: TargetGroup
    live: TargetGroup | None
    warnings: tuple[str, ...] = ()


async def save_draft(runtime: Runtime, caller: Caller, group_id: int | None, request: DefinitionRequest) -> SavedDraft:
    """Keep a draft of a live group, or of a new one without *group_id*. Raises Refused with all problems."""

    async def work(transaction: Transaction) -> SavedDraft:
        organisation = await organisations.lock(transaction, caller.org_id)
        live, earlier = None, None
        if group_id is not None:
            live = await definitions.newest(transaction, caller.org_id, group_id)
            earlier = await changes.find_draft(transaction, caller.org_id, group_id)
            if (live is None and earlier is None) or (live is not None and live.deleted):
                raise Refused(UNKNOWN_GROUP)
        known = live or (earlier.group if earlier is not None else None)
        drafted = await drafted_group(transaction, organisation, caller.author, request, runtime.clock(), live=known)
        return await _keep(runtime, transaction, caller, drafted.group, live, drafted.warnings)

    return await runtime.database.attempt(work)


async def revert(runtime: Runtime, caller: Caller, group_id: int, version: int) -> SavedDraft:
    """Make a draft of what a group was at an earlier *version*; it is previewed and published like any other."""

    async def work(transaction: Transaction) -> SavedDraft:
        await organisations.lock(transaction, caller.org_id)
        live = await definitions.newest(transaction, caller.org_id, group_id)
        if live is None or live.deleted:
            raise Refused(UNKNOWN_GROUP)
        versions = dict(await changes.group_versions(transaction, caller.org_id, group_id))
        if version not in versions:
            raise Refused(UNKNOWN_VERSION)
        return await _keep(runtime, transaction, caller, adopted(versions[version], live), live, ())

    return await runtime.database.attempt(work)


async def _keep(
    runtime: Runtime,
    transaction: Transaction,
    caller: Caller,
    group: TargetGroup,
    live: TargetGroup | None,
    warnings: tuple[str, ...],
) -> SavedDraft:
    name = caller.author.code
    revision = await changes.save_draft(transaction, caller.org_id, group, runtime.clock(), name)
    await record(transaction, caller, "draft saved", f"target group {group.id}, revision {revision}")
    return SavedDraft(revision=revision, group=group, live=live, warnings=warnings)


async def find_draft(runtime: Runtime, org_id: int, group_id: int) -> SavedDraft:
    """Return the draft of a group. Raises Refused if it has none."""
    async with runtime.database.transaction() as transaction:
        draft = await changes.find_draft(transaction, org_id, group_id)
        if draft is None:
            raise Refused(NO_DRAFT)
        live = await definitions.newest(transaction, org_id, group_id)
    return SavedDraft(revision=draft.revision, group=draft.group, live=live)


async def discard_draft(runtime: Runtime, caller: Caller, group_id: int) -> SavedDraft:
    """Delete the draft of a group and return it. Raises Refused if it has none."""
    draft = await find_draft(runtime, caller.org_id, group_id)
    async with runtime.database.transaction() as transaction:
        await changes.delete_draft(transaction, caller.org_id, group_id)
        await record(transaction, caller, "draft discarded", f"target group {group_id}")
    return draft


async def record(transaction: Transaction, caller: Caller, act: str, subject: str) -> None:
    """Record in the audit log what a login did with a definition."""
    await logins.record_act(transaction, org_id=caller.org_id, actor=caller.author.code, act=act, subject=subject)
