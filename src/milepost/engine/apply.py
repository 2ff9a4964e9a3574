"""The only door by which an event changes a standing.

A standing, an event and what the log says of it give the next standing, the entries that explain it and the outcomes
it led to. Nothing here reads a clock, a table or a socket, so replaying history is the same as living it.
"""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from milepost.engine.commands.award_authorisation import authorise
from milepost.engine.commands.completion import count_completions
from milepost.engine.commands.customer_merge import absorb
from milepost.engine.commands.enrolment import enrol, unenrol
from milepost.engine.commands.period_boundary import roll_over
from milepost.engine.commands.returns import reverse, reverse_for_waiting
from milepost.engine.commands.vendor_import import import_progress
from milepost.engine.fold import Fold
from milepost.engine.progress.archive import archive_closed
from milepost.engine.progress.count import count
from milepost.engine.progress.history import Logged
from milepost.engine.progress.streaks import reevaluate
from milepost.model.amount import to_units
from milepost.model.customer_merge import AbsorbCustomer, LoseIdentifiers, MergeIntoSurvivor
from milepost.model.event import (
    Activity,
    AuthoriseAward,
    Award,
    Bill,
    Enrol,
    Event,
    GrantFreezes,
    PauseStreak,
    PeriodRollover,
    Return,
    Unenrol,
)
from milepost.model.standing import Entry, Freezes, Outcome, Pause, Progress, Standing, Streak
from milepost.model.vendor_import import ImportProgress
from milepost.rules.compiled.index import RuleIndex


class Step(NamedTuple):
    """The next standing, what changed, what it led to, and the progress that left the hot row for the history."""

    standing: Standing
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]
    archived: tuple[Progress, ...]


def step(rule_index: RuleIndex, standing: Standing, event: Event, past: Sequence[Logged] = ()) -> Step:
    """Let *event* happen. *past* holds what `log.need` asked for; history asked for has been recalled before."""
    fold = Fold(rule_index, standing, event)
    _happen(fold, event, past)
    if fold.outcomes:
        count_completions(fold)
    after, archived = archive_closed(rule_index, fold.standing())
    return Step(after, tuple(fold.entries), tuple(fold.outcomes), archived)


def _happen(fold: Fold, event: Event, past: Sequence[Logged]) -> None:
    match event.payload:
        case Bill():
            count(fold, event, fold.cause)
            fold.bills += 1
            fold.purchases += to_units(event.payload.net)
            reverse_for_waiting(fold, event.payload, past)
        case Return():
            reverse(fold, event.payload, past)
            count(fold, event, fold.cause)
        case Award() | Activity():
            count(fold, event, fold.cause)
        case Enrol():
            enrol(fold, event.payload, past)
        case Unenrol():
            unenrol(fold, event.payload)
        case AuthoriseAward():
            authorise(fold, event.payload)
        case PeriodRollover():
            roll_over(fold, event.payload)
        case ImportProgress():
            import_progress(fold, event.payload)
        case AbsorbCustomer():
            absorb(fold, event.payload)
        case MergeIntoSurvivor(customer_id=survivor):
            fold.lineage = fold.lineage._replace(merged_into=survivor)
        case LoseIdentifiers():
            fold.lineage = fold.lineage._replace(has_lost_names=True)
        case GrantFreezes():
            streak = _streak(fold, event.payload.group_id)
            given = Freezes(event.occurred_at, event.payload.count)
            reevaluate(fold, streak._replace(freezes=tuple(sorted((*streak.freezes, given)))))
        case PauseStreak():
            streak = _streak(fold, event.payload.group_id)
            pause = Pause(event.payload.starts_at, event.payload.ends_at)
            reevaluate(fold, streak._replace(pauses=tuple(sorted((*streak.pauses, pause)))))
        case _ as never:
            assert_never(never)


def _streak(fold: Fold, group_id: int) -> Streak:
    return fold.streaks.get(group_id) or Streak(group_id)
