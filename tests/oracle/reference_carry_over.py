"""Returns that are carried into a later period, where the bill's own one is achieved."""

from collections.abc import Iterator
from fractions import Fraction

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
    """The course of a target whose returns are carried over from achieved periods."""

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
