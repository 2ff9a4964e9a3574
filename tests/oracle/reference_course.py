"""The course of one target in all its periods: after each happening everything is looked at again and added up again.

Only what has to be remembered is: which events counted (whoever leaves keeps what counted), and what was achieved.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from milepost.model.event import AuthoriseAward, Bill, Enrol, Event, EventKey, Unenrol
from milepost.model.organisation import AfterAchievement, Returns
from milepost.model.standing import OutcomeKind
from milepost.model.target import EnrolmentMethod, Kpi, Tracking
from tests.oracle.reference_customer import knows
from tests.oracle.reference_enrolment import (
    Balance,
    begins_to_take_part,
    counts_since,
    counts_stored,
    stay,
)
from tests.oracle.reference_fields import in_units
from tests.oracle.reference_measures import weight
from tests.oracle.reference_notices import Booking, Carried, Row, Step, is_reached
from tests.oracle.reference_participation import Participation
from tests.oracle.reference_plan import (
    MICROSECONDS,
    Plan,
    Span,
    Weight,
    is_in_time,
    is_let_in,
    is_sum,
    taken_together,
)
from tests.oracle.reference_replay import Happening, Story, taken_back
from tests.oracle.reference_voids import decisions_of, void_share
from tests.oracle.reference_windows import spans

Uses = Mapping[EventKey, Mapping[int, Fraction]]
"""What each decision used of each target that is a cap, and under GIVEN what it gave."""

GIVEN = 0


class Course(Participation):
    """One target's course."""

    def __init__(self, plan: Plan, uses: Uses) -> None:
        """Begin with nothing; *uses* grows as decisions are made."""
        super().__init__(plan)
        self.uses = uses
        self.rows: dict[int, Row] = {}
        self.booked: dict[EventKey, Booking] = {}
        self.heard: list[Booking] = []
        self.carried: list[Carried] = []
        self.lowered: dict[EventKey, list[Event]] = {}

    def apply(self, story: Story) -> Iterator[Step]:
        """Apply the last happening of *story*; one step for each event that counts or takes back."""
        happening = story[-1]
        event = happening.event
        if happening.bill is not None:
            if happening.bill.key in self.booked:
                yield from self.take_back(story, happening.bill)
            for decision in decisions_of(self.plan, happening.bill, [one.event for one in self.booked.values()]):
                yield from self.take_back(story, decision)
        elif event.key in self.plan.before:
            return
        elif isinstance(payload := event.payload, Enrol | Unenrol):
            if payload.target_id == self.plan.target.id:
                yield from self.enrol(story) if isinstance(payload, Enrol) else self.leave(event, payload)
        else:
            yield from self.receive(story, event)

    def receive(self, story: Story, event: Event) -> Iterator[Step]:
        """Count *event*, if it counts."""
        span = self.place(event)
        if span is None or not self.takes_part(story[:-1], span.period_id) or self.is_before_enrolment(event):
            return
        if self.amount(event, span, story) is not None:
            yield self.count(event, span, story)

    def hear(self, completion: Event, story: Story) -> None:
        """Count an achievement that the last event of *story* led to; it has no key of its own."""
        span = None if completion.key in self.plan.before else self.place(completion)
        if span is None or not self.takes_part(story, span.period_id) or self.is_before_enrolment(completion):
            return
        if weight(self.plan.target, completion, []) is not None:
            self.heard.append(Booking(completion, span.period_id, len(story)))
            self.put(span, completion, story)

    def place(self, event: Event) -> Span | None:
        """Return the period in which *event* would count, whatever its place, even if the customer takes no part."""
        found = next((span for span in spans(self.plan, self.anchor_for(event)) if span.holds(event.occurred_at)), None)
        if found is None or not self.plan.begins_at <= event.occurred_at < self.plan.ends_at:
            found = found if self.plan.is_calendar else None
        if found is None and self.is_shortly_before(event):
            found = spans(self.plan, self.anchor)[0]
        if found is None or not is_in_time(self.plan, event, found) or not is_let_in(self.plan, event):
            return None
        return found

    def amount(self, event: Event, span: Span, story: Story) -> Fraction | None:
        """Return what *event* adds now; None if it does not count."""
        if isinstance(event.payload, AuthoriseAward):
            return self.used(event, span, story)
        at = self.booked[event.key].at if event.key in self.booked else len(story) - 1
        if not knows(self.plan, event, story[:at]):
            return None
        return weight(self.plan.target, event, self.corrections(event, span, story), self.plan.settings)

    def used(self, decision: Event, span: Span, story: Story) -> Fraction | None:
        """Return what a decision uses of this cap, less the share of it that is void; ones are used as a whole."""
        used = self.uses.get(decision.key, {}).get(self.plan.target.id)
        if used is None:
            return None
        void = void_share(self.plan, decision, self.uses[decision.key][GIVEN], span, story)
        if void >= 1:
            return None
        return used if self.plan.target.kpi in {Kpi.COUNT, Kpi.VISIT} else in_units(used * (1 - void))

    def corrections(self, event: Event, span: Span, story: Story) -> list[Event]:
        """Return the corrections that are to be taken off *event* in its own period."""
        is_bill = isinstance(event.payload, Bill)
        if is_bill and self.plan.settings.returns is Returns.IGNORE:
            return []
        if is_bill and self.carries and event.key in self.booked:
            return self.lowered.get(event.key, [])
        return taken_back(event, story, before=span.closes_at)

    @property
    def carries(self) -> bool:
        """Return whether a return may be carried into a later period."""
        return self.plan.settings.returns is Returns.CARRY and self.plan.is_calendar and is_sum(self.plan.target)

    def count(self, event: Event, span: Span, story: Story) -> Step:
        """Count *event* in *span*."""
        if self.anchor is None and not self.plan.is_calendar:
            self.anchor = event.occurred_at
        self.lowered[event.key] = taken_back(event, story, before=span.closes_at)
        self.booked[event.key] = Booking(event, span.period_id, len(story) - 1)
        self.put(span, event, story)
        return Step(event, span.period_id)

    def put(self, span: Span, event: Event, story: Story) -> None:
        """Compute the row of *span* again, because of *event*."""
        self.begin(span.period_id)
        self.mark(span, event, story)

    def begin(self, period_id: int) -> None:
        """Make a row, if there is none."""
        if period_id not in self.rows:
            self.rows[period_id] = Row(Fraction(0))
            if self.plan.target.enrolment is EnrolmentMethod.TRANSACTION:
                self.record(OutcomeKind.ENROLLED, period_id)

    def mark(self, span: Span, event: Event, story: Story) -> None:
        """Compute the value again; triggers are reached once, the goal is stamped once."""
        self.reach(span.period_id, self.value(span, story), event, story)
        row, wanted = self.rows[span.period_id], self.wanted(span.period_id, story)
        if row.achieved_by is None and wanted is not None and row.value >= wanted:
            self.achieve(span.period_id, event)

    def reach(self, period_id: int, value: Fraction, event: Event, story: Story) -> None:
        """Set a value and the triggers that it reaches."""
        assert event is not None
        row, wanted = self.rows[period_id], self.wanted(period_id, story)
        reached = {trigger.id for trigger in self.plan.target.triggers if is_reached(trigger, value, wanted)}
        for new in reached - row.triggers:
            self.record(OutcomeKind.TRIGGER_REACHED, period_id, new)
        self.rows[period_id] = row._replace(value=value, triggers=row.triggers | reached)

    def wanted(self, period_id: int, story: Story) -> Fraction | None:
        """Return the goal of a period."""
        assert story
        if period_id in self.own_goals:
            return self.own_goals[period_id]
        return next((Fraction(given.value) for given in self.plan.target.goals if given.period_id == period_id), None)

    def achieve(self, period_id: int, event: Event) -> None:
        """Stamp an achievement."""
        stamp = event.occurred_at // MICROSECONDS
        self.rows[period_id] = self.rows[period_id]._replace(achieved_by=event.key, achieved_at=stamp)
        is_cap = self.plan.group.tracking is Tracking.CAPPING
        self.record(OutcomeKind.CAP_REACHED if is_cap else OutcomeKind.ACHIEVED, period_id)

    def unachieve(self, period_id: int) -> None:
        """Take an achievement back."""
        self.rows[period_id] = self.rows[period_id]._replace(achieved_by=None, achieved_at=None)
        self.record(OutcomeKind.UNACHIEVED, period_id)

    def value(self, span: Span, story: Story) -> Fraction:
        """Compute a period's value: its balance, what counted after it, and what was carried into it."""
        start = self.start_of(span.period_id)
        carried = sum(
            (one.amount for one in self.carried if one.period_id == span.period_id and one.at > start.at), Fraction(0)
        )
        return start.amount + taken_together(self.plan, self.weights(span, story, start.at)) + carried

    def weights(self, span: Span, story: Story, after: int) -> list[Weight]:
        """Return what counts in *span*, of what came to count *after* a place in the story."""
        found = []
        for event, period_id, at in self.booked.values():
            if period_id == span.period_id and at > after:
                amount = self.amount(event, span, story)
                if amount is not None:
                    found.append(Weight(event, amount))
        heard = [one.event for one in self.heard if one.period_id == span.period_id and one.at > after]
        return found + [Weight(event, Fraction(1)) for event in heard]

    def span(self, period_id: int) -> Span:
        """Return the span of a period that was reached."""
        return next(span for span in spans(self.plan, self.anchor) if span.period_id == period_id)

    def take_back(self, story: Story, bill: Event) -> Iterator[Step]:
        """Take a return off a bill that counted."""
        span, event = self.span(self.booked[bill.key].period_id), story[-1].event
        before = self.weights(span, story[:-1], self.start_of(span.period_id).at)
        self.lowered[bill.key] = taken_back(bill, story, before=span.closes_at)
        after = self.weights(span, story, self.start_of(span.period_id).at)
        if self.takes_off(before, after):
            self.lower(span, event, story)
            yield Step(event, span.period_id, is_return=True)

    def takes_off(self, before: Sequence[Weight], after: Sequence[Weight]) -> bool:
        """Return whether a return took something off what counts: to a sum, a bill that adds 0 is as good as none."""
        if is_sum(self.plan.target):
            return taken_together(self.plan, before) != taken_together(self.plan, after)
        return before != after

    @property
    def revokes(self) -> bool:
        """Return whether a return may take an achievement back."""
        settings = self.plan.settings
        return settings.after_achievement is AfterAchievement.REVOKE and settings.returns is not Returns.CARRY

    def lower(self, span: Span, event: Event, story: Story) -> None:
        """Compute a row again after a return, which achieves nothing."""
        row, wanted = self.rows[span.period_id], self.wanted(span.period_id, story)
        below = wanted is not None and self.value(span, story) < wanted
        if self.revokes and below and row.achieved_by is not None:
            self.unachieve(span.period_id)
        self.show(span, story)
        assert event is story[-1].event

    def show(self, span: Span, story: Story) -> None:
        """Compute a value again, and achieve nothing by it."""
        self.rows[span.period_id] = self.rows[span.period_id]._replace(value=self.value(span, story))

    def enrol(self, story: Story) -> Iterator[Step]:
        """Begin with a balance or with nothing, and count what is stored, if it counts."""
        event = story[-1].event
        assert isinstance(event.payload, Enrol)
        before = stay(self.plan, story[:-1])
        is_listed = self.plan.target.enrolment is not EnrolmentMethod.TRANSACTION
        is_known = before is not None and (before.enrolled is not None or before.left is not None)
        self.set_goals(event.payload, event, is_new=is_listed and not is_known)
        if (is_known or is_listed) and begins_to_take_part(self.plan, story):
            self.since = counts_since(self.plan, story)
        self.left = None
        balanced = None if event.payload.balance is None else self.balanced(event.payload, event)
        found = stay(self.plan, story)
        if is_listed or (found and found.is_back):
            self.record(OutcomeKind.ENROLLED, balanced or event.payload.period_id)
            self.sit_down(event.payload, balanced, story)
        yield Step(event, balanced or event.payload.period_id, is_enrolment=True)
        if counts_stored(self.plan, story, has_balance=balanced is not None):
            for happening in story[:-1]:
                yield from self.count_stored(happening, balanced, story)

    def sit_down(self, enrolling: Enrol, balanced: int | None, story: Story) -> None:
        """Make the row of the period of the enrolment; a balance is its value."""
        event = story[-1].event
        if not self.plan.is_calendar:
            if balanced is None:
                return
            if self.anchor is None and self.plan.begins_at <= event.occurred_at < self.plan.ends_at:
                self.anchor = event.occurred_at
        period_id = balanced or enrolling.period_id
        self.begin(period_id)
        if balanced is not None:
            self.balances[balanced] = Balance(Fraction(enrolling.balance or 0), len(story) - 1)
        value = self.start_of(period_id).amount
        if self.plan.is_calendar or self.anchor is not None:
            value = self.value(self.span(period_id), story)
        self.rows[period_id] = self.rows[period_id]._replace(value=value)

    def count_stored(self, happening: Happening, balanced: int | None, story: Story) -> Iterator[Step]:
        """Count one event that was received before the enrolment that *story* ends with."""
        event = happening.event
        if happening.bill is not None or event.key in self.booked or isinstance(event.payload, AuthoriseAward):
            return
        span = self.place(event)
        if span is None or not self.takes_part(story, span.period_id) or self.is_before_enrolment(event):
            return
        if balanced != span.period_id and self.amount(event, span, story) is not None:
            yield self.count(event, span, story)
