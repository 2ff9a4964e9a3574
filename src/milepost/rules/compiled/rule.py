"""A target compiled for evaluation."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from milepost import language
from milepost.language import EvaluationContext
from milepost.model.amount import to_units
from milepost.model.event import Bill, Line, Place
from milepost.model.organisation import RULES_FIRST, Settings
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
)
from milepost.model.time import HOUR_US, Micros
from milepost.rules.calendar import calendar_of
from milepost.rules.compiled.boundaries import end_of
from milepost.rules.compiled.composites import active_periods, is_group_tracked
from milepost.rules.compiled.mark import mark_of
from milepost.rules.compiled.measure import (
    Aggregate,
    LineReading,
    Reading,
    aggregate_of,
    event_name_of,
    line_reading,
    reading,
)
from milepost.rules.compiled.remaining import Remaining
from milepost.rules.compiled.remaining_measure import left_line_reading, left_reading, to_units_exactly
from milepost.rules.compiled.returned_bill import left_bill, left_line
from milepost.rules.compiled.windows import Length, length_of

PREDICATES_REMEMBERED_MAX = 10_000

Signature = tuple[Callable[[EvaluationContext], bool] | None, Reading | None, LineReading | None, str]
"""The parts of a rule that determine what an event adds. Rules with equal signatures share one evaluation.

They are the predicate, the two readings, and the time zone of the event's day. The zone is empty where the day does not
matter, that is, unless a day's extreme counts.
"""


class TimeFrame(NamedTuple):
    """The time in which a group counts: kind of window, time zone, bounds (epoch microseconds), window length.

    `grace` is how long before a customer's first own window an event may be dated that counts there (microseconds).
    """

    evaluation: Evaluation
    zone: str
    opens_at: Micros
    closes_at: Micros
    length: Length
    grace: Micros


def _time_frame(group: TargetGroup, zone: str, settings: Settings) -> TimeFrame:
    return TimeFrame(
        evaluation=group.evaluation,
        zone=zone,
        opens_at=group.cycle_opens_at,
        closes_at=end_of(group),
        length=length_of(group.frequency_kind, group.frequency, settings.cyclic_months),
        grace=_grace(group.evaluation, settings),
    )


def _grace(evaluation: Evaluation, settings: Settings) -> Micros:
    if evaluation is not Evaluation.CYCLIC_WINDOW or settings.rules_edition == RULES_FIRST:
        return Micros(0)
    return Micros(settings.own_window_grace_hours * HOUR_US)


class RowTarget(NamedTuple):
    """A row of progress that a rule counts in: its key, goal (units) and end of the period (epoch microseconds)."""

    target_id: int
    period_id: int
    goal: int | None
    closes_at: Micros


class Rule:
    """A target compiled for evaluation.

    `opens`, `closes` (epoch microseconds), `period_ids`, `keys` and `goals` (units) have one entry for each active
    period, in the order of opening. `is_simple_sum`: the rule only sums in calendar periods, so it has no triggers, is
    no cap, and its group has no streak or composite. `is_group_tracked`: a change of this target also changes its
    group's streak or composite.
    """

    __slots__ = (
        "aggregate",
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
        "is_group_tracked",
        "is_simple_sum",
        "keys",
        "kpi",
        "marks",
        "metadata",
        "open_to_all",
        "opens",
        "period_ids",
        "predicate",
        "read",
        "read_left",
        "read_line",
        "read_line_left",
        "row_targets",
        "schedule",
        "signature",
        "sums",
        "target_id",
        "tracking",
    )

    def __init__(self, target: Target, group: TargetGroup, zone: str, settings: Settings, *, is_counting: bool) -> None:
        """Compile *target* of *group* with days in the time zone *zone*."""
        periods = active_periods(group.periods)
        goals = {goal.period_id: to_units(goal.value) for goal in target.goals}
        self.target_id = target.id
        self.group_id = group.id
        self.entity, self.kpi, self.metadata = target.entity, target.kpi, target.metadata
        self.tracking = group.tracking
        self.is_cap = group.tracking is Tracking.CAPPING
        self.cap_scope: CapScope = group.cap_scope
        self.is_group_tracked = is_group_tracked(group.tracking)
        self.is_counting = is_counting
        self.event_name = event_name_of(target)
        self.aggregate: Aggregate = aggregate_of(target)
        self.sums = self.aggregate is Aggregate.SUM
        self.open_to_all = target.enrolment is EnrolmentMethod.TRANSACTION
        self.is_fixed = group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
        self.frame = _time_frame(group, zone, settings)
        self.calendar = calendar_of(zone)
        self.opens = tuple(period.opens_at for period in periods)
        self.closes = tuple(period.closes_at for period in periods)
        self.period_ids = tuple(period.id for period in periods)
        self.keys = tuple(ProgressKey(target.id, period.id) for period in periods)
        self.goals = tuple(goals.get(period.id) for period in periods)
        self.marks = tuple(mark_of(trigger, self.goals) for trigger in target.triggers)
        self.predicate = _predicate(target.expression, zone)
        self.filters = {(filter_.kind, id_) for filter_ in target.filters or () for id_ in filter_.ids}
        self.read: Reading | None = reading(target, settings.rules_edition)
        self.read_line: LineReading | None = (
            line_reading(target, settings.rules_edition) if target.entity is Entity.LINEITEM else None
        )
        self.read_left = left_reading(target)
        self.read_line_left = left_line_reading(target)
        self.schedule = _schedule(self.opens, self.closes)
        # An event adds to the row of a simple sum and may achieve it, and that is all that it does there.
        self.is_simple_sum = self.is_fixed and self.sums and not (self.marks or self.is_group_tracked or self.is_cap)
        self.row_targets = (
            tuple(map(RowTarget, *zip(*self.keys, strict=True), self.goals, self.closes)) if self.keys else ()
        )
        self.signature: Signature = (self.predicate, self.read, self.read_line, "" if self.sums else zone)

    def position(self, instant: Micros) -> int | None:
        """Return the position of the calendar period that contains *instant* (epoch microseconds), if any."""
        position = bisect_right(self.opens, instant) - 1
        return position if position >= 0 and instant < self.closes[position] else None

    def position_of(self, period_id: int) -> int | None:
        """Return the position of the period with this id; None if the rule has no active period of this id."""
        return self.period_ids.index(period_id) if period_id in self.period_ids else None

    def is_at(self, place: Place) -> bool:
        """Return whether the rule counts events at *place*. Its filters are alternatives (facts 8 #54)."""
        if not self.filters:
            return True
        place_ids = (
            (FilterKind.STORE, place.store_id),
            (FilterKind.ZONE, place.zone_id),
            (FilterKind.CONCEPT, place.concept_id),
        )
        return any(place_id in self.filters for place_id in place_ids)

    def amount(self, context: EvaluationContext) -> int | None:
        """Return what the event of *context* adds, in units, or None if it does not count."""
        if self.read is None:
            payload = context.event.payload
            return self.amount_of_lines(context, payload.lines) if isinstance(payload, Bill) else None
        if self.predicate is not None and not self.predicate(context):
            return None
        return self.read(context.event.payload)

    def amount_of_lines(self, context: EvaluationContext, left: Sequence[Line | None]) -> int | None:
        """Return what the lines *left* of the bill in *context* add, in units, or None if no line counts.

        *left* has one entry for each line of the bill, None if nothing is left of it after returns. The expression is
        evaluated on the original line, so that a return does not change which lines count.
        """
        bill = context.event.payload
        if self.read_line is None or not isinstance(bill, Bill):
            return None
        total: int | None = None
        for line, rest in zip(bill.lines, left, strict=True):
            if rest is None:
                continue
            if self.predicate is not None and not self.predicate(context._replace(line=line)):
                continue
            units = self.read_line(rest)
            if units is not None:
                total = units if total is None else total + units
        return total

    def amount_left(self, context: EvaluationContext, rest: Remaining, *, anew: bool) -> int | None:
        """Return what the *rest* of the bill in *context* adds, in units, or None if it does not count.

        The condition is asked of the bill as it was bought; *anew* of what is left of it too (facts 8 #78).
        """
        left = context._replace(event=replace(context.event, payload=left_bill(rest))) if anew else context
        if self.read_line_left is None:
            if anew and self.predicate is not None and not self.predicate(left):
                return None
            return None if self.read_left is None else self.read_left(rest)
        amounts = [
            amount
            for line in rest.lines
            if self._holds_of(context._replace(line=line.line))
            and (not anew or self._holds_of(left._replace(line=left_line(line))))
            and (amount := self.read_line_left(line)) is not None
        ]
        return to_units_exactly(sum(amounts, Fraction(0))) if amounts else None

    def _holds_of(self, context: EvaluationContext) -> bool:
        return self.predicate is None or self.predicate(context)


class Schedule(NamedTuple):
    """The bounds of calendar periods, in order. Rules with equal bounds share one schedule."""

    opens: tuple[Micros, ...]
    closes: tuple[Micros, ...]


@lru_cache(maxsize=PREDICATES_REMEMBERED_MAX)
def _schedule(opens: tuple[Micros, ...], closes: tuple[Micros, ...]) -> Schedule:
    """Return one schedule for all rules with equal bounds, so that the period of an event is looked up once."""
    return Schedule(opens, closes)


@lru_cache(maxsize=PREDICATES_REMEMBERED_MAX)
def _predicate(expression: str, zone: str) -> Callable[[EvaluationContext], bool] | None:
    """Return one predicate for all rules with equal expressions, so that it is evaluated once; None is always true."""
    if expression == "true":
        return None
    return language.compile_predicate(language.read(expression), zone)
