"""How an explanation is made an answer."""

from decimal import Decimal
from typing import cast

from milepost.api.http.body import number
from milepost.api.native.answer import iso, iso_or_null
from milepost.api.native.explanations.answer import (
    CapDecisionItem,
    ConditionPartItem,
    CountedEventItem,
    DefinitionChangeItem,
    EventRef,
    Explanation,
    ExplanationPeriod,
    NotCountedEventItem,
    ReasonParameters,
    StreakCellItem,
    TracedLineItem,
    UnifiedMemberItem,
)
from milepost.language import TracedPart, print_text
from milepost.language.values import Value
from milepost.model.event import Event
from milepost.model.progress.explanation import NotCounted
from milepost.model.time import Seconds, to_micros
from milepost.service.explanations.progress import ExplainedEvent, ProgressExplanation
from milepost.service.explanations.words import counted_words, period_name, reason_words, rule_words
from milepost.wording.catalogue import Language


def explanation_item(explained: ProgressExplanation, language: Language, skipped: int) -> Explanation:
    """Return the explanation, with sentences in *language*; *skipped* events are on the pages before."""
    own = explained.period
    achieved = own.progress is not None and own.progress.is_achieved
    shown = skipped + len(explained.events)
    return Explanation(
        customer_id=explained.view.customer.id,
        target_id=explained.target.id,
        target=explained.target.name,
        group=explained.group.name,
        period=ExplanationPeriod(
            id=own.period.id,
            ref_code=own.period.ref_code,
            starts_at=iso_or_null(None if own.span is None else own.span.opens_at),
            ends_at=iso_or_null(None if own.span is None else own.span.closes_at),
        ),
        at=iso(explained.at),
        time_zone=explained.calendar.zone,
        value=number(explained.value),
        goal=None if own.goal is None else number(own.goal),
        achieved_at=iso(to_micros(own.progress.achieved_at)) if own.progress is not None and achieved else None,
        equals_stored=explained.equals_stored,
        sentence=rule_words(explained, language),
        version=explained.view.snapshot.organisation.version,
        changes=[DefinitionChangeItem(one.version, iso(one.changed_at)) for one in explained.versions],
        opening=number(explained.opening),
        counted=_counted(explained, language),
        not_counted=[_not_counted(explained, row, language) for row in explained.events if row.not_counted is not None],
        streak=_streak(explained),
        members=_members(explained),
        decisions=[
            CapDecisionItem(_event(one.event), number(one.asked), number(one.given)) for one in explained.decisions
        ],
        next_cursor=str(shown) if shown < explained.total else None,
    )


def _event(event: Event) -> EventRef:
    return EventRef(
        source=event.key.source,
        id=event.key.id,
        type=event.name,
        occurred_at=iso(event.occurred_at),
        received_at=iso(event.received_at),
    )


def _counted(explained: ProgressExplanation, language: Language) -> list[CountedEventItem]:
    items, total = [], explained.opening
    for row in explained.events:
        if row.reason is None:
            continue
        total += row.amount
        items.append(
            CountedEventItem(
                event=_event(row.event),
                before=number(total - row.amount),
                after=number(total),
                amount=number(row.amount),
                sum=number(total),
                reason=row.reason.name,
                version=row.version,
                counted_by=None if row.counted_by is None else row.counted_by.id,
                sentence=counted_words(explained, row, language),
            )
        )
    return items


def _not_counted(explained: ProgressExplanation, row: ExplainedEvent, language: Language) -> NotCountedEventItem:
    assert row.not_counted is not None
    return NotCountedEventItem(
        event=_event(row.event),
        reason=row.not_counted.reason.value,
        parameters=_parameters(explained, row.not_counted),
        version=row.version,
        sentence=reason_words(explained, row.not_counted, language),
    )


def _parameters(explained: ProgressExplanation, not_counted: NotCounted) -> ReasonParameters:
    """Return what a reason names; the engine puts each under its name with its type."""
    found = not_counted.parameters
    condition, period_id, enrolled_at = found.get("condition"), found.get("periodId"), found.get("enrolledAt")
    return ReasonParameters(
        variant=cast("str | None", found.get("variant")),
        event_type=cast("str | None", found.get("event")),
        period=period_name(explained, period_id) if isinstance(period_id, int) else None,
        store=cast("str | None", found.get("store")),
        store_id=cast("int | None", found.get("storeId")),
        zone_id=cast("int | None", found.get("zoneId")),
        concept_id=cast("int | None", found.get("conceptId")),
        enrolled_at=iso(to_micros(Seconds(enrolled_at))) if isinstance(enrolled_at, int) else None,
        late_days=cast("int | None", found.get("count")),
        field=cast("str | None", found.get("field")),
        condition=None if condition is None else _part(cast("TracedPart", condition)),
        deciding=None if condition is None else _part(cast("TracedPart", found["deciding"])),
        lines=[
            TracedLineItem(number_, code, _part(traced))
            for number_, code, traced in cast("tuple[tuple[int, str, TracedPart], ...]", found.get("lines", ()))
        ]
        or None,
    )


def _part(traced: TracedPart) -> ConditionPartItem:
    return ConditionPartItem(
        print_text(traced.expression), _value(traced.value), [_part(part) for part in traced.parts]
    )


def _value(value: Value) -> str | bool | None:
    """Return a value; a number is a text, so that it is exact whatever reads it, and a date is in ISO form."""
    match value:
        case None | bool() | str():
            return value
        case Decimal():
            return format(value, "f")
        case _:
            return value.format_iso()


def _streak(explained: ProgressExplanation) -> list[StreakCellItem]:
    return [
        StreakCellItem(
            period=cell.period.ref_code,
            starts_at=iso(cell.opens_at),
            ends_at=iso(cell.closes_at),
            state=cell.state.value,
            run=cell.run,
            event=None if cell.event is None else _event(cell.event),
        )
        for cell in explained.cells
    ]


def _members(explained: ProgressExplanation) -> list[UnifiedMemberItem]:
    return [
        UnifiedMemberItem(
            target_id=target.id,
            name=target.name,
            value=number(0 if progress is None else progress.value),
            achieved=progress is not None and progress.is_achieved,
        )
        for target, progress in explained.members
    ]
