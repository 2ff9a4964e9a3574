"""Validates what depends on a group's tracking: streaks, unified targets, leaderboards, caps (facts 2.5, 2.6)."""

from collections.abc import Iterator
from typing import assert_never

from milepost.model.organisation import Settings
from milepost.model.problem import Problem
from milepost.model.target import EnrolmentMethod, Evaluation, Tracking
from milepost.rules.definition.draft import GroupDraft, LevelDraft, TargetDraft
from milepost.rules.definition.goals import amount_problems, enrolment_of
from milepost.rules.definition.naming import MISSING, duplicate_problems, name_problems
from milepost.rules.definition.schedule import evaluation_of

TARGETS_MAX = 50
"""The largest number of targets of a group whose targets may be several (facts 8 #9, #88)."""

TARGETS_UNIFIED_MIN = 2

LEVELS_MAX = 10
"""The largest number of streak levels of one group (facts 2.5)."""

FREEZES_MAX = 100
"""The largest number of freezes that a streak may hold, and of achieved periods that one freeze may take."""

STREAKS = frozenset({Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS})


def tracking_problems(draft: GroupDraft, periods: int, settings: Settings) -> Iterator[Problem]:
    """Yield the problems that depend on the tracking of a group of *periods* periods."""
    yield from _number_problems(draft)
    yield from _level_problems(draft, periods)
    yield from _unified_problems(draft)
    yield from _leaderboard_problems(draft, settings)
    yield from _cap_problems(draft)
    yield from _freeze_problems(draft)
    yield from _evaluation_problems(draft)


def _evaluation_problems(draft: GroupDraft) -> Iterator[Problem]:
    if draft.tracking is None:
        return
    allowed, name = _evaluations_of(draft.tracking), draft.tracking.value
    if evaluation_of(draft) not in allowed:
        listed = " or ".join(evaluation.value for evaluation in Evaluation if evaluation in allowed)
        yield Problem("targetEvaluationType", f"must be {listed} for {name}")


def _evaluations_of(tracking: Tracking) -> frozenset[Evaluation]:
    """Return the windows that a tracking allows (facts 2.1). Targets that are combined need calendar periods."""
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
    """Yield a problem for too many or too few targets. A group may have none, because targets may be added later."""
    if draft.tracking is None or not draft.targets:
        return
    reason = target_count_reason(
        len(draft.targets), draft.tracking, has_board=bool(draft.leaderboard), is_goal=bool(draft.user_created)
    )
    if reason is not None:
        yield Problem("targets", reason)


def target_count_reason(count: int, tracking: Tracking, *, has_board: bool, is_goal: bool) -> str | None:
    """Return why a group cannot have *count* active targets, or None if it can (facts 8 #9, #88).

    The targets of a DEFAULT group count separately. A group with a leaderboard, a cap, a streak or goals that customers
    set has one target. For example three targets are right for DEFAULT and wrong for CAPPING.
    """
    if tracking is Tracking.UNIFIED:
        fits = TARGETS_UNIFIED_MIN <= count <= TARGETS_MAX
        return None if fits else f"must have {TARGETS_UNIFIED_MIN} to {TARGETS_MAX} active entries for UNIFIED"
    if tracking is Tracking.DEFAULT and not has_board and not is_goal:
        return None if count <= TARGETS_MAX else f"must not have more than {TARGETS_MAX} active entries for DEFAULT"
    if count <= 1:
        return None
    why = " with a leaderboard" if has_board else " with userCreated" if is_goal else ""
    return f"must not have more than 1 active entry for {tracking.value}{why}"


def _level_problems(draft: GroupDraft, periods: int) -> Iterator[Problem]:
    if draft.tracking in STREAKS and not draft.levels:
        yield Problem("streaks", "At least one streak should be present for streaks target group", 310101)
    if draft.tracking is not None and draft.tracking not in STREAKS and draft.levels:
        yield Problem("streaks", f"are not allowed with {draft.tracking.value}")
    if len(draft.levels) > LEVELS_MAX:
        yield Problem("streaks", f"must not have more than {LEVELS_MAX} entries")
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
        yield Problem(path, f"must not be greater than the number of periods of the group ({periods})")
    if before is not None and before.count is not None and level.count <= before.count:
        yield Problem(path, "must be greater than that of the level before")


def _unified_problems(draft: GroupDraft) -> Iterator[Problem]:
    if draft.tracking is not Tracking.UNIFIED:
        if draft.tracking is not None and (draft.any_of is not None or draft.combination is not None):
            field = "combinationType" if draft.combination is None else "unifiedTargetExpression"
            yield Problem(field, f"is not allowed with {draft.tracking.value}")
        return
    if draft.any_of is None:
        yield Problem("combinationType", "is needed for UNIFIED")
    for place, target in enumerate(draft.targets):
        if target.triggers:
            yield Problem(f"targets[{place}].targetMilestoneTriggers", "are not allowed with UNIFIED")
    if draft.combination is None:
        return
    path, least = "unifiedTargetExpression", draft.combination.least
    if (draft.combination.aggregation is None) != (draft.combination.threshold is None):
        yield Problem(path, "needs aggregation and thresholdValue together")
    if draft.combination.threshold is not None:
        yield from amount_problems(f"{path}.thresholdValue", draft.combination.threshold)
    if least is not None and not draft.any_of:
        yield Problem(f"{path}.minTargetsToAchieve", "is allowed only with combinationType ANY")
    if least is not None and not 1 <= least <= max(1, len(draft.targets)):
        yield Problem(f"{path}.minTargetsToAchieve", "must be between 1 and the number of targets")


def _leaderboard_problems(draft: GroupDraft, settings: Settings) -> Iterator[Problem]:
    if not draft.leaderboard:
        return
    path = "leaderboardEnabled"
    if not settings.leaderboards:
        yield Problem(path, "Leaderboard is not enabled for the org", 310133)
    if evaluation_of(draft) is not Evaluation.FIXED_CALENDAR_WINDOW:
        # The vendor's spelling CALENDER, because clients may compare the text.
        reason = (
            "Target evaluation type not supported for leaderboard, currently only FIXED_CALENDER_WINDOW is supported"
        )
        yield Problem(path, reason, 310132)
    if draft.tracking not in {None, Tracking.DEFAULT}:
        yield Problem(path, "is allowed only with trackingType DEFAULT")


def user_created_warnings(draft: GroupDraft) -> Iterator[str]:
    """Yield what is unusual for a group of customers' own goals (facts 4.12, 8 #89)."""
    if not draft.user_created:
        return
    if draft.tracking not in {None, Tracking.DEFAULT}:
        yield f"userCreated: goals of customers have trackingType DEFAULT; {draft.tracking.value} is taken as sent."
    for place, target in enumerate(draft.targets[:TARGETS_MAX]):
        yield from goal_enrolment_warnings(f"targets[{place}]", target)


def goal_enrolment_warnings(path: str, target: TargetDraft) -> Iterator[str]:
    """Yield a warning for a target of customers' own goals that every customer takes part in (facts 8 #89)."""
    method = enrolment_of(target)
    if method is not EnrolmentMethod.IMPORT:
        yield f"{path}.enrolmentMethod: goals of customers have IMPORT; with {method.value} every customer takes part."


def _cap_problems(draft: GroupDraft) -> Iterator[Problem]:
    if draft.tracking not in {None, Tracking.CAPPING} and draft.cap_scope is not None:
        yield Problem("capScope", f"is not allowed with {draft.tracking.value}")


def _freeze_problems(draft: GroupDraft) -> Iterator[Problem]:
    """Yield a problem for freezes in a group whose streaks cannot break, and for invalid numbers of freezes."""
    freezes = draft.freezes
    if freezes is None:
        return
    if draft.tracking is not None and draft.tracking is not Tracking.STREAKS:
        yield Problem("streakFreezes", f"are not allowed with {draft.tracking.value}")
    if freezes.most is None:
        yield Problem("streakFreezes.max", MISSING)
    elif not 1 <= freezes.most <= FREEZES_MAX:
        yield Problem("streakFreezes.max", f"must be between 1 and {FREEZES_MAX}")
    if freezes.earn_every is not None and not 1 <= freezes.earn_every <= FREEZES_MAX:
        yield Problem("streakFreezes.earnEvery", f"must be between 1 and {FREEZES_MAX}")
