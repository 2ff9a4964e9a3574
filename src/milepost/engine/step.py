"""The only door by which an event changes a standing.

A standing, an event and what the log says of it give the next standing, the entries that explain it and the outcomes
it led to. Nothing here reads a clock, a table or a socket, so replaying history is the same as living it.
"""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from milepost.engine.capping import decide
from milepost.engine.completing import complete
from milepost.engine.counting import count
from milepost.engine.enrolling import enrol, leave
from milepost.engine.fold import Fold
from milepost.engine.log import Logged
from milepost.engine.merging import merge
from milepost.engine.moving import move_in
from milepost.engine.settle import settle
from milepost.engine.streaks import rewalk
from milepost.engine.taking_back import apply_waiting, take_back
from milepost.engine.turning import turn
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
from milepost.model.merging import LosingNames, Merging, MergingInto
from milepost.model.moving import MovingIn
from milepost.model.standing import Entry, Freezes, Outcome, Pause, Progress, Standing, Streak
from milepost.rules.matching import Catalogue


class Step(NamedTuple):
    """The next standing, what changed, what it led to, and the progress that left the hot row for the history."""

    standing: Standing
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]
    settled: tuple[Progress, ...]


def step(catalogue: Catalogue, standing: Standing, event: Event, past: Sequence[Logged] = ()) -> Step:
    """Let *event* happen. *past* holds what `log.need` asked for; history asked for has been recalled before."""
    fold = Fold(catalogue, standing, event)
    _happen(fold, event, past)
    if fold.outcomes:
        complete(fold)
    after, settled = settle(catalogue, fold.standing())
    return Step(after, tuple(fold.entries), tuple(fold.outcomes), settled)


def _happen(fold: Fold, event: Event, past: Sequence[Logged]) -> None:
    match event.payload:
        case Bill():
            count(fold, event, fold.cause)
            fold.bills += 1
            fold.purchases += to_units(event.payload.net)
            apply_waiting(fold, event.payload, past)
        case Return():
            take_back(fold, event.payload, past)
            count(fold, event, fold.cause)
        case Award() | Activity():
            count(fold, event, fold.cause)
        case Enrolling():
            enrol(fold, event.payload, past)
        case Leaving():
            leave(fold, event.payload)
        case Deciding():
            decide(fold, event.payload)
        case PeriodTurn():
            turn(fold, event.payload)
        case MovingIn():
            move_in(fold, event.payload)
        case Merging():
            merge(fold, event.payload)
        case MergingInto(customer_id=survivor):
            fold.lineage = fold.lineage._replace(merged_into=survivor)
        case LosingNames():
            fold.lineage = fold.lineage._replace(has_lost_names=True)
        case Freezing():
            streak = _streak(fold, event.payload.group_id)
            given = Freezes(event.occurred_at, event.payload.count)
            rewalk(fold, streak._replace(freezes=tuple(sorted((*streak.freezes, given)))))
        case Pausing():
            streak = _streak(fold, event.payload.group_id)
            pause = Pause(event.payload.starts_at, event.payload.ends_at)
            rewalk(fold, streak._replace(pauses=tuple(sorted((*streak.pauses, pause)))))
        case _ as never:
            assert_never(never)


def _streak(fold: Fold, group_id: int) -> Streak:
    return fold.streaks.get(group_id) or Streak(group_id)
