"""Bodies that ask to change a definition: the same objects as those that define one, with the ids they have now."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from milepost.api.capillary.definitions.target_groups.body import CombinationBody, GroupBody
from milepost.api.capillary.definitions.targets.body import ENTRIES_MAX, PeriodBody, TargetBody
from milepost.api.capillary.document import Document, read, read_each
from milepost.api.http.body import read_json
from milepost.model.problem import Problem
from milepost.rules.edits.amendment import GroupAmendment, PeriodAmendment, TargetAmendment, UnifiedAmendment

Problems = tuple[Problem, ...]


class UnifiedBody(Document):
    """A change of a unified group; a target without an id is a new one."""

    shown_only: ClassVar[frozenset[str]] = frozenset()

    unified_target_expression: CombinationBody | None = None
    targets: Annotated[list[TargetBody], Field(max_length=ENTRIES_MAX)] | None = None
    deactivate_target_ids: Annotated[list[int], Field(max_length=ENTRIES_MAX)] | None = None


def read_group_change(body: bytes) -> tuple[int | None, GroupAmendment, Problems]:
    """Read a whole group as it is to be, with the id in it, and everything in it that cannot be read."""
    group, problems = read(GroupBody, read_json(body))
    draft = replace(group.draft(), periods=(), targets=())
    return group.id, GroupAmendment(draft=draft, periods=_periods(group), targets=_targets(group.targets)), problems


def read_unified_change(body: bytes) -> tuple[UnifiedAmendment, Problems]:
    """Read a change of a unified group."""
    asked, problems = read(UnifiedBody, read_json(body))
    expression = asked.unified_target_expression
    amendment = UnifiedAmendment(
        combination=None if expression is None else expression.draft(),
        targets=_targets(asked.targets),
        deactivated=tuple(asked.deactivate_target_ids or ()),
    )
    return amendment, problems


def read_periods(body: bytes) -> tuple[tuple[PeriodAmendment, ...], Problems]:
    """Read a list of periods, new ones or changed ones."""
    found, problems = read_each(PeriodBody, read_json(body), alone=True)
    return tuple(_period(path, one) for path, one in found), problems


def read_targets(body: bytes) -> tuple[tuple[TargetAmendment, ...], Problems]:
    """Read a list of targets, new ones or changed ones; one alone need not stand in a list."""
    found, problems = read_each(TargetBody, read_json(body), alone=True)
    return tuple(_target(path, one) for path, one in found), problems


def read_target(body: bytes, target_id: int) -> tuple[TargetAmendment, Problems]:
    """Read the change of one target; the id in the body, if any, is not looked at."""
    target, problems = read(TargetBody, read_json(body))
    return replace(_target("", target), id=target_id), problems


def _targets(targets: Iterable[TargetBody] | None) -> tuple[TargetAmendment, ...]:
    return tuple(_target(f"targets[{place}]", target) for place, target in enumerate(targets or ()))


def _target(path: str, target: TargetBody) -> TargetAmendment:
    periods = tuple(goal.period_id for goal in target.default_values or ())
    return TargetAmendment(path=path, id=target.id, draft=target.draft(), goal_periods=periods)


def _periods(group: GroupBody) -> tuple[PeriodAmendment, ...]:
    return tuple(_period(f"periods[{place}]", period) for place, period in enumerate(group.periods or ()))


def _period(path: str, period: PeriodBody) -> PeriodAmendment:
    return PeriodAmendment(path=path, id=period.id, draft=period.draft())
