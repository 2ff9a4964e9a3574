"""Every command explains itself, with its defaults; and every command that a page shows is understood."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from milepost.cli import app
from milepost.settings import ServerSettings, describe

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_SHOWN = re.compile(r"`milepost ([^`\n]+)`|^(?:\S*/)?milepost ([a-z][^\n]*)", re.MULTILINE)
_ENDS = re.compile(r"\s[#>|&]|\s\\|…|\[")
SETTINGS = {"--" + setting.name.replace("_", "-"): setting.value for setting in describe(ServerSettings())}


def commands(group: TyperGroup, *before: str) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    """Yield each command with its words."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *before, name)
        elif isinstance(command, TyperCommand):
            yield (*before, name), command


def all_commands() -> dict[tuple[str, ...], TyperCommand]:
    """Return all commands by their words."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(commands(group))


def shown(page: Path) -> Iterator[list[str]]:
    """Yield the words of each command that *page* shows."""
    for match in _SHOWN.finditer(page.read_text(encoding="utf-8")):
        text = _ENDS.split(match[1] or match[2])[0]
        yield shlex.split(text)


def lacking(words: list[str]) -> list[str]:
    """Return what is wrong with a command that a page shows: its name, or options that it has not."""
    known = all_commands()
    names = next((names for names in known if list(names) == words[: len(names)]), None)
    if names is None:
        groups = {names[:1] for names in known if len(names) > 1}
        return [] if tuple(words) in groups or words[0].startswith("-") else [" ".join(words)]
    told = CliRunner().invoke(app, [*names, "--help"])
    assert 0 == told.exit_code, told.output
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    return [f"{' '.join(names)} {option}" for option in options if not re.search(rf"{option}\b", told.output)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_on_a_page_is_understood(page: Path) -> None:
    """Run with --help, it succeeds, and the help has each option that the page shows."""
    assert [] == [problem for words in shown(page) if words for problem in lacking(words)]


def test_a_command_that_does_not_exist_is_found() -> None:
    """And an option that does not exist, too."""
    assert ["frobnicate it"] == lacking(["frobnicate", "it"])
    assert ["serve --frob"] == lacking(["serve", "--port", "0", "--frob=1"])
    assert [] == lacking(["serve", "--port", "0"])
    assert [["upgrade", "--check"]] == [words for words in shown(ROOT / "docs" / "upgrade.md") if "--check" in words]


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_help_shows_each_default(words: tuple[str, ...]) -> None:
    """Of options that have one, and of the settings behind options that have none."""
    told = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output
    for parameter in all_commands()[words].params:
        flag = max(parameter.opts, key=len)
        default = parameter.default if parameter.default is not None else SETTINGS.get(flag)
        if not flag.startswith("--") or parameter.required or default in {None, False, True, ""}:
            continue
        line = re.search(rf"{flag}\b(?:.|\n)*?(?=\n  --|\Z)", told)
        text = getattr(default, "value", default)
        assert line is not None
        assert f"[default: {text}" in " ".join(line[0].split()), (flag, line[0])
