"""Folding `step` over a whole log: what the store keeps is a cache of this."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from milepost.engine.apply import Step, step
from milepost.engine.progress.archive import restore
from milepost.engine.progress.history import NO_HISTORY, Logged, history_needed, satisfies
from milepost.model.event import Event
from milepost.model.standing import EMPTY_STANDING, Outcome, Progress, ProgressKey, Standing
from milepost.rules.compiled.index import RuleIndex


class Replayed(NamedTuple):
    """Where a log leads: the standing, what left it for the history, the log with its entries, all outcomes."""

    standing: Standing
    history: dict[ProgressKey, Progress]
    log: tuple[Logged, ...]
    outcomes: tuple[Outcome, ...]


START = Replayed(EMPTY_STANDING, {}, (), ())


def replay(
    catalogue_of: Callable[[int], RuleIndex],
    events: Iterable[tuple[int, Event]],
    start: Replayed = START,
) -> Replayed:
    """Fold `step` over *events*, each with the version of the definitions that judged it, on from *start*.

    The log of *start* may hold those of customers who are merged into this one on the way.
    """
    standing, history = start.standing, dict(start.history)
    log, outcomes = list(start.log), list(start.outcomes)
    for version, event in events:
        taken = apply_with_history(catalogue_of(version), standing, history, log, event)
        standing = taken.standing
        history.update({ProgressKey(p.target_id, p.period_id): p for p in taken.archived})
        log.append(Logged(event, standing.seq, taken.entries))
        outcomes += taken.outcomes
    return Replayed(standing, history, tuple(log), tuple(outcomes))


def apply_with_history(
    rule_index: RuleIndex,
    standing: Standing,
    history: dict[ProgressKey, Progress],
    log: Iterable[Logged],
    event: Event,
) -> Step:
    """Take one step, with what it needs taken from *history* and *log*."""
    asked = history_needed(rule_index, standing, event)
    if asked is NO_HISTORY:
        return step(rule_index, standing, event)
    if asked.history:
        standing = restore(standing, history.values())
    return step(
        rule_index, standing, event, [one for one in log if satisfies(asked, event, one) and _is_known(standing, one)]
    )


def _is_known(standing: Standing, logged: Logged) -> bool:
    """Return whether *logged* was heard by the customer at *standing*, or by one who is merged into them by then."""
    return not logged.under or logged.under[0] <= standing.seq
