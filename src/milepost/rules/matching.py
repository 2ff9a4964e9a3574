"""From an event to the targets it may count for: the catalogue of an organisation's rules at one version."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from math import ceil
from typing import NamedTuple

from milepost import language
from milepost.language import NOTHING_NEEDED, Needs, Occasion
from milepost.model.amount import UNITS_PER_ONE, to_units
from milepost.model.event import Event, Line, Place
from milepost.model.organisation import Organisation, Settings
from milepost.model.standing import ProgressKey
from milepost.model.target import (
    EnrolmentMethod,
    Entity,
    FilterKind,
    Period,
    Target,
    TargetGroup,
    Trigger,
    TriggerValueKind,
)
from milepost.rules.calendar import Calendar
from milepost.rules.evaluable import unevaluable
from milepost.rules.measure import Aggregate, LineReading, Reading, aggregate_of, event_name_of, line_reading, reading
from milepost.rules.named import Named

PREDICATES_REMEMBERED_MAX = 10_000
PLACES_REMEMBERED_MAX = 100_000
"""How many places (per event name) the catalogue remembers candidates for."""


UNREACHABLE = 2**62
"""A mark past every value."""


class Mark(NamedTuple):
    """A trigger of a rule: the value to reach, in units, by position of the period; unreachable if it is inactive."""

    trigger_id: int
    values: tuple[int, ...]


Asks = tuple[Callable[[Occasion], bool] | None, Reading | None, LineReading | None, bool]
"""All of a rule that decides what an event adds: rules that ask the same get the same answer."""


class Rule:
    """One target, ready to judge events; periods are ordered by their beginning, goals and marks stand beside them."""

    __slots__ = (
        "aggregate",
        "asks",
        "closes",
        "event_name",
        "filters",
        "goals",
        "is_counting",
        "keys",
        "marks",
        "open_to_all",
        "opens",
        "period_ids",
        "predicate",
        "read",
        "read_line",
        "sums",
        "target_id",
    )

    def __init__(self, target: Target, periods: Sequence[Period], zone: str, *, is_counting: bool) -> None:
        """Compile *target* over the *periods* of its group."""
        ordered = sorted((period for period in periods if period.active), key=lambda period: period.opens_at)
        goals = {goal.period_id: to_units(goal.value) for goal in target.goals}
        self.target_id = target.id
        self.is_counting = is_counting
        self.event_name = event_name_of(target)
        self.aggregate: Aggregate = aggregate_of(target)
        self.sums = self.aggregate is Aggregate.SUM
        self.open_to_all = target.enrolment is EnrolmentMethod.TRANSACTION
        self.opens = tuple(period.opens_at for period in ordered)
        self.closes = tuple(period.closes_at for period in ordered)
        self.period_ids = tuple(period.id for period in ordered)
        self.keys = tuple(ProgressKey(target.id, period.id) for period in ordered)
        self.goals = tuple(goals.get(period.id) for period in ordered)
        self.marks = tuple(_mark(trigger, self.goals) for trigger in target.triggers)
        self.predicate = _predicate(target.expression, zone)
        self.filters = {(filter_.kind, id_) for filter_ in target.filters or () for id_ in filter_.ids}
        self.read: Reading | None = reading(target)
        self.read_line: LineReading | None = line_reading(target) if target.entity is Entity.LINEITEM else None
        self.asks: Asks = (self.predicate, self.read, self.read_line, self.sums)

    def position(self, instant: int) -> int:
        """Give which period holds *instant*, or -1."""
        found = bisect_right(self.opens, instant) - 1
        return found if found >= 0 and instant < self.closes[found] else -1

    def position_of(self, period_id: int) -> int:
        """Give where the period stands, or -1."""
        return self.period_ids.index(period_id) if period_id in self.period_ids else -1

    def is_at(self, place: Place) -> bool:
        """Tell whether the rule counts what happens at *place*; its filters are alternatives (semantics 8 #54)."""
        if not self.filters:
            return True
        named = (
            (FilterKind.STORE, place.store_id),
            (FilterKind.ZONE, place.zone_id),
            (FilterKind.CONCEPT, place.concept_id),
        )
        return any(name in self.filters for name in named)

    def amount(self, occasion: Occasion) -> int | None:
        """Give what the event of *occasion* adds, in units; None when it does not count."""
        if self.read is None:
            payload = occasion.event.payload
            return self.amount_of_lines(occasion, getattr(payload, "lines", ()))
        if self.predicate is not None and not self.predicate(occasion):
            return None
        return self.read(occasion.event.payload)

    def amount_of_lines(self, occasion: Occasion, left: Sequence[Line | None]) -> int | None:
        """Give what the lines *left* add: those whose original (same position in the bill) the expression holds for."""
        if self.read_line is None:
            return None
        total: int | None = None
        for line, rest in zip(getattr(occasion.event.payload, "lines", ()), left, strict=True):
            if rest is None:
                continue
            if self.predicate is not None and not self.predicate(occasion._replace(line=line)):
                continue
            units = self.read_line(rest)
            if units is not None:
                total = units if total is None else total + units
        return total


class Catalogue:
    """The rules of an organisation at one version, found by event name and place."""

    def __init__(self, organisation: Organisation, groups: Iterable[TargetGroup]) -> None:
        """Compile the active targets of *groups*; those that cannot be evaluated yet count nothing."""
        self.org_id = organisation.id
        self.version = organisation.version
        self.settings: Settings = organisation.settings
        self.calendar = Calendar(organisation.zone)
        self.groups = {group.id: group for group in groups}
        self.rules: dict[int, Rule] = {}
        self._by_name: dict[str, list[Rule]] = {}
        self._by_place: dict[tuple[str, int | None, int | None, int | None], tuple[Rule, ...]] = {}
        self.needs = NOTHING_NEEDED
        self._asking_of_ended: set[str] = set()
        for group in self.groups.values():
            self._add(group, organisation.zone)

    def _add(self, group: TargetGroup, zone: str) -> None:
        counts = group.active and not unevaluable(group)
        for target in group.targets:
            rule = Rule(target, group.periods, zone, is_counting=counts and target.active)
            self.rules[target.id] = rule
            if rule.is_counting:
                self._by_name.setdefault(rule.event_name, []).append(rule)
                self._note_needs(rule, language.needs(language.read(target.expression)))

    def _note_needs(self, rule: Rule, needs: Needs) -> None:
        self.needs = self.needs.joined(needs)
        if needs.ended:
            self._asking_of_ended.add(rule.event_name)

    def asks_of_ended(self, event_name: str) -> bool:
        """Tell whether a rule that hears events of this name asks for progress of periods that may be over."""
        return event_name in self._asking_of_ended

    @cached_property
    def named(self) -> Named:
        """What rules may name."""
        return Named(self.groups.values())

    def candidates(self, event: Event) -> tuple[Rule, ...]:
        """Give the rules that listen to events of this name at this place."""
        place = event.place
        key = (event.name, place.store_id, place.zone_id, place.concept_id)
        found = self._by_place.get(key)
        if found is None:
            found = tuple(rule for rule in self._by_name.get(event.name, ()) if rule.is_at(place))
            if len(self._by_place) < PLACES_REMEMBERED_MAX:
                self._by_place[key] = found
        return found


def catalogue(organisation: Organisation, groups: Iterable[TargetGroup]) -> Catalogue:
    """Give the catalogue of *organisation* with these groups in force."""
    return Catalogue(organisation, groups)


@lru_cache(maxsize=PREDICATES_REMEMBERED_MAX)
def _predicate(expression: str, zone: str) -> Callable[[Occasion], bool] | None:
    """Give one predicate for all rules of the same expression, so that an event asks it once; None is always true."""
    if expression == "true":
        return None
    return language.compile_predicate(language.read(expression), zone)


def _mark(trigger: Trigger, goals: tuple[int | None, ...]) -> Mark:
    """Give the values of *trigger*: the smallest units that are not below the amount, or the share of the goal."""
    if not trigger.active:
        return Mark(trigger.id, (UNREACHABLE,) * len(goals))
    value = Fraction(trigger.value)
    match trigger.value_kind:
        case TriggerValueKind.ABSOLUTE:
            return Mark(trigger.id, (ceil(value * UNITS_PER_ONE),) * len(goals))
        case TriggerValueKind.PERCENTAGE:
            shares = (UNREACHABLE if goal is None else ceil(goal * value / 100) for goal in goals)
            return Mark(trigger.id, tuple(shares))
