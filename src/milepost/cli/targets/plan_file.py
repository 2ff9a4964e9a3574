"""A plan that was printed before, read back so that exactly what was reviewed is applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from milepost.cli.targets.folder import Context, Policies
from milepost.cli.targets.printing import diff_of
from milepost.model.definitions.change import BelowGoal, ChangePolicy
from milepost.model.problem import Problem, Refused
from milepost.service.changes.plans import Plan

_WRITTEN_AFTER = "the files changed since the plan was made; plan again"


class _Group(msgspec.Struct, rename="camel"):
    name: str
    live_version: int
    policy: ChangePolicy
    below: BelowGoal
    diff: list[str]


class _File(msgspec.Struct):
    groups: list[_Group]


@dataclass(frozen=True, slots=True)
class EarlierPlan:
    """A plan that was made before: the policies, and each group's live version and diff by the group's name."""

    policies: Policies
    versions: Mapping[str, int]
    diffs: Mapping[str, list[str]]

    def problems(self, plan: Plan, context: Context) -> list[Problem]:
        """Return a problem for each group that would change in another way than was planned."""
        now = {one.wanted.name: diff_of(one, context.write) if one.group is not None else [] for one in plan.groups}
        names = [name for name in {**self.diffs, **now} if self.diffs.get(name, []) != now.get(name, [])]
        return [Problem(f"{name}:", _WRITTEN_AFTER) for name in names if self.versions.get(name) is not None]


def read_plan(path: Path) -> EarlierPlan:
    """Read what `plan --json` printed. Raises Refused."""
    try:
        groups = msgspec.json.decode(path.read_bytes(), type=_File).groups
    except (msgspec.DecodeError, OSError) as error:
        raise Refused(Problem("--plan", f"is no plan that `plan --json` printed: {error}")) from None
    below = groups[0].below if groups else BelowGoal.KEEP
    by_group = {one.name.casefold(): one.policy for one in groups}
    return EarlierPlan(
        Policies(ChangePolicy.NEXT_PERIOD, by_group, below),
        {one.name: one.live_version for one in groups},
        {one.name: one.diff for one in groups},
    )
