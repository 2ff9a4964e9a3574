"""What is wrong with a target group as a whole is found at once, with the vendor's codes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from milepost.model.organisation import Settings
from milepost.model.problem import Problem
from milepost.model.target import (
    AggregateFunction,
    CapScope,
    EnrolmentMethod,
    Evaluation,
    Tracking,
    TriggerValueKind,
)
from milepost.rules.definition.draft import CombinationDraft, FreezeDraft, GroupDraft, LevelDraft, TriggerDraft
from milepost.rules.definition.tracking import FREEZES_MAX
from milepost.rules.definition.validation import FREQUENCY_MAX, ID_MAX, merge_problems, validate
from tests.core.sample_drafts import GROUP, NOW, ORGANISATION, SPEND, found, group, made, problems, streak, with_target

FIXED, CYCLIC = Evaluation.FIXED_CALENDAR_WINDOW, Evaluation.CYCLIC_WINDOW
AGNOSTIC = Evaluation.PERIOD_AGNOSTIC_WINDOW


def unified(number: int, **changes: Any) -> GroupDraft:
    """Return a unified group of *number* targets."""
    targets = tuple(replace(SPEND, name=f"Spend {place}") for place in range(number))
    return group(tracking=Tracking.UNIFIED, any_of=False, targets=targets, **changes)


@pytest.mark.parametrize(
    "draft",
    [
        GROUP,
        group(name="n" * 200, description="d" * 255, time_zone_name="Nowhere/At_All"),
        group(name="Früh & spät, 50 % 🎯"),
        group(preferred_till_id=751552970000, total_periods=1, frequency=0, recurring_cycles=-1),
        group(preferred_till_id=ID_MAX, frequency=FREQUENCY_MAX, recurring_cycles=100, total_periods=100),
        group(targets=()),
        group(leaderboard=True, user_created=True),
        group(valid_from="2023-01-01T00:00:00.529Z", valid_to="2023-02-01T00:00:00.529Z"),
        group(cycle_opens="2020-01-01T00:00:00.000Z", cycle_closes="2030-01-01T00:00:00.000Z"),
        group(evaluation=CYCLIC, periods=(), total_periods=100),
        streak(1),
        streak(1, 2),
        unified(2),
        unified(50),
        unified(3, combination=CombinationDraft(aggregation=AggregateFunction.SUM, threshold=Decimal(5000))),
        replace(unified(3), any_of=True, combination=CombinationDraft(least=3)),
        replace(GROUP, tracking=Tracking.CAPPING),
        replace(GROUP, tracking=Tracking.CAPPING, cap_scope=CapScope.TRANSACTION),
        replace(GROUP, tracking=Tracking.CAPPING, cap_scope=CapScope.CUSTOMER, evaluation=CYCLIC, periods=()),
        replace(streak(1), freezes=FreezeDraft(most=1)),
        replace(streak(1), freezes=FreezeDraft(most=FREEZES_MAX, earn_every=FREEZES_MAX)),
    ],
)
def test_a_sound_group_has_no_problems(draft: GroupDraft) -> None:
    """What the pages show, and what stands exactly at a limit, is accepted."""
    assert found(draft) == ()


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"name": None}, [("name", 300004)]),
        ({"name": "   "}, [("name", 300004)]),
        ({"name": "n" * 201}, [("name", 300004)]),
        ({"name": " Autumn"}, [("name", 300004)]),
        ({"name": "Autumn\u00a0"}, [("name", 300004)]),
        ({"name": "Au\0tumn"}, [("name", 300004)]),
        ({"name": "Au\ntumn"}, [("name", 300004)]),
        ({"description": "d" * 256}, [("description", 300004)]),
        ({"description": "d\0"}, [("description", 300004)]),
        ({"preferred_till_id": -1}, [("preferredTillId", 300004)]),
        ({"preferred_till_id": ID_MAX + 1}, [("preferredTillId", 300004)]),
        ({"tracking": None}, [("trackingType", 300004)]),
        ({"total_periods": None}, [("totalPeriods", 300004)]),
        ({"total_periods": 101}, [("totalPeriods", 300004)]),
        ({"total_periods": -1}, [("totalPeriods", 300004)]),
        ({"frequency": -1}, [("frequency", 300004)]),
        ({"frequency": FREQUENCY_MAX + 1}, [("frequency", 300004)]),
        ({"recurring_cycles": 101}, [("recurringCycles", 300004)]),
        ({"recurring_cycles": -2}, [("recurringCycles", 300004)]),
        ({"targets": (SPEND, replace(SPEND, name="Other")), "leaderboard": True}, [("targets", 300004)]),
        ({"levels": (LevelDraft("Level", 1),)}, [("streaks", 300004)]),
        ({"any_of": True}, [("combinationType", 300004)]),
        ({"combination": CombinationDraft()}, [("unifiedTargetExpression", 300004)]),
        ({"valid_from": "2024-02-01", "valid_to": "2024-01-01"}, [("toDate", 300004)]),
        ({"valid_from": "soon"}, [("fromDate", 300004)]),
        ({"cycle_opens_iso": "2024-02-01", "cycle_closes_iso": "2024-01-01"}, [("targetCycleEndDateISO", 300004)]),
        ({"cycle_opens": "2025-01-01"}, [("targetCycleEndDate", 300004)]),
        ({"evaluation": CYCLIC, "periods": (), "total_periods": 0}, [("totalPeriods", 300004)]),
        ({"cap_scope": CapScope.CUSTOMER}, [("capScope", 300004)]),
        ({"freezes": FreezeDraft(most=1)}, [("streakFreezes", 300004)]),
        (
            {"tracking": Tracking.CAPPING, "evaluation": AGNOSTIC, "periods": ()},
            [("targetEvaluationType", 300004)],
        ),
    ],
)
def test_a_bad_group_is_refused_with_the_field(changes: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    """Each mistake in a group's own fields is one problem at its path."""
    assert problems(group(**changes)) == expected


def test_a_streak_group_needs_a_level() -> None:
    """The vendor's own code and words for a streak group without streak."""
    reason = "At least one streak should be present for streaks target group"
    assert found(streak()) == (Problem("streaks", reason, 310101),)


def test_a_streak_level_needs_its_count() -> None:
    """The vendor's own code and words for a level without a count."""
    assert found(streak(None)) == (Problem("streaks[0].targetCountOfSequence", "Streak count is mandatory", 310106),)


@pytest.mark.parametrize(
    "counts, expected",
    [
        ((0,), ["streaks[0].targetCountOfSequence"]),
        ((3,), ["streaks[0].targetCountOfSequence"]),
        ((2, 2), ["streaks[1].targetCountOfSequence"]),
        ((2, 1), ["streaks[1].targetCountOfSequence"]),
    ],
)
def test_streak_levels_climb_within_the_periods(counts: tuple[int, ...], expected: list[str]) -> None:
    """A level counts at least one period, more than the level before, and no more than the group has."""
    assert [problem.path for problem in found(streak(*counts))] == expected


def test_streak_levels_are_limited() -> None:
    """Ten levels are accepted, eleven are not."""
    eleven = tuple(LevelDraft(f"Level {place}", place + 1) for place in range(11))
    long = group(tracking=Tracking.NON_CONTINUOUS_STREAKS, evaluation=None, levels=eleven)
    assert "streaks" in [problem.path for problem in found(long)]
    assert "streaks" not in [problem.path for problem in found(replace(long, levels=eleven[:10]))]


def test_streak_levels_need_names_of_their_own() -> None:
    """Two levels of one request may not share a name, whatever its case."""
    draft = group(tracking=Tracking.STREAKS, levels=(LevelDraft("Gold", 1), LevelDraft("GOLD", 2)))
    assert found(draft) == (Problem("streaks[1].name", "is the same as streaks[0].name"),)


@pytest.mark.parametrize("tracking", [Tracking.STREAKS, Tracking.UNIFIED])
def test_streaks_and_unified_groups_follow_the_calendar(tracking: Tracking) -> None:
    """Windows of each customer's own do not go with streaks and unified groups."""
    draft = replace(streak(1) if tracking is Tracking.STREAKS else unified(2), evaluation=CYCLIC)
    assert problems(draft) == [("targetEvaluationType", 300004)]


@pytest.mark.parametrize(
    "draft, expected",
    [
        (unified(1), ["targets"]),
        (unified(51), ["targets"]),
        (replace(unified(2), any_of=None), ["combinationType"]),
        (unified(2, combination=CombinationDraft(aggregation=AggregateFunction.SUM)), ["unifiedTargetExpression"]),
        (unified(2, combination=CombinationDraft(threshold=Decimal(1))), ["unifiedTargetExpression"]),
        (unified(2, combination=CombinationDraft(least=1)), ["unifiedTargetExpression.minTargetsToAchieve"]),
        (
            replace(unified(2), any_of=True, combination=CombinationDraft(least=3)),
            ["unifiedTargetExpression.minTargetsToAchieve"],
        ),
        (
            unified(2, combination=CombinationDraft(aggregation=AggregateFunction.SUM, threshold=Decimal(-1))),
            ["unifiedTargetExpression.thresholdValue"],
        ),
        (
            group(tracking=Tracking.UNIFIED, any_of=True, targets=(SPEND, replace(SPEND, name="SPEND"))),
            ["targets[1].name"],
        ),
    ],
)
def test_unified_groups_are_validated(draft: GroupDraft, expected: list[str]) -> None:
    """Number of targets, kind of combination and overall target have their rules."""
    assert [problem.path for problem in found(draft)] == expected


def test_unified_groups_have_no_triggers() -> None:
    """Marks on the way belong to single targets only."""
    draft = unified(2)
    target = replace(draft.targets[0], triggers=made_triggers())
    assert [problem.path for problem in found(replace(draft, targets=(target, draft.targets[1])))] == [
        "targets[0].targetMilestoneTriggers"
    ]


def made_triggers() -> tuple[TriggerDraft, ...]:
    """Return one sound trigger."""
    return (TriggerDraft(name="Half", value_kind=TriggerValueKind.PERCENTAGE, value=Decimal(50)),)


def test_a_leaderboard_needs_the_organisations_leave() -> None:
    """Where leaderboards are off, the vendor's code and words."""
    closed = replace(ORGANISATION, settings=Settings(leaderboards=False))
    expected = (Problem("leaderboardEnabled", "Leaderboard is not enabled for the org", 310133),)
    assert found(group(leaderboard=True), closed) == expected


def test_a_leaderboard_follows_the_calendar() -> None:
    """For windows of each customer's own, the vendor's code and words, with its spelling."""
    reason = "Target evaluation type not supported for leaderboard, currently only FIXED_CALENDER_WINDOW is supported"
    draft = group(leaderboard=True, evaluation=CYCLIC)
    assert found(draft) == (Problem("leaderboardEnabled", reason, 310132),)


def test_a_leaderboard_ranks_single_targets() -> None:
    """Other trackings have no leaderboard."""
    assert problems(replace(streak(1), leaderboard=True)) == [("leaderboardEnabled", 300004)]


def test_a_goal_that_customers_set_themselves_enrols_by_list() -> None:
    """A user-created target is single; another enrolment or tracking is taken with a warning (facts 8 #89)."""
    draft = replace(with_target(enrolment=EnrolmentMethod.TRANSACTION), user_created=True)
    for unusual, paths in (
        (draft, ["targets[0].enrolmentMethod"]),
        (replace(streak(1), user_created=True), ["userCreated"]),
    ):
        validation = validate(unusual, ORGANISATION, NOW)
        assert validation.problems == ()
        assert [warning.partition(":")[0] for warning in validation.warnings][: len(paths)] == paths


def test_everything_wrong_is_found_at_once() -> None:
    """Problems of a group, its periods, its target and its levels are reported together."""
    draft = GroupDraft(
        name="n" * 201,
        tracking=Tracking.STREAKS,
        leaderboard=True,
        periods=(replace(GROUP.periods[0], ref_code=None, ends="2024-09-01"), GROUP.periods[1]),
        targets=(replace(SPEND, name="t" * 201, kpi=None, goals=(Decimal(0), Decimal("1.00001"), Decimal(3))),),
    )
    expected = {
        ("name", 300004),
        ("totalPeriods", 300004),
        ("periods[0].refCode", 300004),
        ("periods[0].endDate", 300004),
        ("streaks", 310101),
        ("leaderboardEnabled", 300004),
        ("targets[0].name", 310008),
        ("targets[0].targetType", 300004),
        ("targets[0].defaultValues", 300004),
        ("targets[0].defaultValues[0].defaultValue", 300004),
        ("targets[0].defaultValues[1].defaultValue", 300004),
    }
    assert set(problems(draft)) == expected


def test_nothing_said_is_a_list_of_what_is_needed() -> None:
    """The answer to an empty request lists everything that a group must have."""
    needed = ["name", "trackingType", "totalPeriods", "periods"]
    assert [problem.path for problem in found(GroupDraft())] == needed


def test_a_problem_that_follows_from_another_is_not_reported() -> None:
    """Where a value could not be read, that is the problem, not that it is missing or too small."""
    written = (Problem("targets[0].name", "must be text"),)
    further = (
        Problem("targets[0].name", "is needed"),
        Problem("targets[0].name.inner", "is needed"),
        Problem("targets[0].description", "must not be longer than 255 characters"),
    )
    assert merge_problems(written, further) == (written[0], further[2])


def test_a_sound_draft_becomes_a_group_with_what_was_not_said() -> None:
    """Nothing said means active, by the calendar, on bills, for listed customers, always."""
    built = made(GROUP)
    target = built.targets[0]
    assert (built.active, built.evaluation, built.user_created, built.leaderboard) == (True, FIXED, False, False)
    assert (target.event_name, target.expression, target.enrolment) == (
        "TransactionAdd",
        "true",
        EnrolmentMethod.IMPORT,
    )
    assert (target.filters, target.expression_tree, target.metadata, built.frequency) == (None, None, None, None)


def test_warnings_do_not_refuse() -> None:
    """A tree that says something else than the text is kept, and the author is told."""
    tree = '{"arity":"literal","value":"false","type":"boolean:primitive"}'
    examined = validate(with_target(expression="true", expression_tree=tree), ORGANISATION, NOW)
    expected = ("targets[0].expressionJson differs from expression; expression counts.",)
    assert (examined.problems, examined.warnings) == ((), expected)


def test_a_rule_that_is_never_true_is_pointed_out() -> None:
    """The truth value false is taken as the rule it says, and its author is told what that means."""
    examined = validate(with_target(expression=False), ORGANISATION, NOW)
    expected = ("targets[0].expression is false: nothing is counted for this target.",)
    assert (examined.problems, examined.warnings) == ((), expected)
