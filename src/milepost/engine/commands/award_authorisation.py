"""Award decisions: how much of an intended award the caps leave, and how much it uses up (facts 4.11)."""

from collections.abc import Iterator
from fractions import Fraction
from math import floor
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.fold import Fold, day_of, is_too_late
from milepost.engine.progress.change import Change
from milepost.engine.progress.count import apply_to_group, takes_part_now
from milepost.model.amount import UNITS_PER_ONE, to_units
from milepost.model.event import BILL, CURRENCY, POINTS, AuthoriseAward, Award, Event
from milepost.model.standing import Entry, Reason
from milepost.model.target import CapScope, Entity, Kpi
from milepost.rules.compiled.rule import Rule

ONES = frozenset({Kpi.COUNT, Kpi.VISIT})
"""Types of which a decision uses one, whatever it is worth."""


class Bound(NamedTuple):
    """One cap of a decision: the share of the award that the cap leaves, and the measure that the award would use."""

    rule: Rule
    position: int
    share: Fraction
    measure: int | None


def authorise(fold: Fold, payload: AuthoriseAward) -> None:
    """Grant the least amount that any cap leaves, cut to units. A decision that grants nothing uses no cap up."""
    asked = to_units(payload.amount)
    bounds = list(bounds_of(fold, payload, asked))
    given = min([asked, *(floor(asked * bound.share) for bound in bounds)])
    fold.entries.append(
        Entry(target_id=0, period_id=0, reason=Reason.GRANTED, amount=given - asked, before=asked, after=given)
    )
    if not given:
        return
    for rule, position, share, measure in bounds:
        if rule.cap_scope is CapScope.CUSTOMER:
            used = given if measure is None else _used(rule, share, measure)
            day = day_of(rule, fold.event)
            apply_to_group(
                fold,
                rule,
                position,
                Change(old=None, new=used, day=day, reason=Reason.DECIDED, amount=used),
                fold.cause,
            )


def _used(rule: Rule, share: Fraction, measure: int) -> int:
    return measure if rule.kpi in ONES else floor(measure * share)


def bounds_of(fold: Fold, payload: AuthoriseAward, asked: int) -> Iterator[Bound]:
    """Return the bound of each cap that concerns the decision."""
    award, bill = _as_award(fold.event, payload), _as_bill(fold.event, payload)
    for rule in fold.rule_index.caps:
        event = bill if rule.entity in {Entity.TRANSACTION, Entity.LINEITEM} else award
        position = fold.position_of_event(rule, fold.event)
        if event is None or position is None or rule.kpi is Kpi.EXTENDED_FIELD:
            continue
        if event.name != rule.event_name or not rule.is_at(event.place):
            continue
        if not takes_part_now(fold, rule, position, fold.event.occurred_at):
            continue
        measure = rule.amount(fold.context(event))
        goal = fold.goal(rule, position)
        if measure is None or goal is None or is_too_late(fold, rule, position, event):
            continue
        left = _left(fold, rule, position, goal)
        if event is award:
            share = Fraction(min(left, asked), asked) if asked else Fraction(1)
            yield Bound(rule, position, share, None)
        else:
            yield Bound(rule, position, _share(fold, rule, position, left, measure), measure)


def _left(fold: Fold, rule: Rule, position: int, goal: int) -> int:
    """Return the rest of the cap, in units. A cap per award (TRANSACTION) is never used up."""
    progress = fold.progress.get(rule.keys[position])
    used = 0 if progress is None or rule.cap_scope is CapScope.TRANSACTION else progress.value
    return max(goal - used, 0)


def _share(fold: Fold, rule: Rule, position: int, left: int, measure: int) -> Fraction:
    """Return the share of a bill that a cap leaves; a cap that counts ones leaves all of it or nothing.

    A second visit on one day uses nothing more: with 1 visit left, it is granted in full.
    """
    if rule.kpi in ONES:
        progress = fold.progress.get(rule.keys[position])
        today = day_of(rule, fold.event)
        visited = rule.kpi is Kpi.VISIT and progress is not None and any(day == today for day, _ in progress.days)
        return Fraction(1 if visited or left >= min(measure, UNITS_PER_ONE) else 0)
    return Fraction(min(left, measure), measure) if measure > 0 else Fraction(1)


def _as_award(event: Event, payload: AuthoriseAward) -> Event:
    """Return the decision as the award that it asks for, so that caps read it as they read awards."""
    award = Award(program_id=payload.program_id, currency=payload.currency, kind=payload.kind, amount=payload.amount)
    return replace(event, name=POINTS if payload.currency is None else CURRENCY, payload=award)


def _as_bill(event: Event, payload: AuthoriseAward) -> Event | None:
    """Return the bill that the award is for, if it is for one."""
    return None if payload.bill is None else replace(event, name=BILL, payload=payload.bill)
