"""Finding everything that is wrong with the structure of a body, where the decoder stops at the first."""

import re
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import Struct

from milepost.api.http.body import holds_nul, read_json
from milepost.model.problem import Problem, Refused

PROBLEMS_MAX = 50
"""How many problems of one body are told."""

Shape = TypeVar("Shape", bound=Struct)

_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)


def structure_problems(value: object, kind: type[Struct], path: str = "") -> list[Problem]:
    """Return what keeps *value*, generic JSON, from being a *kind*; paths begin with *path*."""
    if not isinstance(value, dict):
        return [Problem(path, "must be a JSON object")]
    prefix = f"{path}." if path else ""
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    problems = [Problem(f"{prefix}{name}", _unknown(known)) for name in value if name not in known]
    for name, field in known.items():
        if name not in value:
            if field.required:
                problems.append(Problem(f"{prefix}{name}", "is missing"))
            continue
        problems += _field_problems(value[name], field.type, f"{prefix}{name}")
    return problems[:PROBLEMS_MAX]


def read_struct(body: bytes, kind: type[Shape]) -> Shape:
    """Return the *kind* that *body* writes as JSON, numbers exact; raises Refused with all that is wrong with it."""
    try:
        value = read_json(body)
        problems = [Problem("", "a text holds the character U+0000")] if holds_nul(value) else []
        if not problems:
            return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, ArithmeticError, ValueError) as error:
        # Amounts are judged by their text, so the generic reading is made anew without exact ones.
        problems = structure_problems(msgspec.json.decode(body), kind) or [Problem("", str(error))]
    raise Refused(*problems)


def _field_problems(value: object, kind: Any, path: str) -> list[Problem]:
    for inner in (kind, *get_args(kind)):
        if isinstance(inner, type) and issubclass(inner, Struct):
            return structure_problems(value, inner, path)
    if kind is msgspec.Raw:
        return []
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        assert found is not None
        return [Problem(path + (found["path"] or ""), found["reason"])]
    return []


def _unknown(known: dict[str, Any]) -> str:
    return f"is not a field here; there are {', '.join(sorted(known))}"
