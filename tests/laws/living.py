"""Living through a history with the engine, and showing where it leads in the naive evaluator's words."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from milepost.engine.replay import START, Replayed, replay
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.event import Event
from milepost.model.facts import Facts
from milepost.model.standing import Progress, ProgressKey
from milepost.rules.matching import Catalogue, catalogue
from tests.laws.histories import World
from tests.oracle.deeds import Deeds
from tests.oracle.naive import Row, Table, evaluate


def catalogue_of(world: World) -> Catalogue:
    """Give the catalogue of what the world defines."""
    return catalogue(world.organisation, world.groups)


def lived(world: World, events: Iterable[Event] | None = None, *, start: Replayed = START) -> Replayed:
    """Let the engine live through *events*, else through the world's own, on from *start*."""
    rules = catalogue_of(world)
    happened = world.events if events is None else events
    return replay(lambda _version: rules, [(world.organisation.version, event) for event in happened], start)


def progress_of(replayed: Replayed) -> dict[ProgressKey, Progress]:
    """Give all progress, hot and settled."""
    return {**replayed.history, **replayed.standing.progress}


def shown(world: World, replayed: Replayed) -> Table:
    """Give the engine's result in the naive evaluator's words."""
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
    }
    standing = replayed.standing
    facts = standing.facts
    return Table(
        rows,
        standing.bills,
        Fraction(standing.purchases, UNITS_PER_ONE),
        Deeds(days_of(facts), facts.lines, Fraction(facts.points, UNITS_PER_ONE)),
    )


def days_of(facts: Facts) -> dict[date, int]:
    """Give the number of bills of each day that has any."""
    span = range(facts.first_day, facts.first_day + 8 * max(map(len, facts.planes), default=0))
    return {date.fromordinal(day): bills for day in span if (bills := facts.bills_on(day))}


def reckoned(world: World) -> Table:
    """Give the naive evaluator's result."""
    return evaluate(world.organisation, world.groups, world.events)
