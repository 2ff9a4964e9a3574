"""Named SQL statements, read once from `queries/*.sql`.

A file holds statements, each after a line `-- name: what it is for`.
"""

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_HEADING = re.compile(r"^-- ([a-z_]+): .+$", re.MULTILINE)


@cache
def statements() -> dict[str, LiteralString]:
    """Return every statement by its name; a name used twice is our mistake."""
    found: dict[str, LiteralString] = {}
    for file in sorted(files("milepost.store").joinpath("queries").iterdir(), key=lambda f: f.name):
        parts = _HEADING.split(file.read_text(encoding="utf-8"))
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            assert name not in found, f"two statements are called {name}"
            # The text comes from a file of this package, never from input: as literal as SQL in SQL files can be.
            found[name] = cast("LiteralString", text.strip())
    return found


def statement(name: str) -> LiteralString:
    """Return the statement called *name*."""
    return statements()[name]
