"""What the commands about files of targets do inside an installation: export, plan, apply."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.cli.targets.document import document_of
from milepost.cli.targets.reading import GroupFile, read_folder, request_of
from milepost.cli.targets.yaml_text import write_yaml
from milepost.model.definitions.change import BelowGoal, ChangePolicy, ChangeState, DefinitionChange
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import TargetGroup
from milepost.rules.definition.schedule import ruling_calendar
from milepost.service.changes.applying import current_change
from milepost.service.changes.plans import Plan, WantedGroup, file_groups, plan_groups
from milepost.service.definitions.references import References, read_references
from milepost.service.runtime.runtime import Runtime
from milepost.service.scheduled.jobs import caller_within, work_once

_UNFIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Policies:
    """What becomes of running progress: one policy for all groups, and others for some of them by name."""

    default: ChangePolicy
    by_group: Mapping[str, ChangePolicy]
    below: BelowGoal

    def of(self, name: str) -> ChangePolicy:
        """Return the policy for the group of this name."""
        return self.by_group.get(name.casefold(), self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """An organisation with its live groups, and how its places and audiences are called."""

    organisation: Organisation
    groups: tuple[TargetGroup, ...]
    references: References

    def write(self, group: TargetGroup) -> dict[str, Any]:
        """Return *group* as a file holds it."""
        return document_of(group, ruling_calendar(self.organisation, group.time_zone_name), self.references)

    def differs(self, one: TargetGroup, other: TargetGroup) -> bool:
        """Whether two groups are written differently."""
        return self.write(one) != self.write(other)


def read_policies(texts: Sequence[str], below: str) -> Policies:
    """Read options such as FROM_NOW or `March=RECOMPUTE_RUNNING`. Raises Refused."""
    kinds = {one.value: one for one in ChangePolicy}
    chosen = {one.value: one for one in BelowGoal}
    problems = [
        Problem("--policy", f"must be one of {', '.join(kinds)}, or GROUP=POLICY")
        for text in texts
        if text.rpartition("=")[2] not in kinds
    ]
    if below not in chosen:
        problems.append(Problem("--below", f"must be one of {', '.join(chosen)}"))
    if problems:
        raise Refused(*problems)
    named = [(text.rpartition("=")[0].casefold(), kinds[text.rpartition("=")[2]]) for text in texts]
    default = next((policy for name, policy in reversed(named) if not name), ChangePolicy.NEXT_PERIOD)
    return Policies(default, {name: policy for name, policy in named if name}, chosen[below])


async def read_context(runtime: Runtime, org_id: int) -> Context:
    """Return what the files of an organisation are compared with."""
    async with runtime.database.transaction() as transaction:
        snapshot = await runtime.snapshots.of_organisation(transaction, org_id)
        references = await read_references(transaction, org_id, snapshot.places)
    groups = tuple(sorted(file_groups(snapshot.groups.values()), key=lambda group: group.name.casefold()))
    return Context(organisation=snapshot.organisation, groups=groups, references=references)


async def export_groups(runtime: Runtime, org_id: int, folder: Path) -> list[tuple[Path, bool]]:
    """Write a file for each live group; return the files, each with whether it was written.

    A group that has a file keeps it; one that says the same already is not touched, so that its comments stay. Raises
    Refused if a file of the folder cannot be read.
    """
    context, same = await read_context(runtime, org_id), frozenset[str]()
    if _has_files(folder):
        plan, _ = await plan_folder(runtime, org_id, folder, read_policies((), BelowGoal.KEEP.value))
        same = frozenset(one.wanted.name.casefold() for one in plan.groups if one.group is None and not one.waiting)
    return _write(context, folder, same)


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and bool(read_folder(folder))


def _write(context: Context, folder: Path, same: frozenset[str]) -> list[tuple[Path, bool]]:
    """Write the files of the live groups but those of *same*, whose files say what is live."""
    folder.mkdir(parents=True, exist_ok=True)
    files = read_folder(folder)
    present = {file.name.casefold(): file for file in files}
    taken = {str(file.path) for file in files}
    written: list[tuple[Path, bool]] = []
    for group in context.groups:
        file = present.get(group.name.casefold())
        path = Path(_file_name(group.name, taken)) if file is None else file.path
        taken.add(str(path))
        is_new = group.name.casefold() not in same
        if is_new:
            (folder / path).write_text(write_yaml(context.write(group)), "utf-8")
        written.append((path, is_new))
    return written


def _file_name(name: str, taken: set[str]) -> str:
    stem = _UNFIT.sub("-", name.casefold()).strip("-") or "group"
    numbers = ("", *(f"-{number}" for number in range(2, len(taken) + 3)))
    return next(f"{stem}{number}.yaml" for number in numbers if f"{stem}{number}.yaml" not in taken)


async def plan_folder(runtime: Runtime, org_id: int, folder: Path, policies: Policies) -> tuple[Plan, Context]:
    """Return what the files of a folder would change. Raises Refused with the problems of all files."""
    files, context = read_folder(folder), await read_context(runtime, org_id)
    if not files:
        raise Refused(Problem(str(folder), "holds no files of target groups (*.yaml)"))
    names = {file.name.casefold() for file in files}
    unknown = [name for name in policies.by_group if name not in names]
    if unknown:
        raise Refused(*(Problem("--policy", f"no file describes the group {name!r}") for name in unknown))
    wanted = [_wanted(file, context, policies) for file in files]
    return await plan_groups(runtime, caller_within(org_id), wanted, context.differs), context


def _wanted(file: GroupFile, context: Context, policies: Policies) -> WantedGroup:
    return WantedGroup(
        path=str(file.path),
        name=file.name,
        request=request_of(file.document, context.references),
        policy=policies.of(file.name),
        below=policies.below,
    )


async def finished(runtime: Runtime, changes: Sequence[DefinitionChange]) -> list[DefinitionChange]:
    """Do the jobs that recompute customers, beside servers that do them too, and return the changes at the end."""
    current = [await current_change(runtime, one) for one in changes]
    while any(one.state is ChangeState.RECOMPUTING for one in current) and await work_once(runtime):
        current = [await current_change(runtime, one) for one in changes]
    return [await current_change(runtime, one) for one in changes]
