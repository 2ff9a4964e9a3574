"""The page about receiving is true: its receivers run, and what Milepost sends them is verified and printed."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from milepost.model.time import Micros
from tests.api.client import ApiClient, OrganisationClient, json_of, opened
from tests.api.receiver import Stage
from tests.e2e.test_targets_page import asked

PAGE = (Path(__file__).parents[2] / "docs" / "receiving.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
CLOCK = "2026-03-25T12:00:00Z"
STARTING_SECONDS_MAX = 60
PRINTED = "target.achieved anna 120 of 100"

RUNNERS = {
    "python": ("receiver.py", [sys.executable]),
    "js": ("receiver.js", ["node"]),
    "java": ("Receiver.java", ["java"]),
    "php": ("Receiver.php", ["php", "-S", "127.0.0.1:{port}"]),
    "go": ("receiver.go", ["go", "run"]),
}
SAYING_IDS = frozenset({"java", "php", "go"})
"""Receivers that print the id of what they verified; the others print what it says."""


@pytest.fixture
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of the page's own that signs by the time of the machine, as a server does."""
    with opened(admin_url, template) as client:
        outgoing = replace(client.runtime.outgoing, now=lambda: Micros(time.time_ns() // 1000))
        client.runtime = client.app.state.runtime = replace(client.runtime, outgoing=outgoing)
        yield client


def blocks(kind: str) -> list[str]:
    """Return the blocks of a kind, in the order of the page."""
    return [block["text"] for block in BLOCK.finditer(PAGE) if block["kind"] == kind]


@pytest.mark.parametrize("kind", [*RUNNERS])
def test_each_receiver_verifies_what_arrives(front: ApiClient, tmp_path: Path, kind: str) -> None:
    """Request by request as on the page, with the receiver in a process of its own."""
    name, command = RUNNERS[kind]
    if which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed here, so its receiver is not run")
    organisation: OrganisationClient = front.organisation()
    front.clock.set(CLOCK)
    stage = Stage(front)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / name).write_text(blocks(kind)[0], encoding="utf-8")
    known: dict[str, str] = {}
    process = None
    try:
        for text in blocks("sh"):
            given = asked(text)
            path = re.sub(r"\$(\w+)", lambda found: known[found[1]], given.path)
            body = given.body and given.body.replace(":9000", f":{port}")
            answered = organisation.send(given.method, path, content=body)
            assert answered.is_success, (text, answered.text)
            if path == "/api/v1/webhooks":
                added = json_of(answered)
                known["WEBHOOK"] = str(added["id"])
                words = [word.format(port=port) for word in command]
                process = _started([*words, str(tmp_path / name)], port, added["secret"])
            stage.deliver()
        assert process is not None
        assert process.stdout is not None
        expected = f"verified {_message_id(front)}" if kind in SAYING_IDS else PRINTED
        assert expected == process.stdout.readline().strip()
    finally:
        stage.close()
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)  # `go run` starts another process
            process.communicate()
    assert [PRINTED] == [text.strip() for text in blocks("text")]


def _message_id(front: ApiClient) -> str:
    row = front.connection.execute("select message_id from delivery").fetchone()
    assert row is not None
    return str(row[0])


def _started(command: list[str], port: int, secret: str) -> "subprocess.Popen[str]":
    """Start a receiver and wait until it listens."""
    environment = os.environ | {"PORT": str(port), "SECRET": secret}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, start_new_session=True
    )
    deadline = time.monotonic() + STARTING_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    raise AssertionError("the receiver did not start")
