"""How targets are taken together: soundness of streaks, unified targets and leaderboards (facts 2.5, 2.6)."""

from collections.abc import Iterator
from typing import assert_never

from milepost.model.organisation import Settings
from milepost.model.problem import Problem
from milepost.model.target import EnrolmentMethod, Evaluation, Tracking
from milepost.rules.definition.draft import GroupDraft, LevelDraft
from milepost.rules.definition.goals import amount_problems, enrolment_of
from milepost.rules.definition.naming import MISSING, duplicate_problems, name_problems
from milepost.rules.definition.schedule import evaluation_of

TARGETS_MAX = 50
"""Targets of a unified group (facts 8 #9)."""

TARGETS_UNIFIED_MIN = 2

LEVELS_MAX = 10
"""Streak levels of one group (facts 2.5)."""

FREEZES_MAX = 100
"""Freezes that a streak may hold at a time, and achieved periods that one may cost."""

STREAKS = frozenset({Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS})


def tracking_problems(draft: GroupDraft, periods: int, settings: Settings) -> Iterator[Problem]:
    """Find what does not go with the tracking of a group of *periods* periods."""
    yield from _number_problems(draft)
    yield from _level_problems(draft, periods)
    yield from _unified_problems(draft)
    yield from _leaderboard_problems(draft, settings)
    yield from _user_created_problems(draft)
    yield from _cap_problems(draft)
    yield from _freeze_problems(draft)
    yield from _evaluation_problems(draft)


def _evaluation_problems(draft: GroupDraft) -> Iterator[Problem]:
    if draft.tracking is None:
        return
    allowed, name = _evaluations_of(draft.tracking), draft.tracking.value
    if evaluation_of(draft) not in allowed:
        listed = " or ".join(one.value for one in Evaluation if one in allowed)
        yield Problem("targetEvaluationType", f"must be {listed} for {name}")


def _evaluations_of(tracking: Tracking) -> frozenset[Evaluation]:
    """Return which windows a tracking goes with (facts 2.1): what is taken together needs the calendar's."""
    match tracking:
        case Tracking.DEFAULT:
            return frozenset(Evaluation)
        case Tracking.CAPPING:
            return frozenset({Evaluation.FIXED_CALENDAR_WINDOW, Evaluation.CYCLIC_WINDOW})
        case Tracking.UNIFIED | Tracking.STREAKS | Tracking.NON_CONTINUOUS_STREAKS:
            return frozenset({Evaluation.FIXED_CALENDAR_WINDOW})
        case _ as never:
            assert_never(never)


def _number_problems(draft: GroupDraft) -> Iterator[Problem]:
    """Find too many or too few targets; none at all may be added later."""
    if draft.tracking is None or not draft.targets:
        return
    given = len(draft.targets)
    if draft.tracking is not Tracking.UNIFIED and given > 1:
        yield Problem("targets", f"must not be more than 1 for {draft.tracking.value}")
    if draft.tracking is Tracking.UNIFIED and not TARGETS_UNIFIED_MIN <= given <= TARGETS_MAX:
        yield Problem("targets", f"must be {TARGETS_UNIFIED_MIN} to {TARGETS_MAX} for UNIFIED")


def _level_problems(draft: GroupDraft, periods: int) -> Iterator[Problem]:
    if draft.tracking in STREAKS and not draft.levels:
        yield Problem("streaks", "At least one streak should be present for streaks target group", 310101)
    if draft.tracking is not None and draft.tracking not in STREAKS and draft.levels:
        yield Problem("streaks", f"do not go with {draft.tracking.value}")
    if len(draft.levels) > LEVELS_MAX:
        yield Problem("streaks", f"must not be more than {LEVELS_MAX}")
    before: LevelDraft | None = None
    for place, level in enumerate(draft.levels[:LEVELS_MAX]):
        path = f"streaks[{place}]"
        yield from name_problems(f"{path}.name", level.name)
        yield from _count_problems(f"{path}.targetCountOfSequence", level, before, periods)
        before = level
    yield from duplicate_problems((f"streaks[{place}].name", level.name) for place, level in enumerate(draft.levels))


def _count_problems(path: str, level: LevelDraft, before: LevelDraft | None, periods: int) -> Iterator[Problem]:
    if level.count is None:
        yield Problem(path, "Streak count is mandatory", 310106)
        return
    if level.count < 1:
        yield Problem(path, "must be at least 1")
    if periods and level.count > periods:
        yield Problem(path, f"must not be more than the periods of the group ({periods})")
    if before is not None and before.count is not None and level.count <= before.count:
        yield Problem(path, "must be greater than that of the level before")


def _unified_problems(draft: GroupDraft) -> Iterator[Problem]:
    if draft.tracking is not Tracking.UNIFIED:
        if draft.tracking is not None and (draft.any_of is not None or draft.combination is not None):
            named = "combinationType" if draft.combination is None else "unifiedTargetExpression"
            yield Problem(named, f"does not go with {draft.tracking.value}")
        return
    if draft.any_of is None:
        yield Problem("combinationType", "is needed for UNIFIED")
    for place, target in enumerate(draft.targets):
        if target.triggers:
            yield Problem(f"targets[{place}].targetMilestoneTriggers", "do not go with UNIFIED")
    if draft.combination is None:
        return
    path, least = "unifiedTargetExpression", draft.combination.least
    if (draft.combination.aggregation is None) != (draft.combination.threshold is None):
        yield Problem(path, "needs aggregation and thresholdValue together")
    if draft.combination.threshold is not None:
        yield from amount_problems(f"{path}.thresholdValue", draft.combination.threshold)
    if least is not None and not draft.any_of:
        yield Problem(f"{path}.minTargetsToAchieve", "goes with combinationType ANY only")
    if least is not None and not 1 <= least <= max(1, len(draft.targets)):
        yield Problem(f"{path}.minTargetsToAchieve", "must be between 1 and the number of targets")


def _leaderboard_problems(draft: GroupDraft, settings: Settings) -> Iterator[Problem]:
    if not draft.leaderboard:
        return
    path = "leaderboardEnabled"
    if not settings.leaderboards:
        yield Problem(path, "Leaderboard is not enabled for the org", 310133)
    if evaluation_of(draft) is not Evaluation.FIXED_CALENDAR_WINDOW:
        # The vendor's spelling; clients may compare the text.
        reason = (
            "Target evaluation type not supported for leaderboard, currently only FIXED_CALENDER_WINDOW is supported"
        )
        yield Problem(path, reason, 310132)
    if draft.tracking not in {None, Tracking.DEFAULT}:
        yield Problem(path, "goes with trackingType DEFAULT only")


def _user_created_problems(draft: GroupDraft) -> Iterator[Problem]:
    """Find what a goal that customers set themselves may not have (facts 4.12)."""
    if not draft.user_created:
        return
    if draft.tracking not in {None, Tracking.DEFAULT}:
        yield Problem("userCreated", "goes with trackingType DEFAULT only")
    for place, target in enumerate(draft.targets):
        if enrolment_of(target) is not EnrolmentMethod.IMPORT:
            yield Problem(f"targets[{place}].enrolmentMethod", "must be IMPORT for a user-created target")


def _cap_problems(draft: GroupDraft) -> Iterator[Problem]:
    if draft.tracking not in {None, Tracking.CAPPING} and draft.cap_scope is not None:
        yield Problem("capScope", f"does not go with {draft.tracking.value}")


def _freeze_problems(draft: GroupDraft) -> Iterator[Problem]:
    """Find freezes where no streak can break, and numbers of them that may not be."""
    given = draft.freezes
    if given is None:
        return
    if draft.tracking is not None and draft.tracking is not Tracking.STREAKS:
        yield Problem("streakFreezes", f"do not go with {draft.tracking.value}")
    if given.most is None:
        yield Problem("streakFreezes.max", MISSING)
    elif not 1 <= given.most <= FREEZES_MAX:
        yield Problem("streakFreezes.max", f"must be between 1 and {FREEZES_MAX}")
    if given.earn_every is not None and not 1 <= given.earn_every <= FREEZES_MAX:
        yield Problem("streakFreezes.earnEvery", f"must be between 1 and {FREEZES_MAX}")
