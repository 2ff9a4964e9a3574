"""Reading the customers of an upload to an audience: a JSON array of identifiers, or CSV with one column of them."""

from typing import Any

from milepost.api.http.body import read_json
from milepost.api.http.unknown_fields import unknown_fields
from milepost.api.native.identifiers import NAMES, identifier_of
from milepost.api.native.table import read_table
from milepost.model.customer import Identifier
from milepost.model.problem import Problem, Refused

MEMBERS_MAX = 100_000
"""Customers in one upload."""

PROBLEMS_MAX = 50


def member_names(body: bytes, content_type: str) -> list[Identifier]:
    """Return the identifiers in *body*; raises Refused with every problem, whose path begins with the position."""
    pairs = _from_csv(body, content_type) if "csv" in content_type else _from_json(body)
    if len(pairs) > MEMBERS_MAX:
        raise Refused(_too_many(len(pairs)))
    identifiers: list[Identifier] = []
    problems: list[Problem] = []
    for place, (name, value) in enumerate(pairs):
        identifier = (
            identifier_of(NAMES[name], value)
            if name in NAMES
            else f"is not a kind of identifier; use one of {', '.join(NAMES)}"
        )
        if isinstance(identifier, str):
            problems.append(Problem(f"[{place}].{name}", identifier))
        else:
            identifiers.append(identifier)
        if len(problems) >= PROBLEMS_MAX:
            break
    if problems:
        raise Refused(*problems)
    return identifiers


def _from_json(body: bytes) -> list[tuple[str, str]]:
    value = read_json(body)
    if not isinstance(value, list):
        raise Refused(Problem("", "must be a list of identifiers"))
    return [_pair(place, item) for place, item in enumerate(value)]


def _pair(place: int, item: Any) -> tuple[str, str]:
    """Return the kind and value of the one identifier of an item, as text."""
    unknown = unknown_fields(item, NAMES, f"[{place}].") if isinstance(item, dict) else []
    if unknown:
        raise Refused(*unknown[:PROBLEMS_MAX])
    if not isinstance(item, dict) or len(item) != 1:
        raise Refused(Problem(f"[{place}]", f"must hold exactly one of {', '.join(NAMES)}"))
    ((name, value),) = item.items()
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Refused(Problem(f"[{place}].{name}", "must be text"))
    return name, str(value)


def _from_csv(body: bytes, content_type: str) -> list[tuple[str, str]]:
    table = read_table(body, content_type)
    if len(table.columns) != 1 or table.columns[0] not in NAMES:
        raise Refused(Problem("", f"the file must have one column, named one of {', '.join(NAMES)}"))
    if table.length > MEMBERS_MAX:
        raise Refused(_too_many(table.length))
    rows = list(table.rows())
    problems = [Problem(f"[{place}]", fault.reason) for place, row in enumerate(rows) for fault in row.faults]
    if problems:
        raise Refused(*problems[:PROBLEMS_MAX])
    return [(table.columns[0], row.cells[0].strip()) for row in rows]


def _too_many(count: int) -> Problem:
    return Problem("", f"an upload may hold at most {MEMBERS_MAX} customers; this one holds {count}")
