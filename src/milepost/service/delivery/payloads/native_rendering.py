"""Builds payloads in our own style."""

from msgspec import UNSET, UnsetType

from milepost.model.amount import UNITS_PER_ONE
from milepost.model.customer import IdentifierKind
from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.target import Target, TargetGroup
from milepost.rules.calendar import Calendar, calendar_of
from milepost.service.delivery.payloads.context import MessageContext, amount_text
from milepost.service.delivery.payloads.happenings import Happening
from milepost.service.delivery.payloads.native import (
    ChangePart,
    CustomerPart,
    EventPart,
    GroupOutcome,
    IdentifierPart,
    LevelPart,
    MemberPart,
    Message,
    MilestonePart,
    NamedPart,
    PeriodPart,
    StorePart,
    StreakOutcome,
    TargetOutcome,
    TargetPart,
    shape_of,
)

_GOALS = frozenset({OutcomeType.GOAL_CREATED, OutcomeType.GOAL_CHANGED})
_UTC = calendar_of("UTC")


def message_of(context: MessageContext, happening: Happening, message_id: str) -> Message | None:
    """Return the message about *happening*, without a number; None if the definition of its group is gone."""
    group = context.group(happening)
    if group is None:
        return None
    target = context.target(happening)
    shape = shape_of(happening.type)
    if shape is GroupOutcome:
        data: TargetOutcome | GroupOutcome | StreakOutcome = _group_data(context, happening, group)
    elif target is None:
        return None
    else:
        build = _streak_data if shape is StreakOutcome else _target_data
        data = build(context, happening, group, target)
    return Message(
        id=message_id,
        type=happening.type.value,
        time=_UTC.iso(happening.at),
        organisation=context.customer_key.org_id,
        data=data,
    )


def _target_data(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> TargetOutcome:
    goal = context.goal(target.id, happening.period_id)
    value = happening.value
    if happening.type in _GOALS:
        goal = happening.amount
        progress = context.progress(target.id, happening.period_id)
        value = 0 if progress is None else progress.value
    return TargetOutcome(
        customer=customer_part(context),
        group=NamedPart(id=group.id, name=group.name),
        period=_period_part(context, happening, group, target),
        event=_event_part(context),
        version=context.version,
        target=_target_part(target),
        value=amount_text(value),
        goal=None if goal is None else amount_text(goal),
        remaining=None if goal is None else amount_text(max(goal - value, 0)),
        milestone=_milestone(context, happening, target, goal),
        change=_change(happening),
        achieved=bool(happening.about) if happening.type is OutcomeType.PERIOD_CLOSED else UNSET,
    )


def _group_data(context: MessageContext, happening: Happening, group: TargetGroup) -> GroupOutcome:
    members = []
    for target in group.targets:
        progress = context.progress(target.id, happening.period_id)
        goal = context.goal(target.id, happening.period_id)
        members.append(
            MemberPart(
                id=target.id,
                name=target.name,
                value=amount_text(0 if progress is None else progress.value),
                goal=None if goal is None else amount_text(goal),
                achieved=progress is not None and progress.is_achieved,
            )
        )
    return GroupOutcome(
        customer=customer_part(context),
        group=NamedPart(id=group.id, name=group.name),
        period=_period_part(context, happening, group, group.targets[0]) if group.targets else None,
        event=_event_part(context),
        version=context.version,
        value=amount_text(happening.value),
        members=tuple(members),
    )


def _streak_data(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> StreakOutcome:
    level = next((level for level in group.streak_levels if level.id == happening.about), None)
    return StreakOutcome(
        customer=customer_part(context),
        group=NamedPart(id=group.id, name=group.name),
        period=_period_part(context, happening, group, target),
        event=_event_part(context),
        version=context.version,
        target=_target_part(target),
        run=happening.value // UNITS_PER_ONE,
        level=UNSET if level is None else LevelPart(id=level.id, name=level.name, count=level.count),
    )


def _target_part(target: Target) -> TargetPart:
    return TargetPart(id=target.id, name=target.name, description=target.description)


def customer_part(context: MessageContext) -> CustomerPart:
    """Return the customer, with all identifiers."""
    customer = context.view.customer
    external = next((one.value for one in customer.identifiers if one.kind is IdentifierKind.EXTERNAL_ID), None)
    identifiers = tuple(IdentifierPart(type=one.kind.value, value=one.value) for one in customer.identifiers)
    return CustomerPart(
        id=context.customer_key.customer_id,
        external_id=external,
        first_name=customer.first_name,
        last_name=customer.last_name,
        identifiers=identifiers,
    )


def _period_part(
    context: MessageContext, happening: Happening, group: TargetGroup, target: Target
) -> PeriodPart | None:
    period = context.period(happening)
    if period is None:
        return None
    calendar = _calendar(context, target)
    seen = context.customer_period(group, target, period.id)
    span = None if seen is None else seen.span
    return PeriodPart(
        id=period.id,
        name=period.ref_code,
        starts_at=None if span is None else calendar.iso(span.opens_at),
        ends_at=None if span is None else calendar.iso(span.closes_at),
        zone=calendar.zone,
    )


def _calendar(context: MessageContext, target: Target) -> Calendar:
    snapshot = context.view.snapshot
    rule = snapshot.rule_index.rules.get(target.id)
    return calendar_of(snapshot.organisation.zone if rule is None else rule.frame.zone)


def _event_part(context: MessageContext) -> EventPart:
    event, place = context.event, context.event.place
    store = (
        None if place.store_id is None else StorePart(id=place.store_id, code=place.store_code, name=place.store_name)
    )
    return EventPart(
        source=event.key.source,
        id=event.key.id,
        type=event.name,
        occurred_at=_UTC.iso(event.occurred_at),
        received_at=_UTC.iso(event.received_at),
        request_id=context.request_id or None,
        bill=context.bill,
        store=store,
        till_id=place.till_id,
    )


def _milestone(
    context: MessageContext, happening: Happening, target: Target, goal: int | None
) -> MilestonePart | UnsetType:
    if happening.type is not OutcomeType.TARGET_MILESTONE_REACHED:
        return UNSET
    trigger = next((trigger for trigger in target.triggers if trigger.id == happening.about), None)
    if trigger is None:
        return UNSET
    units = context.mark(target, trigger.id, goal)
    return MilestonePart(id=trigger.id, name=trigger.name, value=None if units is None else amount_text(units))


def _change(happening: Happening) -> ChangePart | UnsetType:
    if happening.type is not OutcomeType.TARGET_VALUE_CHANGED:
        return UNSET
    return ChangePart(
        amount=amount_text(happening.amount), before=amount_text(happening.before), after=amount_text(happening.value)
    )
