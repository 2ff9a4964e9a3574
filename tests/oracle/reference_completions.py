"""Achievements as events: `TargetCompleted`, counted in the step that achieves (docs/rules.md)."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from msgspec import structs

from milepost.model.event import Activity, Event, Scalar
from milepost.model.standing import OutcomeKind
from milepost.model.target import TargetGroup
from tests.oracle.reference_course import Course
from tests.oracle.reference_notices import ReferenceOutcome
from tests.oracle.reference_replay import Story

TARGET_COMPLETED = "TargetCompleted"
ROUNDS = 3
"""How often an achievement that an achievement caused is an event again."""

FLAGS = {
    OutcomeKind.ACHIEVED: "isTargetAchievedEvent",
    OutcomeKind.TRIGGER_REACHED: "isSubTargetAchievedEvent",
    OutcomeKind.UNIFIED_ACHIEVED: "isUnifiedTargetAchievedEvent",
    OutcomeKind.STREAK_LEVEL_ACHIEVED: "isStreakAchievedEvent",
}

Told = Callable[[], Iterable[ReferenceOutcome]]
"""Returns all outcomes so far."""


class Listeners:
    """The targets that count achievements. Nothing takes back what they counted."""

    def __init__(self, groups: Sequence[TargetGroup], courses: Iterable[Course], told: Told) -> None:
        """Begin before anything is achieved."""
        self.groups, self.told = groups, told
        self.courses = [course for course in courses if course.plan.target.event_name == TARGET_COMPLETED]
        self.known: Counter[ReferenceOutcome] = Counter()

    def hear(self, story: Story) -> None:
        """Count what the event that *story* ends with achieved, and what is achieved by that."""
        if not self.courses:
            return
        for _ in range(ROUNDS):
            now = Counter(self.told())
            fresh, self.known = now - self.known, now
            for outcome in fresh.elements():
                if outcome.kind in FLAGS:
                    completion = self.completion(story[-1].event, outcome)
                    for course in self.courses:
                        course.hear(completion, story)
        self.known = Counter(self.told())

    def completion(self, event: Event, outcome: ReferenceOutcome) -> Event:
        """Return the event that tells of *outcome*, with those of its attributes that conditions here ask for."""
        attributes: dict[str, Scalar] = {flag: kind is outcome.kind for kind, flag in FLAGS.items()}
        for group in self.groups:
            is_whole = outcome.kind is OutcomeKind.UNIFIED_ACHIEVED and outcome.about == group.id
            if is_whole or outcome.target_id in {target.id for target in group.targets}:
                attributes["targetGroup"] = group.name
        return structs.replace(event, name=TARGET_COMPLETED, payload=Activity(attributes))
