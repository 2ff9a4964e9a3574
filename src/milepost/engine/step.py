"""The one step that every way to apply events takes: one event changes an open fold."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from msgspec import Struct

from milepost.engine.commands.adjustment import adjust
from milepost.engine.commands.award_authorisation import authorise
from milepost.engine.commands.completion import count_completions
from milepost.engine.commands.customer_merge import absorb
from milepost.engine.commands.enrolment import enrol, unenrol
from milepost.engine.commands.first_returns import reverse, reverse_for_waiting
from milepost.engine.commands.period_boundary import roll_over
from milepost.engine.commands.returns import correct
from milepost.engine.commands.revision import revise
from milepost.engine.commands.streak_protection import protect_streak
from milepost.engine.commands.vendor_import import import_progress
from milepost.engine.fold import Fold, StoredCount
from milepost.engine.progress.archive import archive_closed
from milepost.engine.progress.count import count
from milepost.engine.progress.counters import after, days_after
from milepost.engine.progress.history import Logged, is_named
from milepost.model.amount import to_units
from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import ReverseEvent, VoidAward
from milepost.model.commands.customer_merge import AbsorbCustomer, LoseIdentifiers, MergeIntoSurvivor
from milepost.model.commands.revision import ReviseProgress
from milepost.model.commands.vendor_import import ImportProgress
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
from milepost.model.organisation import RULES_FIRST
from milepost.model.standing import Entry, Outcome, Progress, ProgressKey
from milepost.model.time import Micros


class AppliedEvent(Struct, frozen=True, gc=False):
    """An applied event: its number, its entries and outcomes, and the rows that were archived with it.

    `stored_activity` has, for each row in which the event counted stored events, the latest date of these;
    `stored_counts` says which of its entries each of these made.
    """

    event: Event
    seq: int
    entries: Sequence[Entry]
    outcomes: Sequence[Outcome]
    archived: tuple[Progress, ...] = ()
    stored_activity: Mapping[ProgressKey, Micros] = {}
    stored_counts: tuple[StoredCount, ...] = ()


def step(fold: Fold, event: Event, past: Sequence[Logged] = ()) -> AppliedEvent:
    """Apply *event* to an open fold: the only door by which an event changes a standing."""
    fold.begin(event)
    _apply_payload(fold, event, past)
    if fold.rule_index.counts_completions and fold.outcomes:
        count_completions(fold)
    fold.seq += 1
    fold.latest_at = max(fold.latest_at, event.occurred_at)
    fold.facts = after(fold.facts, event, fold.rule_index.calendar, fold.rule_index.settings.rules_edition)
    if fold.zone_days:
        fold.zone_days = days_after(fold.zone_days, event)
    archived = archive_closed(fold) if fold.latest_at >= fold.archive_at else ()
    stored_activity, fold.stored_activity = fold.stored_activity, {}
    stored_counts, fold.stored_counts = fold.stored_counts, ()
    return AppliedEvent(
        event=event,
        seq=fold.seq,
        entries=fold.entries.take(),
        outcomes=fold.outcomes.take(),
        archived=archived,
        stored_activity=stored_activity,
        stored_counts=stored_counts,
    )


def _apply_payload(fold: Fold, event: Event, past: Sequence[Logged]) -> None:
    match event.payload:
        case Bill():
            _buy(fold, event.payload, past)
        case Return():
            reverse(fold, event.payload, past) if _is_first(fold) else correct(fold, past)
            count(fold, event, fold.cause)
        case Award() | Activity():
            count(fold, event, fold.cause)
            if past and is_named(fold, event):
                correct(fold, past)
        case ReverseEvent():
            if not _is_first(fold):
                correct(fold, past)
            count(fold, event, fold.cause)
        case VoidAward():
            correct(fold, past)
        case Enrol():
            enrol(fold, event.payload, past)
        case Unenrol():
            unenrol(fold, event.payload)
        case AuthoriseAward():
            authorise(fold, event.payload)
            if past and is_named(fold, event):
                correct(fold, past)
        case PeriodRollover():
            roll_over(fold, event.payload)
        case ImportProgress() | ReviseProgress() | AdjustProgress() | AbsorbCustomer():
            _take_over(fold, event.payload)
        case MergeIntoSurvivor(customer_id=survivor):
            fold.lineage = fold.lineage._replace(merged_into=survivor)
        case LoseIdentifiers():
            fold.lineage = fold.lineage._replace(has_lost_names=True)
        case GrantFreezes() | PauseStreak():
            protect_streak(fold, event.payload)
        case _ as never:
            assert_never(never)


def _take_over(fold: Fold, payload: ImportProgress | ReviseProgress | AdjustProgress | AbsorbCustomer) -> None:
    """Take over progress, or a change of it, that the event itself holds."""
    match payload:
        case ImportProgress():
            import_progress(fold, payload)
        case ReviseProgress():
            revise(fold, payload)
        case AdjustProgress():
            adjust(fold, payload)
        case AbsorbCustomer():
            absorb(fold, payload)
        case _ as never:
            assert_never(never)


def _buy(fold: Fold, bill: Bill, past: Sequence[Logged]) -> None:
    """Count a bill, and apply the returns of it that were received before it."""
    count(fold, fold.event, fold.cause)
    fold.purchases += to_units(bill.net)
    if _is_first(fold):
        fold.bills += 1
        if fold.waiting:
            reverse_for_waiting(fold, bill, past)
        return
    fold.bills += not bill.is_refund
    if past and is_named(fold, fold.event):
        correct(fold, past)


def _is_first(fold: Fold) -> bool:
    return fold.rule_index.settings.rules_edition == RULES_FIRST
