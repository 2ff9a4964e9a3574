"""From a sound draft to the target group it defines."""

from collections.abc import Callable, Mapping
from enum import Enum

from milepost.model.event import BILL
from milepost.model.organisation import Organisation
from milepost.model.target import (
    Attribution,
    AudienceFilter,
    Author,
    CapScope,
    Combination,
    Entity,
    Evaluation,
    Filter,
    FreezeRule,
    Goal,
    Metadata,
    Period,
    StreakLevel,
    Target,
    TargetGroup,
    Tracking,
    Trigger,
)
from milepost.rules.calendar import TZDB, Calendar, iso_date
from milepost.rules.definition.condition import build_condition
from milepost.rules.definition.draft import (
    CombinationDraft,
    FreezeDraft,
    GroupDraft,
    PeriodDraft,
    TargetDraft,
    TriggerDraft,
)
from milepost.rules.definition.goals import enrolment_of, goals_of, normalised
from milepost.rules.definition.schedule import Window, cycle_window, evaluation_of, ruling_calendar, span_of
from milepost.rules.definition.validation import periods_of, validate

TRIGGER_KIND = "USER_TRIGGER"
"""The kind of a trigger that names none; the vendor publishes only that of its automatic one (facts 2.4)."""


class IdKind(Enum):
    """What an id names."""

    GROUP = "group"
    PERIOD = "period"
    TARGET = "target"
    GOAL = "goal"
    TRIGGER = "trigger"
    STREAK_LEVEL = "streak_level"
    RULE_SET = "rule_set"


Ids = Callable[[IdKind], int]
"""Gives the next id of a kind."""


def ids_needed(draft: GroupDraft) -> Mapping[IdKind, int]:
    """Return how many ids of each kind a sound *draft* takes."""
    periods = periods_of(draft)
    return {
        IdKind.GROUP: 1,
        IdKind.PERIOD: periods,
        IdKind.TARGET: len(draft.targets),
        IdKind.GOAL: sum(len(goals_of(target, periods)) for target in draft.targets),
        IdKind.TRIGGER: sum(len(target.triggers) for target in draft.targets),
        IdKind.STREAK_LEVEL: len(draft.levels),
        IdKind.RULE_SET: sum(_has_rule_set(target, draft.tracking) for target in draft.targets),
    }


def build_group(draft: GroupDraft, organisation: Organisation, ids: Ids, author: Author, now: int) -> TargetGroup:
    """Return the group that a sound *draft* defines, made by *author* at *now* (epoch microseconds)."""
    assert not validate(draft, organisation, now).problems
    assert draft.name is not None
    assert draft.preferred_till_id is not None
    assert draft.tracking is not None
    assert draft.total_periods is not None
    calendar = ruling_calendar(organisation, draft.time_zone_name)
    window = cycle_window(draft, calendar, now)
    group_id = ids(IdKind.GROUP)
    periods = _periods(draft, group_id, window, calendar, ids)
    return TargetGroup(
        id=group_id,
        name=draft.name,
        description=draft.description,
        active=draft.active is not False,
        preferred_till_id=draft.preferred_till_id,
        tracking=draft.tracking,
        evaluation=evaluation_of(draft),
        frequency_kind=draft.frequency_kind,
        frequency=draft.frequency,
        recurring_cycles=draft.recurring_cycles,
        total_periods=draft.total_periods,
        valid_from=_date(draft.valid_from, calendar),
        valid_to=_date(draft.valid_to, calendar),
        cycle_opens_at=window.opens_at,
        cycle_closes_at=window.closes_at,
        time_zone_name=draft.time_zone_name,
        user_created=draft.user_created is True,
        leaderboard=draft.leaderboard is True,
        periods=periods,
        targets=tuple(build_target(target, draft.tracking, periods, ids) for target in draft.targets),
        streak_levels=tuple(_level(level.name, level.count, ids) for level in draft.levels),
        combination=_combination(draft) if draft.tracking is Tracking.UNIFIED else None,
        attribution=Attribution(created_at=now, updated_at=now, created_by=author, updated_by=author),
        cap_scope=draft.cap_scope or CapScope.CUSTOMER,
        freezes=_freezes(draft.freezes),
        tzdb=TZDB,
        template_id=draft.template_id,
    )


def _date(text: str | None, calendar: Calendar) -> str | None:
    return None if text is None else iso_date(calendar.read_legacy(text).day)


def _periods(draft: GroupDraft, group_id: int, window: Window, calendar: Calendar, ids: Ids) -> tuple[Period, ...]:
    """Return the periods listed, else as many as asked for, named as the vendor names them (facts 2.2)."""
    if draft.periods:
        return tuple(build_period(period, window, calendar, ids) for period in draft.periods)
    assert evaluation_of(draft) is not Evaluation.FIXED_CALENDAR_WINDOW
    named = (PeriodDraft(ref_code=f"PERIOD_G_{group_id}_{place + 1}") for place in range(periods_of(draft)))
    return tuple(build_period(period, window, calendar, ids) for period in named)


def build_period(period: PeriodDraft, window: Window, calendar: Calendar, ids: Ids) -> Period:
    """Return a sound period over its own dates or, where each customer's clock rules, over the whole cycle window."""
    assert period.ref_code is not None
    span = span_of(period, calendar)
    if span is None:
        opens_at, closes_at = window.opens_at, window.closes_at
        starts_on, ends_on = calendar.date_text(opens_at), calendar.date_text(closes_at)
    else:
        opens_at, closes_at = span.opens_at, span.closes_at
        starts_on, ends_on = iso_date(span.starts_on), iso_date(span.ends_on)
    return Period(
        id=ids(IdKind.PERIOD),
        ref_code=period.ref_code,
        starts_on=starts_on,
        ends_on=ends_on,
        opens_at=opens_at,
        closes_at=closes_at,
        description=period.description,
        active=period.active is not False,
    )


def build_target(target: TargetDraft, tracking: Tracking | None, periods: tuple[Period, ...], ids: Ids) -> Target:
    """Return the target that a sound draft asks for in a group of *tracking* with *periods*."""
    assert target.name is not None
    assert target.entity is not None
    assert target.kpi is not None
    # The vendor shows the unrolled rule set of a line item one below the other (facts 8 #14).
    rule_set_id = ids(IdKind.RULE_SET) if _has_rule_set(target, tracking) else None
    unrolled = rule_set_id - 1 if rule_set_id is not None and target.entity is Entity.LINEITEM else None
    goals = zip(periods, goals_of(target, len(periods)), strict=False)
    return Target(
        id=ids(IdKind.TARGET),
        name=target.name,
        description=target.description,
        active=target.active is not False,
        entity=target.entity,
        kpi=target.kpi,
        event_name=target.event_name or BILL,
        expression=build_condition("", target).text,
        expression_tree=target.expression_tree,
        filters=filters_of(target),
        enrolment=enrolment_of(target),
        goals=tuple(Goal(ids(IdKind.GOAL), period.id, value) for period, value in goals),
        metadata=metadata_of(target),
        triggers=tuple(_trigger(trigger, ids) for trigger in target.triggers),
        rule_set_id=rule_set_id,
        unrolled_rule_set_id=unrolled,
        audiences=audiences_of(target),
    )


def _has_rule_set(target: TargetDraft, tracking: Tracking | None) -> bool:
    """Return whether the vendor shows a rule set for the target: not for currencies and caps (facts 8 #14)."""
    return tracking is not Tracking.CAPPING and target.entity is not Entity.ALTERNATE_CURRENCIES


def filters_of(target: TargetDraft) -> tuple[Filter, ...] | None:
    """Return the places where events count, as a sound draft names them; None if it says nothing of them."""
    if target.filters is None:
        return None
    return tuple(Filter(given.kind, given.ids or ()) for given in target.filters if given.kind is not None)


def metadata_of(target: TargetDraft) -> Metadata | None:
    """Return what a measure needs besides its type, as a sound draft has it; None if it says nothing of it."""
    given = target.metadata
    if given is None:
        return None
    return Metadata(
        name=given.name,
        aggregate=given.aggregate,
        window=None if given.window is None else given.window.kind,
        window_given=given.window_given,
        program_id=given.program_id,
        currency=given.currency,
    )


def audiences_of(target: TargetDraft) -> tuple[AudienceFilter, ...]:
    """Return the audiences whose members take part, as a sound draft names them with their versions."""
    return tuple(
        AudienceFilter(audience_id=given.audience_id, version_id=given.version_id, updated_at=given.updated_at)
        for given in target.audiences
        if given.audience_id is not None and given.version_id is not None
    )


def _trigger(given: TriggerDraft, ids: Ids) -> Trigger:
    assert given.name is not None
    assert given.value_kind is not None
    assert given.value is not None
    return Trigger(
        id=ids(IdKind.TRIGGER),
        name=given.name,
        active=given.active is not False,
        kind=given.kind or TRIGGER_KIND,
        value_kind=given.value_kind,
        value=normalised(given.value),
    )


def _level(name: str | None, count: int | None, ids: Ids) -> StreakLevel:
    assert name is not None
    assert count is not None
    return StreakLevel(id=ids(IdKind.STREAK_LEVEL), name=name, count=count)


def _freezes(given: FreezeDraft | None) -> FreezeRule | None:
    if given is None:
        return None
    assert given.most is not None
    return FreezeRule(most=given.most, earn_every=given.earn_every)


def _combination(draft: GroupDraft) -> Combination:
    given = draft.combination or CombinationDraft()
    return Combination(
        any_of=draft.any_of is True,
        least=given.least,
        aggregation=given.aggregation,
        threshold=None if given.threshold is None else normalised(given.threshold),
    )
