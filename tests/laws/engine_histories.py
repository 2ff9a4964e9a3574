"""Living through a history with the engine, and showing where it leads in the oracle's words."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from milepost.engine.apply import START, Replayed, replay
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.event import Event, EventKey
from milepost.model.progress.facts import Facts, ZoneDays
from milepost.model.standing import Outcome, OutcomeKind, Progress, ProgressKey, Reason, Standing
from milepost.model.target import Evaluation
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from tests.laws.random_worlds import World
from tests.oracle.reference import Table, evaluate
from tests.oracle.reference_composites import AchievedComposite
from tests.oracle.reference_events import Totals
from tests.oracle.reference_notices import ReferenceOutcome, Row
from tests.oracle.reference_streaks import Earned

FIRST, SECOND = 1, 2
"""The versions of a world's definitions: without the late groups, and with them."""


def catalogues_of(world: World) -> Mapping[int, RuleIndex]:
    """Return the rule indexes of the world's definitions."""
    early = [group for group in world.groups if group.id not in world.late]
    first, second = (replace(world.organisation, version=version) for version in (FIRST, SECOND))
    return {FIRST: build_rule_index(first, early), SECOND: build_rule_index(second, world.groups)}


def lived(world: World, events: Iterable[Event] | None = None, *, start: Replayed = START) -> Replayed:
    """Apply *events*, else the world's own, on from *start*, with the engine."""
    rules, before = catalogues_of(world), world.before
    happened = world.events if events is None else events
    return replay(rules.__getitem__, [(FIRST if event.key in before else SECOND, event) for event in happened], start)


def progress_of(replayed: Replayed) -> dict[ProgressKey, Progress]:
    """Return all progress, live and archived."""
    return {**replayed.history, **replayed.standing.progress}


def values(replayed: Replayed, but: Container[int] = ()) -> dict[ProgressKey, int]:
    """Return all values that are not zero, *but* for some targets."""
    found = progress_of(replayed).items()
    return {key: progress.value for key, progress in found if progress.value and key.target_id not in but}


def shown(world: World, replayed: Replayed) -> Table:
    """Return the engine's result in the oracle's words."""
    keys = {event.key.log_id: event.key for event in world.events}
    triggers = {
        target.id: [trigger.id for trigger in target.triggers] for group in world.groups for target in group.targets
    }
    rows = {
        (key.target_id, key.period_id): Row(
            value=Fraction(progress.value, UNITS_PER_ONE),
            achieved_by=keys[progress.achieved_by] if progress.achieved_by else None,
            achieved_at=progress.achieved_at if progress.achieved_by else None,
            triggers=frozenset(
                trigger_id for place, trigger_id in enumerate(triggers[key.target_id]) if progress.triggers & 1 << place
            ),
        )
        for key, progress in progress_of(replayed).items()
        if key.target_id >= 0
    }
    standing = replayed.standing
    facts = standing.facts
    return Table(
        rows=rows,
        bills=standing.bills,
        purchases=Fraction(standing.purchases, UNITS_PER_ONE),
        totals=Totals(days_of(facts), facts.lines, Fraction(facts.points, UNITS_PER_ONE)),
        composites=composites_of(replayed, keys),
        levels=levels_of(standing, keys),
        anchors=dict(standing.anchors),
        given=granted_by_decision(replayed),
        told=comparable(world, (oracle_outcome(one) for one in replayed.outcomes)),
    )


Names = Mapping[int, EventKey]


def composites_of(replayed: Replayed, keys: Names) -> dict[tuple[int, int], AchievedComposite]:
    """Return the achieved composites: periods of unified groups."""
    return {
        (-key.target_id, key.period_id): AchievedComposite(keys[progress.achieved_by], progress.achieved_at)
        for key, progress in progress_of(replayed).items()
        if key.target_id < 0 and progress.achieved_by
    }


def levels_of(standing: Standing, keys: Names) -> dict[tuple[int, int], Earned]:
    """Return the streak levels that the customer has."""
    return {
        (group_id, level.level_id): Earned(keys[level.earned_by], level.earned_at, level.period_id)
        for group_id, streak in standing.streaks.items()
        for level in streak.levels
    }


def granted_by_decision(replayed: Replayed) -> dict[EventKey, Fraction]:
    """Return how much each decision gave."""
    return {
        logged.event.key: Fraction(entry.after, UNITS_PER_ONE)
        for logged in replayed.log
        for entry in logged.entries
        if entry.reason is Reason.GRANTED
    }


def oracle_outcome(outcome: Outcome) -> ReferenceOutcome:
    """Return an outcome in the oracle's words."""
    return ReferenceOutcome(outcome.kind, outcome.target_id, outcome.period_id, outcome.about)


LEVELS = {OutcomeKind.STREAK_LEVEL_ACHIEVED, OutcomeKind.STREAK_LEVEL_UNACHIEVED}


def comparable(world: World, told: Iterable[ReferenceOutcome]) -> list[ReferenceOutcome]:
    """Return the outcomes that can be compared, sorted.

    A level is about itself, leaving own windows is about the target; one is enrolled once in a period.
    """
    undated = {
        target.id
        for group in world.groups
        for target in group.targets
        if group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW
    }
    named = [one._replace(period_id=0) if has_no_period(one, undated) else one for one in told]
    enrolled = {one for one in named if one.kind is OutcomeKind.ENROLLED}
    return sorted([*enrolled, *(one for one in named if one not in enrolled)])


def days_of(facts: Facts | ZoneDays) -> dict[date, int]:
    """Return the number of bills of each day that has any."""
    span = range(facts.first_day, facts.first_day + 8 * max(map(len, facts.planes), default=0))
    return {date.fromordinal(day): bills for day in span if (bills := facts.bills_on(day))}


def has_no_period(one: ReferenceOutcome, undated: Container[int]) -> bool:
    """Return whether the period of an outcome does not matter."""
    return one.kind in LEVELS or (
        one.kind in {OutcomeKind.ENROLLED, OutcomeKind.UNENROLLED} and one.target_id in undated
    )


def oracle_table(world: World) -> Table:
    """Return the oracle's result."""
    table = evaluate(world.organisation, world.groups, world.events, dict.fromkeys(world.late, world.before))
    return table._replace(told=comparable(world, table.told))
