"""The page of compatibility: each row names the tests that hold it, and each of these exists."""

import ast
import re

from milepost.api.http.routes import ROUTES
from tests.tidy.sources import ROOT

PAGE = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| what |")]
_TEST = re.compile(r"`(test_\w+)::(test_\w+)`")


_HEADED = re.compile(r"^## (.*)\n((?:(?!## ).*\n?)*)", re.MULTILINE)
_ADDRESS = re.compile(r"`(?:([A-Z]+) )?((?:/|…/)[^`]*)`")
_NAMES = re.compile(r"{[^}]*}")
GATEWAY = "/api_gateway/intouch-api-v3"


def known_tests() -> dict[str, list[set[str]]]:
    """Return the names of tests by the stem of their file; a stem that two files share has two sets."""
    found: dict[str, list[set[str]]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        found.setdefault(path.stem, []).append(names)
    return found


def rows() -> list[list[str]]:
    """Return the cells of the rows, headings left out."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in ROWS]
    return [row for row in cells if row[-1] != "test"]


def test_each_row_names_a_test() -> None:
    """Four cells, the last of which says what holds the row."""
    assert [] == [row for row in rows() if len(row) != 4 or not _TEST.search(row[3])]


def test_each_named_test_exists() -> None:
    """A test that was renamed or removed takes its row with it."""
    known = known_tests()
    named = _TEST.findall(PAGE)
    missing = [f"{file}::{name}" for file, name in named if not any(name in names for names in known.get(file, []))]

    assert named
    assert [] == missing


def addresses() -> list[tuple[str, re.Pattern[str]]]:
    """Return methods ("" for any) and addresses of the headings below which there are rows; `…` stands for any part."""
    return [
        (method.lower(), re.compile(".+".join(map(re.escape, _NAMES.sub("{}", address).split("…")))))
        for heading, below in _HEADED.findall(PAGE)
        if any(line in below.splitlines() for line in ROWS)
        for method, address in _ADDRESS.findall(heading)
    ]


def test_each_route_of_the_vendors_api_has_rows() -> None:
    """Below a heading that has its address; the gateway's addresses are those of v3.1."""
    told = addresses()
    untold = [
        (method, path)
        for method, path in ROUTES
        if path.startswith(("/v2/", "/v3/", "/v3.1/", GATEWAY, "/webhooks/"))
        and not any(
            of in {"", method} and address.fullmatch(_NAMES.sub("{}", path.removeprefix(GATEWAY)))
            for of, address in told
        )
    ]
    assert [] == untold
