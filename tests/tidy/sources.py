"""The code under review: its files, read and parsed once."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "milepost"
PURE = ("model", "language", "rules", "engine")
MONEY = (*PURE, "store", "service")
"""Where an amount may pass: no binary fractions there."""


class Source(NamedTuple):
    """One Python file: its path from the root of the project, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def part(self) -> str:
        """Return the layer that a module of the package belongs to; of others the folder."""
        parts = Path(self.path).parts
        return Path(parts[2] if parts[0] == "src" else parts[0]).stem

    @property
    def lines(self) -> int:
        """Count the lines."""
        return len(self.text.splitlines())


def source(path: str, text: str) -> Source:
    """Return *text* as the source of the file at *path*."""
    return Source(path, text, ast.parse(text))


@cache
def sources() -> tuple[Source, ...]:
    """Return every Python file that the project wrote."""
    ours = [file for folder in ("tests", "bench", "tools") for file in (ROOT / folder).rglob("*.py")]
    files = [*PACKAGE.rglob("*.py"), *ours, ROOT / "dev.py"]
    return tuple(source(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")) for file in sorted(files))


def package() -> tuple[Source, ...]:
    """Return the files of the package alone."""
    return tuple(found for found in sources() if found.path.startswith("src/"))
