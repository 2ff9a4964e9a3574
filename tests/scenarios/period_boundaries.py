"""Notices to customers because time passes, computed in memory from the rules of boundaries (docs/rules.md)."""

from collections.abc import Iterator
from typing import NamedTuple

from milepost.engine.progress.windows import spans
from milepost.model.event import PeriodRollover
from milepost.model.scheduled.boundary import BoundaryKind
from milepost.model.standing import ProgressKey
from milepost.model.target import Evaluation, TargetGroup
from milepost.model.time import DAY_US, Micros
from milepost.rules.compiled.boundaries import boundaries_of
from tests.scenarios.replayed_memory import Memory


class Notice(NamedTuple):
    """A notice to one customer, and when it is due (epoch microseconds)."""

    due_at: Micros
    customer: str
    pass_time: PeriodRollover


def notices_by(memory: Memory, now: Micros) -> list[Notice]:
    """Return all notices due by *now*, in order; the engine decides whom they concern."""
    found = (
        told
        for group in memory.groups
        for customer in memory.customers()
        for told in _of_group(memory, group, customer)
        if told.due_at <= now
    )
    return sorted(found, key=lambda told: (told.due_at, told.customer))


def _of_group(memory: Memory, group: TargetGroup, customer: str) -> Iterator[Notice]:
    if group.evaluation is Evaluation.CYCLIC_WINDOW:
        yield from _windows(memory, group, customer)
        return
    for pass_time in boundaries_of(group, memory.organisation.settings):
        period_id = pass_time.period_id
        if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
            period_id = _running(memory, group, customer)
        closed = pass_time.kind is BoundaryKind.CLOSED
        yield Notice(pass_time.due_at, customer, PeriodRollover(group_id=group.id, period_id=period_id, closed=closed))


def _windows(memory: Memory, group: TargetGroup, customer: str) -> Iterator[Notice]:
    """Return the closings of a customer's own windows, and the openings of those after the first."""
    offset = memory.organisation.settings.offset_days * DAY_US
    anchors = memory.life(customer).standing.anchors
    for target in group.targets:
        rule = memory.rule_index.rules[target.id]
        for place, (period_id, span) in enumerate(zip(rule.period_ids, spans(rule, anchors), strict=False)):
            if span.opens_at == span.closes_at:
                continue
            closed = PeriodRollover(group_id=group.id, period_id=period_id, closed=True)
            if place > 0:
                yield Notice(
                    span.opens_at, customer, PeriodRollover(group_id=group.id, period_id=period_id, closed=False)
                )
            yield Notice(Micros(span.closes_at + offset), customer, closed)


def _running(memory: Memory, group: TargetGroup, customer: str) -> int:
    """Return the period that is being filled: the first that is not achieved, else the last."""
    for period in group.periods:
        progress = memory.progress(customer, ProgressKey(group.targets[0].id, period.id))
        if progress is None or not progress.achieved_by:
            return period.id
    return group.periods[-1].id
