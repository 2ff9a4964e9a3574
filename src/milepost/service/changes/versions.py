"""The versions of a target group: which there are, and what differs between two of them."""

from dataclasses import dataclass

from milepost.model.definitions.change import DefinitionChange
from milepost.model.organisation import Organisation
from milepost.model.problem import Refused
from milepost.model.target import TargetGroup
from milepost.service.changes.drafts import UNKNOWN_VERSION
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.store.drafts import changes


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVersion:
    """A group from a version of the organisation on, and the change that made it, if it was published as a draft."""

    version: int
    group: TargetGroup
    change: DefinitionChange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoVersions:
    """Two versions of a group, and the organisation whose calendar names their days."""

    organisation: Organisation
    before: TargetGroup
    after: TargetGroup


async def list_versions(runtime: Runtime, org_id: int, group_id: int) -> list[GroupVersion]:
    """Return the versions of a group, latest first. Raises Refused for an unknown group."""
    async with runtime.database.transaction() as transaction:
        versions = await changes.group_versions(transaction, org_id, group_id)
        made = {change.version: change for change in await changes.published(transaction, org_id, group_id)}
    if not versions:
        raise Refused(UNKNOWN_GROUP)
    return [
        GroupVersion(version=version, group=group, change=made.get(version)) for version, group in reversed(versions)
    ]


async def two_versions(runtime: Runtime, org_id: int, group_id: int, before: int, after: int) -> TwoVersions:
    """Return two versions of a group. Raises Refused if the group or a version is unknown."""
    async with runtime.database.reading() as reading:
        versions = dict(await changes.group_versions(reading, org_id, group_id))
    if not versions:
        raise Refused(UNKNOWN_GROUP)
    if not {before, after} <= versions.keys():
        raise Refused(UNKNOWN_VERSION)
    organisation = (await current_snapshot(runtime, org_id)).organisation
    return TwoVersions(organisation=organisation, before=versions[before], after=versions[after])
