"""The page about targets as code is true: its commands run in order, and print what it shows."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from milepost.cli import app
from tests.api.client import ApiClient, opened

PAGE = (Path(__file__).parents[2] / "docs" / "targets-as-code.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(?P<kind>\w*)\n(?P<text>.*?)```", re.DOTALL)
CLOCK = "2026-02-25T12:00:00Z"


@pytest.fixture(name="front")
def _front(admin_url: str, template: str) -> Iterator[ApiClient]:
    with opened(admin_url, template) as client:
        yield client


def test_the_commands_of_the_page_do_what_it_says(
    front: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Export, plan, apply, in the folder that the page names."""
    organisation = front.organisation()
    monkeypatch.chdir(tmp_path)
    runner, printed, shown = CliRunner(env={"MILEPOST_UNSAFE_DURABILITY": "1"}), "", 0
    for block in BLOCK.finditer(PAGE):
        if block["kind"] == "yaml":
            (tmp_path / "targets" / "march.yaml").write_text(block["text"])
        elif block["kind"] == "plan":
            assert block["text"] in printed
            shown += 1
        else:
            for line in block["text"].splitlines():
                command, _, output = line.partition("#")[0].partition(">")
                words = shlex.split(command.replace("--org Demo", f'--org "{organisation.organisation.name}"'))[1:]
                clock = [] if "export" in words else ["--clock", CLOCK]
                done = runner.invoke(app, [*words, "--database-url", front.url, *clock])
                assert done.exit_code in {0, 3}, done.output
                printed = done.stdout
                if output.strip():
                    (tmp_path / output.strip()).write_text(printed)
    assert 4 == shown
