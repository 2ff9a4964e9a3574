"""One target, ready to judge events."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from milepost import language
from milepost.language import EvaluationContext
from milepost.model.amount import UNITS_PER_ONE, to_units
from milepost.model.event import Line, Place
from milepost.model.organisation import Settings
from milepost.model.standing import ProgressKey
from milepost.model.target import (
    CapScope,
    EnrolmentMethod,
    Entity,
    Evaluation,
    FilterKind,
    Target,
    TargetGroup,
    Tracking,
    Trigger,
    TriggerValueKind,
)
from milepost.model.time import SECOND_US
from milepost.rules.calendar import calendar_of
from milepost.rules.compiled.composites import active_periods, is_group_tracked
from milepost.rules.compiled.measure import (
    Aggregate,
    LineReading,
    Reading,
    aggregate_of,
    event_name_of,
    line_reading,
    reading,
)
from milepost.rules.compiled.windows import Length, length_of

PREDICATES_REMEMBERED_MAX = 10_000

UNREACHABLE = 2**62
"""A mark past every value."""


class Mark(NamedTuple):
    """A trigger of a rule: the value to reach, in units; `share` of the goal, or the same `value` for every goal."""

    trigger_id: int
    share: Fraction | None
    value: int
    values: tuple[int, ...]

    def of_goal(self, goal: int | None) -> int:
        """Return the value to reach where the customer's goal is *goal*; a share is not rounded down."""
        if self.share is None:
            return self.value
        return UNREACHABLE if goal is None else ceil(goal * self.share)


Signature = tuple[Callable[[EvaluationContext], bool] | None, Reading | None, LineReading | None, str]
"""All of a rule that decides what an event adds: rules that ask the same get the same answer.

The zone stands for the day on which it counts, which is asked only where a day's extreme counts.
"""


class TimeFrame(NamedTuple):
    """The time in which a group counts: its bounds (epoch microseconds), its zone, and how windows of one's own run."""

    evaluation: Evaluation
    zone: str
    opens_at: int
    closes_at: int
    length: Length


class Rule:
    """One target, ready to judge events; periods are ordered by their beginning, goals and marks stand beside them."""

    __slots__ = (
        "aggregate",
        "asks",
        "calendar",
        "cap_scope",
        "closes",
        "entity",
        "event_name",
        "filters",
        "frame",
        "goals",
        "group_id",
        "is_cap",
        "is_counting",
        "is_fixed",
        "is_plain",
        "keys",
        "kpi",
        "marks",
        "metadata",
        "open_to_all",
        "opens",
        "period_ids",
        "predicate",
        "read",
        "read_line",
        "schedule",
        "sums",
        "target_id",
        "together",
        "tracking",
    )

    def __init__(self, target: Target, group: TargetGroup, zone: str, settings: Settings, *, is_counting: bool) -> None:
        """Compile *target* of *group*, whose days are those of *zone*."""
        periods = active_periods(group.periods)
        goals = {goal.period_id: to_units(goal.value) for goal in target.goals}
        self.target_id = target.id
        self.group_id = group.id
        self.entity, self.kpi, self.metadata = target.entity, target.kpi, target.metadata
        self.tracking = group.tracking
        self.is_cap = group.tracking is Tracking.CAPPING
        self.cap_scope: CapScope = group.cap_scope
        self.together = is_group_tracked(group.tracking)
        self.is_counting = is_counting
        self.event_name = event_name_of(target)
        self.aggregate: Aggregate = aggregate_of(target)
        self.sums = self.aggregate is Aggregate.SUM
        self.open_to_all = target.enrolment is EnrolmentMethod.TRANSACTION
        self.is_fixed = group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
        length = length_of(group.frequency_kind, group.frequency, settings.cyclic_months)
        # The end that is shown is the last second inside (facts 2.7).
        closes_at = group.cycle_closes_at + SECOND_US
        self.frame = TimeFrame(group.evaluation, zone, group.cycle_opens_at, closes_at, length)
        self.calendar = calendar_of(zone)
        self.opens = tuple(period.opens_at for period in periods)
        self.closes = tuple(period.closes_at for period in periods)
        self.period_ids = tuple(period.id for period in periods)
        self.keys = tuple(ProgressKey(target.id, period.id) for period in periods)
        self.goals = tuple(goals.get(period.id) for period in periods)
        self.marks = tuple(_mark(trigger, self.goals) for trigger in target.triggers)
        self.predicate = _predicate(target.expression, zone)
        self.filters = {(filter_.kind, id_) for filter_ in target.filters or () for id_ in filter_.ids}
        self.read: Reading | None = reading(target)
        self.read_line: LineReading | None = line_reading(target) if target.entity is Entity.LINEITEM else None
        self.schedule = _schedule(self.opens, self.closes)
        self.is_plain = self.is_fixed and self.sums and not (self.marks or self.together or self.is_cap)
        self.asks: Signature = (self.predicate, self.read, self.read_line, "" if self.sums else zone)

    def position(self, instant: int) -> int:
        """Return which calendar period holds *instant*, or -1."""
        found = bisect_right(self.opens, instant) - 1
        return found if found >= 0 and instant < self.closes[found] else -1

    def position_of(self, period_id: int) -> int:
        """Return where the period stands, or -1."""
        return self.period_ids.index(period_id) if period_id in self.period_ids else -1

    def is_at(self, place: Place) -> bool:
        """Return whether the rule counts what happens at *place*; its filters are alternatives (facts 8 #54)."""
        if not self.filters:
            return True
        named = (
            (FilterKind.STORE, place.store_id),
            (FilterKind.ZONE, place.zone_id),
            (FilterKind.CONCEPT, place.concept_id),
        )
        return any(name in self.filters for name in named)

    def amount(self, context: EvaluationContext) -> int | None:
        """Return what the event of *context* adds, in units; None when it does not count."""
        if self.read is None:
            payload = context.event.payload
            return self.amount_of_lines(context, getattr(payload, "lines", ()))
        if self.predicate is not None and not self.predicate(context):
            return None
        return self.read(context.event.payload)

    def amount_of_lines(self, context: EvaluationContext, left: Sequence[Line | None]) -> int | None:
        """Return what the lines *left* add: those for whose original (same position) the expression holds."""
        if self.read_line is None:
            return None
        total: int | None = None
        for line, rest in zip(getattr(context.event.payload, "lines", ()), left, strict=True):
            if rest is None:
                continue
            if self.predicate is not None and not self.predicate(context._replace(line=line)):
                continue
            units = self.read_line(rest)
            if units is not None:
                total = units if total is None else total + units
        return total


class Schedule(NamedTuple):
    """The bounds of calendar periods, in order; rules of the same bounds share one."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]


@lru_cache(maxsize=PREDICATES_REMEMBERED_MAX)
def _schedule(opens: tuple[int, ...], closes: tuple[int, ...]) -> Schedule:
    """Return one schedule for all rules of the same bounds, so that an event is placed in it once."""
    return Schedule(opens, closes)


@lru_cache(maxsize=PREDICATES_REMEMBERED_MAX)
def _predicate(expression: str, zone: str) -> Callable[[EvaluationContext], bool] | None:
    """Return one predicate for all rules of the same expression, so that an event asks it once; None is always true."""
    if expression == "true":
        return None
    return language.compile_predicate(language.read(expression), zone)


def _mark(trigger: Trigger, goals: tuple[int | None, ...]) -> Mark:
    """Return what *trigger* asks for: the smallest units that are not below the amount, or the share of the goal."""
    if not trigger.active:
        return Mark(trigger.id, None, UNREACHABLE, (UNREACHABLE,) * len(goals))
    value = Fraction(trigger.value)
    is_share = trigger.value_kind is TriggerValueKind.PERCENTAGE
    mark = Mark(trigger.id, value / 100 if is_share else None, ceil(value * UNITS_PER_ONE), ())
    return mark._replace(values=tuple(mark.of_goal(goal) for goal in goals))
