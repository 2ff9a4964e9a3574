"""How progress begins, and which period is being filled where periods close on achievement."""

from milepost.engine.fold import Fold
from milepost.engine.progress.change import Cause
from milepost.model.standing import Outcome, OutcomeKind, Progress
from milepost.model.target import Evaluation
from milepost.rules.compiled.rule import Rule

ENROLLED = OutcomeKind.ENROLLED


def first_progress(fold: Fold, rule: Rule, position: int, cause: Cause) -> Progress:
    """Return the progress to begin with; the first contribution enrols where anybody takes part.

    It opens the windows of one's own, if there are any (facts 4.4).
    """
    key = rule.keys[position]
    if rule.is_fixed:
        closing = rule.closes[position]
    else:
        open_windows(fold, rule, cause)
        closing = fold.closes_at(rule, position)
    fold.archive_after(closing)
    at = cause.at
    if rule.open_to_all:
        fold.outcomes.append(Outcome(kind=ENROLLED, target_id=key[0], period_id=key[1], at=at, value=0))
    else:
        enrolment = fold.enrolment(rule.target_id)
        assert enrolment is not None, "only the enrolled make progress"
        at = enrolment.enrolled_at
    return Progress(target_id=key[0], period_id=key[1], value=0, enrolled_at=at, updated_at=at)


def open_windows(fold: Fold, rule: Rule, cause: Cause) -> None:
    """Open the own windows of the customer, if the rule has any, at the instant of the first event that counts."""
    if rule.frame.evaluation is Evaluation.CYCLIC_WINDOW and rule.target_id not in fold.anchors:
        fold.anchors = {**fold.anchors, rule.target_id: cause.event.occurred_at}


def open_position(fold: Fold, rule: Rule) -> int:
    """Return the position of the period that is being filled: the first one not achieved, else the last."""
    for position, key in enumerate(rule.keys):
        progress = fold.progress.get(key)
        if progress is None or not progress.is_achieved:
            return position
    return len(rule.keys) - 1
