"""Printing: results go to standard output, messages to standard error."""

import json
import sys
from collections.abc import Sequence


def print_message(message: str) -> None:
    """Print *message* to standard error."""
    sys.stderr.write(f"{message}\n")


def print_json(value: object) -> None:
    """Print *value* as a JSON document to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_struct(value: object) -> None:
    """Print a struct, or a list of structs, as an answer of the API shows it."""
    from milepost.api.http.body import write_json

    print_json(json.loads(write_json(value)))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* in aligned columns to standard output; cells are never cut, whatever the width of the terminal."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
