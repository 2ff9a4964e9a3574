"""A definition on its way from one version to the next."""

from dataclasses import replace
from typing import Any, TypeVar

from milepost.model.problem import Problem
from milepost.model.target import Attribution, Evaluation, Period, Target, TargetGroup
from milepost.model.time import SECOND_US
from milepost.rules.calendar import TZDB
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.edits.amendment import AmendedGroup, EditContext, NewName
from milepost.rules.edits.authorship import attribution_of

UNKNOWN_TARGET = 310018
UNKNOWN_PERIOD = 310019

Part = TypeVar("Part", Period, Target)


class GroupEdit:
    """A definition on its way from one version to the next: what stands so far, and what is wrong with it."""

    __slots__ = ("before", "calendar", "names", "periods", "problems", "targets", "warnings", "where")

    def __init__(self, group: TargetGroup, where: EditContext) -> None:
        """Begin at *group*."""
        self.before = group
        self.where = where
        self.calendar = ruling_calendar(where.organisation, group.time_zone_name)
        self.periods = {period.id: period for period in group.periods}
        self.targets = {target.id: target for target in group.targets}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.names: list[NewName] = []

    @property
    def has_started(self) -> bool:
        """Return whether the first period has begun."""
        opens = (period.opens_at for period in self.before.periods)
        return min(opens, default=self.before.cycle_opens_at) <= self.where.at

    def refuse(self, path: str, reason: str, code: int = 300004) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(path, reason, code))

    def leave(self, path: str) -> None:
        """Note a field that a request writes otherwise than it is, and that no request changes (facts 8 #40)."""
        self.warnings.append(f"{path} cannot be changed and was left as it is.")

    def result(self, **fields: Any) -> AmendedGroup:
        """Return what came of it; *fields* are those of the group itself."""
        told = tuple(dict.fromkeys(self.warnings))
        if self.problems:
            return AmendedGroup(group=self.before, problems=tuple(self.problems), warnings=told)
        periods, targets = tuple(self.periods.values()), tuple(self.targets.values())
        after = _covering(replace(self.before, periods=periods, targets=targets, **fields), self.before)
        if after == self.before:
            return AmendedGroup(group=self.before, warnings=told)
        return AmendedGroup(group=self._signed(after), warnings=told, names=tuple(self.names))

    def _signed(self, after: TargetGroup) -> TargetGroup:
        """Say of the group and of each part that is new or changed when and by whom."""
        before = self.before
        return replace(
            after,
            periods=self._parts_signed(before.periods, after.periods),
            targets=self._parts_signed(before.targets, after.targets),
            attribution=self._changed(before.attribution),
        )

    def _parts_signed(self, before: tuple[Part, ...], after: tuple[Part, ...]) -> tuple[Part, ...]:
        known = {part.id: part for part in before}
        signed: list[Part] = []
        for part in after:
            old = known.get(part.id)
            made = self._made() if old is None else self._changed(attribution_of(self.before, old))
            signed.append(part if part == old else replace(part, attribution=made))
        return tuple(signed)

    def _made(self) -> Attribution:
        now, author = self.where.at, self.where.author
        return Attribution(created_at=now, updated_at=now, created_by=author, updated_by=author)

    def _changed(self, made: Attribution) -> Attribution:
        return replace(made, updated_at=self.where.at, updated_by=self.where.author)


def _covering(after: TargetGroup, before: TargetGroup) -> TargetGroup:
    """Return *after* with a validity and a cycle window that hold its periods (facts 2.7, 8 #40).

    A window that was that of the periods goes on being it; one of its own grows, and only when periods change.
    """
    if after.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW or not after.periods:
        return after
    last_day = max(period.ends_on for period in after.periods)
    if after.valid_to is not None and after.valid_to < last_day:
        after = replace(after, valid_to=last_day)
    if after.periods == before.periods:
        return after
    opens, closes = _around(after.periods)
    own = (before.cycle_opens_at, before.cycle_closes_at)
    if before.periods and own != _around(before.periods):
        opens, closes = min(opens, own[0]), max(closes, own[1])
    reckoned_anew = _bounds(after.periods) - _bounds(before.periods)
    tzdb = TZDB if reckoned_anew else before.tzdb
    return replace(after, cycle_opens_at=opens, cycle_closes_at=closes, tzdb=tzdb)


def _bounds(periods: tuple[Period, ...]) -> set[tuple[int, int, int]]:
    return {(period.id, period.opens_at, period.closes_at) for period in periods}


def _around(periods: tuple[Period, ...]) -> tuple[int, int]:
    """Return the first instant and the last second of *periods*."""
    return min(period.opens_at for period in periods), max(period.closes_at for period in periods) - SECOND_US
