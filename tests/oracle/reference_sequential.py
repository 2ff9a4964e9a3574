"""The course of an until-achieved target: one total that fills period after period."""

from collections.abc import Iterator
from fractions import Fraction

from milepost.model.event import Enrol, Event, Unenrol
from tests.oracle.reference_course import Course
from tests.oracle.reference_notices import Step
from tests.oracle.reference_plan import Span, Weight, taken_together
from tests.oracle.reference_replay import Story


class FillingCourse(Course):
    """The course of an until-achieved target; *filled* counts the periods that are achieved."""

    filled = 0
    start = Fraction(0)
    """The balance to begin with; what counted before it does not matter any more."""

    begun = -1
    """Where in the story that was."""

    def total(self, story: Story) -> Fraction:
        """Compute the total again."""
        return self.start + taken_together(self.plan, self.weights(self.span(0), story, self.begun))

    def over(self, story: Story) -> Fraction:
        """Return what the total has over the periods that are achieved."""
        return self.total(story) - self.filled * self.goal(story)

    def goal(self, story: Story) -> Fraction:
        """Return the value to reach in each period: that of the first."""
        wanted = super().wanted(self.plan.periods[0].id, story)
        assert wanted is not None
        return wanted

    def wanted(self, period_id: int, story: Story) -> Fraction | None:
        """Return the goal of a period: all have the same."""
        assert period_id in {period.id for period in self.plan.periods}
        return self.goal(story)

    def running(self) -> int:
        """Return the id of the running period; the last one runs on."""
        return self.plan.periods[min(self.filled, len(self.plan.periods) - 1)].id

    def put(self, span: Span, event: Event, story: Story) -> None:
        """Fill the running period, and the next ones with what remains."""
        assert span.period_id == 0
        self.begin(self.running())
        self.fill(event, story)

    def fill(self, event: Event, story: Story) -> None:
        """Achieve as many periods as the total is enough for, and show what each has."""
        while self.filled < len(self.plan.periods) and self.over(story) >= self.goal(story):
            self.begin(self.running())
            self.achieve(self.running(), event)
            self.filled += 1
        if self.over(story) != 0:
            self.begin(self.running())
        for place, period in enumerate(self.plan.periods):
            if period.id in self.rows:
                self.reach(period.id, self.shown(place, story), event, story)

    def shown(self, place: int, story: Story) -> Fraction:
        """Return what the period at *place* shows."""
        is_last = place == len(self.plan.periods) - 1
        if is_last and self.filled > place:
            return self.total(story) - place * self.goal(story)
        if place < self.filled:
            return self.goal(story)
        return self.over(story) if place == self.filled else Fraction(0)

    def lower(self, span: Span, event: Event, story: Story) -> None:
        """Take achievements back, the latest first, as far as the settings say so; then show what is left.

        What is taken back concerns the running period, as what counts does, even if the total stays.
        """
        assert span.period_id == 0
        while self.revokes and self.filled > 0 and self.over(story) < 0:
            self.filled -= 1
            self.unachieve(self.running())
        assert event is story[-1].event
        self.begin(self.running())
        for place, period in enumerate(self.plan.periods):
            if period.id in self.rows:
                self.rows[period.id] = self.rows[period.id]._replace(value=self.shown(place, story))

    def sit_down(self, enrolling: Enrol, balanced: int | None, story: Story) -> None:
        """Make the row of the running period; a balance is the total to begin with."""
        self.begin(self.running())
        if balanced is not None and enrolling.balance is not None:
            full = min(self.filled, len(self.plan.periods) - 1)
            achieved = full * self.goal(story) if full else Fraction(0)
            self.start, self.begun = achieved + Fraction(enrolling.balance), len(story) - 1
            for place, period in enumerate(self.plan.periods[:full]):
                # What is achieved shows the goal of now, of which the balance is the rest.
                if period.id in self.rows:
                    self.rows[period.id] = self.rows[period.id]._replace(value=self.shown(place, story))
            self.rows[self.running()] = self.rows[self.running()]._replace(value=Fraction(enrolling.balance))

    def leave(self, event: Event, leaving: Unenrol) -> Iterator[Step]:
        """Take part no more in any period."""
        yield from super().leave(event, leaving)
        self.left = 0

    def take_back(self, story: Story, bill: Event) -> Iterator[Step]:
        """Take a return off a bill that counted, unless the group was over when it happened."""
        before, event = self.found(story[:-1]), story[-1].event
        assert bill.key in self.booked
        if self.takes_off(before, self.found(story)):
            self.lower(self.span(0), event, story)
            yield Step(event, 0, is_return=True)

    def found(self, story: Story) -> list[Weight]:
        """Return all that counts in the total."""
        return self.weights(self.span(0), story, self.begun)
