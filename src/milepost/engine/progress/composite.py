"""Composites: the progress of a unified group in each period, which follows from its members."""

from collections.abc import Iterator
from contextlib import contextmanager

from milepost.engine.fold import CompositeDue, Fold
from milepost.engine.progress.change import Cause, Change, achieves, revokes, takes_off
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.commands.revision import ReviseProgress
from milepost.model.standing import NOT_ACHIEVED, Outcome, OutcomeKind, Progress, ProgressKey
from milepost.rules.compiled.composites import Composite
from milepost.rules.compiled.rule import Rule


@contextmanager
def composites_afterwards(fold: Fold) -> Iterator[None]:
    """Update composites only after the block, so that an event is judged by all that it changed."""
    due: dict[tuple[int, int], CompositeDue] = {}
    fold.composites_due = due
    yield
    fold.composites_due = None
    for (_, period_id), (rule, change, cause) in due.items():
        update_composite(fold, rule, period_id, change, cause)


def update_composite(fold: Fold, rule: Rule, period_id: int, change: Change, cause: Cause) -> None:
    """Update the composite of the rule's group in one period, after a *change* of a member (facts 4.10)."""
    composite = fold.rule_index.composites.get(rule.group_id)
    if composite is None:
        return
    if fold.composites_due is not None:
        fold.composites_due[rule.group_id, period_id] = CompositeDue(rule, change, cause)
        return
    key = composite.key(period_id)
    before = fold.progress.get(key)
    if before is None:
        fold.archive_after(composite.closes[period_id])
        before = Progress(
            target_id=key.target_id, period_id=key.period_id, value=0, enrolled_at=cause.at, updated_at=cause.at
        )
    value, holds = _state(fold, composite, period_id)
    achieved_at, achieved_by = before.achieved_at, before.achieved_by
    if holds and not before.is_achieved and achieves(change, cause.settings):
        achieved_at, achieved_by = cause.at, cause.event.key.log_id
        _say(fold, OutcomeKind.UNIFIED_ACHIEVED, composite, key, value)
    elif before.is_achieved and not holds and _takes_back(change, cause):
        achieved_at, achieved_by = NOT_ACHIEVED
        _say(fold, OutcomeKind.UNIFIED_UNACHIEVED, composite, key, value)
    fold.progress[key] = Progress(
        target_id=key.target_id,
        period_id=key.period_id,
        value=value,
        enrolled_at=before.enrolled_at,
        updated_at=cause.received_at,
        achieved_at=achieved_at,
        achieved_by=achieved_by,
    )


def _takes_back(change: Change, cause: Cause) -> bool:
    """Whether *change* may take an achievement back: it takes something off, or is of a definition that revokes."""
    payload = cause.event.payload
    if isinstance(payload, ReviseProgress):
        return payload.revokes
    return takes_off(change.reason, change.amount) and revokes(cause.settings)


def import_composite(fold: Fold, composite: Composite, period_id: int) -> None:
    """Compute a composite in one period from imported members; no outcome is noted."""
    members = [fold.progress.get(ProgressKey(target_id, period_id)) for target_id in composite.members]
    known = [member for member in members if member is not None]
    if not known:
        return
    key = composite.key(period_id)
    value, holds = _state(fold, composite, period_id)
    fold.archive_after(composite.closes[period_id])
    achieved_at, by = NOT_ACHIEVED
    if holds:
        achieved_at, by = max(member.achieved_at for member in known), fold.cause.event.key.log_id
    enrolled_at, updated_at = min(one.enrolled_at for one in known), max(one.updated_at for one in known)
    fold.progress[key] = Progress(
        target_id=key.target_id,
        period_id=key.period_id,
        value=value,
        enrolled_at=enrolled_at,
        updated_at=updated_at,
        achieved_at=achieved_at,
        achieved_by=by,
    )


def _state(fold: Fold, composite: Composite, period_id: int) -> tuple[int, bool]:
    """Return the value of a composite, the sum or the number of its achieved members, and whether it is achieved."""
    members = [fold.progress.get(ProgressKey(target_id, period_id)) for target_id in composite.members]
    reached = sum(1 for member in members if member is not None and member.is_achieved)
    total = sum(member.value for member in members if member is not None)
    value = total if composite.sums else reached * UNITS_PER_ONE
    return value, reached >= composite.needed and (composite.threshold is None or value >= composite.threshold)


def _say(fold: Fold, kind: OutcomeKind, composite: Composite, key: ProgressKey, value: int) -> None:
    fold.outcomes.append(
        Outcome(
            kind=kind, target_id=0, period_id=key.period_id, at=fold.cause.at, value=value, about=composite.group_id
        )
    )
