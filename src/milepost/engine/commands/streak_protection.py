"""Freezes and pauses, which keep a streak from breaking (docs/rules.md)."""

from milepost.engine.fold import Fold
from milepost.engine.progress.streaks import reevaluate
from milepost.model.event import GrantFreezes, PauseStreak
from milepost.model.progress.streak import Freezes, Pause, Streak


def protect_streak(fold: Fold, payload: GrantFreezes | PauseStreak) -> None:
    """Grant freezes or pause the streak of a group, and evaluate the streak again."""
    streak = fold.streaks.get(payload.group_id) or Streak(payload.group_id)
    if isinstance(payload, GrantFreezes):
        granted = Freezes(fold.event.occurred_at, payload.count)
        reevaluate(fold, streak._replace(freezes=tuple(sorted((*streak.freezes, granted)))))
    else:
        pause = Pause(payload.starts_at, payload.ends_at)
        reevaluate(fold, streak._replace(pauses=tuple(sorted((*streak.pauses, pause)))))
