"""An earlier commit as a contestant: its server, from a source tree of its own, on a database that it made itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from bench.hosts import PASSWORD

ROOT = Path(__file__).resolve().parent.parent

_COMPILE = "from pathlib import Path; import hatch_build; hatch_build.compiled(Path.cwd())"
_MAKE = """
import asyncio, importlib, sys
import httpx2
# Commits before August 2026 used httpx, whose calls httpx2 has kept.
sys.modules.setdefault("httpx", httpx2)
url, seed, customers, password = sys.argv[1:]
for module, name in (("bench.hosts", "make_organisation"), ("bench.hosting", "make_brand")):
    try:
        hosts = importlib.import_module(module)
    except ModuleNotFoundError:
        continue
    hosts.PASSWORD = password
    from bench.rules import typical_rules
    asyncio.run(getattr(hosts, name)(url, typical_rules(int(seed)), customers=int(customers)))
    break
else:
    sys.exit("this commit cannot make the organisation of the benchmarks")
"""


@contextmanager
def earlier_tree(revision: str | None) -> Iterator[Path | None]:
    """Check out *revision* beside this tree, compile it, and remove it afterwards; None without a revision."""
    if revision is None:
        yield None
        return
    folder = Path(mkdtemp(prefix="milepost-earlier-"))
    tree = folder / "tree"
    _run(["git", "worktree", "add", "--detach", str(tree), revision], ROOT)
    try:
        _run([sys.executable, "-c", _COMPILE], tree)
        yield tree
    finally:
        _run(["git", "worktree", "remove", "--force", str(tree)], ROOT)
        shutil.rmtree(folder, ignore_errors=True)


def make_earlier_organisation(tree: Path, url: str, *, seed: int, customers: int) -> None:
    """Make the benchmark's organisation in the database at *url* by the code in *tree*."""
    command = [sys.executable, "-c", _MAKE, url, str(seed), str(customers), PASSWORD]
    _run(command, tree, {"PYTHONPATH": f"{tree / 'src'}:{tree}"})


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr, env=os.environ | (environment or {}))  # noqa: S603
