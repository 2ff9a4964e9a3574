"""The rules of an organisation at one version, found by the event that they may count."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from milepost import language
from milepost.language import NOTHING_NEEDED, EvaluationContext, Needs
from milepost.model.definitions.completion import TARGET_COMPLETED
from milepost.model.event import AUTHORISE_AWARD, Event
from milepost.model.organisation import RULES_FIRST, Organisation, Settings
from milepost.model.standing import Enrolment, ProgressKey
from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, calendar_of
from milepost.rules.compiled.composites import Composite, StreakRule, composite_of, streak_rule
from milepost.rules.compiled.measure import Reading
from milepost.rules.compiled.references import References
from milepost.rules.compiled.rule import RowTarget, Rule, Schedule, Signature
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.definition.unsupported import unsupported_features

PLACES_REMEMBERED_MAX = 100_000
"""How many places (per event name) the index remembers rules for."""


Contribution = tuple[tuple[RowTarget, ...], int]
"""The rows to which an event adds, and what it adds to each of them, in units."""


class RuleBatch(NamedTuple):
    """Simple sums (`Rule.is_simple_sum`) that ask the same of an event and have the same periods.

    They share one answer: what the event adds to the first of them, it adds to each. `predicate` and `read` are those
    of `first`; `targets` are found by the position of the period.
    """

    first: Rule
    predicate: Callable[[EvaluationContext], bool] | None
    read: Reading | None
    schedule: Schedule
    targets: tuple[tuple[RowTarget, ...], ...]


class MatchedRules(NamedTuple):
    """The rules that may count one kind of event at one place.

    `open_to_all` are the rules of targets in which everybody takes part, `enrolled` those that need an enrolment, by
    target. Of the first, `batches` are the simple sums, taken together where they ask alike, with batches of the same
    periods side by side; `others` are the rest.
    """

    open_to_all: tuple[Rule, ...]
    enrolled: Mapping[int, Rule]
    batches: tuple[RuleBatch, ...]
    others: tuple[Rule, ...]


class RuleIndex:
    """The rules of an organisation at one version, found by event name and place."""

    def __init__(self, organisation: Organisation, groups: Iterable[TargetGroup]) -> None:
        """Compile the active targets of *groups*; those that cannot be evaluated count nothing."""
        self.org_id = organisation.id
        self.version = organisation.version
        self.organisation = organisation
        self.settings: Settings = organisation.settings
        self.calendar: Calendar = calendar_of(organisation.zone)
        self.groups = {group.id: group for group in groups}
        self.rules: dict[int, Rule] = {}
        self.streaks: dict[int, StreakRule] = {}
        self.composites: dict[int, Composite] = {}
        self.caps: list[Rule] = []
        self.boards: set[int] = set()
        self._by_name: dict[str, list[Rule]] = {}
        self._by_place: dict[tuple[str, int | None, int | None, int | None], MatchedRules] = {}
        self.needs = NOTHING_NEEDED
        self.returns_need_standing = False
        """Whether any rule asks for counts of the customer, be it switched off: a return asks those of its bill."""
        self.day_zones: frozenset[str] = frozenset()
        """The time zones, besides the organisation's, by whose days rules ask for counts of the customer."""
        self.patterns = 0
        """How many patterns the conditions of all rules that count hold; each may be tried on every line of a bill."""
        self._asking_of_ended: set[str] = set()
        for group in self.groups.values():
            self._add(group)
        self.needs_standing = self.needs.standing or self.needs.reached
        """Whether any rule that counts asks for anything of the standing."""
        self.needs_history = bool(self._asking_of_ended)
        """Whether any rule asks for progress of periods that may be over."""
        self.counts_completions = self.has_rules_for(TARGET_COMPLETED)
        """Whether any rule counts achievements."""

    def _add(self, group: TargetGroup) -> None:
        counts = group.active and not unsupported_features(group)
        zone = ruling_calendar(self.organisation, group.time_zone_name).zone
        streak, composite = streak_rule(group, self.settings), composite_of(group)
        if streak is not None:
            self.streaks[group.id] = streak
        if composite is not None:
            self.composites[group.id] = composite
        for target in group.targets:
            rule = Rule(target, group, zone, self.settings, is_counting=counts and target.active)
            self.rules[target.id] = rule
            condition = language.read(target.expression)
            needs = language.needs(condition)
            self.returns_need_standing |= needs.standing
            if needs.days and zone != self.organisation.zone and self.settings.rules_edition > RULES_FIRST:
                self.day_zones |= {zone}
            if rule.is_counting:
                self.patterns += language.pattern_count(condition)
                self._by_name.setdefault(rule.event_name, []).append(rule)
                self._note_needs(rule, needs)
                if rule.is_cap:
                    self.caps.append(rule)
                if group.leaderboard and self.settings.leaderboards:
                    self.boards.add(rule.target_id)

    def _note_needs(self, rule: Rule, needs: Needs) -> None:
        self.needs = self.needs.joined(needs)
        if needs.ended:
            self._asking_of_ended.update({rule.event_name, AUTHORISE_AWARD} if rule.is_cap else {rule.event_name})

    def needs_ended_periods(self, event_name: str) -> bool:
        """Return whether a rule that counts events of this name asks for progress of ended periods.

        Any event may lead to an achievement, and caps are asked when an award is decided.
        """
        return event_name in self._asking_of_ended or TARGET_COMPLETED in self._asking_of_ended

    @cached_property
    def calendar_closings(self) -> Mapping[ProgressKey, Micros]:
        """When each period of the calendar ends, by the key of the progress in it (epoch microseconds)."""
        fixed = [rule for rule in self.rules.values() if rule.is_fixed]
        return {key: closing for rule in fixed for key, closing in zip(rule.keys, rule.closes, strict=True)}

    @cached_property
    def named(self) -> References:
        """What rules may name."""
        return References(self.groups.values())

    def rules_for(self, event: Event) -> MatchedRules:
        """Return the rules that may count events of this name at this place."""
        place = event.place
        key = (event.name, place.store_id, place.zone_id, place.concept_id)
        found = self._by_place.get(key)
        if found is None:
            rules = [rule for rule in self._by_name.get(event.name, ()) if rule.is_at(place)]
            found = _matched_rules(rules)
            if len(self._by_place) < PLACES_REMEMBERED_MAX:
                self._by_place[key] = found
        return found

    def candidates(self, event: Event, enrolments: Iterable[Enrolment]) -> tuple[Rule, ...]:
        """Return the rules that the event may count for, of a customer with these *enrolments*.

        Rules of the enrolled are found through the enrolments, so goals of other customers cost nothing.
        """
        matched = self.rules_for(event)
        if not enrolments or not matched.enrolled:
            return matched.open_to_all
        found = {e.target_id: matched.enrolled[e.target_id] for e in enrolments if e.target_id in matched.enrolled}
        return (*matched.open_to_all, *found.values())

    def has_rules_for(self, name: str) -> bool:
        """Return whether any rule counts events of this name."""
        return name in self._by_name


def _matched_rules(rules: Sequence[Rule]) -> MatchedRules:
    open_to_all = tuple(rule for rule in rules if rule.open_to_all)
    simple = sorted((rule for rule in open_to_all if rule.is_simple_sum), key=lambda rule: rule.schedule)
    alike: dict[tuple[Schedule, Signature], list[Rule]] = {}
    for rule in simple:
        alike.setdefault((rule.schedule, rule.signature), []).append(rule)
    return MatchedRules(
        open_to_all,
        {rule.target_id: rule for rule in rules if not rule.open_to_all},
        tuple(_batch(batch) for batch in alike.values()),
        tuple(rule for rule in open_to_all if not rule.is_simple_sum),
    )


def _batch(rules: Sequence[Rule]) -> RuleBatch:
    first = rules[0]
    targets = (tuple(rule.row_targets[position] for rule in rules) for position in range(len(first.keys)))
    return RuleBatch(
        first=first, predicate=first.predicate, read=first.read, schedule=first.schedule, targets=tuple(targets)
    )


def build_rule_index(organisation: Organisation, groups: Iterable[TargetGroup]) -> RuleIndex:
    """Return the index of the rules of *organisation* with these groups in force."""
    return RuleIndex(organisation, groups)
