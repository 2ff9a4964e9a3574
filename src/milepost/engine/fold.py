"""A standing on its way from one step to the next."""

from milepost.engine.facts import heard
from milepost.engine.log import SETTLE_AFTER_US
from milepost.engine.progressing import Cause, Change, cause_of, progressed
from milepost.engine.reaching import occasion_of
from milepost.model.event import Event
from milepost.model.standing import Enrolment, Entry, Outcome, OutcomeKind, Progress, Standing, Stored
from milepost.rules.matching import Catalogue, Rule

DAY_US = 86_400_000_000


class Fold:
    """A standing on its way from one step to the next."""

    __slots__ = (
        "before",
        "bills",
        "catalogue",
        "cause",
        "enrolments",
        "entries",
        "event",
        "outcomes",
        "progress",
        "purchases",
        "settles_at",
        "waiting",
    )

    def __init__(self, catalogue: Catalogue, before: Standing, event: Event) -> None:
        """Begin at *before*, with *event* about to happen."""
        self.catalogue = catalogue
        self.before = before
        self.event = event
        self.cause = cause_of(event, catalogue.settings)
        self.progress = dict(before.progress)
        self.bills = before.bills
        self.purchases = before.purchases
        self.enrolments = before.enrolments
        self.waiting = before.waiting
        self.settles_at = before.settles_at
        self.entries: list[Entry] = []
        self.outcomes: list[Outcome] = []

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
        )

    def apply(self, rule: Rule, position: int, change: Change, cause: Cause) -> None:
        """Let *change* happen to the progress of *rule* in the period at *position*."""
        key = rule.keys[position]
        before = self.progress.get(key)
        if before is None:
            before = self._first(rule, position, cause)
        after = self.progress[key] = progressed(rule, position, before, change, cause, self.outcomes)
        self.entries.append(Entry(key[0], key[1], change.reason, change.amount, before.value, after.value))

    def _first(self, rule: Rule, position: int, cause: Cause) -> Progress:
        """Give the progress to begin with; the first contribution enrols where anybody takes part."""
        key = rule.keys[position]
        self.settles_at = min(self.settles_at, rule.closes[position] + SETTLE_AFTER_US)
        if rule.open_to_all:
            self.outcomes.append(Outcome(OutcomeKind.ENROLLED, *key, cause.at, 0))
            return Progress(*key, 0, cause.at, cause.at)
        enrolled = self.enrolment(rule.target_id)
        assert enrolled is not None, "only the enrolled make progress"
        return Progress(*key, 0, enrolled.enrolled_at, enrolled.enrolled_at)

    def enrolment(self, target_id: int) -> Enrolment | None:
        """Give the enrolment in this target, if any."""
        return next((e for e in self.enrolments if e.target_id == target_id), None)

    def is_enrolled(self, rule: Rule, position: int) -> bool:
        """Tell whether the customer takes part in *rule* in the period at *position*."""
        if rule.open_to_all:
            return True
        enrolment = self.enrolment(rule.target_id)
        return enrolment is not None and 0 <= rule.position_of(enrolment.period_id) <= position


def is_too_late(catalogue: Catalogue, rule: Rule, position: int, event: Event) -> bool:
    """Tell whether *event* was received too long after its period's end to count there (semantics 8.1, lateDays)."""
    days = catalogue.settings.late_days
    return days is not None and event.received_at > rule.closes[position] + days * DAY_US


def day_of(catalogue: Catalogue, rule: Rule, event: Event) -> int:
    """Give the event's calendar day where a day's extreme counts (semantics 8 #19)."""
    return 0 if rule.sums else catalogue.calendar.day(event.occurred_at)


def counts_stored(fold: Fold, rule: Rule, position: int, enrolment: Enrolment, event: Event) -> bool:
    """Tell whether *event*, heard before the enrolment, counts for it."""
    first = rule.position_of(enrolment.period_id)
    if position < first or (position == first and enrolment.stored is Stored.OUTSIDE_FIRST_PERIOD):
        return False
    if event.name != rule.event_name or not rule.is_at(event.place):
        return False
    if is_too_late(fold.catalogue, rule, position, event):
        return False
    return rule.amount(occasion_of(fold.catalogue, event, fold.before)) is not None
