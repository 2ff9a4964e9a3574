"""Publishing drafts: all versions in one transaction; a job that survives failures recomputes customers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from milepost.model.definitions.change import ChangePolicy, ChangeState, DefinitionChange
from milepost.model.organisation import Approvals, Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.scheduled.job import JobKind, JobScope
from milepost.model.time import Micros
from milepost.rules.edits.change_policies import changes_rules, next_opening
from milepost.service.changes.drafts import NO_DRAFT, record
from milepost.service.changes.previews import NO_PREVIEW
from milepost.service.definitions.audiences import lock_audiences
from milepost.service.definitions.define import holders_of
from milepost.service.runtime.runtime import Runtime, within
from milepost.service.snapshot.access import Caller
from milepost.store import codec, definitions, organisations
from milepost.store.database import Transaction
from milepost.store.definitions import NameKey
from milepost.store.drafts import changes
from milepost.store.drafts.changes import NO_VERSION
from milepost.store.scheduled import jobs

GROUPS_MAX = 50
OUTDATED = "changed since the preview; preview the draft again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a request publishes: groups by id, with a comment; later if `starts_at` is given (epoch microseconds).

    `from_files` says whether the drafts were read from files.
    """

    group_ids: tuple[int, ...]
    comment: str = ""
    starts_at: Micros | None = None
    from_files: bool = False


async def publish(runtime: Runtime, caller: Caller, publication: Publication) -> list[DefinitionChange]:
    """Bring the previewed drafts of groups in force, all or none. Raises Refused with all problems."""

    async def work(transaction: Transaction) -> list[DefinitionChange]:
        organisation, now = await organisations.lock(transaction, caller.org_id), runtime.clock()
        found = [await _previewed(transaction, organisation, id_) for id_ in publication.group_ids]
        problems = [problem for one in found if isinstance(one, tuple) for problem in one]
        if publication.starts_at is not None and publication.starts_at <= now:
            problems.append(Problem("startsAt", "must lie in the future"))
        if problems:
            raise Refused(*problems)
        ready = [one for one in found if isinstance(one, DefinitionChange)]
        commented = [replace(one, comment=publication.comment or one.comment) for one in ready]
        starts_at = await _start(transaction, commented, publication.starts_at, now)
        for one in commented:
            if publication.from_files:
                await changes.mark_from_files(transaction, one)
            await record(transaction, caller, "draft published", f"target group {one.group_id}, change {one.id}")
        if starts_at is not None:
            return await _schedule(transaction, commented, starts_at)
        return await _bring_in_force(transaction, organisation, commented, now)

    return await runtime.database.attempt(work)


async def _previewed(
    transaction: Transaction, organisation: Organisation, group_id: int
) -> DefinitionChange | tuple[Problem, ...]:
    """Return the change that the latest preview of a group's draft made, or why it cannot be published."""
    draft = await changes.find_draft(transaction, organisation.id, group_id)
    if draft is None:
        return (_about(group_id, NO_DRAFT),)
    change = await changes.latest(transaction, organisation.id, group_id)
    if change is None or change.state not in {ChangeState.PREVIEWED, ChangeState.APPROVED, ChangeState.REJECTED}:
        return (_about(group_id, NO_PREVIEW),)
    problems = [*await outdated(transaction, organisation, change)]
    if draft.revision != change.draft_revision:
        problems.append(Problem("targetGroupId", f"the draft of target group {group_id} {OUTDATED}"))
    needs = needs_approval(organisation, change.policy)
    if change.state is ChangeState.REJECTED or (needs and change.state is not ChangeState.APPROVED):
        reason = f"the change of target group {group_id} waits for another login to approve it"
        problems.append(Problem("targetGroupId", reason))
    if any(one.group_id == group_id for one in await changes.recomputing(transaction, organisation.id)):
        reason = f"target group {group_id} is still being recomputed after an earlier change"
        problems.append(Problem("targetGroupId", reason))
    return tuple(problems) or change


def needs_approval(organisation: Organisation, policy: ChangePolicy) -> bool:
    """Whether another login has to approve a change of this *policy*."""
    return organisation.settings.approvals is Approvals.ON or policy is ChangePolicy.RECOMPUTE_ALL


async def outdated(transaction: Transaction, organisation: Organisation, change: DefinitionChange) -> list[Problem]:
    """Return what has changed since the preview of *change*: the live version, or the settings."""
    problems = []
    if await changes.live_version(transaction, organisation.id, change.group_id) != change.live_version:
        problems.append(Problem("targetGroupId", f"the live target group {change.group_id} {OUTDATED}"))
    if codec.encode_settings(organisation.settings) != change.settings:
        problems.append(Problem("targetGroupId", f"the settings {OUTDATED}"))
    return problems


def _about(group_id: int, problem: Problem) -> Problem:
    return replace(problem, reason=f"{problem.reason} ({group_id})")


async def _start(
    transaction: Transaction, ready: Sequence[DefinitionChange], asked: Micros | None, now: Micros
) -> Micros | None:
    """Return when the changes come in force; None for now. Changed rules of NEXT_PERIOD wait until one opens."""
    waits = [asked] if asked is not None else []
    for one in ready:
        live = await definitions.newest(transaction, one.org_id, one.group_id)
        if one.policy is ChangePolicy.NEXT_PERIOD and live is not None and changes_rules(live, one.group):
            opening = next_opening(one.group, max(now, asked or now))
            waits += [] if opening is None else [opening]
    return max(waits, default=None)


async def _schedule(
    transaction: Transaction, ready: Sequence[DefinitionChange], starts_at: Micros
) -> list[DefinitionChange]:
    batch = min(one.id for one in ready)
    scheduled = [replace(one, state=ChangeState.SCHEDULED, starts_at=starts_at, batch=batch) for one in ready]
    for one in scheduled:
        await changes.save(transaction, one)
    return scheduled


async def publish_due(runtime: Runtime) -> bool:
    """Bring the changes in force that are due first, all or none; return whether there were any.

    If a live version or the settings changed since their preview, none of them comes in force.
    """

    async def work(transaction: Transaction) -> bool:
        ready = await changes.due(transaction, runtime.clocks.real())
        if not ready:
            return False
        organisation = await organisations.lock(transaction, ready[0].org_id)
        problems = [problem for one in ready for problem in await outdated(transaction, organisation, one)]
        if problems:
            for one in ready:
                comment = "; ".join(dict.fromkeys(problem.reason for problem in problems))
                await changes.save(transaction, replace(one, state=ChangeState.OUTDATED, comment=comment))
            return True
        now = (await within(runtime, organisation.id, transaction)).clock()
        await _bring_in_force(transaction, organisation, ready, now)
        return True

    return await runtime.database.attempt(work)


async def _bring_in_force(
    transaction: Transaction, organisation: Organisation, ready: Sequence[DefinitionChange], now: Micros
) -> list[DefinitionChange]:
    """Put all groups in force at one new version of the organisation, and request the recomputation of customers."""
    batch = min(one.id for one in ready)
    for one in ready:
        await _take_names(transaction, organisation.id, one)
        await lock_audiences(transaction, organisation.id, one.group.targets)
    version = await organisations.raise_version(transaction, organisation.id)
    done: list[DefinitionChange] = []
    for one in ready:
        attribution = replace(one.group.attribution, updated_at=now)
        await definitions.add(transaction, organisation.id, replace(one.group, attribution=attribution), version)
        await changes.delete_draft(transaction, organisation.id, one.group_id)
        recomputes = one.policy is not ChangePolicy.NEXT_PERIOD and one.live_version != NO_VERSION
        state = ChangeState.RECOMPUTING if recomputes else ChangeState.PUBLISHED
        change = replace(one, state=state, version=version, published_at=now, batch=batch)
        await changes.save(transaction, change)
        if recomputes:
            scope = JobScope(one.group_id, 0, one.id)
            await jobs.request(transaction, organisation.id, JobKind.REVISE_PROGRESS, scope, now)
        done.append(change)
    return done


async def _take_names(transaction: Transaction, org_id: int, change: DefinitionChange) -> None:
    """Reserve the names that the group did not have, and free none: names stay taken."""
    known = set[NameKey]()
    for _, group in await changes.group_versions(transaction, org_id, change.group_id):
        known |= {key for key, _ in holders_of(group)}
    wanted = {key: holder for key, holder in holders_of(change.group) if key not in known}
    taken = await definitions.names_taken(transaction, org_id, list(wanted))
    if taken:
        names = ", ".join(sorted(key.key for key in taken))
        raise Refused(Problem("name", f"the names {names} were taken since the draft was saved"))
    await definitions.reserve_names(transaction, org_id, wanted)
