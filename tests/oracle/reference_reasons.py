"""Why an event did not count for a target, asked a second time: by the oracle's own questions, when it is received."""

from collections.abc import Iterator, Sequence

from milepost.model.event import BILL, CURRENCY, POINTS, Bill, Event, EventKey
from milepost.model.organisation import Organisation
from milepost.model.target import Entity, FilterKind, Target, TargetGroup, Tracking
from tests.oracle.reference import FROM_THE_BEGINNING, Before
from tests.oracle.reference_carry_over import CarryingCourse
from tests.oracle.reference_customer import knows
from tests.oracle.reference_measures import weight
from tests.oracle.reference_notices import Step
from tests.oracle.reference_plan import Plan, Span, is_in_time
from tests.oracle.reference_predicates import PREDICATES
from tests.oracle.reference_replay import Story, told
from tests.oracle.reference_windows import spans

COUNTS = "COUNTS"
"""Nothing keeps the event from counting in a period."""

NAMES = {
    Entity.TRANSACTION: BILL,
    Entity.LINEITEM: BILL,
    Entity.REWARDS: POINTS,
    Entity.POINTS: POINTS,
    Entity.ALTERNATE_CURRENCIES: CURRENCY,
}


class ReasonedCourse(CarryingCourse):
    """A course that says of each event why it does not count, with the period in which it would."""

    def __init__(self, plan: Plan) -> None:
        """Begin with nothing."""
        super().__init__(plan, {})
        self.reasons: dict[EventKey, tuple[str, int | None]] = {}

    def apply(self, story: Story) -> Iterator[Step]:
        """Apply the last happening of *story*."""
        happening = story[-1]
        if happening.bill is None and happening.event.key in self.plan.before:
            self.reasons[happening.event.key] = "TARGET_INACTIVE", None
        yield from super().apply(story)

    def receive(self, story: Story, event: Event) -> Iterator[Step]:
        """Say why *event* does not count, and count it if it does."""
        span = self.span_of_event(event)
        self.reasons[event.key] = self.reason(story, event, span), None if span is None else span.period_id
        yield from super().receive(story, event)

    def span_of_event(self, event: Event) -> Span | None:
        """Return the period that holds *event*, whatever else keeps it from counting."""
        found = next((span for span in spans(self.plan, self.anchor_for(event)) if span.holds(event.occurred_at)), None)
        if not self.plan.is_calendar and not self.plan.begins_at <= event.occurred_at < self.plan.ends_at:
            found = None
        if found is None and self.is_shortly_before(event):
            return spans(self.plan, self.anchor)[0]
        return found

    def reason(self, story: Story, event: Event, span: Span | None) -> str:
        """Return why *event* does not count; COUNTS if it does."""
        target = self.plan.target
        if event.name != NAMES.get(target.entity, target.event_name):
            return "OTHER_EVENT"
        if not is_in_scope(target, event):
            return "OUT_OF_SCOPE"
        if span is None:
            return "OUTSIDE_PERIOD"
        if not self.takes_part(story[:-1], span.period_id) or self.is_before_enrolment(event):
            return "NOT_ENROLLED"
        if not holds(target, event) or not knows(self.plan, event, story[:-1]):
            return "CONDITION_FALSE"
        if self.amount_as_it_came(event) is None:
            return "NOTHING_TO_COUNT"
        return COUNTS if is_in_time(self.plan, event, span) else "TOO_LATE"

    def amount_as_it_came(self, event: Event) -> object:
        """Return what *event* adds before anything comes back of it."""
        return weight(self.plan.target, event, [], self.plan.settings)


def is_in_scope(target: Target, event: Event) -> bool:
    """Return whether one of the target's filters names the place of *event*; without filters every place fits."""
    wanted = {(one.kind, id_) for one in target.filters or () for id_ in one.ids}
    place = event.place
    here = {
        (FilterKind.STORE, place.store_id),
        (FilterKind.ZONE, place.zone_id),
        (FilterKind.CONCEPT, place.concept_id),
    }
    return not wanted or bool(wanted & here)


def holds(target: Target, event: Event) -> bool:
    """Return whether the condition holds of the event, or of one of its lines."""
    predicate = PREDICATES[target.expression]
    if target.entity is not Entity.LINEITEM:
        return predicate(event, None)
    lines = event.payload.lines if isinstance(event.payload, Bill) else ()
    return not lines or any(predicate(event, line) for line in lines)


def reasons(
    organisation: Organisation,
    group: TargetGroup,
    target: Target,
    events: Sequence[Event],
    before: Before = FROM_THE_BEGINNING,
) -> dict[EventKey, tuple[str, int | None]]:
    """Return why each event does not count for a target, or COUNTS, and the period that holds it."""
    assert group.tracking is not Tracking.CAPPING
    course = ReasonedCourse(Plan(organisation, group, target, before.get(group.id, frozenset())))
    # What decisions gave concerns caps only.
    story = list(told(events, organisation.zone, {}))
    for length in range(1, len(story) + 1):
        for _ in course.apply(story[:length]):
            pass
    return course.reasons
