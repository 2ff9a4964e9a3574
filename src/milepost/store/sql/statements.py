"""Named SQL statements, read once from `queries/*.sql`.

In a file, each statement stands after a line `-- name: purpose`.
"""

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_HEADING = re.compile(r"^-- ([a-z_]+): .+$", re.MULTILINE)


@cache
def statements() -> dict[str, LiteralString]:
    """Return all statements by name. A name that is used twice is a defect of ours."""
    by_name: dict[str, LiteralString] = {}
    for file in sorted(files("milepost.store").joinpath("queries").iterdir(), key=lambda f: f.name):
        parts = _HEADING.split(file.read_text(encoding="utf-8"))
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            assert name not in by_name, f"two statements are called {name}"
            # The cast is safe because the text comes from a file of this package, never from input.
            by_name[name] = cast("LiteralString", text.strip())
    return by_name


def statement(name: str) -> LiteralString:
    """Return the statement *name*."""
    return statements()[name]
