"""Read the objects of a request: exact types and known fields only; all problems are reported at once, by path."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from milepost.model.problem import Problem, Refused

PROBLEMS_MAX = 100
"""Problems of one body that are reported one by one."""

LIST_MAX = 200
"""The most objects in a body that is a list."""

_NAME_SHOWN_MAX = 60

_NUMERIC = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)

UNKNOWN_FIELD = "is not a field that is known here"

_REASONS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "extra_forbidden": UNKNOWN_FIELD,
}

_ERRORS_OF_OBJECTS = frozenset({"model_type", "model_attributes_type"})

Location = tuple[int | str, ...]


class Document(BaseModel):
    """An object of a request: fields in camel case, exact types; an unknown field is a problem with its name."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)

    shown_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that only answers carry. A client that posts an answer back may leave them in; they are ignored."""

    @model_validator(mode="before")
    @classmethod
    def _without_shown_only(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: part for name, part in value.items() if name not in cls.shown_only}


Kind = TypeVar("Kind", bound=Document)


def read(kind: type[Kind], value: object) -> tuple[Kind, tuple[Problem, ...]]:
    """Read *value* as a document; a value that cannot be read becomes a problem and is left out of the document.

    So the caller can judge the rest too. Raises Refused when there are more than 100 problems.
    """
    try:
        return kind.model_validate(value), ()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
    problems = tuple(Problem(path_of(detail["loc"]), _reason(detail)) for detail in errors[:PROBLEMS_MAX])
    if len(errors) > PROBLEMS_MAX:
        raise Refused(*problems, Problem("", f"{len(errors) - PROBLEMS_MAX} more values cannot be read."))
    rest = value
    for detail in errors:
        rest = _without(rest, detail["loc"], {} if detail["type"] in _ERRORS_OF_OBJECTS else 1)
    return kind.model_validate(rest), problems


def read_each(
    kind: type[Kind], value: object, *, alone: bool = False
) -> tuple[list[tuple[str, Kind]], tuple[Problem, ...]]:
    """Read *value* as a list of documents, each with its path; with *alone* a single object may stand without a list.

    The path of the first object of a list is `[0]`, that of a single object is empty. Raises Refused when *value* is no
    list, an empty list, or a list of more than 200 objects.
    """
    if alone and isinstance(value, dict):
        document, problems = read(kind, value)
        return [("", document)], problems
    if not isinstance(value, list) or not value:
        raise Refused(Problem("", "The body must be a list of at least one object."))
    if len(value) > LIST_MAX:
        raise Refused(Problem("", f"The body must not hold more than {LIST_MAX} objects."))
    documents: list[tuple[str, Kind]] = []
    all_problems: list[Problem] = []
    for place, item in enumerate(value):
        document, problems = read(kind, item)
        documents.append((f"[{place}]", document))
        all_problems += (_at(f"[{place}]", problem) for problem in problems)
    return documents, tuple(all_problems)


def _at(path: str, problem: Problem) -> Problem:
    """Return a problem of a document as a problem of the list that holds the document at *path*."""
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


def _reason(detail: ErrorDetails) -> str:
    reason = _REASONS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return reason if detail["loc"] else f"The body {reason}."


def _without(value: object, location: Sequence[int | str], stand_in: object) -> object:
    """Return *value* without the part at *location*; in a list, *stand_in* keeps the places of the other items."""
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


Choice = TypeVar("Choice", bound=Enum)


def choice(kind: type[Choice], synonyms: Mapping[str, Choice] | None = None) -> BeforeValidator:
    """Return a validator that reads one of the values of *kind*, or one of the *synonyms*."""
    words: dict[object, Choice] = {member.value: member for member in kind} | dict(synonyms or {})
    reason = f"must be one of {', '.join(member.value for member in kind)}"

    def read_word(value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, str) or value not in words:
            raise ValueError(reason)
        return words[value]

    return BeforeValidator(read_word)


def _number_as_text(value: object) -> object:
    """Read a code that is written as a whole number, as S0 does with `refCode`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _amount(value: object) -> object:
    return None if value is None else exact_number(value)


def id_or_none(value: object) -> Any:
    """Read 0 as no id: generated clients fill it in where there is none (facts 8 #90)."""
    return None if type(value) is int and value == 0 else value


Id = Annotated[int | None, BeforeValidator(id_or_none)]
Code = Annotated[str | None, BeforeValidator(_number_as_text)]
Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
