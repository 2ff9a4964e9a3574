"""Applying a plan: its groups become drafts, are previewed and published together, all or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from milepost.model.definitions.change import ChangeState, DefinitionChange
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.changes.drafts import record
from milepost.service.changes.plans import Differ, Plan, PlannedGroup
from milepost.service.changes.previews import preview
from milepost.service.changes.publishing import GROUPS_MAX, Publication, needs_approval, outdated, publish
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import organisations
from milepost.store.database import Transaction
from milepost.store.drafts import changes

WHOLE_SECONDS = 24 * 3_600
"""How long a preview may take; it is not continued by a job, because it is published at once."""
MOVED = "changed since the plan was made; plan again"


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """The changes that were published, and those that wait for another login to approve them."""

    published: tuple[DefinitionChange, ...] = ()
    waiting: tuple[DefinitionChange, ...] = ()


async def apply_plan(
    runtime: Runtime, caller: Caller, plan: Plan, comment: str, starts_at: Micros | None = None
) -> AppliedPlan:
    """Publish what *plan* changes, all or none. Raises Refused; then no draft is left behind.

    If another login has to approve a change, the drafts stay for it, and applying the same files again publishes them.
    """
    changed = plan.changed
    if not changed:
        return AppliedPlan()
    problems = [problem for one in changed for problem in _problems(one, caller)]
    if len(changed) > GROUPS_MAX:
        problems.append(Problem("", f"at most {GROUPS_MAX} groups can change together"))
    if problems:
        raise Refused(*problems)
    ready: list[DefinitionChange] = []
    try:
        ready += [await _ready(runtime, caller, one, plan.differs) for one in changed]
        waiting = tuple(one for one in ready if _waits(plan, one))
        if waiting:
            return AppliedPlan(waiting=waiting)
        group_ids = tuple(one.group_id for one in ready)
        publication = Publication(group_ids=group_ids, comment=comment, starts_at=starts_at, from_files=True)
        return AppliedPlan(published=tuple(await publish(runtime, caller, publication)))
    except Refused:
        await _discard(runtime, caller, changed)
        raise


def moved_problems(plan: Plan, versions: Mapping[str, int]) -> list[Problem]:
    """Return a problem for each group whose live version is none of those that an earlier plan named, by group name."""
    return [
        Problem(f"{one.wanted.path}: name", f"the live target group {one.wanted.name!r} {MOVED}")
        for one in plan.groups
        if versions.get(one.wanted.name) != one.live_version
    ]


def _problems(planned: PlannedGroup, caller: Caller) -> list[Problem]:
    path, draft, policy = planned.wanted.path, planned.draft, planned.wanted.policy
    problems: list[Problem] = []
    if policy not in planned.allowed:
        others = ", ".join(one.value for one in planned.allowed)
        problems.append(
            Problem(f"{path}: policy", f"{policy.value} cannot bring this change; it needs one of {others}")
        )
    if draft is not None and draft.saved_by != caller.author.code:
        reason = f"this group has a draft that {draft.saved_by} saved; publish or discard that one first"
        problems.append(Problem(f"{path}: name", reason))
    return problems


def _waits(plan: Plan, change: DefinitionChange) -> bool:
    return needs_approval(plan.organisation, change.policy) and change.state is not ChangeState.APPROVED


async def _ready(runtime: Runtime, caller: Caller, planned: PlannedGroup, differs: Differ) -> DefinitionChange:
    """Return a preview of the group as it is planned: one that was made before, or a new one of a new draft."""
    assert planned.group is not None, "only groups that change are applied"
    group = planned.group

    async def work(transaction: Transaction) -> DefinitionChange | None:
        organisation = await organisations.lock(transaction, caller.org_id)
        earlier = await changes.latest(transaction, caller.org_id, group.id)
        draft = await changes.find_draft(transaction, caller.org_id, group.id)
        states = {ChangeState.PREVIEWED, ChangeState.APPROVED, ChangeState.REJECTED}
        if earlier is not None and draft is not None and earlier.state in states:
            is_same = not differs(earlier.group, group) and earlier.policy is planned.wanted.policy
            is_current = earlier.draft_revision == draft.revision
            if is_same and is_current and not await outdated(transaction, organisation, earlier):
                return earlier
        await changes.save_draft(transaction, caller.org_id, planned.written, runtime.clock(), caller.author.code)
        await record(transaction, caller, "draft saved", f"target group {group.id}, from a file")
        return None

    found = await runtime.database.attempt(work)
    if found is not None:
        return found
    wanted = planned.wanted
    view = await preview(runtime, caller, group.id, wanted.policy, wanted.below, seconds=WHOLE_SECONDS)
    if view.change.live_version != planned.live_version:
        raise Refused(Problem(f"{wanted.path}: name", f"the live target group {wanted.name!r} {MOVED}"))
    return view.change


async def _discard(runtime: Runtime, caller: Caller, changed: Sequence[PlannedGroup]) -> None:
    """Delete the drafts that this caller saved of *changed*."""
    async with runtime.database.transaction() as transaction:
        for one in changed:
            draft = await changes.find_draft(transaction, caller.org_id, one.written.id)
            if draft is not None and draft.saved_by == caller.author.code:
                await changes.delete_draft(transaction, caller.org_id, one.written.id)


async def current_change(runtime: Runtime, change: DefinitionChange) -> DefinitionChange:
    """Return how far *change* has come by now."""
    async with runtime.database.reading() as reading:
        found = await changes.find(reading, change.org_id, change.id)
    assert found is not None, "changes are never deleted"
    return found
