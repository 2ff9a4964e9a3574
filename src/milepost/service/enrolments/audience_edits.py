"""Renames audiences, and deletes those that no target needs any more."""

from collections.abc import Iterable, Iterator

from milepost.model.problem import Problem, Refused
from milepost.model.target import Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.naming import name_problems
from milepost.service.enrolments.audiences import AudienceView, find_audience, view_audience
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import audiences, organisations

NAMED_MAX = 5
"""How many targets a refusal lists."""


async def rename_audience(runtime: Runtime, caller: Caller, audience_id: int, name: str) -> AudienceView:
    """Rename an audience. Targets refer to it by id, so they are not affected. Raises Refused."""
    async with runtime.database.transaction() as transaction:
        await organisations.lock(transaction, caller.org_id)
        await find_audience(transaction, caller, audience_id)
        problems = list(name_problems("name", name))
        holder = None if problems else await audiences.id_by_name(transaction, caller.org_id, name)
        if holder not in {None, audience_id}:
            problems.append(Problem("name", f'an audience called "{name}" exists already'))
        if problems:
            raise Refused(*problems)
        await audiences.rename(transaction, caller.org_id, audience_id, name)
    return await view_audience(runtime, caller, audience_id)


async def delete_audience(runtime: Runtime, caller: Caller, audience_id: int) -> AudienceView:
    """Delete an audience; return it as it was.

    Raises Refused while a target of a group that is neither deleted nor over names any of its versions. Customers whom
    the audience enrolled stay enrolled. Its name is free again.
    """
    view = await view_audience(runtime, caller, audience_id)
    async with runtime.database.transaction() as transaction:
        # The lock prevents a definition that names the audience from coming into force meanwhile.
        await organisations.lock(transaction, caller.org_id)
        await find_audience(transaction, caller, audience_id)
        groups = (await runtime.snapshots.of_organisation(transaction, caller.org_id)).groups.values()
        naming = [target.name for target in _naming(groups, audience_id, runtime.clock())]
        if naming:
            shown = ", ".join(f'"{name}"' for name in naming[:NAMED_MAX])
            reason = f"is named by {len(naming)} targets whose groups are not over, such as {shown}"
            raise Refused(Problem("audienceId", reason))
        await audiences.delete(transaction, caller.org_id, audience_id, runtime.clock())
    return view


def _naming(groups: Iterable[TargetGroup], audience_id: int, now: Micros) -> Iterator[Target]:
    """Return the targets that need an audience: those of groups that are not over at *now* (epoch microseconds).

    Inactive targets are included, because they may be activated again.
    """
    for group in groups:
        if not group.deleted and now <= group.cycle_closes_at:
            yield from (
                target
                for target in group.targets
                if audience_id in {version.audience_id for version in target.audiences}
            )
