"""Reads target groups: one by id, a list, or a search as the vendor's milestones (facts 3.1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from milepost.model.names import name_key
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Kpi, TargetGroup, Tracking
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, Moment, Unreadable, calendar_of
from milepost.rules.compiled.boundaries import end_of
from milepost.rules.definition.naming import name_problems
from milepost.service.definitions.names import key_of
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.snapshot.organisation_snapshot import Snapshots
from milepost.store import definitions
from milepost.store.database import Database
from milepost.store.definitions import NameKind

INVALID_KEY = Problem("type", "Invalid key is passed", 310145)


class MilestoneStatus(Enum):
    """Whether a group's cycle window is running, coming or over; STOPPED is an inactive group (facts 8 #45)."""

    LIVE = "LIVE"
    UPCOMING = "UPCOMING"
    ENDED = "ENDED"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupList:
    """Groups of an organisation, newest first (facts 8 #94)."""

    organisation: Organisation
    groups: tuple[TargetGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneQuery:
    """The milestones that a search asks for. A field that is None restricts nothing; `offset` counts pages.

    `begins` and `ends` are dates or date-times; they ask for groups whose cycle window overlaps the span between them.
    """

    begins: str | None = None
    ends: str | None = None
    statuses: frozenset[MilestoneStatus] | None = None
    trackings: frozenset[Tracking] | None = None
    kpis: frozenset[Kpi] | None = None
    name: str | None = None
    user_created: bool = False
    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestonePage:
    """A page of milestones, newest first, each with its organisation. `total` counts all that match."""

    groups: tuple[tuple[Organisation, TargetGroup], ...]
    total: int


async def list_groups(
    database: Database, snapshots: Snapshots, org_id: int, *, user_created: bool = False, only_active: bool = False
) -> GroupList:
    """Return the groups of an organisation, without deleted ones.

    With *user_created* the goals that customers set are included; with *only_active* inactive groups are left out.
    """
    organisation, groups = await _all(database, snapshots, org_id)
    listed = [
        group
        for group in groups.values()
        if not group.deleted and (user_created or not group.user_created) and (group.active or not only_active)
    ]
    return GroupList(organisation=organisation, groups=tuple(sorted(listed, key=_age, reverse=True)))


async def find_group(
    database: Database, snapshots: Snapshots, org_id: int, group_id: int
) -> tuple[Organisation, TargetGroup]:
    """Return a group and its organisation. Raises Refused if the group does not exist or was deleted."""
    organisation, groups = await _all(database, snapshots, org_id)
    group = groups.get(group_id)
    if group is None or group.deleted:
        raise Refused(UNKNOWN_GROUP)
    return organisation, group


async def find_milestones(
    database: Database, snapshots: Snapshots, org_ids: Sequence[int], query: MilestoneQuery, now: Micros
) -> MilestonePage:
    """Return a page of the groups that match *query* at *now* (epoch microseconds), newest first. Raises Refused."""
    matches: list[tuple[Organisation, TargetGroup]] = []
    for org_id in org_ids:
        organisation, groups = await _all(database, snapshots, org_id)
        window = _window(query, calendar_of(organisation.zone))
        matches += ((organisation, group) for group in groups.values() if _matches(group, query, window, now))
    matches.sort(key=lambda match: _age(match[1]), reverse=True)
    start = query.offset * query.limit
    return MilestonePage(groups=tuple(matches[start : start + query.limit]), total=len(matches))


def _age(group: TargetGroup) -> tuple[Micros, int]:
    """Return the key by which lists are sorted: when the group was made, and its id among those of one instant."""
    return group.attribution.created_at, group.id


def status_of(group: TargetGroup, now: Micros) -> MilestoneStatus:
    """Return the status of *group* at *now* (epoch microseconds)."""
    if not group.active:
        return MilestoneStatus.STOPPED
    if now < group.cycle_opens_at:
        return MilestoneStatus.UPCOMING
    # The last second that is shown belongs to the window (facts 8 #20).
    return MilestoneStatus.LIVE if now < end_of(group) else MilestoneStatus.ENDED


async def is_valid_name(database: Database, snapshots: Snapshots, org_id: int, kind: str, name: str) -> bool:
    """Return whether *name* is valid and free for a *kind* of the vendor's. Raises Refused for an unknown kind."""
    if kind not in _NAME_KINDS:
        raise Refused(INVALID_KEY)
    if any(name_problems("value", name)):
        return False
    name_kind = _NAME_KINDS[kind]
    if name_kind is None:
        _, groups = await _all(database, snapshots, org_id)
        return name_key(name) not in {name_key(used) for used in _period_names(groups)}
    async with database.reading() as reading:
        return not await definitions.names_taken(reading, org_id, [key_of(name_kind, name)])


_NAME_KINDS: Mapping[str, NameKind | None] = {
    "targetGroupName": NameKind.GROUP,
    # A streak is a group; only its levels have names of their own (facts 1).
    "streakName": NameKind.GROUP,
    "targetName": NameKind.TARGET,
    "streakLevelName": NameKind.STREAK_LEVEL,
    # Unique only inside a group, but this call names no group, so it looks in the whole organisation (facts 8 #58).
    "periodName": None,
}


def _period_names(groups: Mapping[int, TargetGroup]) -> Iterator[str]:
    return (period.ref_code for group in groups.values() if not group.deleted for period in group.periods)


def _matches(
    group: TargetGroup, query: MilestoneQuery, window: tuple[Micros | None, Micros | None], now: Micros
) -> bool:
    begins, ends = window
    if begins is not None and group.cycle_closes_at < begins:
        return False
    if ends is not None and group.cycle_opens_at > ends:
        return False
    if query.statuses is not None and status_of(group, now) not in query.statuses:
        return False
    if query.trackings is not None and group.tracking not in query.trackings:
        return False
    if query.kpis is not None and query.kpis.isdisjoint(target.kpi for target in group.targets):
        return False
    if query.name is not None and name_key(query.name) not in name_key(group.name):
        return False
    return not group.deleted and (query.user_created or not group.user_created)


def _window(query: MilestoneQuery, calendar: Calendar) -> tuple[Micros | None, Micros | None]:
    """Return the span that *query* asks for, in epoch microseconds. An end that is a date includes that whole day."""
    problems: list[Problem] = []
    first = _moment("start-date", query.begins, calendar, problems)
    last = _moment("end-date", query.ends, calendar, problems)
    if problems:
        raise Refused(*problems)
    if last is not None and query.ends is not None and len(query.ends) == len("2024-08-20"):
        return None if first is None else first.instant, Micros(calendar.closes(last.day) - 1)
    return None if first is None else first.instant, None if last is None else last.instant


def _moment(path: str, text: str | None, calendar: Calendar, problems: list[Problem]) -> Moment | None:
    if text is None:
        return None
    try:
        return calendar.read_legacy(text)
    except Unreadable as problem:
        problems.append(Problem(path, str(problem)))
        return None


async def _all(database: Database, snapshots: Snapshots, org_id: int) -> tuple[Organisation, Mapping[int, TargetGroup]]:
    async with database.reading() as reading:
        snapshot = await snapshots.of_organisation(reading, org_id)
    return snapshot.organisation, snapshot.groups
