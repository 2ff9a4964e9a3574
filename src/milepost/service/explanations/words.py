"""The words of an explanation: the rule, what counted and why something did not, from the one catalogue."""

from collections.abc import Mapping
from datetime import date

from milepost.engine.explanation import ExplainedEvent
from milepost.model.amount import to_decimal
from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.event import Award, Bill, Event
from milepost.model.progress.explanation import NotCounted
from milepost.model.target import FilterKind
from milepost.model.time import Micros, Seconds, to_micros
from milepost.rules.calendar import Calendar
from milepost.service.explanations.progress import ProgressExplanation
from milepost.service.snapshot.organisation_snapshot import Places
from milepost.wording.catalogue import Language, day_of, has, money, say
from milepost.wording.reasons import event_kind, reason_in_words
from milepost.wording.targets import rule_in_words


def rule_words(explained: ProgressExplanation, language: Language) -> str:
    """Return the rule of the target in words, with the names of its places."""
    names = place_names(explained.view.snapshot.places)
    return rule_in_words(language, explained.group, explained.target, explained.calendar, names)


def place_names(places: Places) -> Mapping[tuple[FilterKind, int], str]:
    """Return the names of places, or their codes, by kind and id."""
    stores = {(FilterKind.STORE, one.id): one.name or one.code for one in places.stores.values()}
    zones = {(FilterKind.ZONE, one.id): one.name or one.code for one in places.zones.values()}
    concepts = {(FilterKind.CONCEPT, one.id): one.name or one.code for one in places.concepts.values()}
    return {**stores, **zones, **concepts}


def counted_words(explained: ProgressExplanation, row: ExplainedEvent, language: Language) -> str:
    """Return what a row of the sum is, such as "purchase on 3 March 2017"."""
    assert row.reason is not None
    key = f"counted.{row.reason.name}"
    return say(
        language,
        key if has(language, key) else "counted.other",
        event=event_words(row.event, language),
        date=day(explained.calendar, row.event.occurred_at),
        note=payload.note if isinstance(payload := row.event.payload, AdjustProgress) else "",
    )


def event_words(event: Event, language: Language) -> str:
    """Return what kind of event it is, with the amount of a bill or an award."""
    kind = event_kind(language, event.name)
    match event.payload:
        case Bill(net=amount) | Award(amount=amount):
            return say(language, "event.with_amount", event=kind, amount=money(language, amount))
        case _:
            return kind


def reason_words(explained: ProgressExplanation, not_counted: NotCounted, language: Language) -> str:
    """Return why an event did not count, without an internal id."""
    parameters = dict(not_counted.parameters)
    enrolled_at, period_id = parameters.get("enrolledAt"), parameters.get("periodId")
    if isinstance(enrolled_at, int):
        parameters["enrolledAt"] = day(explained.calendar, to_micros(Seconds(enrolled_at)))
    if isinstance(period_id, int):
        parameters["period"] = period_name(explained, period_id) or ""
    elif parameters.get("variant") == "other":
        del parameters["variant"]
    return reason_in_words(language, NotCounted(not_counted.reason, parameters))


def period_name(explained: ProgressExplanation, period_id: int) -> str | None:
    """Return the refCode of a period of the group; None if the group has no such period any more."""
    return next((period.ref_code for period in explained.group.periods if period.id == period_id), None)


def day(calendar: Calendar, at: Micros) -> date:
    """Return the local day of an instant as a parameter of a sentence."""
    return day_of(calendar.day(at))


def value_words(units: int, language: Language) -> str:
    """Return an amount in units."""
    return money(language, to_decimal(units))
