"""Options of the commands that import files, and the exit codes that say what became of the rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.output import print_message
from milepost.files.encoding import UnreadableFile
from milepost.files.table import DELIMITERS, Table
from milepost.files.values import Decimals
from milepost.model.problem import Problem, Refused

EXIT_NOTHING_TAKEN = 1
EXIT_SOME_REFUSED = 3
SHOWN_MAX = 10
"""Refused rows that are shown in the terminal; all of them are in the file of rejected rows."""

Rejects = Annotated[Path | None, typer.Option("--rejects", help="file for refused rows; if left out, FILE.rejects.csv")]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="encoding, such as windows-1252; if left out, UTF-8, or UTF-16 that is marked"),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter", help="comma, semicolon, tab, pipe or a character; if left out, the heading's (not a pipe)"
    ),
]
Decimal = Annotated[
    Decimals | None, typer.Option("--decimal", help="what stands before decimals, if the file does not show it")
]
FillShortRows = Annotated[
    bool, typer.Option("--fill-short-rows", help="fill rows that have too few cells with empty cells")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="read and check everything, and change nothing")]


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Have the problems of a file that cannot be read begin with its name."""
    try:
        yield
    except UnreadableFile as unreadable:
        problems = unreadable.problems
        named = (f"{file}: {problem.path}".rstrip(": ") + ":" for problem in problems)
        pairs = zip(problems, named, strict=True)
        raise UnreadableFile(*(replace(problem, path=path) for problem, path in pairs)) from None


def check_input(file: Path, rejects: Path | None = None) -> None:
    """Check that *file* is there and is not the file for rejected rows as well; raises Refused."""
    if not file.is_file():
        raise Refused(Problem(str(file), "there is no such file"))
    if rejects is not None and rejects.resolve() == file.resolve():
        raise Refused(Problem("--rejects", "must not be the file that is imported"))


def describe_table(file: Path, table: Table, decimals: Decimals | None) -> None:
    """Print how *file* is read, because what was recognised has to be seen."""
    delimiter = next((name for name, sign in DELIMITERS.items() if sign == table.delimiter), table.delimiter)
    encoding = table.encoding.removesuffix("-sig").replace("cp12", "windows-12")
    shown = f", decimal {decimals.value}" if decimals else ""
    print_message(f"{file.name}: {encoding}, delimiter {delimiter}{shown}, {table.length} rows")


def end_with(*, taken: int, refused: int) -> None:
    """Exit with 1 if every row was refused, with 3 if some were; return if none was."""
    if refused:
        raise typer.Exit(EXIT_SOME_REFUSED if taken else EXIT_NOTHING_TAKEN)
