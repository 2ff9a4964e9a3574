"""Explains one progress of a customer: how its value adds up, and why each other event of the period did not count."""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from milepost.engine.explanation import Explained, ExplainedEvent, explain
from milepost.engine.progress.windows import WindowSpan
from milepost.model.event import AuthoriseAward, Event
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Progress, ProgressKey, Reason
from milepost.model.target import Evaluation, Period, Target, TargetGroup, Tracking
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, calendar_of
from milepost.service.customers.periods import CustomerPeriod, customer_periods, running
from milepost.service.customers.view import CustomerView
from milepost.service.definitions.participation import UNKNOWN_PERIOD, UNKNOWN_TARGET
from milepost.service.explanations.customer_log import CustomerLog, read_log, view_of_log, view_of_stored
from milepost.service.explanations.streak_calendar import StreakCell, streak_calendar
from milepost.service.runtime.runtime import Runtime
from milepost.store import definitions

__all__ = ["ExplainedEvent", "ExplanationQuery", "ProgressExplanation", "explain_progress"]

EVENTS_MAX = 500
"""How many events a page of an explanation has."""

_log = structlog.get_logger()


class DefinitionChange(NamedTuple):
    """A version of the organisation that changed the target's group, and when (epoch microseconds)."""

    version: int
    changed_at: Micros


class Member(NamedTuple):
    """A target of a unified group with the customer's progress in the period."""

    target: Target
    progress: Progress | None


class Decision(NamedTuple):
    """A decision about an award: what was asked for and given, in units."""

    event: Event
    asked: int
    given: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressExplanation:
    """The explanation of one progress.

    `events` are the page that was asked for, `total` counts all. `equals_stored` says whether the changes of all events
    sum to the value that is stored, or for a past instant to the value of then.
    """

    view: CustomerView
    group: TargetGroup
    target: Target
    period: CustomerPeriod
    value: int
    equals_stored: bool
    events: tuple[ExplainedEvent, ...]
    opening: int
    total: int
    versions: tuple[DefinitionChange, ...]
    cells: tuple[StreakCell, ...]
    members: tuple[Member, ...]
    decisions: tuple[Decision, ...]
    at: Micros
    is_past: bool

    @property
    def calendar(self) -> Calendar:
        """The calendar of the zone that rules the target."""
        return calendar_of(self.view.snapshot.rule_index.rules[self.target.id].frame.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationQuery:
    """What is to be explained: a target and a period by refCode or id, None for the running one, as of `at`."""

    customer_id: int
    target_id: int
    period: str | None = None
    at: Micros | None = None
    skipped: int = 0


async def explain_progress(runtime: Runtime, org_id: int, query: ExplanationQuery) -> ProgressExplanation | None:
    """Explain one progress; None if there is no such customer. Raises Refused for an unknown target or period."""
    log = await read_log(runtime, org_id, query.customer_id, query.at)
    if log is None:
        return None
    group = log.snapshot.holders.get(query.target_id)
    if group is None:
        raise Refused(UNKNOWN_TARGET)
    async with runtime.database.reading() as reading:
        versions = await definitions.versions_of(reading, org_id, group.id)
    known = [DefinitionChange(*one) for one in versions if one[0] <= log.snapshot.organisation.version]
    now = runtime.clock() if query.at is None else query.at
    # Another thread, so that a long log does not keep other requests waiting for the whole time.
    return await asyncio.to_thread(_explained, log, query, group, tuple(known), now)


def _explained(
    log: CustomerLog,
    query: ExplanationQuery,
    group: TargetGroup,
    versions: tuple[DefinitionChange, ...],
    now: Micros,
) -> ProgressExplanation:
    target = next(target for target in group.targets if target.id == query.target_id)
    rule = log.snapshot.rule_index.rules[target.id]
    period = _period(log, group, target, query.period, now)
    key = ProgressKey(target.id, period.id)
    explained = explain(log.rule_indexes.__getitem__, log.events, key, rule, log.start)
    view = _view(log, explained)
    own = next(own for own in customer_periods(view, group, target) if own.period.id == period.id)
    stored = log.stored.get(key)
    value = explained.value if log.at is not None else (0 if stored is None else stored.value)
    equal = value == explained.value == sum(row.amount for row in explained.events)
    if not equal:
        _log.error("explanation_differs", org=log.snapshot.organisation.id, customer=log.customer.id, target=target.id)
    first = explained.events[: query.skipped]
    return ProgressExplanation(
        view=view,
        group=group,
        target=target,
        period=own,
        value=value,
        equals_stored=equal,
        events=explained.events[query.skipped : query.skipped + EVENTS_MAX],
        opening=sum(row.amount for row in first),
        total=len(explained.events),
        versions=versions,
        cells=streak_calendar(view, group, log.events, now),
        members=_members(view, group, period),
        decisions=_decisions(log, group, own.span),
        at=now,
        is_past=log.at is not None,
    )


def _view(log: CustomerLog, explained: Explained) -> CustomerView:
    return CustomerView(
        snapshot=log.snapshot,
        customer=log.customer,
        standing=explained.standing,
        progress={**explained.history, **explained.standing.progress},
        currency_names={},
    )


def _period(log: CustomerLog, group: TargetGroup, target: Target, asked: str | None, now: Micros) -> Period:
    """Return the period that is *asked* for, else the running one, else the last that has begun, else the first."""
    if asked is not None:
        by_code = (period for period in group.periods if period.ref_code.casefold() == asked.casefold())
        by_id = (period for period in group.periods if str(period.id) == asked)
        found = next(by_code, None) or next(by_id, None)
        if found is None:
            raise Refused(UNKNOWN_PERIOD)
        return found
    if not group.periods:
        raise Refused(Problem("targetId", "the target has no period"))
    # The bounds of calendar periods are everybody's. Only a customer's own windows of a past instant ask for a replay.
    is_known = log.at is None or group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
    periods = customer_periods(view_of_stored(log) if is_known else view_of_log(log), group, target)
    runs = running(group, periods, now)
    begun = [own for own in periods if own.span is not None and own.span.opens_at <= now]
    return (runs or (begun[-1] if begun else periods[0])).period


def _members(view: CustomerView, group: TargetGroup, period: Period) -> tuple[Member, ...]:
    if group.tracking is not Tracking.UNIFIED:
        return ()
    active = (target for target in group.targets if target.active)
    return tuple(Member(target, view.progress.get(ProgressKey(target.id, period.id))) for target in active)


def _decisions(log: CustomerLog, group: TargetGroup, span: WindowSpan | None) -> tuple[Decision, ...]:
    """Return the award decisions of a period of a cap."""
    if group.tracking is not Tracking.CAPPING or span is None:
        return ()
    return tuple(
        Decision(event, entry.before, entry.after)
        for (_, row), (_, event) in zip(log.rows, log.events, strict=True)
        if isinstance(event.payload, AuthoriseAward) and span.opens_at <= event.occurred_at < span.closes_at
        for entry in row.entries
        if entry.reason is Reason.GRANTED
    )
