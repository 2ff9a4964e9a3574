"""The envelope around every answer of v3: data, errors, warnings, always all three (facts 3.0, 8 #37)."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from milepost.api.capillary.answer import AnswerStruct
from milepost.api.http.parameters import parameter_warnings
from milepost.model.problem import Problem

INVALID_INPUT = 300004

_INVALID_INPUT_MESSAGE = "Invalid input, check all values and ensure they are correct."

Json = dict[str, Any]

Data = TypeVar("Data")


class WarningAnswer(AnswerStruct):
    """Something to know although the request succeeded; it has no code (facts 8 #52)."""

    code: int | None
    message: str


class ErrorAnswer(AnswerStruct):
    """Something that is wrong with a request, with the vendor's code."""

    code: int
    message: str


class Envelope(AnswerStruct, Generic[Data]):
    """The answer to a request that succeeded."""

    data: Data
    errors: None
    warnings: list[WarningAnswer] | None


class ListedEnvelope(AnswerStruct, Generic[Data]):
    """The answer to a request that succeeded, with empty lists in place of null."""

    data: Data
    errors: list[None]
    warnings: list[WarningAnswer]


class Failure(AnswerStruct):
    """The answer to a request that was refused, with every problem of it."""

    data: None
    errors: list[ErrorAnswer]
    warnings: None


class PaginationAnswer(AnswerStruct):
    """Which page this is: `offset` counts pages from 0, `total` all rows that match."""

    limit: int
    offset: int
    total: int


class PagedEnvelope(AnswerStruct, Generic[Data]):
    """A page of an answer; empty lists stand where other envelopes have null."""

    pagination: PaginationAnswer
    data: Data
    errors: list[None]
    warnings: list[WarningAnswer]


def answer(data: Data, warnings: Iterable[str] = ()) -> Envelope[Data]:
    """Return the envelope of a request that succeeded; a warning has no code (facts 8 #52)."""
    return Envelope(data=data, errors=None, warnings=warning_answers(warnings) or None)


def listed_answer(data: Data, warnings: Iterable[str] = ()) -> ListedEnvelope[Data]:
    """Return the envelope with lists of a request that succeeded (facts 8 #94)."""
    return ListedEnvelope(data=data, errors=[], warnings=warning_answers(warnings))


def paged(data: Data, warnings: Iterable[str] = (), *, limit: int, offset: int, total: int) -> PagedEnvelope[Data]:
    """Return the envelope of a page; *offset* is the number of the page, from 0."""
    pagination = PaginationAnswer(limit=limit, offset=offset, total=total)
    return PagedEnvelope(pagination=pagination, data=data, errors=[], warnings=warning_answers(warnings))


def failure(problems: Iterable[Problem]) -> Failure:
    """Return the envelope of a request that was refused, with every problem of it once."""
    errors: list[ErrorAnswer] = []
    for problem in problems:
        error = ErrorAnswer(code=problem.code, message=_message(problem))
        if error not in errors:
            errors.append(error)
    return Failure(data=None, errors=errors, warnings=None)


def warning_answers(warnings: Iterable[str] = ()) -> list[WarningAnswer]:
    """Return *warnings*, and those about parameters of the request (facts 8 #95)."""
    return [WarningAnswer(code=None, message=warning) for warning in (*warnings, *parameter_warnings())]


def _message(problem: Problem) -> str:
    """Return the vendor's own words for a code that has them, else the path and the reason."""
    if problem.code != INVALID_INPUT:
        return problem.reason
    where = f"{problem.path}: " if problem.path else ""
    return f"{_INVALID_INPUT_MESSAGE} {where}{problem.reason}"
