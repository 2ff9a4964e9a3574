"""How one customer takes part in a target: since when, with which goals and balances, and where own windows begin."""

from collections.abc import Iterator
from fractions import Fraction

from milepost.model.event import Enrol, Event, Unenrol
from milepost.model.standing import OutcomeKind
from milepost.model.target import Evaluation
from tests.oracle.reference_enrolment import NO_BALANCE, Balance, covers, rank, stay
from tests.oracle.reference_notices import ReferenceOutcome, Step
from tests.oracle.reference_plan import HOUR, Plan
from tests.oracle.reference_replay import Story
from tests.oracle.reference_windows import spans


class Participation:
    """What has to be remembered of enrolments."""

    def __init__(self, plan: Plan) -> None:
        """Begin with nothing."""
        self.plan = plan
        self.anchor: int | None = None
        self.left: int | None = None
        self.since: int | None = None
        self.own_goals: dict[int, Fraction] = {}
        self.balances: dict[int, Balance] = {}
        self.told: list[ReferenceOutcome] = []

    def is_before_enrolment(self, event: Event) -> bool:
        """Return whether *event* is dated too long before the enrolment in force."""
        return self.since is not None and event.occurred_at < self.since

    def is_shortly_before(self, event: Event) -> bool:
        """Return whether *event* counts in the customer's first own window though it is dated before it."""
        if self.plan.group.evaluation is not Evaluation.CYCLIC_WINDOW or self.anchor is None:
            return False
        grace = self.plan.settings.own_window_grace_hours * HOUR
        is_near = max(self.anchor - grace, self.plan.begins_at) <= event.occurred_at < self.anchor
        return is_near and event.received_at < spans(self.plan, self.anchor)[0].closes_at

    def anchor_for(self, event: Event) -> int:
        """Return when own windows begin: with the event that opened the first one, or else with *event*."""
        return event.occurred_at if self.anchor is None else self.anchor

    def start_of(self, period_id: int) -> Balance:
        """Return the latest balance of a period."""
        return self.balances.get(period_id, NO_BALANCE)

    def set_goals(self, enrolling: Enrol, event: Event, *, is_new: bool) -> None:
        """Set the customer's own goals; those of periods that have ended stay, unless the customer is new."""
        kept = {} if is_new else {name: own for name, own in self.own_goals.items() if self.has_ended(name, event)}
        asked = {name: Fraction(own) for name, own in enrolling.goals if is_new or not self.has_ended(name, event)}
        self.own_goals = kept | asked

    def has_ended(self, period_id: int, event: Event) -> bool:
        """Return whether a period of this customer's was over when *event* happened."""
        ends = {span.period_id: span.closes_at for span in spans(self.plan, self.anchor)}
        return ends.get(period_id, self.plan.ends_at) <= event.occurred_at

    def balanced(self, enrolling: Enrol, event: Event) -> int | None:
        """Return the period of a balance: the one that is named, else the running or next one; None after all."""
        if self.plan.is_calendar and not self.has_ended(enrolling.period_id, event):
            return enrolling.period_id
        return next((period.id for period in self.plan.periods if not self.has_ended(period.id, event)), None)

    def leave(self, event: Event, leaving: Unenrol) -> Iterator[Step]:
        """Leave, from the named period on, or from the running own window on; what counted stays."""
        self.left = 0
        if self.plan.is_calendar:
            self.left = rank(self.plan, leaving.period_id)
        elif self.anchor is not None:
            running = [span for span in spans(self.plan, self.anchor) if span.holds(event.occurred_at)]
            self.left = rank(self.plan, running[0].period_id) if running else 0
        self.record(OutcomeKind.UNENROLLED, leaving.period_id if self.plan.is_calendar else 0)
        yield from ()

    def takes_part(self, story: Story, period_id: int) -> bool:
        """Return whether the customer takes part in a period after *story*."""
        is_covered = covers(self.plan, stay(self.plan, story), period_id)
        return is_covered and (self.left is None or rank(self.plan, period_id) < self.left)

    def record(self, kind: OutcomeKind, period_id: int, about: int = 0) -> None:
        """Record an outcome."""
        self.told.append(ReferenceOutcome(kind, self.plan.target.id, period_id, about))
