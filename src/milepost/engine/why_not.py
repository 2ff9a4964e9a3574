"""Why a rule does not count an event: the questions that counting asks, in the same order, each by the same function.

Nothing here decides what counts; `progress.count` does. The laws hold that an event has a reason if, and only if, it
did not count.
"""

from collections.abc import Iterable
from typing import NamedTuple

from milepost import language
from milepost.engine.fold import Fold, is_before_enrolment, is_decided, is_too_late
from milepost.engine.progress.count import takes_part_now
from milepost.language import EvaluationContext, TracedPart
from milepost.model.event import Award, Bill, Event, Line
from milepost.model.progress.explanation import NotCounted, NotCountedReason
from milepost.model.target import Entity, Kpi
from milepost.rules.compiled.rule import Rule

LINES_TRACED_MAX = 20
"""How many lines of a bill are shown with the values of the condition."""

_REASON = NotCountedReason
_COUNTS = frozenset({Kpi.COUNT, Kpi.VISIT})


class TracedLine(NamedTuple):
    """A line of a bill, by its number from 1, with the values of a condition's parts."""

    number: int
    code: str
    condition: TracedPart


def why_not(fold: Fold, rule: Rule | None, event: Event) -> NotCounted | None:
    """Return why *rule* does not count *event*; None if nothing keeps it from counting. None is no rule at that time.

    The event was the last one that the fold applied, or one of its log.
    """
    if rule is None or not rule.is_counting:
        return NotCounted(_REASON.TARGET_INACTIVE)
    if event.name != rule.event_name:
        return NotCounted(_REASON.OTHER_EVENT, {"event": event.name})
    if not rule.is_at(event.place):
        return _out_of_scope(event)
    position = fold.position_of_event(rule, event)
    if position is None:
        return NotCounted(_REASON.OUTSIDE_PERIOD)
    if rule.is_cap and is_decided(event):
        return NotCounted(_REASON.OTHER_EVENT, {"event": event.name, "variant": "DECIDED"})
    if not takes_part_now(fold, rule, position, event.occurred_at):
        return _not_enrolled(fold, rule, event)
    context = fold.context(event)
    if rule.amount(context) is None:
        return _without_amount(fold, rule, context)
    if is_too_late(fold, rule, position, event):
        return NotCounted(_REASON.TOO_LATE, {"count": fold.rule_index.settings.late_days})
    return None


def _out_of_scope(event: Event) -> NotCounted:
    place = event.place
    ids = {"storeId": place.store_id, "zoneId": place.zone_id, "conceptId": place.concept_id}
    if not place.store_name and not place.store_code:
        return NotCounted(_REASON.OUT_OF_SCOPE, ids)
    name = place.store_name or place.store_code
    return NotCounted(_REASON.OUT_OF_SCOPE, {**ids, "store": name, "variant": "store"})


def _not_enrolled(fold: Fold, rule: Rule, event: Event) -> NotCounted:
    enrolment = fold.enrolment(rule.target_id)
    if enrolment is None:
        return NotCounted(_REASON.NOT_ENROLLED)
    if is_before_enrolment(enrolment, event.occurred_at):
        return NotCounted(_REASON.NOT_ENROLLED, {"enrolledAt": enrolment.enrolled_at, "variant": "before"})
    if enrolment.has_left:
        return NotCounted(_REASON.NOT_ENROLLED, {"variant": "left"})
    return NotCounted(_REASON.NOT_ENROLLED, {"enrolledAt": enrolment.enrolled_at, "variant": "before"})


def _without_amount(fold: Fold, rule: Rule, context: EvaluationContext) -> NotCounted:
    """Return why the event of *context* adds nothing: its condition, a missing field, or what kind of event it is."""
    payload = context.event.payload
    if rule.predicate is not None:
        lines = _lines(payload.lines) if rule.entity is Entity.LINEITEM and isinstance(payload, Bill) else ()
        if rule.entity is Entity.LINEITEM:
            if lines and not any(rule.predicate(context._replace(line=line)) for _, line in lines):
                return _condition_false(fold, rule, context, lines)
        elif not rule.predicate(context):
            return _condition_false(fold, rule, context, ())
    if isinstance(payload, Award) and rule.entity is not Entity.EVENT:
        return NotCounted(_REASON.OTHER_EVENT, {"event": context.event.name, "variant": "OTHER_AWARD"})
    if isinstance(payload, Bill) and payload.is_refund and _counts_ones(rule):
        return NotCounted(_REASON.OTHER_EVENT, {"event": context.event.name, "variant": "REFUND"})
    name = None if rule.metadata is None else rule.metadata.name
    if name is None:
        return NotCounted(_REASON.FIELD_MISSING, {"variant": "none"})
    return NotCounted(_REASON.FIELD_MISSING, {"field": name})


def _counts_ones(rule: Rule) -> bool:
    return rule.kpi in _COUNTS or rule.kpi is Kpi.EXTENDED_FIELD


def _lines(lines: Iterable[Line]) -> tuple[tuple[int, Line], ...]:
    return tuple(enumerate(lines, 1))


def _condition_false(
    fold: Fold, rule: Rule, context: EvaluationContext, lines: tuple[tuple[int, Line], ...]
) -> NotCounted:
    group = fold.rule_index.groups[rule.group_id]
    target = next(target for target in group.targets if target.id == rule.target_id)
    expression = language.read(target.expression)
    if not lines:
        traced = language.trace(expression, context, rule.frame.zone)
        return NotCounted(
            _REASON.CONDITION_FALSE, {"condition": traced, "deciding": language.deciding(traced), "lines": ()}
        )
    by_line = tuple(
        TracedLine(number, line.code, language.trace(expression, context._replace(line=line), rule.frame.zone))
        for number, line in lines[:LINES_TRACED_MAX]
    )
    first = by_line[0].condition
    return NotCounted(
        _REASON.CONDITION_FALSE, {"condition": first, "deciding": language.deciding(first), "lines": by_line}
    )
