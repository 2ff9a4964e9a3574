"""What a release is made of, and when none is made."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hatch_build
from tests.tidy.sources import ROOT
from tools.bill_of_materials import bill_of_materials
from tools.release import why_not

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IDENTITY = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")


def git(folder: Path, *arguments: str) -> None:
    """Run git in *folder*."""
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S607


def test_the_changes_begin_with_the_version_that_is_stated() -> None:
    """The top of the page is about this version."""
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert PROJECT["version"].startswith(headings[0])


def test_nothing_is_compiled_for_a_pure_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of an earlier build are removed, so that the wheel cannot contain them."""
    stale = tmp_path / Path(hatch_build.SOURCES[0]).with_suffix(".cpython-311-x86_64-linux-gnu.so")
    stale.parent.mkdir(parents=True)
    stale.touch()
    monkeypatch.setenv("MILEPOST_PURE_PYTHON", "1")

    assert [] == hatch_build.compiled(tmp_path)
    assert not stale.exists()


def test_only_what_is_committed_is_released(tmp_path: Path) -> None:
    """Neither a folder without history nor a changed one is; the reason names what is in the way."""
    outside = why_not(tmp_path)
    git(tmp_path, "init")
    (tmp_path / "a page.md").touch()
    untracked = why_not(tmp_path)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message", "Begin")

    assert outside is not None
    assert "git clone" in outside
    assert untracked is not None
    assert "a page.md" in untracked
    assert None is why_not(tmp_path)


def test_the_bill_of_materials_lists_what_is_needed() -> None:
    """Each package that the project needs is in it with its hashes; those of extras are optional, of tests absent."""
    bill = json.loads(bill_of_materials("abc", "2026-01-01T00:00:00+00:00"))
    components = {component["name"]: component for component in bill["components"]}
    asked = {re.split(r"[<>=\[; ]", requirement)[0] for requirement in PROJECT["dependencies"]}

    assert set() == asked - {name for name, one in components.items() if one["scope"] == "required"}
    assert "optional" == components["duckdb"]["scope"]
    assert "pytest" not in components
    assert all(one["hashes"] and one["licenses"] for one in components.values())
    assert PROJECT["version"] == bill["metadata"]["component"]["version"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_package_of_a_release_works_where_it_is_installed(tmp_path: Path) -> None:
    """The sdist, the wheels and the bill are there once each was tried."""
    command = [sys.executable, "-m", "tools.release", "--dirty", "--into", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stderr
    assert {".gz", ".whl", ".json"} == {path.suffix for path in tmp_path.iterdir()}
