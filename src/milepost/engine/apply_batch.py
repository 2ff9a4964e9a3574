"""A customer's way through the events of a batch: what folding `step` over them gives, at less cost.

Most events only add to plain sums (`engine.summing`). As long as they do, the standing is changed in place; the first
one that does more goes the way of `step`, and so do those after it until plain ones come again. The laws hold the two
ways against each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.commands.full_returns import full_return
from milepost.engine.progress.context import evaluation_context
from milepost.engine.progress.contributions import Contribution
from milepost.engine.progress.counters import after
from milepost.engine.progress.history import ARCHIVE_AFTER_US, FAST_PATH_PAYLOADS, Logged
from milepost.engine.replay import apply_with_history
from milepost.engine.rows.progress_rows import NOTHING_ADDED, ProgressRows, find_contributions
from milepost.language import EvaluationContext
from milepost.model.amount import to_units
from milepost.model.event import Bill, Event, Return
from milepost.model.organisation import AfterAchievement
from milepost.model.standing import EMPTY_STANDING, NO_LINEAGE, Entry, Outcome, Progress, ProgressKey, Standing
from milepost.rules.compiled.index import RuleIndex


class AppliedEvent(NamedTuple):
    """What one event led to, and the number it was given."""

    event: Event
    seq: int
    entries: Sequence[Entry]
    outcomes: Sequence[Outcome]


class BatchResult(NamedTuple):
    """Where the events lead: the standing, all progress outside it, and what each event led to."""

    standing: Standing
    history: dict[ProgressKey, Progress]
    applied: list[AppliedEvent]


def apply_batch(
    rule_index: RuleIndex,
    standing: Standing,
    history: dict[ProgressKey, Progress],
    log: Sequence[Logged],
    events: Iterable[Event],
) -> BatchResult:
    """Let *events* happen, in this order; *history* and *log* hold what `log.need` asks for."""
    applied: list[AppliedEvent] = []
    past = [*log]
    in_place: InPlaceFold | None = None
    for event in events:
        if in_place is None and can_apply_in_place(standing):
            in_place = InPlaceFold(rule_index, standing)
        is_plain = type(event.payload) in FAST_PATH_PAYLOADS
        passed = in_place.apply(event) if in_place is not None and is_plain else None
        if passed is None:
            past += [Logged(one.event, one.seq, one.entries) for one in applied[len(past) - len(log) :]]
            if in_place is not None and not is_plain:
                passed = in_place.take_back(event, past, history)
        if passed is not None:
            applied.append(passed)
            continue
        if in_place is not None:
            standing = in_place.standing()
            in_place = None
        step = apply_with_history(rule_index, standing, history, past, event)
        standing = step.standing
        if step.archived:
            history = history | {
                ProgressKey(progress.target_id, progress.period_id): progress for progress in step.archived
            }
        applied.append(AppliedEvent(event, standing.seq, step.entries, step.outcomes))
    return BatchResult(standing if in_place is None else in_place.standing(), history, applied)


def can_apply_in_place(standing: Standing) -> bool:
    """Return whether plain events leave everything but sums as it is: nothing else in *standing* listens to them."""
    return not standing.enrolments and not standing.waiting


class InPlaceFold:
    """A standing that plain events change in place."""

    __slots__ = (
        "_before",
        "_bills",
        "_facts",
        "_latest_at",
        "_purchases",
        "_rows",
        "_rule_index",
        "_seq",
        "_settles_at",
    )

    def __init__(self, rule_index: RuleIndex, standing: Standing) -> None:
        """Begin at *standing*, of which `can_apply_in_place` holds."""
        self._rule_index = rule_index
        self._before = standing
        self._rows = ProgressRows(standing.progress)
        self._seq = standing.seq
        self._latest_at = standing.latest_at
        self._settles_at = standing.archive_at
        self._bills = standing.bills
        self._purchases = standing.purchases
        self._facts = standing.facts

    def apply(self, event: Event) -> AppliedEvent | None:
        """Let *event*, of a plain payload, happen if it leaves nothing to do but adding up."""
        added = self._added(event)
        if added is None:
            return None
        payload = event.payload
        closing, entries, outcomes = self._rows.count(added, event) if added else NOTHING_ADDED
        self._settles_at = min(self._settles_at, closing + ARCHIVE_AFTER_US)
        if type(payload) is Bill:
            self._bills += 1
            self._purchases += to_units(payload.net)
        return self._told(event, entries, outcomes)

    def take_back(
        self, event: Event, past: Sequence[Logged], history: Mapping[ProgressKey, Progress]
    ) -> AppliedEvent | None:
        """Let *event* happen if it is a return that only takes back what a bill added, which *past* holds."""
        if type(event.payload) is not Return or history or self._before.lineage is not NO_LINEAGE:
            return None
        if self._added(event) != []:
            return None
        returned = full_return(self._rule_index, self._before, self._seq + 1, event, past)
        if returned is None:
            return None
        revoking = self._rule_index.settings.after_achievement is AfterAchievement.REVOKE
        entries = self._rows.take_back(returned.added, event, revoking=revoking)
        if entries is None:
            return None
        self._purchases -= returned.net
        return self._told(event, entries, ())

    def _added(self, event: Event) -> list[Contribution] | None:
        """Return what plain sums get of *event*; None if it does more, or comes when more is to be done."""
        if not self._latest_at - ARCHIVE_AFTER_US <= event.occurred_at < self._settles_at:
            return None
        rule_index = self._rule_index
        matched = rule_index.rules_for(event)
        if not matched.is_plain:
            return None
        if not matched.plain:
            return []
        needs = rule_index.needs
        if needs.standing or needs.reached:
            return find_contributions(matched.plain, evaluation_context(rule_index, event, self.standing()))
        return find_contributions(matched.plain, EvaluationContext(event, None, EMPTY_STANDING))

    def _told(self, event: Event, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> AppliedEvent:
        self._facts = after(self._facts, event, self._rule_index.calendar)
        self._seq += 1
        self._latest_at = max(self._latest_at, event.occurred_at)
        return AppliedEvent(event, self._seq, entries, outcomes)

    def standing(self) -> Standing:
        """Return the standing by now."""
        return replace(
            self._before,
            seq=self._seq,
            latest_at=self._latest_at,
            archive_at=self._settles_at,
            bills=self._bills,
            purchases=self._purchases,
            progress=self._rows.progress(),
            facts=self._facts,
        )
