"""The one file that sets everything up."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.tidy.sources import ROOT

VERBS = ["demo", "serve", "test", "check", "browser", "screens", "bench", "oracle", "faults", "release", "clean"]


def dev(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the file of *folder* with *arguments*."""
    command = [sys.executable, str(folder / "dev.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_verb_has_a_line_of_help() -> None:
    """Without a verb the file says what it can do."""
    done = dev(ROOT)
    lines = [line.split(maxsplit=1) for line in done.stderr.splitlines()[2:]]

    assert 0 == done.returncode
    assert VERBS == [verb for verb, _ in lines]
    assert all(help_line.endswith(".") for _, help_line in lines)


def test_an_unknown_verb_is_refused() -> None:
    """A misspelt verb starts nothing."""
    done = dev(ROOT, "tset")

    assert 2 == done.returncode
    assert "There is no verb 'tset'" in done.stderr


def test_clean_removes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    """Folders with spaces in their path included."""
    clone = tmp_path / "a clone"
    for folder in (".venv/bin", ".milepost/postgres", ".mypy_cache", "src/milepost/__pycache__", "docs"):
        (clone / folder).mkdir(parents=True)
    shutil.copy(ROOT / "dev.py", clone)

    done = dev(clone, "clean")

    assert 0 == done.returncode
    assert ["dev.py", "docs", "src", "src/milepost"] == sorted(
        str(path.relative_to(clone)) for path in clone.rglob("*")
    )
