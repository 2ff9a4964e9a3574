"""The oracle: a customer's progress, computed from scratch after every event, obviously and slowly.

It shares no code with the rules or the engine: for each target and period it looks at all events received so far, asks
which of them count, and adds up. Days are found with the standard library's zones, amounts are fractions. The rules
it holds to are in docs/invariants.md and docs/rules.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import NamedTuple

from milepost.model.event import (
    AuthoriseAward,
    Bill,
    Event,
    EventKey,
    GrantFreezes,
    PauseStreak,
    PeriodRollover,
    Return,
)
from milepost.model.organisation import Organisation
from milepost.model.target import Evaluation, TargetGroup, Tracking
from tests.oracle.reference_boundaries import record_boundary
from tests.oracle.reference_caps import decide
from tests.oracle.reference_carry_over import CarryingCourse
from tests.oracle.reference_completions import Listeners
from tests.oracle.reference_composites import AchievedComposite, Union
from tests.oracle.reference_course import GIVEN, Course
from tests.oracle.reference_events import Totals, totals
from tests.oracle.reference_fields import in_units
from tests.oracle.reference_notices import ReferenceOutcome, Row, Step
from tests.oracle.reference_plan import STREAKS, Plan
from tests.oracle.reference_remaining import in_bounds, is_purchase, remains
from tests.oracle.reference_replay import Happening, Story, taken_back, told, without_duplicates
from tests.oracle.reference_sequential import FillingCourse
from tests.oracle.reference_streaks import Earned, Runner, is_reset

Before = Mapping[int, frozenset[EventKey]]
"""By group id, the events that were received before the group existed."""

FROM_THE_BEGINNING: Before = {}


class Table(NamedTuple):
    """Everything there is to say of one customer.

    Rows by (target id, period id), composites by (group id, period id), levels by (group id, level id), anchors by
    target id, what was given by decision.
    """

    rows: dict[tuple[int, int], Row]
    bills: int
    purchases: Fraction
    totals: Totals
    composites: dict[tuple[int, int], AchievedComposite]
    levels: dict[tuple[int, int], Earned]
    anchors: dict[int, int]
    given: dict[EventKey, Fraction]
    told: list[ReferenceOutcome]


class Life:
    """All that one customer does."""

    def __init__(self, organisation: Organisation, groups: Sequence[TargetGroup], before: Before) -> None:
        """Begin with nothing."""
        self.uses: dict[EventKey, dict[int, Fraction]] = {}
        self.given: dict[EventKey, Fraction] = {}
        plans = [
            Plan(organisation, group, target, before.get(group.id, frozenset()))
            for group in groups
            if group.active
            for target in group.targets
            if target.active
        ]
        self.courses = [course_of(plan, self.uses) for plan in plans if plan.periods]
        self.runners = [Runner(course) for course in self.courses if course.plan.group.tracking in STREAKS]
        self.unions = [
            Union(group, [course for course in self.courses if course.plan.group.id == group.id])
            for group in groups
            if group.active and group.tracking is Tracking.UNIFIED
        ]
        self.listeners = Listeners(groups, self.courses, self.told)

    def receive(self, story: Story) -> None:
        """Apply the last happening of *story*."""
        happening = story[-1]
        event, payload = happening.event, happening.event.payload
        if isinstance(payload, AuthoriseAward) and happening.bill is None:
            given, uses = decide(self.courses, story)
            self.given[event.key], self.uses[event.key] = given, {**uses, GIVEN: given}
        for runner in self.runners:
            if is_reset(event, runner):
                runner.reset(event)
        for step in self.steps(story):
            self.look(story, step)
        if isinstance(payload, GrantFreezes | PauseStreak):
            self.look(story, Step(event, 0))
        if isinstance(payload, PeriodRollover):
            for course in self.courses:
                record_boundary(course, story, payload)
            for runner in self.runners:
                runner.boundary(story, payload)

    def steps(self, story: Story) -> Iterator[Step]:
        """Take one step of each target, as long as there are any."""
        living = [(course, course.apply(story)) for course in self.courses]
        for _ in count():
            taken = {one.plan.target.id: step for one, course in living if (step := next(course, None)) is not None}
            if not taken:
                return
            for union in self.unions:
                union.look(taken)
            yield next(iter(taken.values()))

    def told(self) -> Iterator[ReferenceOutcome]:
        """Return all outcomes."""
        for course in self.courses:
            yield from course.told
        for runner in self.runners:
            yield from runner.told
        for union in self.unions:
            yield from union.told

    def look(self, story: Story, step: Step) -> None:
        """Update the streaks after a step."""
        for runner in self.runners:
            runner.look(story, step)


def course_of(plan: Plan, uses: Mapping[EventKey, Mapping[int, Fraction]]) -> Course:
    """Return the course that suits a target."""
    if plan.group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return FillingCourse(plan, uses)
    return CarryingCourse(plan, uses)


def evaluate(
    organisation: Organisation,
    groups: Sequence[TargetGroup],
    events: Sequence[Event],
    before: Before = FROM_THE_BEGINNING,
) -> Table:
    """Compute the complete table of a customer with *events*, in the order of arrival."""
    story, life = list[Happening](), Life(organisation, groups, before)
    for happening in told(events, organisation.zone, life.given):
        if story and story[-1].event is not happening.event:
            life.listeners.hear(tuple(story))
        story.append(happening)
        life.receive(tuple(story))
    if story:
        life.listeners.hear(tuple(story))
    bills = [event for event in without_duplicates(events) if isinstance(event.payload, Bill)]
    return Table(
        rows={(course.plan.target.id, period): row for course in life.courses for period, row in course.rows.items()},
        bills=sum(isinstance(bill.payload, Bill) and is_purchase(bill.payload) for bill in bills),
        purchases=sum((net_left(bill, story) for bill in bills), Fraction(0)),
        totals=totals(organisation.zone, without_duplicates(events)),
        composites={
            (union.group.id, period): whole for union in life.unions for period, whole in union.composites.items()
        },
        levels={(one.plan.group.id, name): level for one in life.runners for name, level in one.levels.items()},
        anchors=anchors(life.courses),
        given=life.given,
        told=sorted(life.told()),
    )


def net_left(event: Event, story: Story) -> Fraction:
    """Return what is left of a bill's net amount."""
    bill, taken = event.payload, taken_back(event, story)
    assert isinstance(bill, Bill)
    left = remains(bill, [one.payload for one in taken if isinstance(one.payload, Return)])
    return Fraction(0) if left is None else in_units(in_bounds(left.net, bill.net))


def anchors(courses: Sequence[Course]) -> dict[int, int]:
    """Return when the customer's own windows begin, by target id."""
    return {
        course.plan.target.id: course.anchor
        for course in courses
        if course.anchor is not None and course.plan.group.evaluation is Evaluation.CYCLIC_WINDOW
    }
