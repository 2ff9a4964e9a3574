"""Where a streak's bounds lie: the last instant of a pause, the first of a freeze, a day that no clock shows."""

import pytest

from milepost.engine.progress.streak_run import evaluate
from milepost.model.progress.streak import Freezes, Pause, Streak
from milepost.model.target import FreezeRule, StreakLevel
from milepost.model.time import Micros
from milepost.rules.compiled.composites import StreakRule

pytestmark = pytest.mark.usefixtures("rows")

LEVELS = tuple(StreakLevel(id=count, name=f"level {count}", count=count) for count in (2, 3))
ALL_OVER = Micros(1_000)


def rule(*bounds: int, freezes: FreezeRule | None = None) -> StreakRule:
    """Return a continuous streak whose periods, called 1, 2 and so on, lie between *bounds*."""
    ids = tuple(range(1, len(bounds)))
    instants = tuple(map(Micros, bounds))
    return StreakRule(1, 10, True, LEVELS, freezes, (), ids, instants[:-1], instants[1:])


def pause(starts_at: int, ends_at: int) -> Pause:
    """Return a pause between two instants."""
    return Pause(Micros(starts_at), Micros(ends_at))


def freeze(at: int) -> Freezes:
    """Return one freeze that was granted at an instant."""
    return Freezes(Micros(at), 1)


def runs(streak_rule: StreakRule, streak: Streak) -> list[int]:
    """Return the run after each achieved period, once all are over."""
    return list(evaluate(streak_rule, streak, ALL_OVER).runs.values())


def test_a_pause_that_ends_where_a_period_begins_does_not_touch_it() -> None:
    """Its last instant is the one before; an instant longer it keeps the period from being missed."""
    streak = Streak(1, achieved=(1, 3))
    assert runs(rule(0, 10, 20, 30), streak._replace(pauses=(pause(5, 10),))) == [1, 1]
    assert runs(rule(0, 10, 20, 30), streak._replace(pauses=(pause(5, 11),))) == [1, 2]
    assert runs(rule(0, 10, 20, 30), streak._replace(pauses=(pause(20, 25),))) == [1, 1]
    assert runs(rule(0, 10, 20, 30), streak._replace(pauses=(pause(19, 25),))) == [1, 2]


def test_a_freeze_granted_when_a_period_is_over_does_not_protect_it() -> None:
    """Granted an instant earlier it does, and the protected period does not count."""
    streak, frozen = Streak(1, achieved=(1, 3)), rule(0, 10, 20, 30, freezes=FreezeRule(most=1))
    assert runs(frozen, streak._replace(freezes=(freeze(20),))) == [1, 1]
    assert runs(frozen, streak._replace(freezes=(freeze(19),))) == [1, 2]


def test_a_paused_period_takes_no_freeze() -> None:
    """The freeze is there for the next period that is missed."""
    streak = Streak(1, achieved=(1, 4), freezes=(freeze(0),), pauses=(pause(10, 20),))
    walked = evaluate(rule(0, 10, 20, 30, 40, freezes=FreezeRule(most=1)), streak, ALL_OVER)
    assert (list(walked.runs.values()), walked.frozen, walked.freezes_left) == ([1, 2], (2,), 0)


def test_a_day_that_a_zone_skips_breaks_no_streak() -> None:
    """A period without an instant cannot be missed, nor does it take a freeze."""
    streak = Streak(1, achieved=(1, 3), freezes=(freeze(0),))
    walked = evaluate(rule(0, 10, 10, 20, freezes=FreezeRule(most=1)), streak, ALL_OVER)
    assert (list(walked.runs.values()), walked.freezes_left) == ([1, 2], 1)
