"""Plans: what groups as files describe them would change, and who gains and loses by it. A plan writes nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from milepost.model.definitions.change import BelowGoal, ChangeEffect, ChangePolicy, ChangeState, DefinitionChange
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.rules.edits.change_policies import in_force, policy_problems
from milepost.service.changes.previews import PAGE, SAMPLE, START, count_customers, new_change, tried_page
from milepost.service.changes.unwritten import as_before, with_unwritten
from milepost.service.definitions.define import DefinitionRequest, holders_of
from milepost.service.definitions.drafted_group import drafted_group
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import organisations
from milepost.store.database import Transaction
from milepost.store.drafts import changes
from milepost.store.drafts.changes import StoredDraft

Differ = Callable[[TargetGroup, TargetGroup], bool]
"""Whether two groups are written differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedGroup:
    """A group as a file describes it: where problems are named, the request, and what becomes of running progress."""

    path: str
    name: str
    request: DefinitionRequest
    policy: ChangePolicy
    below: BelowGoal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroup:
    """What publishing one group would do.

    `group` would be in force in the place of `live`; it is None if there is nothing to do. `waiting` says that the file
    asks for more than its policy brings: goals of periods that have opened. `allowed` are the policies that can bring
    the change, mildest first. `drift` says who changed the live version after files were applied last.
    """

    wanted: WantedGroup
    live: TargetGroup | None
    live_version: int
    written: TargetGroup
    group: TargetGroup | None
    waiting: bool
    scheduled_at: Micros | None
    allowed: tuple[ChangePolicy, ...]
    warnings: tuple[str, ...]
    drift: str | None
    draft: StoredDraft | None
    looked_at: int = 0
    gain: int = 0
    lose: int = 0
    sample: tuple[ChangeEffect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the groups of files would change, and the live groups that no file describes."""

    organisation: Organisation
    groups: tuple[PlannedGroup, ...]
    unlisted: tuple[TargetGroup, ...]
    differs: Differ

    @property
    def changed(self) -> list[PlannedGroup]:
        """The groups that would change."""
        return [one for one in self.groups if one.group is not None]


async def plan_groups(runtime: Runtime, caller: Caller, wanted: Sequence[WantedGroup], differs: Differ) -> Plan:
    """Return what *wanted* would change now. Raises Refused with the problems of all groups."""
    problems: list[Problem] = []
    planned: list[PlannedGroup] = []
    for one in wanted:
        try:
            planned.append(await _planned(runtime, caller, one, differs))
        except Refused as refused:
            problems += [replace(problem, path=f"{one.path}: {problem.path}") for problem in refused.problems]
    problems += _shared_names(planned)
    if problems:
        raise Refused(*problems)
    groups = [await _with_effects(runtime, caller, one) for one in planned]
    async with runtime.database.transaction() as transaction:
        snapshot = await runtime.snapshots.of_organisation(transaction, caller.org_id)
    listed = {one.live.id for one in groups if one.live is not None}
    unlisted = tuple(group for group in file_groups(snapshot.groups.values()) if group.id not in listed)
    return Plan(organisation=snapshot.organisation, groups=tuple(groups), unlisted=unlisted, differs=differs)


def file_groups(groups: Iterable[TargetGroup]) -> list[TargetGroup]:
    """Return the groups that files describe: neither deleted ones nor those that hold goals which customers set."""
    return [group for group in groups if not group.deleted and group.template_id == 0]


async def _planned(runtime: Runtime, caller: Caller, wanted: WantedGroup, differs: Differ) -> PlannedGroup:
    async def work(transaction: Transaction) -> PlannedGroup:
        organisation, now = await organisations.lock(transaction, caller.org_id), runtime.clock()
        snapshot = await runtime.snapshots.of_organisation(transaction, caller.org_id)
        named = [one for one in file_groups(snapshot.groups.values()) if one.name.casefold() == wanted.name.casefold()]
        live = named[0] if named else None
        request = wanted.request if live is None else with_unwritten(wanted.request, live)
        known = live or await _earlier_draft(transaction, caller, wanted.name)
        drafted = await drafted_group(transaction, organisation, caller.author, request, now, live=known)
        written = drafted.group if live is None else as_before(drafted.group, live)
        return await _compared(transaction, caller, wanted, live, written, drafted.warnings, differs, now)

    return await runtime.database.attempt(work)


async def _earlier_draft(transaction: Transaction, caller: Caller, name: str) -> TargetGroup | None:
    """Return the draft of a new group that the same caller saved before; it may wait for approval."""
    saved = [one for one in await changes.drafts(transaction, caller.org_id) if one.saved_by == caller.author.code]
    return next((one.group for one in saved if one.group.name.casefold() == name.casefold()), None)


async def _compared(
    transaction: Transaction,
    caller: Caller,
    wanted: WantedGroup,
    live: TargetGroup | None,
    written: TargetGroup,
    warnings: tuple[str, ...],
    differs: Differ,
    now: Micros,
) -> PlannedGroup:
    """Return the plan of one group: what would be in force under its policy, if that is another thing than now."""
    group_id = written.id
    group = written if live is None else in_force(live, written, wanted.policy, now)
    is_changed = live is None or differs(live, group)
    latest = await changes.latest(transaction, caller.org_id, group_id)
    is_scheduled = latest is not None and latest.state is ChangeState.SCHEDULED and not differs(latest.group, group)
    return PlannedGroup(
        wanted=wanted,
        live=live,
        live_version=await changes.live_version(transaction, caller.org_id, group_id),
        written=written,
        group=group if is_changed and not is_scheduled else None,
        waiting=live is not None and differs(group, written),
        scheduled_at=latest.starts_at if latest is not None and is_scheduled else None,
        allowed=tuple(ChangePolicy) if live is None else _allowed(live, written, now),
        warnings=warnings,
        drift=await _drift(transaction, caller.org_id, live),
        draft=await changes.find_draft(transaction, caller.org_id, group_id),
    )


def _allowed(live: TargetGroup, written: TargetGroup, now: Micros) -> tuple[ChangePolicy, ...]:
    return tuple(one for one in ChangePolicy if not any(policy_problems(live, written, one, now)))


async def _drift(transaction: Transaction, org_id: int, live: TargetGroup | None) -> str | None:
    """Return who changed the live version after files were applied last; None if nobody did, or none were."""
    if live is None:
        return None
    version = await changes.live_version(transaction, org_id, live.id)
    applied = await changes.versions_from_files(transaction, org_id, live.id)
    return None if not applied or applied[-1] == version else live.attribution.updated_by.code


async def _with_effects(runtime: Runtime, caller: Caller, planned: PlannedGroup) -> PlannedGroup:
    """Return the plan of a group with who gains and who loses, found by trying the change on every customer."""
    wanted, group = planned.wanted, planned.group
    if group is None:
        return planned
    if planned.live is None or wanted.policy is ChangePolicy.NEXT_PERIOD or wanted.policy not in planned.allowed:
        async with runtime.database.transaction() as transaction:
            return replace(planned, looked_at=await count_customers(transaction, caller.org_id))
    change = await _tried_change(runtime, caller, planned, group)
    looked_at, gain, lose, after = 0, 0, 0, START
    sample: list[ChangeEffect] = []
    while True:
        async with runtime.database.transaction() as transaction:
            page = await tried_page(runtime, transaction, change, after, PAGE)
        looked_at, gain, lose = looked_at + page.looked_at, gain + page.gain, lose + page.lose
        sample = [*sample, *page.effects][:SAMPLE]
        if len(page.keys) < PAGE:
            return replace(planned, looked_at=looked_at, gain=gain, lose=lose, sample=tuple(sample))
        after = (page.keys[-1].bucket, page.keys[-1].customer_id)


async def _tried_change(
    runtime: Runtime, caller: Caller, planned: PlannedGroup, group: TargetGroup
) -> DefinitionChange:
    now = runtime.clock()
    async with runtime.database.transaction() as transaction:
        organisation = (await runtime.snapshots.of_organisation(transaction, caller.org_id)).organisation
    draft = StoredDraft(0, group, now, caller.author.code)
    wanted, version = planned.wanted, planned.live_version
    return new_change(caller, draft, planned.live, wanted.policy, wanted.below, organisation, version, now)


def _shared_names(planned: Sequence[PlannedGroup]) -> list[Problem]:
    """Return a problem for each name that two groups want; what is live was compared already."""
    holders: dict[object, str] = {}
    problems: list[Problem] = []
    for one in planned:
        for key, _ in holders_of(one.written):
            holder = holders.setdefault(key, one.wanted.path)
            if holder != one.wanted.path:
                reason = f"{key.kind.value} name {key.key!r} is used in {holder}, too"
                problems.append(Problem(f"{one.wanted.path}: name", reason))
    return problems
