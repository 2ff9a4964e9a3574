#!/usr/bin/env python3
"""Everything a developer does with Milepost, by one command that needs Python alone: `python3 dev.py VERB`.

The first run makes `.venv` and installs what `requirements.lock` names; later runs go straight to the verb. Arguments
after the verb are passed on to what it runs.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("Milepost needs Python 3.11 or newer; this is " + sys.version.split()[0] + " at " + sys.executable)

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "milepost-stamp"
DATA = ROOT / ".milepost"
COMPILED = ("src/milepost/engine/rows/_rows.pyx", "src/milepost/store/wire/_packing.pyx")
"""What is compiled where there is a compiler (hatch_build.py)."""

ROOTS_FOLDER = Path("/var/lib/milepost")
"""Where the embedded database of root lives if its account cannot enter the clone (postgres/data_directory.py)."""

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

PIP: list[str | Path] = [PYTHON, "-m", "pip", "install", "-qq"]
UV: list[str | Path] = [BIN / "uv", "pip", "install", "--quiet", "--python", PYTHON]

MADE_FOLDERS = (
    ".venv", ".milepost", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache",
    "bench-results", "build", "dist", "web/node_modules", "src/milepost/ui",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Do what *arguments* say and give the exit code."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        say("usage: python3 dev.py VERB [arguments]\n")
        for name, verb in VERBS.items():
            say(f"  {name:<8}{(verb.__doc__ or '').splitlines()[0]}")
        return 0
    if arguments[0] not in VERBS:
        say(f"There is no verb {arguments[0]!r}; there are: {', '.join(VERBS)}.")
        return 2
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of the many processes compiles everything anew
    try:
        return VERBS[arguments[0]](arguments[1:])
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as error:
        say(f"This failed with exit code {error.returncode}: {' '.join(map(str, error.cmd))}")
        return 1


def say(message: str) -> None:
    """Tell the person at the terminal."""
    print(message, file=sys.stderr, flush=True)


# What the verbs do.


def demo(arguments: list[str]) -> int:
    """Load a year of real grocery bills, show three households' progress, and serve."""
    return become([BIN / "milepost", "demo", *arguments], pages=True)


def serve(arguments: list[str]) -> int:
    """Run the server on http://127.0.0.1:8700."""
    return become([BIN / "milepost", "serve", *arguments], pages=True)


def test(arguments: list[str]) -> int:
    """Run the tests; --slow adds the long ones."""
    passed_on = [argument for argument in arguments if argument != "--slow"]
    chosen = [] if "--slow" in arguments else ["-m", "not slow"]
    return become([PYTHON, "-m", "pytest", "-n", "2", "--inline-snapshot=disable", *chosen, *passed_on])


def check(arguments: list[str]) -> int:
    """Run the linters, the type checker and the layers' contracts.

    All run, also after one has failed, so that one go shows all there is to mend.
    """
    if arguments:
        say("check takes no arguments")
        return 2
    prepare()
    checks: list[list[str | Path]] = [
        [BIN / "ruff", "check", "."],
        [BIN / "ruff", "format", "--check", "."],
        [BIN / "mypy"],
        [BIN / "lint-imports", "--no-logo"],
    ]
    if (ROOT / "openapi.json").exists():
        checks.append([BIN / "milepost", "openapi", "--check", "openapi.json"])
    failed = []
    for command in checks:
        shown = " ".join([Path(command[0]).name, *map(str, command[1:])])
        say(f"── {shown}")
        if subprocess.run(command, check=False).returncode != 0:
            failed.append(shown)
    say(f"failed: {', '.join(failed)}" if failed else f"all {len(checks)} checks passed")
    return 1 if failed else 0


def browser(arguments: list[str]) -> int:
    """Test the console in Chromium."""
    return become([PYTHON, "-m", "pytest", "-p", "no:xdist", "tests/browser", *arguments], pages=True)


def screens(arguments: list[str]) -> int:
    """Make pictures of the console's pages in build/screens; --docs renews those of the pages."""
    return become([PYTHON, "-m", "tests.browser.screens", *arguments], pages=True)


def bench(arguments: list[str]) -> int:
    """Measure the workloads beside their baselines."""
    return become([PYTHON, "-m", "bench", *arguments])


def oracle(arguments: list[str]) -> int:
    """Compare the API with plain SQL over the same bills; `oracle changes`, `oracle backtests`: with what is found."""
    own = arguments[:1] in (["changes"], ["backtests"])
    return become([PYTHON, "-m", f"tests.oracle.{arguments[0] if own else 'groceries'}", *arguments[own:]])


def faults(arguments: list[str]) -> int:
    """Test every fault with its controls, and print the table; --small takes less time."""
    return become([PYTHON, "-m", "tools.faults", *arguments])


def release(arguments: list[str]) -> int:
    """Build sdist, wheels and bill of materials in dist; each is tried first."""
    return become([PYTHON, "-m", "tools.release", *arguments])


def clean(arguments: list[str]) -> int:
    """Remove .venv, caches and the data folder .milepost."""
    if arguments:
        say("clean takes no arguments")
        return 2
    data_directory = DATA / "postgres"
    if data_directory.exists() and is_in_use(data_directory):
        say(f"A running Milepost uses {DATA}; stop it first.")
        return 1
    if data_directory.is_symlink() and data_directory.resolve().parent == ROOTS_FOLDER:
        shutil.rmtree(data_directory.resolve(), ignore_errors=True)
        if not [*ROOTS_FOLDER.glob("data-*")]:
            shutil.rmtree(ROOTS_FOLDER)
    for name in MADE_FOLDERS:
        if (ROOT / name).exists():
            shutil.rmtree(ROOT / name)
    for made in machine_code():
        made.unlink()
    for folder in ("bench", "src", "tests", "tools"):
        for cache in [*(ROOT / folder).rglob("__pycache__")]:
            shutil.rmtree(cache)
    return 0


VERBS: dict[str, Callable[[list[str]], int]] = {
    verb.__name__: verb for verb in (demo, serve, test, check, browser, screens, bench, oracle, faults, release, clean)
}
"""What the words on the command line do; a verb gets the arguments after it and gives the exit code."""


def become(command: list[str | Path], *, pages: bool = False) -> int:
    """Prepare the environment, and the *pages* of the console if asked for, and replace this process by *command*."""
    prepare()
    if pages:
        from tools.console import build

        build()
    os.execve(command[0], [str(part) for part in command], os.environ | {"VIRTUAL_ENV": str(VENV)})


def prepare() -> None:
    """Make the environment if it is not there or not as the lock file wants it; install Milepost if it has changed."""
    wanted = stamp()
    if stamped() == wanted:
        return
    # Two first runs at the same time must not install into each other's environment.
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    had = stamped()
    if had != wanted:
        STAMP.unlink(missing_ok=True)
        if had[:-1] != wanted[:-1]:
            make_environment()
            install()
        install_itself()
        STAMP.write_text("\n".join(wanted))
    os.close(folder)


def stamp() -> list[str]:
    """Return what the environment depends on: interpreter, place and lock file; and last what Milepost is made by."""
    itself = "".join((ROOT / name).read_text() for name in ("pyproject.toml", "hatch_build.py", *COMPILED))
    texts = [sys.version, sys.base_prefix, str(ROOT), LOCK.read_text(), itself]
    return [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def stamped() -> list[str]:
    """Return the stamp of the environment that is there."""
    return STAMP.read_text().split("\n") if STAMP.exists() else []


def make_environment() -> None:
    """Make an empty `.venv`."""
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"This Python ({sys.executable}) cannot make virtual environments: its modules venv and ensurepip are "
            f"packaged separately.\nOn Debian or Ubuntu install them with: apt install python{version}-venv"
        )
    say("making .venv …")
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(VENV)


def install() -> None:
    """Install what the lock file names; by uv, or by pip, which takes longer, where uv fails."""
    say("installing the packages of requirements.lock …")
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(locked_entry("uv"))
            file.flush()
            call([*PIP, "--no-deps", "--require-hashes", "-r", file.name])
        call([*UV, "--require-hashes", "-r", LOCK])
    except (subprocess.CalledProcessError, OSError):
        say("uv did not manage; trying pip, which takes longer …")
        call([*PIP, "--require-hashes", "-r", LOCK])


def install_itself() -> None:
    """Install Milepost from this folder, so that a change of the code is there at once."""
    call([*PIP, "--no-deps", "--no-build-isolation", "-e", ROOT])
    if not machine_code():
        say("no C compiler or no headers of Python: events are counted in Python, a third slower")


def machine_code() -> list[Path]:
    """Return what was compiled when Milepost was installed."""
    return [made for name in COMPILED for made in (ROOT / name).parent.glob(f"{Path(name).stem}.*.so")]


def call(command: list[str | Path]) -> None:
    """Run an installer; raises CalledProcessError if it fails."""
    subprocess.run(command, check=True, env=environment_of_installers())


def environment_of_installers() -> dict[str, str]:
    """Return the variables that pip and uv get."""
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # `.venv` always has both twins if it can; for a developer the variable chooses when the program runs.
    environment.pop("MILEPOST_PURE_PYTHON", None)
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 - an unknown user has no home, and no error
        environment |= {"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}
    if SYSTEM_CERTIFICATES.exists():
        # Some networks have an authority of their own, which uv does not know unless it asks the machine.
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    return environment


def locked_entry(package: str) -> str:
    """Return the lines of the lock file for *package*: its version and its hashes."""
    found = re.search(rf"^{package}==.*(?:\n[ \t]+.*)*", LOCK.read_text(), re.MULTILINE)
    assert found is not None, f"{LOCK.name} does not name {package}"
    return found[0] + "\n"


def is_in_use(folder: Path) -> bool:
    """Return whether a running Milepost holds the lock on *folder*."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
