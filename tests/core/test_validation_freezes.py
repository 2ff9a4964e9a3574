"""What is wrong with the freezes of a streak."""

from dataclasses import replace

import pytest

from milepost.model.target import Tracking
from milepost.rules.definition.draft import FreezeDraft
from milepost.rules.definition.tracking import FREEZES_MAX
from tests.core.sample_drafts import found, streak


@pytest.mark.parametrize(
    "tracking, freezes, expected",
    [
        (Tracking.STREAKS, FreezeDraft(), ["streakFreezes.max"]),
        (Tracking.STREAKS, FreezeDraft(most=0), ["streakFreezes.max"]),
        (Tracking.STREAKS, FreezeDraft(most=FREEZES_MAX + 1, earn_every=1), ["streakFreezes.max"]),
        (Tracking.STREAKS, FreezeDraft(most=1, earn_every=0), ["streakFreezes.earnEvery"]),
        (Tracking.STREAKS, FreezeDraft(most=1, earn_every=FREEZES_MAX + 1), ["streakFreezes.earnEvery"]),
        (Tracking.NON_CONTINUOUS_STREAKS, FreezeDraft(most=1), ["streakFreezes"]),
    ],
)
def test_freezes_are_for_streaks_that_can_break(tracking: Tracking, freezes: FreezeDraft, expected: list[str]) -> None:
    """A freeze rule says how many at most, and goes with streaks of consecutive periods alone."""
    draft = replace(streak(1), tracking=tracking, freezes=freezes)
    assert [problem.path for problem in found(draft)] == expected
