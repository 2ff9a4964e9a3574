"""A standing on its way from one step to the next."""

from typing import NamedTuple

from milepost.engine.progress.change import Cause, Change, cause_of
from milepost.engine.progress.context import evaluation_context
from milepost.engine.progress.counters import after
from milepost.engine.progress.history import ARCHIVE_AFTER_US
from milepost.engine.progress.windows import closes_at, position_of
from milepost.language import EvaluationContext
from milepost.model.event import Event
from milepost.model.lazy import unpack_rows
from milepost.model.standing import (
    NOT_LEFT,
    Enrolment,
    Entry,
    Outcome,
    Progress,
    ProgressKey,
    Reason,
    Standing,
    StoredEvents,
)
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.compiled.rule import Rule, Signature

DAY_US = 86_400_000_000


class CompositeDue(NamedTuple):
    """A unified group that is to be looked at when all its members were changed: one of these, by what, and why."""

    rule: Rule
    change: Change
    cause: Cause


class Fold:
    """A standing on its way from one step to the next."""

    __slots__ = (
        "anchors",
        "archive_at",
        "before",
        "bills",
        "cause",
        "composites_due",
        "enrolments",
        "entries",
        "event",
        "lineage",
        "outcomes",
        "progress",
        "purchases",
        "rule_index",
        "streaks",
        "waiting",
    )

    def __init__(self, rule_index: RuleIndex, before: Standing, event: Event) -> None:
        """Begin at *before*, with *event* about to happen."""
        self.rule_index = rule_index
        self.before = before
        self.event = event
        self.cause = cause_of(event, rule_index.settings)
        self.progress: dict[ProgressKey, Progress] = unpack_rows(before.progress)
        self.bills = before.bills
        self.purchases = before.purchases
        self.enrolments = before.enrolments
        self.waiting = before.waiting
        self.archive_at = before.archive_at
        self.anchors = before.anchors
        self.streaks = before.streaks
        self.lineage = before.lineage
        self.entries: list[Entry] = []
        self.outcomes: list[Outcome] = []
        self.composites_due: dict[tuple[int, int], CompositeDue] | None = None

    def standing(self) -> Standing:
        """Return the next standing."""
        return Standing(
            seq=self.before.seq + 1,
            latest_at=max(self.before.latest_at, self.event.occurred_at),
            archive_at=self.archive_at,
            bills=self.bills,
            purchases=self.purchases,
            progress=self.progress,
            enrolments=self.enrolments,
            waiting=self.waiting,
            facts=after(self.before.facts, self.event, self.rule_index.calendar),
            anchors=self.anchors,
            streaks=self.streaks,
            lineage=self.lineage,
        )

    def archive_after(self, closing: int) -> None:
        """See to it that progress of a period that closes then leaves for the history in time."""
        self.archive_at = min(self.archive_at, closing + ARCHIVE_AFTER_US)

    def enrolment(self, target_id: int) -> Enrolment | None:
        """Return the enrolment in this target that is in force, if any."""
        return next((e for e in reversed(self.enrolments) if e.target_id == target_id), None)

    def takes_part(self, rule: Rule, position: int) -> bool:
        """Return whether the customer takes part in *rule* in the period at *position*."""
        enrolment = self.enrolment(rule.target_id) if self.enrolments else None
        if enrolment is None:
            return rule.open_to_all
        if not 0 <= rule.position_of(enrolment.period_id) <= position:
            return False
        return enrolment.left_period_id == NOT_LEFT or position < rule.position_of(enrolment.left_period_id)

    def goal(self, rule: Rule, position: int) -> int | None:
        """Return the goal in the period at *position*, in units: the customer's own, else the target's."""
        enrolment = self.enrolment(rule.target_id) if self.enrolments else None
        if enrolment is not None:
            period_id = rule.period_ids[position]
            for own_period_id, own in enrolment.goals:
                if own_period_id == period_id:
                    return own
        return rule.goals[position]

    def position(self, rule: Rule, at: int) -> int:
        """Return the position of the period of *rule* that holds *at* for this customer, or -1."""
        return position_of(rule, self.anchors, at)

    def closes_at(self, rule: Rule, position: int) -> int:
        """Return the first instant after the period at *position* for this customer."""
        return closes_at(rule, self.anchors, position)


def is_too_late(fold: Fold, rule: Rule, position: int, event: Event) -> bool:
    """Return whether *event* was received too long after its period's end to count there (facts 8.1, lateDays)."""
    days = fold.rule_index.settings.late_days
    if days is None:
        return False
    closing = closes_at(rule, fold.anchors, position, first=event.occurred_at)
    return event.received_at > closing + days * DAY_US


def is_decided(event: Event) -> bool:
    """Return whether a decision has counted *event* for caps already."""
    return getattr(event.payload, "decision", None) is not None


def day_of(rule: Rule, event: Event) -> int:
    """Return the event's calendar day where a day's extreme counts (facts 8 #19)."""
    return 0 if rule.sums else rule.calendar.day(event.occurred_at)


def contribution_of(rule: Rule, context: EvaluationContext, asked: dict[Signature, Change | None]) -> Change | None:
    """Return what the event of *context* adds to *rule*; what rules ask alike is *asked* once."""
    if rule.asks in asked:
        return asked[rule.asks]
    amount = rule.amount(context)
    change = None
    if amount is not None:
        change = Change(None, amount, day_of(rule, context.event), Reason.COUNTED, amount)
    asked[rule.asks] = change
    return change


def counts_stored_event(fold: Fold, rule: Rule, position: int, enrolment: Enrolment, event: Event) -> bool:
    """Return whether *event*, heard before the enrolment, counts for it."""
    first = rule.position_of(enrolment.period_id)
    if position < first or (position == first and enrolment.stored is StoredEvents.OUTSIDE_FIRST_PERIOD):
        return False
    if event.name != rule.event_name or not rule.is_at(event.place):
        return False
    if rule.is_cap and is_decided(event):
        return False
    if is_too_late(fold, rule, position, event):
        return False
    return rule.amount(evaluation_context(fold.rule_index, event, fold.before)) is not None
