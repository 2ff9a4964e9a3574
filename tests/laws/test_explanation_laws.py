"""Explanations: what counted adds up to the value, and every event of the period appears once, with the true reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from milepost.engine import explanation
from milepost.engine.explanation import Explained, ExplainedEvent, explain
from milepost.engine.fold import Fold
from milepost.engine.progress.windows import WindowSpan, spans
from milepost.engine.why_not import why_not
from milepost.model.commands.correction import ReverseEvent
from milepost.model.event import COMMANDS, Enrol, Event, Return
from milepost.model.progress.explanation import NotCounted, NotCountedReason
from milepost.model.standing import ProgressKey, Reason
from milepost.model.target import Evaluation, Tracking
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.compiled.rule import Rule
from tests.laws.engine_histories import FIRST, SECOND, catalogues_of, lived, progress_of
from tests.laws.law_settings import EVERY, law
from tests.laws.random_kind_worlds import enrolment_worlds, streak_worlds, unified_worlds, window_worlds, zone_worlds
from tests.laws.random_worlds import World, worlds
from tests.oracle.reference_reasons import COUNTS, reasons

pytestmark = pytest.mark.usefixtures("rows")

KEYS_MAX = 6
"""How many progresses of a world are explained."""


_OF_ARRIVAL = frozenset({Reason.COUNTED, Reason.COUNTED_FROM_LOG})
_THOUGH_COUNTED = frozenset({NotCountedReason.ALREADY_COUNTED_TODAY, NotCountedReason.RETURNED})


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


def agrees(row: ExplainedEvent, expected: tuple[str, int | None], key: ProgressKey, *, enrols: bool) -> bool:
    """Whether the oracle says the same of an event; *enrols* if an enrolment may count it, or say more, afterwards."""
    reason, period_id = expected
    if reason == COUNTS and period_id != key.period_id:
        reason = NotCountedReason.OUTSIDE_PERIOD.value
    if row.not_counted is None:
        return reason == COUNTS or (enrols and row.counted_by is not None) or row.reason not in _OF_ARRIVAL
    found = row.not_counted.reason
    if found in _THOUGH_COUNTED:
        return reason == COUNTS or enrols
    if reason == "NOTHING_TO_COUNT":
        return found in {NotCountedReason.FIELD_MISSING, NotCountedReason.OTHER_EVENT}
    return found.value == reason or (enrols and reason == NotCountedReason.NOT_ENROLLED.value)


def check_reasons(world: World) -> int:
    """Check each reason against the oracle's; return how many were compared."""
    history, compared = told(world), 0
    before = dict.fromkeys(world.late, world.before)
    for group in world.groups:
        if group.tracking is Tracking.CAPPING or group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
            continue
        for target in group.targets:
            expected = reasons(world.organisation, group, target, world.events, before)
            enrols = any(isinstance(one.payload, Enrol) and one.payload.target_id == target.id for one in world.events)
            for key in (ProgressKey(target.id, period.id) for period in group.periods[:2]):
                for row in history.explained(key).events:
                    if row.event.key in expected and not isinstance(row.event.payload, Return | ReverseEvent):
                        compared += 1
                        told_by_oracle = expected[row.event.key]
                        if not (group.active and target.active):
                            told_by_oracle = ("TARGET_INACTIVE", None)
                        assert agrees(row, told_by_oracle, key, enrols=enrols), (row, told_by_oracle)
    return compared


@law(120)
@given(st.one_of(worlds(), enrolment_worlds(), window_worlds(), zone_worlds(), streak_worlds(), unified_worlds()))
def test_the_reason_is_the_one_that_the_oracle_finds(world: World) -> None:
    """Each question is asked a second time, by code of its own."""
    check_reasons(world)


@pytest.mark.parametrize("planted", [NotCountedReason.CONDITION_FALSE, NotCountedReason.OUT_OF_SCOPE])
def test_a_reason_that_is_wrong_is_found(planted: NotCountedReason, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above can fail: a reason that is exchanged for another one does not agree."""

    def wrong(fold: Fold, rule: Rule | None, event: Event) -> NotCounted | None:
        found = why_not(fold, rule, event)
        is_planted = found is not None and found.reason is planted
        return NotCounted(NotCountedReason.NOT_ENROLLED) if is_planted else found

    monkeypatch.setattr(explanation, "why_not", wrong)
    with pytest.raises(AssertionError):
        _look_for_disagreement()


@settings(
    max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(worlds())
def _look_for_disagreement(world: World) -> None:
    check_reasons(world)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@law(5_000)
@given(EVERY)
def test_explanations_hold_over_many_histories(world: World) -> None:
    """What holds for few histories holds for many."""
    check_sums(world)
    check_presence(world)
    check_reasons(world)
