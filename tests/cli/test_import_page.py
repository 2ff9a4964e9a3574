"""The page about importing files says what the commands do: its blocks are run, and its options are those there are."""

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from milepost.cli import app, main
from tests.tidy.sources import ROOT

PAGE = ROOT / "docs" / "import-files.md"
EXAMPLES = ROOT / "docs" / "examples" / "files"


class Block(NamedTuple):
    """A block of the page: its kind, the name and encoding of a file if it is one, and its text."""

    kind: str
    name: str
    encoding: str
    text: str


def blocks() -> list[Block]:
    """Return the blocks of the page in order."""
    found = re.findall(
        r"^```(\w+) ?(\S*) ?(\S*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [Block(*block) for block in found]


def run(command: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    """Run a command; return what it printed, messages first, and its exit code if that is not 0."""
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    with pytest.raises(SystemExit) as exited:
        main()
    printed = capfd.readouterr()
    messages = [line for line in printed.err.splitlines() if "s to go" not in line]
    first = [line for line in messages if not re.search(r" did not count|dry run| were refused", line)]
    last = [line for line in messages if line not in first]
    ending = [f"[exit code {exited.value.code}]"] if exited.value.code else []
    return "\n".join([*first, *printed.out.splitlines(), *last, *ending])


def test_the_commands_of_the_page_print_what_it_says(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each file is written, each command run, in the order of the page."""
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")
    monkeypatch.setenv("MILEPOST_DATABASE_URL", database_url)
    monkeypatch.setenv("MILEPOST_CLOCK", "2026-11-15T12:00:00Z")
    monkeypatch.chdir(tmp_path)
    for path in EXAMPLES.iterdir():
        shutil.copy(path, tmp_path)
    run("milepost org add Shop", monkeypatch, capfd)
    count = 0
    for block in blocks():
        if block.name:
            Path(block.name).write_bytes(block.text.encode(block.encoding or "utf-8"))
            continue
        for example in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = example.partition("\n")
            assert expected.strip() == run(command, monkeypatch, capfd), command
            count += 1
    assert count >= 15


def test_the_page_names_every_option() -> None:
    """With the words of `--help`."""
    section = PAGE.read_text(encoding="utf-8").split("\n## Options\n")[1]
    named = dict(re.findall(r"^\| `(--[\w-]+)` \| (.*) \|$", section, re.MULTILINE))
    commands: Any = typer.main.get_command(app)
    events = commands.commands["import"].commands["events"]
    shared = {"--org", "--data", "--database-url", "--clock", "--json", "--help"}
    options = {option.opts[0]: option.help for option in events.params if option.opts[0].startswith("--")}
    assert {name: help_ for name, help_ in options.items() if name not in shared} == named


def test_each_example_has_a_sample() -> None:
    """A mapping and the file it reads."""
    names = {path.stem for path in EXAMPLES.glob("*.toml")}
    assert {"shopify-orders", "square-items", "flat-retail"} == names == {path.stem for path in EXAMPLES.glob("*.csv")}
