"""A standing on its way from one step to the next."""

from typing import NamedTuple

from milepost.engine.facts import heard
from milepost.engine.log import SETTLE_AFTER_US
from milepost.engine.progressing import Cause, Change, cause_of
from milepost.engine.reaching import occasion_of
from milepost.engine.windows import closes_at, position_of
from milepost.language import Occasion
from milepost.model.event import Event
from milepost.model.packed import unpacked
from milepost.model.standing import (
    STAYS,
    Enrolment,
    Entry,
    Outcome,
    Progress,
    ProgressKey,
    Reason,
    Standing,
    Stored,
)
from milepost.rules.matching import Catalogue
from milepost.rules.rule import Asks, Rule

DAY_US = 86_400_000_000


class WholeDue(NamedTuple):
    """A unified group that is to be looked at when all its members were changed: one of these, by what, and why."""

    rule: Rule
    change: Change
    cause: Cause


class Fold:
    """A standing on its way from one step to the next."""

    __slots__ = (
        "anchors",
        "before",
        "bills",
        "catalogue",
        "cause",
        "enrolments",
        "entries",
        "event",
        "lineage",
        "outcomes",
        "progress",
        "purchases",
        "settles_at",
        "streaks",
        "waiting",
        "wholes_due",
    )

    def __init__(self, catalogue: Catalogue, before: Standing, event: Event) -> None:
        """Begin at *before*, with *event* about to happen."""
        self.catalogue = catalogue
        self.before = before
        self.event = event
        self.cause = cause_of(event, catalogue.settings)
        self.progress: dict[ProgressKey, Progress] = unpacked(before.progress)
        self.bills = before.bills
        self.purchases = before.purchases
        self.enrolments = before.enrolments
        self.waiting = before.waiting
        self.settles_at = before.settles_at
        self.anchors = before.anchors
        self.streaks = before.streaks
        self.lineage = before.lineage
        self.entries: list[Entry] = []
        self.outcomes: list[Outcome] = []
        self.wholes_due: dict[tuple[int, int], WholeDue] | None = None

    def standing(self) -> Standing:
        """Give the next standing."""
        return Standing(
            seq=self.before.seq + 1,
            latest_at=max(self.before.latest_at, self.event.occurred_at),
            settles_at=self.settles_at,
            bills=self.bills,
            purchases=self.purchases,
            progress=self.progress,
            enrolments=self.enrolments,
            waiting=self.waiting,
            facts=heard(self.before.facts, self.event, self.catalogue.calendar),
            anchors=self.anchors,
            streaks=self.streaks,
            lineage=self.lineage,
        )

    def keep_hot(self, closing: int) -> None:
        """See to it that progress of a period that closes then leaves for the history in time."""
        self.settles_at = min(self.settles_at, closing + SETTLE_AFTER_US)

    def enrolment(self, target_id: int) -> Enrolment | None:
        """Give the enrolment in this target that is in force, if any."""
        return next((e for e in reversed(self.enrolments) if e.target_id == target_id), None)

    def takes_part(self, rule: Rule, position: int) -> bool:
        """Tell whether the customer takes part in *rule* in the period at *position*."""
        enrolment = self.enrolment(rule.target_id) if self.enrolments else None
        if enrolment is None:
            return rule.open_to_all
        if not 0 <= rule.position_of(enrolment.period_id) <= position:
            return False
        return enrolment.left_period_id == STAYS or position < rule.position_of(enrolment.left_period_id)

    def goal(self, rule: Rule, position: int) -> int | None:
        """Give the goal in the period at *position*, in units: the customer's own, else the target's."""
        enrolment = self.enrolment(rule.target_id) if self.enrolments else None
        if enrolment is not None:
            period_id = rule.period_ids[position]
            for own_period_id, own in enrolment.goals:
                if own_period_id == period_id:
                    return own
        return rule.goals[position]

    def position(self, rule: Rule, at: int) -> int:
        """Give the position of the period of *rule* that holds *at* for this customer, or -1."""
        return position_of(rule, self.anchors, at)

    def closes_at(self, rule: Rule, position: int) -> int:
        """Give the first instant after the period at *position* for this customer."""
        return closes_at(rule, self.anchors, position)


def is_too_late(fold: Fold, rule: Rule, position: int, event: Event) -> bool:
    """Tell whether *event* was received too long after its period's end to count there (semantics 8.1, lateDays)."""
    days = fold.catalogue.settings.late_days
    if days is None:
        return False
    closing = closes_at(rule, fold.anchors, position, first=event.occurred_at)
    return event.received_at > closing + days * DAY_US


def is_decided(event: Event) -> bool:
    """Tell whether a decision has counted *event* for caps already."""
    return getattr(event.payload, "decision", None) is not None


def day_of(rule: Rule, event: Event) -> int:
    """Give the event's calendar day where a day's extreme counts (semantics 8 #19)."""
    return 0 if rule.sums else rule.calendar.day(event.occurred_at)


def counted(rule: Rule, occasion: Occasion, asked: dict[Asks, Change | None]) -> Change | None:
    """Give what the event of *occasion* adds to *rule*; what rules ask alike is *asked* once."""
    if rule.asks in asked:
        return asked[rule.asks]
    amount = rule.amount(occasion)
    change = None
    if amount is not None:
        change = Change(None, amount, day_of(rule, occasion.event), Reason.COUNTED, amount)
    asked[rule.asks] = change
    return change


def counts_stored(fold: Fold, rule: Rule, position: int, enrolment: Enrolment, event: Event) -> bool:
    """Tell whether *event*, heard before the enrolment, counts for it."""
    first = rule.position_of(enrolment.period_id)
    if position < first or (position == first and enrolment.stored is Stored.OUTSIDE_FIRST_PERIOD):
        return False
    if event.name != rule.event_name or not rule.is_at(event.place):
        return False
    if rule.is_cap and is_decided(event):
        return False
    if is_too_late(fold, rule, position, event):
        return False
    return rule.amount(occasion_of(fold.catalogue, event, fold.before)) is not None
