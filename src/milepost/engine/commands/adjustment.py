"""Adjustments: a person corrects a progress by an amount.

An amount above 0 may achieve, as what counts does. An amount below 0 achieves nothing, and takes an achievement back
where a return would: it is judged by the settings of returns.
"""

from milepost.engine.fold import Fold
from milepost.engine.progress.change import change_between
from milepost.engine.progress.count import apply_to_group
from milepost.model.amount import to_units
from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.standing import Reason
from milepost.model.target import Evaluation
from milepost.rules.compiled.rule import Rule


def adjust(fold: Fold, payload: AdjustProgress) -> None:
    """Move the progress of *payload*; nothing happens where the customer has none and takes no part."""
    rule = fold.rule_index.rules.get(payload.target_id)
    position = None if rule is None else rule.position_of(payload.period_id)
    if rule is None or position is None or not may_adjust(fold, rule, position):
        return
    change = change_between(None, to_units(payload.amount), 0, Reason.ADJUSTED)
    apply_to_group(fold, rule, position, change, fold.cause)


def may_adjust(fold: Fold, rule: Rule, position: int) -> bool:
    """Whether the customer has or may have progress of its own in the period at *position*.

    One total fills sequential periods, so none of these has a value of its own. Own windows have to have begun.
    """
    match rule.frame.evaluation:
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return False
        case Evaluation.CYCLIC_WINDOW if rule.target_id not in fold.anchors:
            return False
        case _:
            return rule.keys[position] in fold.progress or fold.takes_part(rule, position)
