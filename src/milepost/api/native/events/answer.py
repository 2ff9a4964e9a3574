"""What is answered about each event of a request."""

import json

from msgspec import Struct

from milepost.api.http.body import Number, number
from milepost.api.native.answer import ProblemItem
from milepost.model.problem import Problem
from milepost.model.standing import NOTES, Entry, Reason
from milepost.service.ingest.incoming_event import Answer, Status

_REASONS = {reason: reason.name.lower() for reason in Reason}


class EntryItem(Struct, rename="camel"):
    """One change of one progress by the event."""

    target_id: int
    period_id: int
    before: Number
    after: Number
    reason: str


class AnswerItem(Struct, rename="camel"):
    """The result of one event. `version` is the organisation's version whose definitions and settings applied.

    `problems` say why the event was not taken, `warnings` what is odd about an event that was.
    """

    id: str | None
    status: str
    customer_id: int | None
    version: int | None
    entries: list[EntryItem]
    problems: list[ProblemItem]
    warnings: list[ProblemItem]


class Answers(Struct):
    """The result of each event, in the order of the request."""

    items: list[AnswerItem]


def answer_item(answer: Answer) -> AnswerItem:
    """Return the result of an event."""
    return AnswerItem(
        id=answer.key.id,
        status=answer.status.value,
        customer_id=answer.customer_id,
        version=answer.version,
        entries=[entry_item(entry) for entry in answer.entries if entry.reason not in NOTES],
        problems=[ProblemItem(problem.path, problem.reason) for problem in answer.problems],
        warnings=[ProblemItem(warning.path, warning.reason) for warning in answer.warnings],
    )


def refused_item(raw: bytes, problems: tuple[Problem, ...]) -> AnswerItem:
    """Return the result of an event, *raw* as it came, that could not be read."""
    try:
        # As for a broken text, of which the id may be whole.
        value = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        value = None
    id_ = value.get("id") if isinstance(value, dict) else None
    if isinstance(id_, str) and not id_.isascii():
        id_ = id_.encode("utf-8", "replace").decode()
    return AnswerItem(
        id=id_ if isinstance(id_, str) else None,
        status=Status.REFUSED.value,
        customer_id=None,
        version=None,
        entries=[],
        problems=[ProblemItem(problem.path, problem.reason) for problem in problems],
        warnings=[],
    )


def entry_item(entry: Entry) -> EntryItem:
    """Return one change of one progress."""
    return EntryItem(
        target_id=entry.target_id,
        period_id=entry.period_id,
        before=number(entry.before),
        after=number(entry.after),
        reason=_REASONS[entry.reason],
    )
