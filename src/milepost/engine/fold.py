"""A standing that is open for changes, for one event or many."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from milepost.engine import rows
from milepost.engine.progress.change import Cause, Change
from milepost.engine.progress.context import evaluation_context
from milepost.engine.progress.history import ARCHIVE_AFTER_US
from milepost.engine.progress.windows import closes_at, position_of, precedes_first_window
from milepost.language import EvaluationContext
from milepost.model.event import Award, Bill, Event, Return
from milepost.model.organisation import RULES_FIRST
from milepost.model.progress.facts import ZoneDays
from milepost.model.standing import (
    EMPTY_STANDING,
    Enrolment,
    Progress,
    ProgressKey,
    Reason,
    Standing,
    StoredEvents,
)
from milepost.model.time import DAY_US, EPOCH, Micros, to_micros, to_seconds
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.compiled.rule import Rule, Signature


class CompositeDue(NamedTuple):
    """A composite to update once all its members have changed: the rule of a member, its last change and the cause."""

    rule: Rule
    change: Change
    cause: Cause


class StoredCount(NamedTuple):
    """A stored event that an enrolment counted: its place in the log, and which entries of the enrolment it made.

    `first` and `until` are positions among the entries of the enrolment, half-open.
    """

    place: tuple[int, ...]
    first: int
    until: int


class Fold:
    """A standing that is open for changes.

    `progress` holds the live rows. `entries` and `outcomes` are those of the event that is being applied, so far.
    `stored_activity` has, for each row in which the event counted stored events, the latest date of these, and
    `stored_counts` which entries each of these made. `rule_index` may be set anew between two events: rules change, the
    standing stays open.
    """

    __slots__ = (
        "_seen",
        "_standing",
        "anchors",
        "archive_at",
        "bills",
        "cause",
        "composites_due",
        "enrolments",
        "entries",
        "event",
        "facts",
        "latest_at",
        "lineage",
        "matched",
        "outcomes",
        "progress",
        "purchases",
        "rule_index",
        "seq",
        "stored_activity",
        "stored_counts",
        "streaks",
        "waiting",
        "zone_days",
    )

    event: Event
    cause: Cause

    def __init__(self, rule_index: RuleIndex, standing: Standing) -> None:
        """Open *standing*, which itself stays as it is."""
        self.rule_index = rule_index
        self.progress = rows.open_rows(standing.progress)
        self.entries = self.progress.entries
        self.outcomes = self.progress.outcomes
        self.seq = standing.seq
        self.latest_at = standing.latest_at
        self.archive_at = standing.archive_at
        self.bills = standing.bills
        self.purchases = standing.purchases
        self.enrolments = standing.enrolments
        self.waiting = standing.waiting
        self.matched = standing.matched
        self.facts = standing.facts
        self.anchors = standing.anchors
        self.streaks = standing.streaks
        self.lineage = standing.lineage
        self.zone_days = standing.zone_days
        self.stored_activity: dict[ProgressKey, Micros] = {}
        self.stored_counts: tuple[StoredCount, ...] = ()
        self.composites_due: dict[tuple[int, int], CompositeDue] | None = None
        self._standing: Standing | None = standing
        self._seen: Standing | None = None

    def begin(self, event: Event) -> None:
        """Begin to apply *event*."""
        rule_index = self.rule_index
        asks = rule_index.needs_standing or (rule_index.returns_need_standing and isinstance(event.payload, Return))
        self._seen = self.standing() if asks else None
        self.event = event
        at, received_at = to_seconds(event.occurred_at), to_seconds(event.received_at)
        self.cause = Cause(event, at, received_at, rule_index.settings)
        self._standing = None

    def restore(self, archived: Iterable[Progress]) -> None:
        """Put *archived* rows back in place; a live row stays as it is."""
        for row in archived:
            key = row.key
            if key not in self.progress:
                self.progress[key] = row
            self.archive_at = EPOCH
            self._standing = None

    def add_zone_days(self, zone_days: Mapping[str, ZoneDays]) -> None:
        """Add the bills by day of further zones, as of before the next event."""
        self.zone_days = {**self.zone_days, **zone_days}
        self._standing = None

    def standing(self) -> Standing:
        """Return the standing as it is now."""
        if self._standing is None:
            self._standing = Standing(
                seq=self.seq,
                latest_at=self.latest_at,
                archive_at=self.archive_at,
                bills=self.bills,
                purchases=self.purchases,
                progress=self.progress.frozen(),
                enrolments=self.enrolments,
                waiting=self.waiting,
                matched=self.matched,
                facts=self.facts,
                anchors=self.anchors,
                streaks=self.streaks,
                lineage=self.lineage,
                zone_days=self.zone_days,
            )
        return self._standing

    def context(self, event: Event) -> EvaluationContext:
        """Return what rules may look at for *event*: the standing before the event that is being applied.

        Where no rule asks for anything of the standing, an empty one stands in for it: opening and closing the rows for
        each event would be most of the work.
        """
        if self._seen is None:
            return EvaluationContext(event, None, EMPTY_STANDING)
        return evaluation_context(self.rule_index, event, self._seen)

    def archive_after(self, closing: Micros) -> None:
        """Note that a live row is to be archived after its period has closed at *closing* (epoch microseconds)."""
        at = closing + ARCHIVE_AFTER_US
        if at < self.archive_at:
            self.archive_at = Micros(at)

    def enrolment(self, target_id: int) -> Enrolment | None:
        """Return the enrolment in this target that is in force, if any."""
        return next((e for e in reversed(self.enrolments) if e.target_id == target_id), None)

    def takes_part(self, rule: Rule, position: int) -> bool:
        """Whether the customer takes part in *rule* in the period at *position*."""
        enrolment = self.enrolment(rule.target_id) if self.enrolments else None
        if enrolment is None:
            return rule.open_to_all
        first = rule.position_of(enrolment.period_id)
        if first is None or position < first:
            return False
        left_period_id = enrolment.left_at_period
        if left_period_id is None:
            return True
        left = rule.position_of(left_period_id)
        return left is not None and position < left

    def goal(self, rule: Rule, position: int) -> int | None:
        """Return the goal in the period at *position*, in units: the customer's own, else the target's."""
        enrolment = self.enrolment(rule.target_id) if self.enrolments else None
        if enrolment is not None:
            period_id = rule.period_ids[position]
            for own_period_id, own in enrolment.goals:
                if own_period_id == period_id:
                    return own
        return rule.goals[position]

    def position(self, rule: Rule, at: Micros) -> int | None:
        """Return the position of the period of *rule* that holds *at* for this customer, if any."""
        return position_of(rule, self.anchors, at)

    def position_of_event(self, rule: Rule, event: Event) -> int | None:
        """Return the position of the period of *rule* in which *event* may count for this customer, if any.

        That is the period that holds it, or the first window of the customer's own for an event from shortly before.
        """
        position = position_of(rule, self.anchors, event.occurred_at)
        return 0 if position is None and precedes_first_window(rule, self.anchors, event) else position

    def closes_at(self, rule: Rule, position: int) -> Micros:
        """Return the first instant after the period at *position* for this customer."""
        return closes_at(rule, self.anchors, position)

    def value(self, key: ProgressKey) -> int:
        """Return the value of the row of *key*, in units; 0 if there is none."""
        row = self.progress.get(key)
        return 0 if row is None else row.value


def is_first_edition(fold: Fold) -> bool:
    """Whether the event that is being applied is judged by the first edition of the rules (decision 0027)."""
    return fold.rule_index.settings.rules_edition == RULES_FIRST


def is_before_enrolment(enrolment: Enrolment | None, at: Micros) -> bool:
    """Whether *at* is too long before *enrolment* to count, with the setting FROM_ENROLMENT."""
    since = None if enrolment is None else enrolment.counts_since
    return since is not None and at < to_micros(since)


def is_too_late(fold: Fold, rule: Rule, position: int, event: Event) -> bool:
    """Return whether *event* was received too long after its period's end to count there (facts 8.1, lateDays)."""
    days = fold.rule_index.settings.late_days
    if days is None:
        return False
    closing = closes_at(rule, fold.anchors, position, first=event.occurred_at)
    return event.received_at > closing + days * DAY_US


def is_decided(event: Event) -> bool:
    """Return whether a decision has counted *event* for caps already."""
    payload = event.payload
    return isinstance(payload, Bill | Award) and payload.decision is not None


def day_of(rule: Rule, event: Event) -> int:
    """Return the calendar day of the event where a day's extreme counts, else 0 (facts 8 #19)."""
    return 0 if rule.sums else rule.calendar.day(event.occurred_at)


def contribution_of(rule: Rule, context: EvaluationContext, asked: dict[Signature, Change | None]) -> Change | None:
    """Return what the event of *context* adds to *rule*; *asked* keeps the answer for rules of one signature."""
    if rule.signature in asked:
        return asked[rule.signature]
    amount = rule.amount(context)
    change = None
    if amount is not None:
        change = Change(old=None, new=amount, day=day_of(rule, context.event), reason=Reason.COUNTED, amount=amount)
    asked[rule.signature] = change
    return change


def counts_stored_event(fold: Fold, rule: Rule, position: int, enrolment: Enrolment, event: Event) -> bool:
    """Return whether *event*, received before the enrolment, counts for it."""
    first = rule.position_of(enrolment.period_id)
    if first is not None and position < first:
        return False
    if enrolment.stored is StoredEvents.OUTSIDE_FIRST_PERIOD:
        replaced = enrolment.replaced_at_period
        if position == (first if replaced is None else rule.position_of(replaced)):
            return False
    if is_before_enrolment(enrolment, event.occurred_at):
        return False
    if event.name != rule.event_name or not rule.is_at(event.place):
        return False
    if rule.is_cap and is_decided(event):
        return False
    if is_too_late(fold, rule, position, event):
        return False
    return rule.amount(fold.context(event)) is not None
