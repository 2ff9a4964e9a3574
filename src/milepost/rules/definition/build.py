"""Builds the target group that a valid draft defines."""

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
    FilterKind,
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
from milepost.model.time import Micros
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
from milepost.rules.definition.goals import canonical_amount, enrolment_of, goals_of
from milepost.rules.definition.schedule import Window, cycle_window, evaluation_of, ruling_calendar, span_of
from milepost.rules.definition.validation import periods_of, validate

TRIGGER_KIND = "USER_TRIGGER"
"""The kind of a trigger whose request names none; the vendor publishes only its automatic kind (facts 2.4)."""


class IdKind(Enum):
    """The kind of object that an id names."""

    GROUP = "group"
    PERIOD = "period"
    TARGET = "target"
    GOAL = "goal"
    TRIGGER = "trigger"
    STREAK_LEVEL = "streak_level"
    RULE_SET = "rule_set"


Ids = Callable[[IdKind], int]
"""A function that returns the next id of a kind."""


def ids_needed(draft: GroupDraft) -> Mapping[IdKind, int]:
    """Return how many ids of each kind the valid *draft* needs."""
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


def build_group(draft: GroupDraft, organisation: Organisation, ids: Ids, author: Author, now: Micros) -> TargetGroup:
    """Return the group that the valid *draft* defines, made by *author* at *now* (epoch microseconds)."""
    assert not validate(draft, organisation, now).problems
    assert draft.name is not None
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
        preferred_till_id=draft.preferred_till_id or 0,
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
    """Return the listed periods, or as many as requested, with the vendor's names for them (facts 2.2)."""
    if draft.periods:
        return tuple(build_period(period, window, calendar, ids) for period in draft.periods)
    assert evaluation_of(draft) is not Evaluation.FIXED_CALENDAR_WINDOW
    drafts = (PeriodDraft(ref_code=f"PERIOD_G_{group_id}_{place + 1}") for place in range(periods_of(draft)))
    return tuple(build_period(period, window, calendar, ids) for period in drafts)


def build_period(period: PeriodDraft, window: Window, calendar: Calendar, ids: Ids) -> Period:
    """Return the period of a valid draft. It covers its own dates, or without dates the whole cycle window."""
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
    """Return the target of a valid draft in a group of *tracking* with *periods*."""
    assert target.name is not None
    assert target.entity is not None
    assert target.kpi is not None
    # The vendor numbers the unrolled rule set of a line item one below the rule set itself (facts 8 #14).
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
    """Return whether the vendor shows a rule set for the target.

    It shows none for currencies and caps (facts 8 #14).
    """
    return tracking is not Tracking.CAPPING and target.entity is not Entity.ALTERNATE_CURRENCIES


def filters_of(target: TargetDraft) -> tuple[Filter, ...] | None:
    """Return the filters of a valid draft, None if it names none."""
    if target.filters is None:
        return None
    return tuple(_filter(draft.kind, draft.ids or ()) for draft in target.filters if draft.kind is not None)


def _filter(kind: FilterKind, sent: tuple[int, ...]) -> Filter:
    """Return the filter by the ids that name a place; 0 names none (facts 8 #90)."""
    ids = tuple(id_ for id_ in sent if id_ != 0)
    return Filter(kind=kind, ids=ids, sent_ids=None if ids == sent else sent)


def metadata_of(target: TargetDraft) -> Metadata | None:
    """Return the metadata of a valid metadata's measure, None if it has none."""
    metadata = target.metadata
    if metadata is None:
        return None
    return Metadata(
        name=metadata.name,
        aggregate=metadata.aggregate,
        window=None if metadata.window is None else metadata.window.kind,
        window_given=metadata.window_given,
        program_id=metadata.program_id,
        currency=metadata.currency,
    )


def audiences_of(target: TargetDraft) -> tuple[AudienceFilter, ...]:
    """Return the audiences of a valid draft whose versions are resolved."""
    return tuple(
        AudienceFilter(audience_id=draft.audience_id, version_id=draft.version_id, updated_at=draft.updated_at)
        for draft in target.audiences
        if draft.audience_id is not None and draft.version_id is not None
    )


def _trigger(draft: TriggerDraft, ids: Ids) -> Trigger:
    assert draft.name is not None
    assert draft.value_kind is not None
    assert draft.value is not None
    return Trigger(
        id=ids(IdKind.TRIGGER),
        name=draft.name,
        active=draft.active is not False,
        kind=draft.kind or TRIGGER_KIND,
        value_kind=draft.value_kind,
        value=canonical_amount(draft.value),
    )


def _level(name: str | None, count: int | None, ids: Ids) -> StreakLevel:
    assert name is not None
    assert count is not None
    return StreakLevel(id=ids(IdKind.STREAK_LEVEL), name=name, count=count)


def _freezes(draft: FreezeDraft | None) -> FreezeRule | None:
    if draft is None:
        return None
    assert draft.most is not None
    return FreezeRule(most=draft.most, earn_every=draft.earn_every)


def _combination(draft: GroupDraft) -> Combination:
    expression = draft.combination or CombinationDraft()
    return Combination(
        any_of=draft.any_of is True,
        least=expression.least,
        aggregation=expression.aggregation,
        threshold=None if expression.threshold is None else canonical_amount(expression.threshold),
    )
