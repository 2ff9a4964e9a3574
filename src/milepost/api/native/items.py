"""Items of one kind, from JSON or CSV: for routes that add or change by code, and for imported files."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

import msgspec
from fastapi import Request
from msgspec import Struct

from milepost.api.http.body import id_of, read_body, read_json
from milepost.api.http.descriptions import example_of
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Items, Page
from milepost.api.native.structure import structure_problems
from milepost.api.native.table import read_table
from milepost.files.table import ReadOptions, Row, Table, repeated_columns
from milepost.model.problem import Problem, Refused
from milepost.service.organisations.draft_checks import DRAFTS_MAX

ITEMS_BYTES_MAX = 4 * 1024 * 1024
INLINE_BYTES_MAX = 32 * 1024
"""The largest body that is read on the event loop; a larger one is read in a thread."""

PROBLEMS_MAX = 50
CSV_TYPE = "csv"

Kind = TypeVar("Kind", bound=Struct)


async def read_items(request: Request, kind: type[Kind]) -> list[Kind]:
    """Return the items of a request; raises Refused with every problem, whose path begins with the item's place.

    For example `[2].code` is the field `code` of the third item.
    """
    body = await read_body(request, ITEMS_BYTES_MAX)
    content_type = request.headers.get("content-type", "")
    if len(body) <= INLINE_BYTES_MAX:
        return _items_of_body(body, content_type, kind)
    # In a thread, because reading a large body would keep other requests waiting.
    return await asyncio.to_thread(_items_of_body, body, content_type, kind)


def _items_of_body(body: bytes, content_type: str, kind: type[Kind]) -> list[Kind]:
    """Return the items in *body*. Too many items are counted, and not looked at."""
    if CSV_TYPE in content_type:
        table = read_table(body, content_type)
        _check_count(table.length)
        return items_of_table(table, kind)
    value = read_json(body)
    _check_count(len(value) if isinstance(value, list) else 1)
    return _items(value, kind)


def _check_count(count: int) -> None:
    if count > DRAFTS_MAX:
        raise Refused(Problem("", f"a request may hold {DRAFTS_MAX} items; this one holds {count}"))


def items_of_file(body: bytes, kind: type[Kind], options: ReadOptions) -> list[Kind]:
    """Return one item for each row of the CSV file *body*; raises Refused with the line of each problem."""
    return items_of_table(read_table(body, options=options), kind, by_line=True)


def items_of_table(table: Table, kind: type[Kind], *, by_line: bool = False) -> list[Kind]:
    """Return one item for each row; empty cells are left out. Raises Refused as `read_items` does.

    With *by_line* a problem's path begins with the line of the file, as in `line 3.code`.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    unknown = [name for name in table.columns if name not in fields]
    repeated = repeated_columns(table.columns)
    if unknown or repeated:
        listed = ", ".join(sorted(fields))
        reasons = [Problem(name, f"is not a column here; the columns are {listed}") for name in unknown]
        raise Refused(*reasons[:PROBLEMS_MAX], *repeated)
    numbers = {name for name, field in fields.items() if _holds_number(field.type)}
    rows: list[Any] = []
    paths: list[str] = []
    problems: list[Problem] = []
    for place, row in enumerate(table.rows()):
        paths.append(f"line {row.line}" if by_line else f"[{place}]")
        if row.faults:
            problems += _row_problems(row, paths[-1], len(table.columns))
        cells = zip(table.columns, row.cells, strict=False)
        rows.append({name: _cell(text.strip(), is_number=name in numbers) for name, text in cells if text.strip()})
    return _items(rows, kind, problems, paths)


def _row_problems(row: Row, path: str, columns: int) -> list[Problem]:
    if len(row.cells) != columns:
        return [Problem(path, f"has {len(row.cells)} cells for {columns} columns")]
    return [Problem(f"{path}.{fault.column}" if fault.column else path, fault.reason) for fault in row.faults]


def _holds_number(kind: object) -> bool:
    return kind is int or any(_holds_number(part) for part in get_args(kind))


def _cell(text: str, *, is_number: bool) -> object:
    """Return the value of a cell. A text in a column of numbers stays text, so that the item's type refuses it."""
    number = id_of(text) if is_number else None
    return text if number is None else number


def _items(
    value: Any, kind: type[Kind], table_problems: Sequence[Problem] = (), paths: Sequence[str] = ()
) -> list[Kind]:
    items = value if isinstance(value, list) else [value]
    problems = list(table_problems)
    for place, item in enumerate(items):
        problems += structure_problems(item, kind, paths[place] if paths else f"[{place}]")
        if len(problems) >= PROBLEMS_MAX:
            break
    if problems:
        raise Refused(*problems)
    return [msgspec.convert(item, kind) for item in items]


def routes_of_list(path: str, body: Any, item: Any, columns: str) -> Mapping[tuple[str, str], Route]:
    """Return the document's rows of a list at *path*: `POST` takes a *body* or several, `GET` answers with *item*s."""
    table = f"A heading of columns, then a row for each: {columns}."
    return {
        ("post", path): Route(
            ADMIN, Items[item], Body((body,), listed=True, table=table, table_example=_table_example(body))
        ),
        ("get", path): Route(READ, Page[item], statuses=READING),
    }


def _table_example(body: type[Struct]) -> str:
    """Return the example of *body* as a table of one row."""
    example = example_of("", body.__name__)
    return f"{','.join(example)}\n{','.join(map(str, example.values()))}\n"
