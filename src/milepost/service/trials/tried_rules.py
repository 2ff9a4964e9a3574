"""The rules of a trial: those that judged each event, with one group of targets as it is tried."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from milepost import language
from milepost.model.definitions.completion import TARGET_COMPLETED
from milepost.model.organisation import Organisation
from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from milepost.store import definitions, organisations
from milepost.store.database import Transaction


@dataclass(frozen=True, slots=True)
class DefinitionHistory:
    """Every version of every group of an organisation, and the organisation at the versions of its settings."""

    groups: Mapping[int, tuple[tuple[int, TargetGroup], ...]]
    organisations: dict[int, Organisation]

    def at(self, version: int) -> dict[int, TargetGroup]:
        """Return the groups as they were at *version*, by id."""
        found: dict[int, TargetGroup] = {}
        for group_id, versions in self.groups.items():
            place = bisect_right(versions, version, key=lambda known: known[0])
            if place:
                found[group_id] = versions[place - 1][1]
        return found

    def organisation(self, version: int) -> Organisation:
        """Return the organisation with the settings that were in force at *version*."""
        return self.organisations[max(known for known in self.organisations if known <= version)]


async def load_definitions(transaction: Transaction, org_id: int) -> DefinitionHistory:
    """Return the definitions of an organisation at all of its versions."""
    groups: dict[int, list[tuple[int, TargetGroup]]] = {}
    for version, group in await definitions.all_versions(transaction, org_id):
        groups.setdefault(group.id, []).append((version, group))
    return DefinitionHistory({group_id: tuple(versions) for group_id, versions in sorted(groups.items())}, {})


async def load_organisations(
    transaction: Transaction, org_id: int, history: DefinitionHistory, versions: Iterable[int]
) -> None:
    """Read the organisation at those of *versions* that *history* does not know yet."""
    for version in set(versions) - history.organisations.keys():
        history.organisations[version] = await organisations.at_version(transaction, org_id, version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is tried: a group of targets, as it was defined at each version, or as *draft* says at all of them.

    Only events of the half-open span count for a draft (epoch microseconds).
    """

    group_id: int
    draft: TargetGroup | None = None
    since: Micros | None = None
    until: Micros | None = None

    def holds(self, at: Micros) -> bool:
        """Whether an event of the instant *at* may count."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


class TriedRules:
    """The compiled rules of a trial, by version.

    Other groups count nothing unless the tried one asks for progress or for achievements: they are known, so that the
    customer's enrolments and other commands are applied as they were.
    """

    def __init__(self, history: DefinitionHistory, tried: Tried) -> None:
        """Compile nothing yet."""
        self.tried = tried
        self._history = history
        self._known: dict[tuple[int, bool], RuleIndex] = {}

    def index(self, version: int, *, counts: bool) -> RuleIndex:
        """Return the rules at *version*; without *counts* the tried group counts nothing."""
        found = self._known.get((version, counts))
        if found is None:
            found = self._known[version, counts] = self._compiled(version, counts=counts)
        return found

    def _compiled(self, version: int, *, counts: bool) -> RuleIndex:
        groups, tried = self._history.at(version), self.tried
        if tried.draft is not None:
            groups[tried.group_id] = tried.draft
        group = groups.get(tried.group_id)
        if group is None or not needs_others(group):
            groups = {id_: other if id_ == tried.group_id else _silent(other) for id_, other in groups.items()}
        if group is not None and not counts:
            groups[tried.group_id] = _silent(group)
        return build_rule_index(self._history.organisation(version), groups.values())


def needs_others(group: TargetGroup) -> bool:
    """Whether what counts for *group* depends on the customer's progress in other groups."""
    return any(
        target.event_name == TARGET_COMPLETED or language.needs(language.read(target.expression)).reached
        for target in group.targets
    )


def _silent(group: TargetGroup) -> TargetGroup:
    return replace(group, active=False) if group.active else group
