"""The command line: data on standard output, talk on standard error, exit codes that say what happened."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

from milepost.store.wire import arrays


def milepost(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with *arguments* and with *variables* in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    command = [sys.executable, "-m", "milepost", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment | variables)


def test_the_version_is_the_packages() -> None:
    """One line, easy to read by a program and by a person."""
    assert f"milepost {version('milepost')}\n" == milepost("version").stdout == milepost("--version").stdout
    told = json.loads(milepost("version", "--json").stdout)
    assert (version("milepost"), arrays.is_compiled) == (told["milepost"], told["machineCode"])


def test_the_configuration_is_data() -> None:
    """It is complete, says where each value comes from, and nothing else is on standard output."""
    done = milepost("config", "--json", "--port", "9000", MILEPOST_LANES="3")
    settings = {setting["name"]: setting for setting in json.loads(done.stdout)}

    assert ("9000", "flag") == (settings["port"]["value"], settings["port"]["source"])
    assert ("3", "environment") == (settings["lanes"]["value"], settings["lanes"]["source"])
    assert settings["pg_bin"]["value"] is None
    assert "" == done.stderr


def test_the_configuration_is_a_table_for_people() -> None:
    """Each setting has a line with its meaning, whole also without a terminal."""
    lines = milepost("config").stdout.splitlines()

    assert ["setting", "value", "source", "meaning"] == lines[0].split()
    assert "MILEPOST_PORT 8700 default port to listen on; 0 picks a free one" in [
        " ".join(line.split()) for line in lines
    ]


def test_a_wrong_setting_is_refused_in_sentences() -> None:
    """The exit code is that of a wrong option, and standard output stays empty."""
    done = milepost("config", MILEPOST_PORT="x", MILEPOST_LANE="3")

    assert 2 == done.returncode
    assert "" == done.stdout
    assert [
        "MILEPOST_LANE is not a setting; did you mean MILEPOST_LANES?",
        "MILEPOST_PORT must be a whole number from 0 to 65535, not 'x'",
    ] == done.stderr.splitlines()


def test_assertions_may_not_be_turned_off() -> None:
    """Our own mistakes must crash, not go on."""
    done = subprocess.run(
        [sys.executable, "-O", "-m", "milepost", "version"], capture_output=True, text=True, check=False
    )

    assert 1 == done.returncode
    assert "run Python without -O" in done.stderr


def test_a_terminated_server_leaves_nothing_behind() -> None:
    """SIGTERM, which service managers send, stops the embedded database cleanly and removes its socket."""
    folder = Path(mkdtemp(prefix="milepost-command-"))
    folder.chmod(0o755)
    temporary = folder / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "milepost", "serve", "--data", str(folder), "--port", "0"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(temporary)}
    ) as server:
        assert server.stderr is not None
        said = next(line for line in server.stderr if "ready on" in line)
        server.terminate()
        server.stderr.read()

    assert re.search(r"milepost ready on http://127\.0\.0\.1:\d+$", said)
    assert 128 + signal.SIGTERM == server.returncode
    assert [] == [*temporary.iterdir()]
    assert "database system is shut down" in (folder / "postgres" / "postgres.log").read_text().splitlines()[-1]
    shutil.rmtree(folder)


def test_help_needs_no_heavy_library() -> None:
    """`--help` answers at once: what takes long to import is imported by the commands that use it."""
    code = "import sys, milepost.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert set() == {"fastapi", "psycopg", "pydantic", "rich", "structlog", "uvicorn", "httpx2", "pyarrow"} & {*loaded}
