"""Finding every problem in the structure of a body; msgspec's decoder stops at the first."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import Struct

from milepost.api.http.body import holds_nul, read_json
from milepost.api.http.unknown_fields import is_unknown_field, unknown_fields
from milepost.model.amount import is_amount_text
from milepost.model.problem import Problem, Refused

PROBLEMS_MAX = 50
"""How many problems of one body are reported."""

NUL = "a text holds the character U+0000"
AMOUNT_TEXT = "of the digits 0 to 9 with a point, such as -12.50"

Shape = TypeVar("Shape", bound=Struct)

_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
"""How msgspec words its errors, such as "Expected `int`, got `str` - at `$.lines[0]`"."""


def structure_problems(value: object, kind: type[Struct], path: str = "") -> list[Problem]:
    """Return the problems that keep *value*, decoded JSON, from being a *kind*; their paths begin with *path*."""
    if not isinstance(value, dict):
        return [Problem(path, "must be a JSON object")]
    prefix = f"{path}." if path else ""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    problems = unknown_fields(value, sorted(fields), prefix)
    for name, field in fields.items():
        if name not in value:
            if field.required:
                problems.append(Problem(f"{prefix}{name}", "is missing"))
            continue
        problems += _field_problems(value[name], field.type, f"{prefix}{name}")
    if len(problems) > PROBLEMS_MAX:
        # Some callers pass over unknown fields; however many there are, they must not hide a problem of another kind.
        problems.sort(key=is_unknown_field)
    return problems[:PROBLEMS_MAX]


def struct_of(value: object, kind: type[Shape], path: str = "") -> Shape:
    """Return the *kind* that *value*, decoded JSON, is; raises Refused with every problem.

    *path* is where a text with the character U+0000 is reported, which PostgreSQL cannot store.
    """
    problems = structure_problems(value, kind)
    if not problems and holds_nul(value):
        problems = [Problem(path, NUL)]
    if problems:
        raise Refused(*problems)
    return msgspec.convert(value, kind)


def read_struct(body: bytes, kind: type[Shape]) -> Shape:
    """Return the *kind* that *body* is as JSON, with exact numbers; raises Refused with every problem."""
    try:
        value = read_json(body)
        if holds_nul(value):
            raise Refused(Problem("", NUL))
        problems = [*text_amount_problems(value, kind)]
        if problems:
            raise Refused(*problems)
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, ArithmeticError, ValueError) as error:
        # The decoder names one problem only. All of them are found in plain JSON values, without exact decimals.
        raise Refused(*structure_problems(msgspec.json.decode(body), kind) or [Problem("", str(error))]) from None


def text_amount_problems(value: object, kind: type[Struct], path: str = "") -> Iterator[Problem]:
    """Yield the problems of amounts of a *kind* that *value* writes as texts of another form than JSON's numbers have.

    The decoder reads them as Python does, such as `5_0` as 50 (facts 8 #68).
    """
    if not isinstance(value, dict):
        return
    prefix = f"{path}." if path else ""
    for field in msgspec.structs.fields(kind):
        content = value.get(field.encode_name)
        kinds = (field.type, *get_args(field.type))
        if Decimal in kinds:
            if isinstance(content, str) and not is_amount_text(content):
                yield Problem(f"{prefix}{field.encode_name}", f"must be a number, or a text {AMOUNT_TEXT}")
        elif isinstance(content, list):
            for inner in _structs_in(*kinds):
                for place, item in enumerate(content):
                    yield from text_amount_problems(item, inner, f"{prefix}{field.encode_name}[{place}]")
        elif isinstance(content, dict):
            for inner in _structs_in(*kinds):
                yield from text_amount_problems(content, inner, f"{prefix}{field.encode_name}")


def _structs_in(*kinds: Any) -> Iterator[type[Struct]]:
    """Yield the structs among *kinds* and what these are made of, such as `Line` in `list[Line]`."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Struct):
            yield kind
            return
        inner = next(_structs_in(*get_args(kind)), None)
        if inner is not None:
            yield inner
            return


def _field_problems(value: object, kind: Any, path: str) -> list[Problem]:
    is_text = isinstance(value, str) and _admits_text(kind)
    for inner in (kind, *get_args(kind)):
        if isinstance(inner, type) and issubclass(inner, Struct) and not is_text:
            return structure_problems(value, inner, path)
    if kind is msgspec.Raw:
        return []
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = _AT.match(str(error))
        assert message is not None
        return [Problem(path + (message["path"] or ""), message["reason"])]
    return []


def _admits_text(kind: Any) -> bool:
    """Whether a field of this *kind* may be text, beside an object."""
    return any(getattr(inner, "__origin__", inner) is str for inner in get_args(kind))
