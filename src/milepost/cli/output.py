"""How commands speak: data to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Sequence


def tell(message: str) -> None:
    """Say *message* to the person at the terminal."""
    sys.stderr.write(f"{message}\n")


def give_json(value: object) -> None:
    """Return *value* as a JSON document."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def give_table(rows: Sequence[Sequence[str]]) -> None:
    """Return *rows* as text in aligned columns, whole also where no terminal sets a width."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
