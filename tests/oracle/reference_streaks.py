"""Streaks: the run is computed through all periods again after each event."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from milepost.model.event import Enrol, Event, EventKey, GrantFreezes, PauseStreak, PeriodRollover
from milepost.model.standing import OutcomeKind
from milepost.model.target import Period, Tracking
from tests.oracle.reference_course import Course
from tests.oracle.reference_notices import ReferenceOutcome, Step
from tests.oracle.reference_plan import MICROSECONDS
from tests.oracle.reference_replay import Story


class Earned(NamedTuple):
    """A level that a customer has: by which event, since when, and the period of the walk that reached it."""

    by: EventKey
    at: int
    period_id: int


class Pace(NamedTuple):
    """One period in a walk: the run after it, and whether it ended one."""

    period_id: int
    run: int
    is_break: bool = False


class Runner:
    """What one customer does in a streak group, whose target runs *course*."""

    def __init__(self, course: Course) -> None:
        """Begin with nothing."""
        self.course, self.plan = course, course.plan
        self.levels: dict[int, Earned] = {}
        self.forgotten: set[tuple[int, EventKey]] = set()
        self.achieved: set[int] = set()
        self.since: int | None = None
        self.is_begun = False
        self.told: list[ReferenceOutcome] = []

    def look(self, story: Story, step: Step) -> None:
        """Look at the streak after *step*."""
        before, self.achieved = self.achieved, self.now_achieved()
        paces = self.walk(story, until=self.latest())
        for period_id in self.achieved - before:
            self.record_start(paces, period_id)
        asked = step.cause.payload
        is_asked = isinstance(asked, GrantFreezes | PauseStreak) and asked.group_id == self.plan.group.id
        self.is_begun = self.is_begun or bool(self.achieved) or is_asked
        self.earn(paces, step.cause)
        if step.is_return and before - self.achieved:
            self.lose(paces)

    def now_achieved(self) -> set[int]:
        """Return the periods that are achieved and not forgotten."""
        return {period_id for period_id, by in self.stamped() if (period_id, by) not in self.forgotten}

    def stamped(self) -> set[tuple[int, EventKey]]:
        """Return the periods that are achieved, each with the event that did it."""
        return {(period_id, by) for period_id, row in self.course.rows.items() if (by := row.achieved_by) is not None}

    def reset(self, event: Event) -> None:
        """Start again with the period that runs when *event* happens, else with the next one."""
        self.forgotten |= self.stamped()
        self.achieved, self.levels, self.is_begun = set(), {}, True
        ahead = [one for one in self.plan.periods if one.closes_at > event.occurred_at]
        self.since = ahead[0].opens_at if ahead else self.plan.periods[-1].closes_at

    def latest(self) -> int:
        """Return when the latest achieved period opens; before it nothing is left open."""
        return max((one.opens_at for one in self.plan.periods if one.id in self.achieved), default=-1)

    def walk(self, story: Story, until: int) -> list[Pace]:
        """Walk through the periods that open no later than *until*; each of them not achieved is missed by then."""
        run, counted, freezes, rule = 0, 0, 0, self.plan.group.freezes
        granted = self.granted(story)
        paces = []
        for period in self.plan.periods:
            if period.opens_at > until or (self.since is not None and period.opens_at < self.since):
                continue
            while granted and granted[0][0] < period.closes_at:
                freezes = self.at_most(freezes + granted.pop(0)[1])
            is_break = False
            if period.id in self.achieved:
                run, counted = run + 1, counted + 1
                if rule and rule.earn_every and counted % rule.earn_every == 0:
                    freezes = self.at_most(freezes + 1)
            elif self.plan.group.tracking is Tracking.STREAKS and run and not self.is_spared(period, story):
                if freezes:
                    freezes -= 1
                else:
                    run, is_break = 0, True
            paces.append(Pace(period.id, run, is_break))
        return paces

    def granted(self, story: Story) -> list[tuple[int, int]]:
        """Return the freezes granted, in the order in which they are there."""
        found = [
            (happening.event.occurred_at, payload.count)
            for happening in story
            if isinstance(payload := happening.event.payload, GrantFreezes) and payload.group_id == self.plan.group.id
        ]
        return sorted(found, key=lambda one: one[0])

    def at_most(self, freezes: int) -> int:
        """Cut to the freezes that one may have at a time; none where the group has no rule for them."""
        rule = self.plan.group.freezes
        return min(freezes, rule.most) if rule else 0

    def is_spared(self, period: Period, story: Story) -> bool:
        """Return whether a pause or an outage keeps the period from being missed, or whether it has no instant."""
        spans = [range(one.starts_at, one.ends_at) for one in self.plan.settings.outages]
        for happening in story:
            payload = happening.event.payload
            if isinstance(payload, PauseStreak) and payload.group_id == self.plan.group.id:
                spans.append(range(payload.starts_at, payload.ends_at))
        instants = range(period.opens_at, period.closes_at)
        return not instants or any(max(one.start, instants.start) < min(one.stop, instants.stop) for one in spans)

    def earn(self, paces: Sequence[Pace], cause: Event) -> None:
        """Earn each level that the walk reaches and that is not had yet."""
        for level_id, period_id in self.reached(paces).items():
            if level_id not in self.levels:
                self.levels[level_id] = Earned(cause.key, cause.occurred_at // MICROSECONDS, period_id)
                self.record(OutcomeKind.STREAK_LEVEL_ACHIEVED, 0, level_id)

    def lose(self, paces: Sequence[Pace]) -> None:
        """Lose each level that the walk does not reach any more."""
        for level_id in set(self.levels) - set(self.reached(paces)):
            del self.levels[level_id]
            self.record(OutcomeKind.STREAK_LEVEL_UNACHIEVED, 0, level_id)

    def reached(self, paces: Sequence[Pace]) -> Mapping[int, int]:
        """Return for each level that the walk reaches the first period in which it does."""
        found = {}
        for level in self.plan.group.streak_levels:
            there = [pace.period_id for pace in paces if pace.run >= level.count]
            if there:
                found[level.id] = there[0]
        return found

    def record_start(self, paces: Sequence[Pace], period_id: int) -> None:
        """Record that a streak started, if the period begins a run and is its only period."""
        place = next((place for place, pace in enumerate(paces) if pace.period_id == period_id), None)
        if place is None or paces[place].run != 1:
            return
        for pace in paces[place + 1 :]:
            if pace.is_break:
                break
            if pace.period_id in self.achieved:
                return
        self.record(OutcomeKind.STREAK_STARTED, period_id, self.plan.group.id)

    def boundary(self, story: Story, boundary: PeriodRollover) -> None:
        """Record the outcomes of a period's closing for the streak."""
        if not boundary.closed or boundary.group_id != self.plan.group.id:
            return
        closed = next((one for one in self.plan.periods if one.id == boundary.period_id), None)
        if closed is None:
            return
        paces = self.walk(story, until=closed.opens_at)
        if paces and paces[-1].period_id == closed.id and paces[-1].is_break:
            self.record(OutcomeKind.STREAK_BROKEN, closed.id, self.plan.group.id)
        if closed.id == self.plan.periods[-1].id and self.is_begun:
            self.record(OutcomeKind.STREAK_ENDED, closed.id, self.plan.group.id)

    def record(self, kind: OutcomeKind, period_id: int, about: int) -> None:
        """Record an outcome."""
        self.told.append(ReferenceOutcome(kind, self.plan.target.id, period_id, about))


def is_reset(event: Event, runner: Runner) -> bool:
    """Return whether *event* starts the streak again."""
    payload = event.payload
    return isinstance(payload, Enrol) and payload.target_id == runner.plan.target.id and payload.reset
