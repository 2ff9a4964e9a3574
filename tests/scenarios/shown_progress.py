"""Outcomes in the words of scenarios."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from milepost.model.standing import Outcome, OutcomeKind


@dataclass(frozen=True, slots=True)
class Names:
    """What ids stand for."""

    groups: Mapping[int, str] = field(default_factory=dict)
    targets: Mapping[int, str] = field(default_factory=dict)
    periods: Mapping[int, str] = field(default_factory=dict)
    levels: Mapping[int, str] = field(default_factory=dict)
    triggers: Mapping[int, str] = field(default_factory=dict)


WORDS: Mapping[OutcomeKind, str] = {
    OutcomeKind.ENROLLED: "enrolled in {target} from {period}",
    OutcomeKind.TRIGGER_REACHED: "mark {trigger} of {target} reached in {period}",
    OutcomeKind.ACHIEVED: "{target} achieved in {period}",
    OutcomeKind.UNACHIEVED: "{target} unachieved in {period}",
    OutcomeKind.UNENROLLED: "out of {target} from {period}",
    OutcomeKind.UNIFIED_ACHIEVED: "the whole of {group} achieved in {period}",
    OutcomeKind.UNIFIED_UNACHIEVED: "the whole of {group} unachieved in {period}",
    OutcomeKind.STREAK_STARTED: "streak {group} started in {period}",
    OutcomeKind.STREAK_LEVEL_ACHIEVED: "level {level} earned in {period}",
    OutcomeKind.STREAK_LEVEL_UNACHIEVED: "level {level} lost in {period}",
    OutcomeKind.STREAK_BROKEN: "streak {group} broken in {period}",
    OutcomeKind.STREAK_ENDED: "streak {group} ended in {period}",
    OutcomeKind.CAP_REACHED: "cap {target} reached in {period}",
    OutcomeKind.PERIOD_STARTED: "{period} of {target} opened",
    OutcomeKind.PERIOD_CLOSED: "{period} of {target} closed, {achieved}",
}


def told(outcome: Outcome, names: Names) -> str:
    """Return *outcome* in words."""
    return WORDS[outcome.kind].format(
        group=names.groups.get(outcome.about, ""),
        target=names.targets.get(outcome.target_id, ""),
        period=names.periods.get(outcome.period_id, ""),
        level=names.levels.get(outcome.about, ""),
        trigger=names.triggers.get(outcome.about, ""),
        achieved="achieved" if outcome.about == 1 else "not achieved",
    )
