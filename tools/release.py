"""`python3 dev.py release`: sdist, wheels and bill of materials in `dist`, each tried before it gets there.

Nothing is tagged and nothing leaves this machine; what a person does next is printed.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import version as version_of
from pathlib import Path
from tempfile import mkdtemp

import dev
from tools import console
from tools.bill_of_materials import bill_of_materials, required_names
from tools.smoke import Failed, FreshEnvironment, try_out

PURE_TAG = "-py3-none-any"
SHOWN_MAX = 10


def main() -> int:
    """Build, try and list what a release consists of; the exit code says whether all of it holds."""
    parser = argparse.ArgumentParser(prog="python3 dev.py release", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dirty", action="store_true", help="also with changes that are not committed, to try it out")
    parser.add_argument("--into", type=Path, default=dev.ROOT / "dist", help="the folder for what is made")
    given = parser.parse_args()
    if not given.dirty and (reason := why_not(dev.ROOT)):
        dev.say(reason)
        return 1
    if not console.build():
        # A package without the pages of the console is none that anybody should install.
        return 1
    # Root's embedded database runs as another account, which must get to what is installed here.
    workshop = Path(mkdtemp(prefix="milepost-release-"))
    workshop.chmod(0o755)
    try:
        made = build(workshop / "made")
        try_each(made, workshop)
        made.append(write_bill(workshop / "made"))
        kept = keep(made, given.into)
    except Failed as failure:
        dev.say(f"{failure}\nNothing was put into {given.into}.")
        return 1
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    dev.say(next_steps(version_of("milepost"), kept))
    return 0


def why_not(root: Path) -> str | None:
    """Return why the tree at *root* must not be released, if so: what is built must be what a commit holds."""
    done = git("status", "--porcelain", root=root)
    if done.returncode != 0:
        return f"A release is made from a git clone; git says: {done.stderr.strip()}"
    changed = done.stdout.splitlines()
    if not changed:
        return None
    shown = [f"  {line}" for line in changed[:SHOWN_MAX]]
    more = [f"  … and {len(changed) - SHOWN_MAX} more"] if len(changed) > SHOWN_MAX else []
    return "\n".join(
        [
            "A release holds what is committed, and here is what is not:",
            *shown,
            *more,
            "Commit it or set it aside; or try it out as it is: python3 dev.py release --dirty",
        ]
    )


def git(*arguments: str, root: Path = dev.ROOT) -> "subprocess.CompletedProcess[str]":
    """Ask git about the clone at *root*."""
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S607


def build(folder: Path) -> list[Path]:
    """Build the sdist, and from it the wheels: with compiled modules where there is a compiler, and in Python alone.

    What builds them is what `.venv` has by the lock file. A wheel that is built from the sdist shows that the sdist is
    complete, and leaves the modules alone that were compiled for `.venv`.
    """
    dev.say("building …")
    uv_build("--sdist", dev.ROOT, folder)
    sdist = only(folder.glob("*.tar.gz"))
    said = uv_build("--wheel", sdist, folder)
    if only(folder.glob("*.whl")).stem.endswith(PURE_TAG):
        # A missing compiler and a mistake in what is compiled end the same way, so a person has to see which it was.
        dev.say(f"{said}There is no wheel with compiled modules.")
    else:
        uv_build("--wheel", sdist, folder, MILEPOST_PURE_PYTHON="1")
    return [sdist, *sorted(folder.glob("*.whl"))]


def uv_build(kind: str, source: Path, folder: Path, **variables: str) -> str:
    """Have uv build one *kind* of package from *source* into *folder*, and return what it says; raises Failed."""
    date = git("log", "-1", "--format=%ct").stdout.strip()
    command: list[str | Path] = [dev.BIN / "uv", "build", "--no-config", "--no-build-isolation"]
    command += ["--python", dev.PYTHON, kind, "--out-dir", folder, source]
    # The date makes the files of one commit the same whenever they are built.
    dated = {"SOURCE_DATE_EPOCH": date} if date else {}
    environment = dev.environment_of_installers() | dated | variables
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise Failed(f"{source.name} cannot be built ({kind}):\n{done.stderr}")
    return done.stderr


def only(found: Iterable[Path]) -> Path:
    """Return the one path of *found*."""
    (path,) = found
    return path


def try_each(made: list[Path], workshop: Path) -> None:
    """Install each package in an environment of its own and use it there; raises Failed."""
    wheels_compiled = any(not path.stem.endswith(PURE_TAG) for path in made if path.suffix == ".whl")
    for number, package in enumerate(made):
        compiled = wheels_compiled and not package.stem.endswith(PURE_TAG)
        dev.say(f"trying {package.name} …")
        environment = FreshEnvironment.made(workshop / f"environment-{number}", package)
        try_out(environment, version=version_of("milepost"), compiled=compiled)
        if difference := environment.names() ^ (required_names() | {"milepost"}):
            raise Failed(f"{package.name} installs other packages than the bill of materials lists: {difference}")
        dev.say(f"  works, {'with compiled modules' if compiled else 'in Python alone'}")
        shutil.rmtree(environment.folder)


def write_bill(folder: Path) -> Path:
    """Write the bill of materials beside the packages."""
    commit = git("rev-parse", "HEAD").stdout.strip()
    date = git("log", "-1", "--format=%cI").stdout.strip()
    bill = folder / f"milepost-{version_of('milepost')}.cdx.json"
    bill.write_text(bill_of_materials(commit, date), encoding="utf-8")
    return bill


def keep(made: list[Path], folder: Path) -> list[Path]:
    """Put what was made into *folder*, in place of an earlier release, and return where it is now."""
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("milepost-*"):
        earlier.unlink()
    return [Path(shutil.move(path, folder / path.name)) for path in made]


def next_steps(version: str, kept: list[Path]) -> str:
    """Return what a person is told in the end: what there is, and what to do with it."""
    lines = [f"\nMilepost {version} is in {kept[0].parent}:"]
    for path in kept:
        content = path.read_bytes()
        lines.append(f"  {hashlib.sha256(content).hexdigest()}  {len(content):>9,}  {path.name}")
    if "dev" in version:
        return "\n".join([*lines, f"{version} is a version of development: use it, do not publish it."])
    return "\n".join(
        [
            *lines,
            "Nothing was tagged or published. What comes next (CONTRIBUTING.md, Releasing):",
            f"  git tag -s v{version} -m 'Milepost {version}'",
            f"  git push origin v{version}",
            "  make a release of that tag, with its section of CHANGELOG.md and the files above",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
