"""Several items of one kind, as JSON or as CSV: for routes that add or change by code, and for files."""

from typing import Any, TypeVar, get_args

import msgspec
from fastapi import Request
from msgspec import Struct

from milepost.api.http.body import id_of, read_body, read_json
from milepost.api.native.structure import structure_problems
from milepost.api.native.table import read_table
from milepost.model.problem import Problem, Refused

ITEMS_BYTES_MAX = 4 * 1024 * 1024
PROBLEMS_MAX = 50
CSV_TYPE = "csv"

Kind = TypeVar("Kind", bound=Struct)


async def read_items(request: Request, kind: type[Kind]) -> list[Kind]:
    """Return the items that a body holds; raises Refused with what is wrong, by the place of each item from 0."""
    body = await read_body(request, ITEMS_BYTES_MAX)
    is_table = CSV_TYPE in request.headers.get("content-type", "")
    return items_of_table(body, kind) if is_table else _items(read_json(body), kind)


def items_of_table(body: bytes, kind: type[Kind]) -> list[Kind]:
    """Return the items that the rows of a CSV file are, empty cells being left out; raises Refused, by row from 0."""
    table = read_table(body)
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    strange = [name for name in table.columns if name not in known]
    repeated = {name for name in table.columns if table.columns.count(name) > 1}
    if strange or repeated:
        listed = ", ".join(sorted(known))
        reasons = [Problem(name, f"is not a column here; there are {listed}") for name in strange]
        raise Refused(*reasons, *(Problem(name, "is the name of two columns") for name in sorted(repeated)))
    numbers = {name for name, field in known.items() if _holds_number(field.type)}
    rows: list[Any] = []
    problems: list[Problem] = []
    for place, row in enumerate(table.rows):
        if len(row.cells) > len(table.columns):
            problems.append(Problem(f"[{place}]", f"has {len(row.cells)} cells for {len(table.columns)} columns"))
        cells = zip(table.columns, row.cells, strict=False)
        rows.append({name: _cell(text.strip(), is_number=name in numbers) for name, text in cells if text.strip()})
    return _items(rows, kind, problems)


def _holds_number(kind: object) -> bool:
    return kind is int or any(_holds_number(part) for part in get_args(kind))


def _cell(text: str, *, is_number: bool) -> object:
    """Return what a cell says; what should be a number and is none stays text, for the kind to refuse."""
    number = id_of(text) if is_number else None
    return text if number is None else number


def _items(value: Any, kind: type[Kind], found: list[Problem] | None = None) -> list[Kind]:
    items = value if isinstance(value, list) else [value]
    problems = list(found or ())
    for place, item in enumerate(items):
        problems += structure_problems(item, kind, f"[{place}]")
        if len(problems) >= PROBLEMS_MAX:
            break
    if problems:
        raise Refused(*problems)
    return [msgspec.convert(item, kind) for item in items]
