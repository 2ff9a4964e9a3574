"""The only door by which an event changes a standing.

A standing, an event and what the log says of it give the next standing, the entries that explain it and the outcomes
it led to. Nothing here reads a clock, a table or a socket, so replaying history is the same as living it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, assert_never

from milepost.engine.enrolling import enrol
from milepost.engine.fold import Fold, day_of, is_too_late
from milepost.engine.log import Logged
from milepost.engine.progressing import Change
from milepost.engine.reaching import occasion_of
from milepost.engine.settle import settle
from milepost.engine.taking_back import apply_waiting, take_back
from milepost.language import Occasion
from milepost.model.amount import to_units
from milepost.model.event import (
    Activity,
    Award,
    Bill,
    Deciding,
    Enrolling,
    Event,
    Freezing,
    Leaving,
    Pausing,
    PeriodTurn,
    Return,
)
from milepost.model.standing import Entry, Outcome, Progress, ProgressKey, Reason, Standing
from milepost.rules.matching import Asks, Catalogue, Rule


class Step(NamedTuple):
    """The next standing, what changed, what it led to, and the progress that left the hot row for the history."""

    standing: Standing
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]
    settled: tuple[Progress, ...]


def step(catalogue: Catalogue, standing: Standing, event: Event, past: Sequence[Logged] = ()) -> Step:
    """Let *event* happen. *past* holds what `log.need` asked for; history asked for has been recalled before."""
    fold = Fold(catalogue, standing, event)
    match event.payload:
        case Bill():
            _count(fold)
            apply_waiting(fold, event.payload, past)
        case Return():
            take_back(fold, event.payload, past)
            _count(fold)
        case Enrolling():
            enrol(fold, event.payload, past)
        case Award() | Activity():
            _count(fold)
        case Leaving() | PeriodTurn() | Freezing() | Pausing() | Deciding():
            raise AssertionError("no door leads here yet")
        case _ as never:
            assert_never(never)
    after, settled = settle(catalogue, fold.standing())
    return Step(after, tuple(fold.entries), tuple(fold.outcomes), settled)


def _count(fold: Fold) -> None:
    """Count the event for every rule that it matches; what rules ask alike is asked once."""
    event, cause, at = fold.event, fold.cause, fold.event.occurred_at
    late_days = fold.catalogue.settings.late_days
    occasion = occasion_of(fold.catalogue, event, fold.before)
    changes: dict[Asks, Change | None] = {}
    for rule in fold.catalogue.candidates(event):
        position = bisect_right(rule.opens, at) - 1
        if position < 0 or at >= rule.closes[position] or not (rule.open_to_all or fold.is_enrolled(rule, position)):
            continue
        asks = rule.asks
        if asks in changes:
            change = changes[asks]
        else:
            change = changes[asks] = _counted(fold, rule, occasion)
        if change is None:
            continue
        if late_days is not None and is_too_late(fold.catalogue, rule, position, event):
            _note_too_late(fold, rule.keys[position], change.amount)
        else:
            fold.apply(rule, position, change, cause)
    if isinstance(event.payload, Bill):
        fold.bills += 1
        fold.purchases += to_units(event.payload.net)


def _counted(fold: Fold, rule: Rule, occasion: Occasion) -> Change | None:
    amount = rule.amount(occasion)
    if amount is None:
        return None
    return Change(None, amount, day_of(fold.catalogue, rule, fold.event), Reason.COUNTED, amount)


def _note_too_late(fold: Fold, key: ProgressKey, amount: int) -> None:
    value = fold.progress[key].value if key in fold.progress else 0
    fold.entries.append(Entry(*key, Reason.TOO_LATE, amount, value, value))
