"""Amounts that no event of the period adds: carried returns, where the bill's period is achieved, and adjustments."""

from collections.abc import Iterator
from fractions import Fraction

from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.event import Bill, Event
from milepost.model.organisation import CarryLines
from milepost.model.target import Entity
from tests.oracle.reference_course import Course
from tests.oracle.reference_measures import weight
from tests.oracle.reference_notices import Carried, Step
from tests.oracle.reference_plan import Span
from tests.oracle.reference_replay import Story, latest_moved, taken_back
from tests.oracle.reference_windows import spans


class CarryingCourse(Course):
    """The course of a target whose returns are carried over from achieved periods, and which people may adjust."""

    def apply(self, story: Story) -> Iterator[Step]:
        """Apply the last happening of *story*; one step for each event that counts, takes back or adjusts."""
        payload, key = story[-1].event.payload, story[-1].event.key
        if not isinstance(payload, AdjustProgress):
            yield from super().apply(story)
        elif payload.target_id == self.plan.target.id and key not in self.plan.before:
            yield from self.adjust(story, payload)

    def adjust(self, story: Story, asked: AdjustProgress) -> Iterator[Step]:
        """Add what a person said to a period's value; less than nothing is taken off as returns are."""
        period_id, event = asked.period_id, story[-1].event
        if self.anchor is None and not self.plan.is_calendar:
            return
        if period_id not in self.rows and not self.takes_part(story[:-1], period_id):
            return
        self.carried.append(Carried(Fraction(asked.amount), period_id, len(story) - 1))
        if asked.amount > 0:
            self.put(self.span(period_id), event, story)
        else:
            self.begin(period_id)
            self.lower(self.span(period_id), event, story)
        yield Step(event, period_id, is_return=asked.amount < 0)

    def take_back(self, story: Story, bill: Event) -> Iterator[Step]:
        """Carry a return if its bill's period is achieved, else take it off there."""
        span = self.span(self.booked[bill.key].period_id)
        if not isinstance(bill.payload, Bill) or not self.carries or self.rows[span.period_id].achieved_by is None:
            yield from super().take_back(story, bill)
            return
        if self.booked[bill.key].at <= self.start_of(span.period_id).at:
            return
        event = story[-1].event
        later = self.later(span, latest_moved(story))
        if later is not None:
            amount = self.taken_off(bill, span, story)
            if amount:
                self.carried.append(Carried(-amount, later.period_id, len(story) - 1))
                self.begin(later.period_id)
                self.show(later, story)
                yield Step(event, later.period_id, is_return=True)

    def later(self, span: Span, taken_at: int) -> Span | None:
        """Return the first later period that closes after the return, which is dated *taken_at*."""
        after = [one for one in spans(self.plan, None) if one.opens_at >= span.closes_at]
        return next((one for one in after if one.closes_at > taken_at), None)

    def taken_off(self, bill: Event, span: Span, story: Story) -> Fraction:
        """Return what is carried: what comes back, or the share of the goal that it is of what was achieved."""
        lines = self.plan.settings.carry_lines if self.plan.target.entity is Entity.LINEITEM else CarryLines.WHOLE
        if lines is CarryLines.NONE:
            return Fraction(0)
        settings = self.plan.settings
        before = weight(self.plan.target, bill, taken_back(bill, story[:-1]), settings) or Fraction(0)
        after = weight(self.plan.target, bill, taken_back(bill, story), settings) or Fraction(0)
        if lines is CarryLines.WHOLE:
            return before - after
        value, wanted = self.rows[span.period_id].value, self.wanted(span.period_id, story)
        if value <= 0 or wanted is None:
            return Fraction(0)
        return round(wanted * (before - after) / value, 2)
