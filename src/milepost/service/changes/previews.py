"""Previews: who gains and who loses by a draft, found by applying the change to each customer and keeping nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import NamedTuple

from milepost.model.definitions.change import BelowGoal, ChangeEffect, ChangePolicy, ChangeState, DefinitionChange
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.scheduled.job import JobKind, JobScope
from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.index import build_rule_index
from milepost.rules.edits.change_policies import in_force, policy_problems
from milepost.service.changes.drafts import NO_DRAFT, record
from milepost.service.changes.names import outcome_names
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.trials.revision import GAINS, LOSSES, RevisedCustomer, revision_of
from milepost.store import codec, definitions, log, organisations
from milepost.store.database import Transaction
from milepost.store.drafts import changes
from milepost.store.drafts.changes import StoredDraft
from milepost.store.log import CustomerKey
from milepost.store.scheduled import jobs

PAGE = 200
AT_ONCE_SECONDS = 2
"""How long a request works on a preview itself; after that a job goes on."""
SAMPLE = 10
NO_PREVIEW = Problem("targetGroupId", "the draft of this target group was not previewed")
START = (-1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """A change with the group that is live and a sample of who gains and who loses."""

    change: DefinitionChange
    live: TargetGroup | None
    organisation: Organisation
    sample: tuple[ChangeEffect, ...]

    @property
    def unchanged(self) -> int:
        """How many customers neither gain nor lose."""
        return self.change.looked_at - self.change.gain - self.change.lose


async def preview(
    runtime: Runtime,
    caller: Caller,
    group_id: int,
    policy: ChangePolicy,
    below: BelowGoal,
    *,
    seconds: int = AT_ONCE_SECONDS,
) -> PreviewView:
    """Find out what the draft of a group changes under *policy*; a job goes on after *seconds*. Raises Refused."""
    change = await _begin(runtime, caller, group_id, policy, below)
    after, began = START, monotonic()
    while change.state is ChangeState.PREVIEWING:
        if monotonic() - began > seconds:
            await _continue_later(runtime, change, after)
            break
        async with runtime.database.transaction() as transaction:
            visited = await preview_page(runtime, transaction, change, after, PAGE)
            found = await changes.find(transaction, change.org_id, change.id)
        assert found is not None, "changes are never deleted"
        change = found
        after = (visited[-1].bucket, visited[-1].customer_id) if visited else after
    return await view_change(runtime, change)


async def _begin(
    runtime: Runtime, caller: Caller, group_id: int, policy: ChangePolicy, below: BelowGoal
) -> DefinitionChange:
    async def work(transaction: Transaction) -> DefinitionChange:
        organisation = await organisations.lock(transaction, caller.org_id)
        draft = await changes.find_draft(transaction, caller.org_id, group_id)
        if draft is None:
            raise Refused(NO_DRAFT)
        live, now = await definitions.newest(transaction, caller.org_id, group_id), runtime.clock()
        problems = () if live is None else tuple(policy_problems(live, draft.group, policy, now))
        if problems:
            raise Refused(*problems)
        version = await changes.live_version(transaction, caller.org_id, group_id)
        change = new_change(caller, draft, live, policy, below, organisation, version, now)
        change = replace(change, id=await changes.add(transaction, change))
        await record(transaction, caller, "draft previewed", f"target group {group_id}, {policy.value}, {below.value}")
        if change.state is ChangeState.PREVIEWED:
            change = replace(change, looked_at=await count_customers(transaction, caller.org_id))
            await changes.save(transaction, change)
        return change

    return await runtime.database.attempt(work)


def new_change(
    caller: Caller,
    draft: StoredDraft,
    live: TargetGroup | None,
    policy: ChangePolicy,
    below: BelowGoal,
    organisation: Organisation,
    live_version: int,
    now: Micros,
) -> DefinitionChange:
    """Return a change that is to be previewed. One that changes no progress at once concerns nobody."""
    is_quiet = live is None or policy is ChangePolicy.NEXT_PERIOD
    return DefinitionChange(
        org_id=caller.org_id,
        id=0,
        group_id=draft.group.id,
        batch=None,
        state=ChangeState.PREVIEWED if is_quiet else ChangeState.PREVIEWING,
        policy=policy,
        revokes=below is BelowGoal.REVOKE,
        draft_revision=draft.revision,
        live_version=live_version,
        settings=codec.encode_settings(organisation.settings),
        group=draft.group if live is None else in_force(live, draft.group, policy, now),
        looked_at=0,
        gain=0,
        lose=0,
        asked_at=now,
        asked_by=caller.author.code,
        reviewed_by=None,
        comment="",
        starts_at=None,
        published_at=None,
        version=None,
    )


async def count_customers(transaction: Transaction, org_id: int) -> int:
    """Return how many customers an organisation has."""
    row = await transaction.row("count_standings", {"org_id": org_id})
    assert row is not None
    return int(row[0])


async def _continue_later(runtime: Runtime, change: DefinitionChange, after: tuple[int, int]) -> None:
    async with runtime.database.transaction() as transaction:
        scope = JobScope(change.group_id, 0, change.id)
        id_ = await jobs.request(transaction, change.org_id, JobKind.PREVIEW_CHANGE, scope, runtime.clock())
        job = await jobs.find(transaction, change.org_id, id_)
        assert job is not None, "the job was requested"
        await jobs.save(transaction, replace(job, after=after, looked_at=change.looked_at), runtime.clock())


class TriedPage(NamedTuple):
    """Customers on whom a change was tried: their keys, how many of them were not merged, who gains and who loses."""

    keys: Sequence[CustomerKey]
    looked_at: int
    effects: list[ChangeEffect]

    @property
    def gain(self) -> int:
        """How many of the customers gain."""
        return sum(1 for one in self.effects if one.gains)

    @property
    def lose(self) -> int:
        """How many of the customers lose, and gain nothing."""
        return sum(1 for one in self.effects if one.losses and not one.gains)


async def preview_page(
    runtime: Runtime, transaction: Transaction, change: DefinitionChange, after: tuple[int, int], limit: int
) -> Sequence[CustomerKey]:
    """Try the change on the next customers behind *after* and keep what is found; return those that were looked at."""
    page = await tried_page(runtime, transaction, change, after, limit)
    await changes.add_effects(transaction, change, page.effects)
    counted = replace(
        change,
        looked_at=change.looked_at + page.looked_at,
        gain=change.gain + page.gain,
        lose=change.lose + page.lose,
        state=ChangeState.PREVIEWED if len(page.keys) < limit else change.state,
    )
    await changes.save(transaction, counted)
    return page.keys


async def tried_page(
    runtime: Runtime, transaction: Transaction, change: DefinitionChange, after: tuple[int, int], limit: int
) -> TriedPage:
    """Try the change on the next customers behind *after*, and keep nothing."""
    snapshot = await runtime.snapshots.of_organisation(transaction, change.org_id)
    groups = {**snapshot.groups, change.group_id: change.group}
    revision = await revision_of(transaction, change, build_rule_index(snapshot.organisation, groups.values()))
    keys = await jobs.customers_after(transaction, change.org_id, after, limit)
    standings = await log.standings(transaction, keys)
    histories = await log.histories(transaction, keys) if keys else {}
    revised = await revision.of_customers(transaction, standings, histories, change.asked_at)
    effects = [effect for effect in (_effect(change.group, one) for one in revised) if effect is not None]
    return TriedPage(keys, sum(1 for one in standings.values() if one.lineage.survivor is None), effects)


def _effect(group: TargetGroup, revised: RevisedCustomer) -> ChangeEffect | None:
    gains, losses = (outcome_names(group, revised.outcomes(kinds)) for kinds in (GAINS, LOSSES))
    key = revised.customer_key
    return ChangeEffect(key.bucket, key.customer_id, gains, losses) if gains or losses else None


async def latest_preview(runtime: Runtime, org_id: int, group_id: int) -> PreviewView:
    """Return the latest preview of a group's draft. Raises Refused if there is none."""
    async with runtime.database.reading() as reading:
        change = await changes.latest(reading, org_id, group_id)
    if change is None:
        raise Refused(NO_PREVIEW)
    return await view_change(runtime, change)


async def view_change(runtime: Runtime, change: DefinitionChange) -> PreviewView:
    """Return a change with what its answer shows beside it."""
    async with runtime.database.transaction() as transaction:
        versions = await changes.group_versions(transaction, change.org_id, change.group_id)
        snapshot = await runtime.snapshots.of_organisation(transaction, change.org_id)
        sample = await changes.effects(transaction, change.org_id, change.id, START, SAMPLE)
    live = next((group for version, group in versions if version == change.live_version), None)
    return PreviewView(change=change, live=live, organisation=snapshot.organisation, sample=tuple(sample))


async def effects_page(
    runtime: Runtime, org_id: int, change_id: int, after: tuple[int, int], limit: int
) -> list[ChangeEffect]:
    """Return customers who gain or lose by a change, page by page."""
    async with runtime.database.reading() as reading:
        return await changes.effects(reading, org_id, change_id, after, limit)
