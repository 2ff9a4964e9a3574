"""Where an event lies for one customer: periods of the calendar, windows of one's own, or one span until achieved."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple, assert_never

from milepost.model.event import Event
from milepost.model.target import Evaluation
from milepost.model.time import Micros
from milepost.rules.compiled.rule import Rule
from milepost.rules.compiled.windows import bounds


class WindowSpan(NamedTuple):
    """A half-open span of instants, in epoch microseconds."""

    opens_at: Micros
    closes_at: Micros


def position_of(rule: Rule, anchors: Mapping[int, Micros], at: Micros) -> int | None:
    """Return the position of the period that holds *at* for a customer with these *anchors*, if any.

    A customer without an anchor begins with the first window. Sequential periods share one span at position 0; the rows
    say which period is open.
    """
    match rule.frame.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            return rule.position(at)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return 0 if rule.keys and _in_frame(rule, at) else None
        case Evaluation.CYCLIC_WINDOW:
            return _window_of(rule, anchors.get(rule.target_id), at)
        case _ as never:
            assert_never(never)


def precedes_first_window(rule: Rule, anchors: Mapping[int, Micros], event: Event) -> bool:
    """Whether *event* counts in the customer's first own window though it is dated before it (ownWindowGraceHours).

    It must be received before that window ends.
    """
    anchor = anchors.get(rule.target_id)
    if not rule.frame.grace or anchor is None or not rule.keys or not _in_frame(rule, event.occurred_at):
        return False
    is_near = anchor - rule.frame.grace <= event.occurred_at < anchor
    return is_near and event.received_at < _bounds(rule, anchor)[1]


def closes_at(rule: Rule, anchors: Mapping[int, Micros], position: int, *, first: Micros | None = None) -> Micros:
    """Return the end of the period at *position*; *first* is used as the anchor if there is none yet."""
    match rule.frame.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            return rule.closes[position]
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return rule.frame.closes_at
        case Evaluation.CYCLIC_WINDOW:
            anchor = anchors.get(rule.target_id, first)
            return rule.frame.closes_at if anchor is None else _bounds(rule, anchor)[position + 1]
        case _ as never:
            assert_never(never)


def spans(rule: Rule, anchors: Mapping[int, Micros]) -> tuple[WindowSpan, ...]:
    """Return the spans of all periods of a customer with these *anchors*, in order; none without an anchor."""
    match rule.frame.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            return tuple(map(WindowSpan, rule.opens, rule.closes))
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return (WindowSpan(rule.frame.opens_at, rule.frame.closes_at),) * len(rule.keys)
        case Evaluation.CYCLIC_WINDOW:
            anchor = anchors.get(rule.target_id)
            found = () if anchor is None else _bounds(rule, anchor)
            return tuple(map(WindowSpan, found, found[1:]))
        case _ as never:
            assert_never(never)


def _in_frame(rule: Rule, at: Micros) -> bool:
    return rule.frame.opens_at <= at < rule.frame.closes_at


def _window_of(rule: Rule, anchor: Micros | None, at: Micros) -> int | None:
    if not rule.keys or not _in_frame(rule, at):
        return None
    if anchor is None:
        return 0
    found = bisect_right(_bounds(rule, anchor), at) - 1
    return found if 0 <= found < len(rule.keys) else None


def _bounds(rule: Rule, anchor: Micros) -> tuple[Micros, ...]:
    return bounds(rule.frame.zone, rule.frame.length, anchor, len(rule.keys), rule.frame.closes_at)
