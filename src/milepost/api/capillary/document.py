"""Reading the objects of a request: exact types, known fields, and everything that is neither, at once, by its path."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from milepost.model.problem import Problem, Refused

PROBLEMS_MAX = 100
"""Problems of one body that are told one by one."""

LIST_MAX = 200
"""Objects of a body that is a list."""

_NAME_SHOWN_MAX = 60

_NUMERIC = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)

_REASONS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "extra_forbidden": "is not a field that is known here",
}

_OF_OBJECTS = frozenset({"model_type", "model_attributes_type"})

Location = tuple[int | str, ...]


class Document(BaseModel):
    """An object of a request: fields in camel case, exact types, unknown fields named."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)

    shown_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that answers carry; whoever posts an answer back may leave them in, they are not looked at."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: part for name, part in value.items() if name not in cls.shown_only}


Kind = TypeVar("Kind", bound=Document)


def read(kind: type[Kind], value: object) -> tuple[Kind, tuple[Problem, ...]]:
    """Read *value* as a document; what cannot be read is told and left out, so that the rest may be judged too.

    Raises Refused when more is wrong than is worth telling.
    """
    try:
        return kind.model_validate(value), ()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
    problems = tuple(Problem(path_of(found["loc"]), _reason(found)) for found in errors[:PROBLEMS_MAX])
    if len(errors) > PROBLEMS_MAX:
        raise Refused(*problems, Problem("", f"{len(errors) - PROBLEMS_MAX} more values cannot be read."))
    rest = value
    for found in errors:
        rest = _without(rest, found["loc"], {} if found["type"] in _OF_OBJECTS else 1)
    return kind.model_validate(rest), problems


def read_each(
    kind: type[Kind], value: object, *, alone: bool = False
) -> tuple[list[tuple[str, Kind]], tuple[Problem, ...]]:
    """Read *value* as a list of documents, each with its path; *alone* lets one stand without a list, at no path.

    Raises Refused when it is no list, an empty one, or one of more than 200.
    """
    if alone and isinstance(value, dict):
        one, problems = read(kind, value)
        return [("", one)], problems
    if not isinstance(value, list) or not value:
        raise Refused(Problem("", "The body must be a list of at least one object."))
    if len(value) > LIST_MAX:
        raise Refused(Problem("", f"The body must not hold more than {LIST_MAX} objects."))
    found: list[tuple[str, Kind]] = []
    wrong: list[Problem] = []
    for place, item in enumerate(value):
        one, problems = read(kind, item)
        found.append((f"[{place}]", one))
        wrong += (_at(f"[{place}]", problem) for problem in problems)
    return found, tuple(wrong)


def _at(path: str, problem: Problem) -> Problem:
    """Return a problem of a document as one of the list that holds it at *path*."""
    if problem.path:
        return replace(problem, path=f"{path}.{problem.path}")
    return replace(problem, path=path, reason=problem.reason.removeprefix("The body ").removesuffix("."))


def path_of(location: Location) -> str:
    """Write a location as a path such as `targets[0].name`."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            shown = step if len(step) <= _NAME_SHOWN_MAX else f"{step[:_NAME_SHOWN_MAX]}…"
            path += f".{shown}" if path else shown
    return path


def _reason(found: ErrorDetails) -> str:
    reason = _REASONS.get(found["type"], found["msg"].removeprefix("Value error, "))
    return reason if found["loc"] else f"The body {reason}."


def _without(value: object, location: Sequence[int | str], stand_in: object) -> object:
    """Return *value* less what stands at *location*; in a list a *stand_in* keeps the places of the others."""
    if not location:
        return stand_in
    step, inner = location[0], location[1:]
    match value:
        case dict() if inner and step in value:
            return {**value, step: _without(value[step], inner, stand_in)}
        case dict():
            return {name: part for name, part in value.items() if name != step}
        case list() if isinstance(step, int):
            return [*value[:step], _without(value[step], inner, stand_in), *value[step + 1 :]]
        case _:
            return value


def exact_number(value: object) -> Decimal:
    """Read an amount: a JSON number, or text that is one; raises ValueError."""
    match value:
        case bool():
            pass
        case Decimal():
            return value
        case int():
            return Decimal(value)
        case str() if _NUMERIC.fullmatch(value):
            return Decimal(value)
        case _:
            pass
    raise ValueError("must be a number")
