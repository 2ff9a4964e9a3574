"""The state of an edit: a definition between one version and the next."""

from dataclasses import replace
from typing import Any, TypeVar

from milepost.model.problem import Problem
from milepost.model.target import Attribution, Evaluation, Period, Target, TargetGroup
from milepost.model.time import SECOND_US, Micros
from milepost.rules.calendar import TZDB
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.edits.amendment import AmendedGroup, EditContext, NewName
from milepost.rules.edits.authorship import attribution_of

UNKNOWN_TARGET = 310018
UNKNOWN_PERIOD = 310019

Part = TypeVar("Part", Period, Target)


class GroupEdit:
    """A definition between one version and the next: its periods and targets so far, problems and warnings."""

    __slots__ = ("before", "calendar", "context", "names", "periods", "problems", "targets", "warnings")

    def __init__(self, group: TargetGroup, context: EditContext) -> None:
        """Begin with *group* as it is."""
        self.before = group
        self.context = context
        self.calendar = ruling_calendar(context.organisation, group.time_zone_name)
        self.periods = {period.id: period for period in group.periods}
        self.targets = {target.id: target for target in group.targets}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.names: list[NewName] = []

    @property
    def has_started(self) -> bool:
        """Whether the group's first period has begun."""
        opens = (period.opens_at for period in self.before.periods)
        return min(opens, default=self.before.cycle_opens_at) <= self.context.at

    def refuse(self, path: str, reason: str, code: int = 300004) -> None:
        """Add a problem."""
        self.problems.append(Problem(path, reason, code))

    def warn_unchanged(self, path: str) -> None:
        """Add a warning about a field that the request would change but that cannot be changed (facts 8 #40)."""
        self.warnings.append(f"{path} cannot be changed and was left as it is.")

    def result(self, **fields: Any) -> AmendedGroup:
        """Return the result of the edit. *fields* are changed fields of the group itself."""
        warnings = tuple(dict.fromkeys(self.warnings))
        if self.problems:
            return AmendedGroup(group=self.before, problems=tuple(self.problems), warnings=warnings)
        periods, targets = tuple(self.periods.values()), tuple(self.targets.values())
        after = _cover_periods(replace(self.before, periods=periods, targets=targets, **fields), self.before)
        if after == self.before:
            return AmendedGroup(group=self.before, warnings=warnings)
        return AmendedGroup(group=self._with_attribution(after), warnings=warnings, names=tuple(self.names))

    def _with_attribution(self, after: TargetGroup) -> TargetGroup:
        """Return *after* with a new attribution on the group and on each new or changed part."""
        before = self.before
        return replace(
            after,
            periods=self._parts_with_attribution(before.periods, after.periods),
            targets=self._parts_with_attribution(before.targets, after.targets),
            attribution=self._updated_attribution(before.attribution),
        )

    def _parts_with_attribution(self, before: tuple[Part, ...], after: tuple[Part, ...]) -> tuple[Part, ...]:
        parts_before = {part.id: part for part in before}
        signed: list[Part] = []
        for part in after:
            old = parts_before.get(part.id)
            attribution = (
                self._new_attribution() if old is None else self._updated_attribution(attribution_of(self.before, old))
            )
            signed.append(part if part == old else replace(part, attribution=attribution))
        return tuple(signed)

    def _new_attribution(self) -> Attribution:
        now, author = self.context.at, self.context.author
        return Attribution(created_at=now, updated_at=now, created_by=author, updated_by=author)

    def _updated_attribution(self, attribution: Attribution) -> Attribution:
        return replace(attribution, updated_at=self.context.at, updated_by=self.context.author)


def _cover_periods(after: TargetGroup, before: TargetGroup) -> TargetGroup:
    """Return *after* with a validity and a cycle window that contain its periods (facts 2.7, 8 #40).

    A cycle window that was derived from the periods is derived again. A window that the request gave is only extended,
    and only if periods change.
    """
    if after.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW or not after.periods:
        return after
    last_day = max(period.ends_on for period in after.periods)
    if after.valid_to is not None and after.valid_to < last_day:
        after = replace(after, valid_to=last_day)
    if after.periods == before.periods:
        return after
    opens, closes = _around(after.periods)
    window = (before.cycle_opens_at, before.cycle_closes_at)
    if before.periods and window != _around(before.periods):
        opens, closes = min(opens, window[0]), max(closes, window[1])
    new_bounds = _bounds(after.periods) - _bounds(before.periods)
    tzdb = TZDB if new_bounds else before.tzdb
    return replace(after, cycle_opens_at=opens, cycle_closes_at=closes, tzdb=tzdb)


def _bounds(periods: tuple[Period, ...]) -> set[tuple[int, Micros, Micros]]:
    return {(period.id, period.opens_at, period.closes_at) for period in periods}


def _around(periods: tuple[Period, ...]) -> tuple[Micros, Micros]:
    """Return the first instant and the last second of *periods*, in epoch microseconds."""
    last = Micros(max(period.closes_at for period in periods) - SECOND_US)
    return min(period.opens_at for period in periods), last
