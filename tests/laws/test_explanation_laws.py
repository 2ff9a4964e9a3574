"""Explanations: what counted adds up to the value, and every event of the period appears once, with the true reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given

from milepost.engine.explanation import Explained, explain
from milepost.engine.progress.windows import WindowSpan, spans
from milepost.model.event import COMMANDS, Event
from milepost.model.standing import ProgressKey
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.compiled.rule import Rule
from tests.laws.engine_histories import FIRST, SECOND, catalogues_of, lived, progress_of
from tests.laws.law_settings import EVERY, law
from tests.laws.random_worlds import World

pytestmark = pytest.mark.usefixtures("rows")

KEYS_MAX = 6
"""How many progresses of a world are explained."""


class Told(NamedTuple):
    """A world, its rules by version, and its log."""

    world: World
    rules: Mapping[int, RuleIndex]
    log: list[tuple[int, Event]]

    def explained(self, key: ProgressKey) -> Explained:
        """Return the explanation of one progress."""
        return explain(self.rules.__getitem__, self.log, key, self.rule(key))

    def rule(self, key: ProgressKey) -> Rule:
        """Return the rule in force of a progress."""
        return self.rules[SECOND].rules[key.target_id]


def told(world: World) -> Told:
    """Return a world with its rules and its log."""
    before = world.before
    return Told(
        world, catalogues_of(world), [(FIRST if event.key in before else SECOND, event) for event in world.events]
    )


def keys_of(world: World) -> list[ProgressKey]:
    """Return the keys of a few of the progresses that the definitions of a world allow, of every target."""
    found = [
        ProgressKey(target.id, period.id)
        for group in world.groups
        for target in group.targets
        for period in (*group.periods[:1], *group.periods[1:2])
    ]
    return found[:KEYS_MAX]


def of_period(rule: Rule, key: ProgressKey, events: Sequence[Event], found: Explained) -> list[Event]:
    """Return the events that are dated in a period, as it lies for this customer."""
    position = rule.position_of(key.period_id)
    if position is None:
        return []
    own = spans(rule, found.standing.anchors)
    span = own[position] if own else WindowSpan(rule.frame.opens_at, rule.frame.closes_at)
    return [one for one in events if one.name not in COMMANDS and span.opens_at <= one.occurred_at < span.closes_at]


def check_sums(world: World) -> None:
    """Check that the changes of all events sum to the value, and that only what counted changed anything."""
    values, history = {key: row.value for key, row in progress_of(lived(world)).items()}, told(world)
    for key in keys_of(world):
        found = history.explained(key)
        assert values.get(key, 0) == found.value == sum(row.amount for row in found.events)
        assert all(row.not_counted is None or not row.amount for row in found.events)


def check_presence(world: World) -> None:
    """Check that every event of each period is shown once, as counted or with a reason and never both."""
    history = told(world)
    for key in keys_of(world):
        found = history.explained(key)
        shown = Counter(row.event.key for row in found.events)
        assert set(shown.values()) <= {1}
        assert all((row.reason is None) != (row.not_counted is None) for row in found.events)
        dated = of_period(history.rule(key), key, world.events, found)
        assert [] == [one.key for one in dated if one.key not in shown]


@law(80)
@given(EVERY)
def test_what_counted_adds_up_to_the_value(world: World) -> None:
    """An explanation is complete: nothing else made the value."""
    check_sums(world)


@law(80)
@given(EVERY)
def test_every_event_of_the_period_appears_once(world: World) -> None:
    """Nobody asks in vain why an event did not count."""
    check_presence(world)
