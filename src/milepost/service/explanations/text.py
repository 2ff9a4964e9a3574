"""An explanation as text for a chat: what support answers to a customer, without internal ids."""

from collections import Counter
from collections.abc import Iterator

from milepost.model.time import Micros, to_micros
from milepost.service.explanations.progress import ExplainedEvent, ProgressExplanation
from milepost.service.explanations.words import (
    counted_words,
    day,
    event_words,
    reason_words,
    rule_words,
    value_words,
)
from milepost.wording.catalogue import Language, last_instant, local_instant, say, upper_first

ROWS_MAX = 60
"""How many rows of a sum a text shows."""

REASONS_MAX = 20
"""How many events that did not count a text shows one by one; the others are counted by reason."""


def explanation_text(explained: ProgressExplanation, language: Language) -> str:
    """Return the explanation as lines of text."""
    return "\n".join(_lines(explained, language)) + "\n"


def _lines(explained: ProgressExplanation, language: Language) -> Iterator[str]:
    yield say(language, "answer.title", target=explained.target.name, period=_period(explained, language))
    if explained.is_past:
        local = explained.calendar.iso(explained.at)
        yield say(language, "answer.as_of", instant=local_instant(local))
    yield _value(explained, language)
    yield say(language, "answer.rule", sentence=rule_words(explained, language))
    if len(explained.versions) > 1:
        changed_at = explained.versions[0].changed_at
        yield say(language, "answer.changed", date=day(explained.calendar, changed_at))
    yield ""
    yield from _sum(explained, language)
    yield from _not_counted(explained, language)
    yield from _streak(explained, language)
    yield from _members(explained, language)


def _period(explained: ProgressExplanation, language: Language) -> str:
    span, calendar = explained.period.span, explained.calendar
    if span is None:
        return say(language, "answer.period_open")
    return say(
        language,
        "answer.period",
        first=day(calendar, span.opens_at),
        last=day(calendar, last_instant(span.closes_at)),
    )


def _value(explained: ProgressExplanation, language: Language) -> str:
    own, value = explained.period, value_words(explained.value, language)
    if own.goal is None:
        return say(language, "answer.value_alone", value=value)
    goal = value_words(own.goal, language)
    if own.progress is not None and own.progress.is_achieved:
        date = day(explained.calendar, to_micros(own.progress.achieved_at))
        return say(language, "answer.value_achieved", value=value, goal=goal, date=date)
    has_ended = own.span is not None and own.span.closes_at <= explained.at
    left = value_words(max(own.goal - explained.value, 0), language)
    return say(language, "answer.value_missed" if has_ended else "answer.value_open", value=value, goal=goal, left=left)


def _sum(explained: ProgressExplanation, language: Language) -> Iterator[str]:
    counted = [row for row in explained.events if row.reason is not None]
    if not counted:
        yield say(language, "answer.nothing")
        return
    yield say(language, "answer.adds_up")
    total = explained.opening
    for row in counted[:ROWS_MAX]:
        total += row.amount
        amount = value_words(row.amount, language)
        yield "  " + say(
            language,
            "answer.row",
            amount=amount if row.amount < 0 else f"+{amount}",
            what=counted_words(explained, row, language),
            sum=value_words(total, language),
        )
    if len(counted) > ROWS_MAX:
        yield "  " + say(language, "answer.more", count=len(counted) - ROWS_MAX)


def _not_counted(explained: ProgressExplanation, language: Language) -> Iterator[str]:
    rows = [row for row in explained.events if row.not_counted is not None]
    if not rows:
        return
    yield ""
    yield say(language, "answer.not_counted", count=len(rows))
    for row in rows[:REASONS_MAX]:
        yield "  " + _reason(explained, row, language)
    rest = Counter(_reason_alone(explained, row, language) for row in rows[REASONS_MAX:])
    for reason, count in rest.most_common():
        yield "  " + say(language, "answer.not_counted_many", count=count, reason=reason)


def _reason(explained: ProgressExplanation, row: ExplainedEvent, language: Language) -> str:
    return say(
        language,
        "answer.not_counted_row",
        what=upper_first(event_words(row.event, language)),
        date=day(explained.calendar, row.event.occurred_at),
        reason=_reason_alone(explained, row, language),
    )


def _reason_alone(explained: ProgressExplanation, row: ExplainedEvent, language: Language) -> str:
    assert row.not_counted is not None
    return reason_words(explained, row.not_counted, language)


def _streak(explained: ProgressExplanation, language: Language) -> Iterator[str]:
    if not explained.cells:
        return
    yield ""
    yield say(language, "answer.streak")
    for cell in explained.cells:
        first = day(explained.calendar, cell.opens_at)
        last = day(explained.calendar, last_instant(Micros(cell.closes_at)))
        period = say(language, "answer.period", first=first, last=last)
        yield "  " + say(language, "answer.streak_cell", period=period, state=say(language, f"cell.{cell.state.value}"))


def _members(explained: ProgressExplanation, language: Language) -> Iterator[str]:
    if not explained.members:
        return
    yield ""
    yield say(language, "answer.members")
    for target, progress in explained.members:
        value = value_words(0 if progress is None else progress.value, language)
        yield "  " + say(language, "answer.member", name=target.name, value=value)
