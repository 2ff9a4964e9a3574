"""The envelope around every answer of v3: data, errors, warnings, always all three (facts 3.0, 8 #37)."""

from collections.abc import Iterable
from typing import Any

from milepost.model.problem import Problem

INVALID_INPUT = 300004

_INVALID_INPUT_MESSAGE = "Invalid input, check all values and ensure they are correct."

Json = dict[str, Any]


def answer(data: object, warnings: Iterable[str] = ()) -> Json:
    """Return the envelope of something that went well; a warning has no code (facts 8 #52)."""
    return {"data": data, "errors": None, "warnings": _told(warnings) or None}


def paged(data: object, warnings: Iterable[str] = (), *, limit: int, offset: int, total: int) -> Json:
    """Return the envelope of a page: pagination first, empty lists instead of null; `offset` is a page's number."""
    pagination = {"limit": limit, "offset": offset, "total": total}
    return {"pagination": pagination, "data": data, "errors": [], "warnings": _told(warnings)}


def _told(warnings: Iterable[str]) -> list[Json]:
    return [{"code": None, "message": warning} for warning in warnings]


def failure(problems: Iterable[Problem]) -> Json:
    """Return the envelope of a request that was refused, with every problem of it once."""
    errors: list[Json] = []
    for problem in problems:
        error = {"code": problem.code, "message": _message(problem)}
        if error not in errors:
            errors.append(error)
    return {"data": None, "errors": errors, "warnings": None}


def _message(problem: Problem) -> str:
    """Return the vendor's words where the code has its own, else where and what is wrong."""
    if problem.code != INVALID_INPUT:
        return problem.reason
    where = f"{problem.path}: " if problem.path else ""
    return f"{_INVALID_INPUT_MESSAGE} {where}{problem.reason}"
