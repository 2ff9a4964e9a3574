"""What voids, and returns where the setting says so, give back of caps (facts 8 #81)."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from milepost.engine.commands.award_authorisation import ONES
from milepost.engine.commands.counted_rows import CountedRow, is_replaced
from milepost.engine.fold import Fold, day_of
from milepost.engine.progress.added_amounts import NOT_REVISED, decided_by, revised_rows
from milepost.engine.progress.change import change_between
from milepost.engine.progress.corrections import Match, Matching, given_by
from milepost.engine.progress.count import apply_to_group
from milepost.engine.progress.history import Logged
from milepost.model.amount import to_units
from milepost.model.commands.correction import VoidAward
from milepost.model.event import AuthoriseAward, Bill, Event, Return
from milepost.model.organisation import CapsFollowReturns
from milepost.model.standing import Reason
from milepost.model.time import Micros
from milepost.rules.compiled.remaining import remaining
from milepost.rules.compiled.rule import Rule

_WHOLE = Fraction(1)


def release_caps(fold: Fold, known: Sequence[Logged], before: Matching, after: Matching) -> None:
    """Give back to each cap the share of the decisions among *known* events that is void now and was not before."""
    decisions = [one for one in known if isinstance(one.event.payload, AuthoriseAward)]
    revised = revised_rows(fold, known) if decisions else {}
    for decision in decisions:
        for key, amount in decided_by(decision, revised.get(decision.place, NOT_REVISED)).items():
            rule = fold.rule_index.rules.get(key.target_id)
            position = None if rule is None else rule.position_of(key.period_id)
            if rule is None or position is None or rule.keys[position] not in fold.progress:
                continue
            if is_replaced(fold, decision, CountedRow(rule, position)):
                continue
            closing = fold.closes_at(rule, position)
            was, now = (_void(fold, decision, known, matched, closing) for matched in (before, after))
            old, new = (_used(rule, amount, void) for void in (was, now))
            if old != new:
                change = change_between(old, new, day_of(rule, decision.event), Reason.VOIDED)
                apply_to_group(fold, rule, position, change, fold.cause)


def _used(rule: Rule, amount: int, void: Fraction) -> int | None:
    """Return what a decision still uses of a cap, in units; one is used until the decision is void as a whole."""
    if rule.kpi in ONES or void >= _WHOLE:
        return amount if void < _WHOLE else None
    return round(amount * (_WHOLE - void))


def _void(fold: Fold, decision: Logged, known: Sequence[Logged], matched: Matching, closing: Micros) -> Fraction:
    """Return which share of a decision is void, by corrections dated before *closing*."""
    given = given_by(decision)
    if not given:
        return Fraction(0)
    void = Fraction(0)
    for correction in _corrections(decision, matched, closing):
        payload = correction.payload
        if isinstance(payload, VoidAward):
            void += _WHOLE if payload.amount is None else Fraction(to_units(payload.amount), given)
    if fold.rule_index.settings.caps_follow_returns is CapsFollowReturns.ON:
        for bill in known:
            payload = bill.event.payload
            # A bill that was received before the decision that it names gives nothing back to it.
            is_later = bill.place > decision.place
            if is_later and isinstance(payload, Bill) and payload.decision == decision.event.key.id:
                void += _returned(payload, [one.payload for one in _corrections(bill, matched, closing)])
    return min(void, _WHOLE)


def _corrections(event: Logged, matched: Matching, closing: Micros) -> Iterator[Event]:
    match = matched.matches.get(event.place, Match(event))
    return (one.event for one in match.corrections if one.event.occurred_at < closing)


def _returned(bill: Bill, corrections: Sequence[object]) -> Fraction:
    """Return which share of a bill's net amount came back."""
    rest = remaining(bill, [one for one in corrections if isinstance(one, Return)])
    if rest is None:
        return _WHOLE
    return _WHOLE - rest.net_left / Fraction(bill.net) if bill.net > 0 else Fraction(0)
