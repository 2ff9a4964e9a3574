"""Whole bills that come back where all they did was to add to plain sums: most returns, so they are taken in passing.

What is said here must be what `taking_back` says of such a return; the laws compare the two.
"""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.engine.commands.returns import bill_of, returns_from
from milepost.engine.progress.contributions import Contribution
from milepost.engine.progress.history import Logged, history_needed, satisfies
from milepost.model.amount import to_units
from milepost.model.event import Bill, Event, Return, ReturnKind
from milepost.model.organisation import Returns
from milepost.model.standing import Reason, Standing
from milepost.rules.compiled.index import RowTarget, RuleIndex

_WHOLE = frozenset({ReturnKind.FULL, ReturnKind.CANCELLED})
_COUNTED = Reason.COUNTED


class FullReturn(NamedTuple):
    """A bill that comes back: where it had added what, and its net amount in units."""

    added: list[Contribution]
    net: int


def full_return(
    rule_index: RuleIndex, standing: Standing, seq: int, event: Event, past: Sequence[Logged]
) -> FullReturn | None:
    """Return what *event*, a return with this number, takes back; None if more has to be looked at.

    *standing* is that of a customer who passes (`living.may_pass`) and who was never merged.
    """
    payload = event.payload
    assert isinstance(payload, Return)
    if payload.kind not in _WHOLE or rule_index.settings.returns is not Returns.SUBTRACT:
        return None
    asked = history_needed(rule_index, standing, event)
    known = [one for one in past if satisfies(asked, event, one)]
    bill = bill_of(Logged(event, seq, ()), known)
    if bill is None or returns_from(bill, known):
        return None
    assert isinstance(bill.event.payload, Bill)
    added: list[Contribution] = []
    for entry in bill.entries:
        rule = rule_index.rules.get(entry.target_id)
        position = -1 if rule is None else rule.position_of(entry.period_id)
        if entry.reason is not _COUNTED or rule is None or position < 0:
            return None
        if not rule.is_plain or event.occurred_at >= rule.closes[position]:
            return None
        if entry.amount:
            spot = RowTarget(entry.target_id, entry.period_id, rule.goals[position], rule.closes[position])
            added.append(((spot,), entry.amount))
    return FullReturn(added, to_units(bill.event.payload.net))
