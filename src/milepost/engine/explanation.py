"""How one progress came to be: each event of the period with what it changed, or with the reason why it did not count.

The log is applied again by the fold that judged it (`replay_steps`), and read as it goes by. So an explanation is what
happened, for every event, also under rules that were changed since.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from milepost.engine.apply import START, Replayed, ReplayedStep, replay_steps
from milepost.engine.commands.award_authorisation import bounds_of
from milepost.engine.fold import Fold, StoredCount, day_of
from milepost.engine.progress.sequential import days_of
from milepost.engine.progress.windows import WindowSpan, spans
from milepost.engine.step import AppliedEvent
from milepost.engine.why_not import why_not
from milepost.model.amount import to_units
from milepost.model.commands.correction import ReverseEvent
from milepost.model.event import COMMANDS, AuthoriseAward, Event, EventKey, Return
from milepost.model.progress.explanation import NotCounted, NotCountedReason
from milepost.model.standing import Entry, Progress, ProgressKey, Reason, Standing
from milepost.model.target import Evaluation
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.compiled.rule import Rule

_OF_ARRIVAL = frozenset({Reason.COUNTED, Reason.COUNTED_FROM_LOG})
_CHANGELESS = frozenset({Reason.TOO_LATE, Reason.RETURN_AFTER_END, Reason.LEFT, Reason.ENROLLED})
"""Reasons of entries that say something of a progress and change nothing."""

_REASON = NotCountedReason


class ExplainedEvent(NamedTuple):
    """An event and what it is to one progress: either the `reason` of its change, or why it is `not_counted`.

    `before` and `after` are the progress around it in units, `amount` the change; a stored event that an enrolment
    counted has the key of the enrolment in `counted_by`. `order` is its place among the changes.
    """

    event: Event
    version: int
    order: tuple[int, int]
    entries: tuple[Entry, ...] = ()
    reason: Reason | None = None
    not_counted: NotCounted | None = None
    counted_by: EventKey | None = None

    @property
    def amount(self) -> int:
        """The change of the progress, in units."""
        return sum(entry.after - entry.before for entry in self.entries)


class Explained(NamedTuple):
    """The events of a progress, in the order in which they were judged, and where the whole log leads."""

    events: tuple[ExplainedEvent, ...]
    value: int
    standing: Standing
    history: dict[ProgressKey, Progress]


def explain(
    rule_index_of: Callable[[int], RuleIndex],
    log: Sequence[tuple[int, Event]],
    key: ProgressKey,
    rule: Rule | None,
    start: Replayed = START,
) -> Explained:
    """Explain the progress of *key* by the *log*, each event with the version of the definitions that judged it.

    *rule* is the target's rule in force, by whose periods an event belongs to the one that is explained.
    """
    return explain_each(rule_index_of, log, {key: rule}, start)[key]


def explain_each(
    rule_index_of: Callable[[int], RuleIndex],
    log: Sequence[tuple[int, Event]],
    rules: Mapping[ProgressKey, Rule | None],
    start: Replayed = START,
) -> dict[ProgressKey, Explained]:
    """Explain the progress of each key of *rules* by one replay of the *log*."""
    history = dict(start.history)
    explaining, fold = {key: _Explaining(key) for key in rules}, None
    for (version, _), step in zip(log, replay_steps(rule_index_of, log, start, history), strict=True):
        fold = step.fold
        for one in explaining.values():
            one.look(version, step)
    standing = start.standing if fold is None else fold.standing()
    return {key: _explained(explaining[key], rule, standing, history) for key, rule in rules.items()}


def _explained(
    explaining: "_Explaining", rule: Rule | None, standing: Standing, history: dict[ProgressKey, Progress]
) -> Explained:
    row = standing.progress.get(explaining.key) or history.get(explaining.key)
    return Explained(
        events=explaining.within(_span(rule, explaining.key, standing)),
        value=0 if row is None else row.value,
        standing=standing,
        history=history,
    )


def _span(rule: Rule | None, key: ProgressKey, standing: Standing) -> WindowSpan | None:
    position = None if rule is None else rule.position_of(key.period_id)
    if rule is None or position is None:
        return None
    own = spans(rule, standing.anchors)
    return own[position] if own else WindowSpan(rule.frame.opens_at, rule.frame.closes_at)


class _Explaining:
    """An explanation in progress."""

    def __init__(self, key: ProgressKey) -> None:
        self.key = key
        self.rows: dict[int, ExplainedEvent] = {}

    def within(self, span: WindowSpan | None) -> tuple[ExplainedEvent, ...]:
        """Return the events that changed the progress, and those that are dated or were received within *span*."""
        return tuple(
            row
            for row in sorted(self.rows.values(), key=lambda row: row.order)
            if row.entries
            or (span is not None and (_holds(span, row.event.occurred_at) or _holds(span, row.event.received_at)))
        )

    def look(self, version: int, step: ReplayedStep) -> None:
        """Note what the event of *step* is to the progress."""
        fold, applied = step
        rule = fold.rule_index.rules.get(self.key.target_id)
        taken = {place for one in applied.stored_counts for place in range(one.first, one.until)}
        entries = [entry for place, entry in enumerate(applied.entries) if place not in taken]
        own = tuple(entry for entry in entries if self._is_own(entry))
        row = ExplainedEvent(applied.event, version, (applied.seq, 0), own)
        reason, not_counted = self._verdict(fold, rule, applied, own)
        if reason is not None or not_counted is not None:
            self.rows[applied.seq] = row._replace(reason=reason, not_counted=not_counted)
        for number, stored in enumerate(applied.stored_counts):
            self._look_at_stored(fold, rule, applied, stored, number)
        if rule is not None and applied.event.name in COMMANDS:
            self._ask_again(fold, rule, applied)

    def _is_own(self, entry: Entry) -> bool:
        return (entry.target_id, entry.period_id) == self.key

    def _verdict(
        self, fold: Fold, rule: Rule | None, applied: AppliedEvent, own: tuple[Entry, ...]
    ) -> tuple[Reason | None, NotCounted | None]:
        """Return why the event changed the progress, or why it did not; neither for a command that is none of it."""
        event = applied.event
        changing = [entry for entry in own if entry.reason not in _CHANGELESS]
        if changing:
            return _of_change(fold, rule, event, changing)
        if own:
            return None, self._of_entry(fold, own[0], event)
        if event.name in COMMANDS:
            return None, _of_decision(fold, rule, applied)
        not_counted = why_not(fold, rule, event)
        if not_counted is None:
            return None, self._elsewhere(fold, rule, applied)
        return None, _of_correction(applied, not_counted)

    @staticmethod
    def _of_entry(fold: Fold, entry: Entry, event: Event) -> NotCounted | None:
        match entry.reason:
            case Reason.TOO_LATE:
                return NotCounted(_REASON.TOO_LATE, {"count": fold.rule_index.settings.late_days})
            case Reason.RETURN_AFTER_END:
                return NotCounted(_REASON.OUTSIDE_PERIOD, {"variant": "return"})
            case _:
                return None if event.name in COMMANDS else NotCounted(_REASON.OTHER_EVENT, {"event": event.name})

    def _elsewhere(self, fold: Fold, rule: Rule | None, applied: AppliedEvent) -> NotCounted:
        """Return that the event belongs to another period: the one in which it counted, or which holds it."""
        other = next(
            (entry.period_id for entry in applied.entries if entry.target_id == self.key.target_id and entry.period_id),
            None,
        )
        position = None if rule is None else fold.position_of_event(rule, applied.event)
        if other is None and rule is not None and position is not None:
            other = rule.period_ids[position]
        return NotCounted(_REASON.OUTSIDE_PERIOD, {"periodId": other, "variant": "other"})

    def _look_at_stored(
        self, fold: Fold, rule: Rule | None, applied: AppliedEvent, stored: StoredCount, number: int
    ) -> None:
        """Note what a stored event that an enrolment counted is to the progress; *number* is its place among these."""
        if len(stored.place) > 1:
            return
        row = self.rows.get(stored.place[0])
        made = [
            entry for entry in applied.entries[stored.first : stored.until] if entry.target_id == self.key.target_id
        ]
        if row is None or not made:
            return
        own = tuple(entry for entry in made if self._is_own(entry))
        if not own:
            if not row.entries:
                elsewhere = NotCounted(_REASON.OUTSIDE_PERIOD, {"periodId": made[0].period_id, "variant": "other"})
                self.rows[stored.place[0]] = row._replace(not_counted=elsewhere)
            return
        entries = (*row.entries, *own)
        changing = [entry for entry in entries if entry.reason not in _CHANGELESS]
        reason, not_counted = _of_change(fold, rule, row.event, changing)
        self.rows[stored.place[0]] = row._replace(
            entries=entries,
            order=(applied.seq, number + 1),
            reason=reason,
            not_counted=not_counted,
            counted_by=applied.event.key,
        )

    def _ask_again(self, fold: Fold, rule: Rule, applied: AppliedEvent) -> None:
        """Ask again, after an enrolment that counts stored events, why those did not count that it left out."""
        enrolment = fold.enrolment(rule.target_id)
        if enrolment is None or enrolment.seq != applied.seq or not enrolment.counts_stored:
            return
        for seq, row in self.rows.items():
            if row.not_counted is None or row.not_counted.reason is not _REASON.NOT_ENROLLED:
                continue
            reason = why_not(fold, rule, row.event)
            if reason is not None:
                self.rows[seq] = row._replace(not_counted=reason)
            elif rule.position(row.event.occurred_at) == rule.position_of(self.key.period_id):
                self.rows[seq] = row._replace(not_counted=NotCounted(_REASON.RETURNED))


def _of_change(
    fold: Fold, rule: Rule | None, event: Event, changing: Sequence[Entry]
) -> tuple[Reason | None, NotCounted | None]:
    reasons = {entry.reason for entry in changing}
    if sum(entry.after - entry.before for entry in changing):
        return changing[0].reason, None
    if reasons & _OF_ARRIVAL:
        if Reason.RETURNED in reasons:
            return None, NotCounted(_REASON.RETURNED)
        if rule is not None and not rule.sums and _shares_day(fold, rule, event, changing):
            return None, NotCounted(_REASON.ALREADY_COUNTED_TODAY)
    return changing[0].reason, None


def _shares_day(fold: Fold, rule: Rule, event: Event, changing: Sequence[Entry]) -> bool:
    """Whether another event counts on the day of *event*; of a row that was archived, whether *event* had an amount."""
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        days = days_of(fold, rule)
    else:
        row = fold.progress.get(ProgressKey(changing[0].target_id, changing[0].period_id))
        days = () if row is None else row.days
    amounts: tuple[int, ...] = dict(days).get(day_of(rule, event), ())
    return len(amounts) > 1 if days else bool(changing[0].amount)


def _of_decision(fold: Fold, rule: Rule | None, applied: AppliedEvent) -> NotCounted | None:
    """Return that the cap left nothing to a decision which it concerns; None for any other command."""
    payload = applied.event.payload
    if rule is None or not isinstance(payload, AuthoriseAward):
        return None
    granted = next((entry.after for entry in applied.entries if entry.reason is Reason.GRANTED), None)
    if granted or not to_units(payload.amount):
        return None
    concerned = any(
        bound.rule is rule and not bound.share for bound in bounds_of(fold, payload, to_units(payload.amount))
    )
    return NotCounted(_REASON.CAP_REACHED) if concerned else None


def _of_correction(applied: AppliedEvent, not_counted: NotCounted) -> NotCounted:
    """Return *not_counted*, or for a correction why it took nothing back."""
    event = applied.event
    if not isinstance(event.payload, Return | ReverseEvent) or not_counted.reason is not _REASON.OTHER_EVENT:
        return not_counted
    reasons = {entry.reason for entry in applied.entries}
    for reason in (Reason.WAITS, Reason.NOTHING_LEFT):
        if reason in reasons:
            return NotCounted(_REASON.OTHER_EVENT, {"event": event.name, "variant": reason.name})
    return NotCounted(_REASON.OTHER_EVENT, {"event": event.name, "variant": "NOT_COUNTED"})


def _holds(span: WindowSpan, at: int) -> bool:
    return span.opens_at <= at < span.closes_at
