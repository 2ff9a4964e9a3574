"""Who is to enter an audience, as an upload says it: a JSON array of identifiers, or CSV with one column of them."""

from typing import Any

from milepost.api.http.body import read_json
from milepost.api.native.identifiers import NAMES, identifier_of
from milepost.api.native.table import read_table
from milepost.model.customer import Identifier
from milepost.model.problem import Problem, Refused

MEMBERS_MAX = 100_000
"""Customers in one upload."""

PROBLEMS_MAX = 50


def member_names(body: bytes, content_type: str) -> list[Identifier]:
    """Return the customers that *body* names; raises Refused with what is wrong, by the place in the list."""
    given = _from_csv(body) if "csv" in content_type else _from_json(body)
    if len(given) > MEMBERS_MAX:
        raise Refused(Problem("", f"an upload may hold {MEMBERS_MAX} customers; this one holds {len(given)}"))
    names: list[Identifier] = []
    problems: list[Problem] = []
    for place, (name, value) in enumerate(given):
        found = (
            identifier_of(NAMES[name], value) if name in NAMES else f"is no identifier; there are {', '.join(NAMES)}"
        )
        if isinstance(found, str):
            problems.append(Problem(f"[{place}].{name}", found))
        else:
            names.append(found)
        if len(problems) >= PROBLEMS_MAX:
            break
    if problems:
        raise Refused(*problems)
    return names


def _from_json(body: bytes) -> list[tuple[str, str]]:
    value = read_json(body)
    if not isinstance(value, list):
        raise Refused(Problem("", "must be a list of identifiers"))
    return [_pair(place, item) for place, item in enumerate(value)]


def _pair(place: int, item: Any) -> tuple[str, str]:
    """Return the one identifier of an item, as text."""
    if not isinstance(item, dict) or len(item) != 1:
        raise Refused(Problem(f"[{place}]", f"must hold exactly one of {', '.join(NAMES)}"))
    ((name, value),) = item.items()
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Refused(Problem(f"[{place}].{name}", "must be text"))
    return name, str(value)


def _from_csv(body: bytes) -> list[tuple[str, str]]:
    table = read_table(body)
    if len(table.columns) != 1 or table.columns[0] not in NAMES:
        raise Refused(Problem("", f"the file must have one column, named one of {', '.join(NAMES)}"))
    if table.length > MEMBERS_MAX:
        raise Refused(Problem("", f"an upload may hold {MEMBERS_MAX} customers; this one holds {table.length}"))
    return [(table.columns[0], row.cells[0].strip()) for row in table.rows]
