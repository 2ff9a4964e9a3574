"""What voids, and returns where the setting says so, take back of decisions (docs/rules.md, Caps)."""

from collections.abc import Iterable
from fractions import Fraction

from milepost.model.commands.correction import VoidAward
from milepost.model.event import AuthoriseAward, Bill, Event, Return
from milepost.model.organisation import CapsFollowReturns
from tests.oracle.reference_plan import Plan, Span
from tests.oracle.reference_remaining import remains
from tests.oracle.reference_replay import Story, taken_back


def void_share(plan: Plan, decision: Event, given: Fraction, span: Span, story: Story) -> Fraction:
    """Return which share of a decision, which gave *given*, is void in *span*; it may be more than the whole."""
    void = Fraction(0)
    for taken in taken_back(decision, story, before=span.closes_at):
        assert isinstance(taken.payload, VoidAward)
        void += 1 if taken.payload.amount is None else Fraction(taken.payload.amount) / given
    if plan.settings.caps_follow_returns is CapsFollowReturns.ON:
        told = [one.event for one in story if one.bill is None]
        for bill in told[told.index(decision) :]:
            if is_decision_of(bill, decision):
                void += came_back(bill, span, story)
    return void


def decisions_of(plan: Plan, bill: Event, counted: Iterable[Event]) -> list[Event]:
    """Return which of the *counted* events is the decision that *bill* names, if caps follow returns."""
    if plan.settings.caps_follow_returns is CapsFollowReturns.OFF:
        return []
    return [one for one in counted if is_decision_of(bill, one)]


def is_decision_of(bill: Event, event: Event) -> bool:
    """Return whether *event* is the decision that *bill* names."""
    named = bill.payload.decision if isinstance(bill.payload, Bill) else None
    return named is not None and isinstance(event.payload, AuthoriseAward) and event.key.id == named


def came_back(bill: Event, span: Span, story: Story) -> Fraction:
    """Return the share of a bill's net amount that came back before the end of *span*."""
    payload = bill.payload
    assert isinstance(payload, Bill)
    taken = [one.payload for one in taken_back(bill, story, before=span.closes_at)]
    left = remains(payload, [one for one in taken if isinstance(one, Return)])
    if left is None:
        return Fraction(1)
    return 1 - left.net / Fraction(payload.net) if payload.net > 0 else Fraction(0)
