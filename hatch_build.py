"""Compiles what is counted and packed most when Milepost is built or installed, if this machine can.

Needs a C compiler and the headers of Python. Where one of them is missing, the same is done in Python, which is slower
(`engine/rows/`, `store/wire/`; decision 0025). `MILEPOST_PURE_PYTHON=1` at build time asks for that where there is a
compiler too: for a wheel that any machine can install.
"""

import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("src/milepost/engine/rows/_rows.pyx", "src/milepost/store/wire/_packing.pyx")
PURE_PYTHON = "MILEPOST_PURE_PYTHON"
TRUE = frozenset({"1", "true", "yes", "on"})
"""What says yes to a setting, here as in `milepost/settings.py`, which cannot be imported before it is built."""


class CompilingHook(BuildHookInterface[Any]):
    """Hatchling's hook: before a wheel or an editable install is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's own names
        """Compile, and have the wheel say for which Python it was."""
        made = compiled(Path(self.root))
        build_data["artifacts"] += [f"/{one.relative_to(self.root)}" for one in made]
        if made:
            build_data["pure_python"] = False
            build_data["infer_tag"] = True


def compiled(root: Path) -> list[Path]:
    """Return the files of the modules below *root*, compiled: all, or none where that cannot be or is not wanted.

    What an earlier build left is removed first, so that no wheel takes it along.
    """
    _remove(root)
    if os.environ.get(PURE_PYTHON, "").lower() in TRUE:
        return []
    try:
        return [_compiled(root / source) for source in SOURCES]
    except (OSError, subprocess.CalledProcessError) as error:
        _remove(root)
        reason = getattr(error, "stderr", None) or error
        print(f"nothing was compiled, all is done in Python: {reason}", file=sys.stderr)  # noqa: T201
        return []


def _remove(root: Path) -> None:
    for source in SOURCES:
        for made in (root / source).parent.glob(f"{Path(source).stem}.*.so"):
            made.unlink()


def _compiled(source: Path) -> Path:
    made = source.with_suffix(sysconfig.get_config_var("EXT_SUFFIX") or ".so")
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / f"{source.stem}.c"
        _run([sys.executable, "-m", "cython", "-3", str(source), "-o", str(written)])
        _run([*_compiler(), "-O2", "-I", sysconfig.get_path("include"), str(written), "-o", str(made)])
    return made


def _compiler() -> list[str]:
    """Return the command that makes a module for this Python: the one it was built with, or `CC`."""
    linking = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    if "CC" in os.environ:
        linking = [*shlex.split(os.environ["CC"]), *linking[1:]]
    return [*linking, *shlex.split(sysconfig.get_config_var("CCSHARED") or "-fPIC")]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - nothing of it is input
