"""What the pages name in backticks is in the repository: files, folders, modules, tests, and names of the code."""

import ast
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperGroup as Group
from typer.main import get_command

from milepost.cli import app
from tests.tidy.sources import PACKAGE, ROOT, sources
from tests.tidy.test_compatibility import known_tests

MAPS = ("ARCHITECTURE.md", "CONTRIBUTING.md")
"""Pages on which every name in backticks is a name of the code."""

MADE_LATER = ("known.json", "bench-results/", "dist/")
"""What the pages name and a run makes."""

IGNORED_FOLDERS = frozenset({".git", ".venv", "build", "dist", "node_modules"})

_PATH = re.compile(r"(?:[\w.-]+/)*[\w-]+\.(?:cfg|json|lock|md|py|pyi|pyx|scenario|sql|toml|yml|yaml)|(?:[\w.-]+/)+")
_MODULE = re.compile(r"(?:milepost\.)?([a-z_]\w*(?:\.\w+)+)")
_TEST = re.compile(r"(?:[\w/]+(?:\.py)?)?(?:::)?(test_\w+)")


def pages(*, blocks: bool = False) -> dict[str, str]:
    """Return the text of each page about the code by its path from the root, with code *blocks* or without."""
    readmes = sorted(PACKAGE.rglob("README.md"))
    files = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md")), *readmes]
    texts = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}
    if blocks:
        return texts
    return {path: re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL) for path, text in texts.items()}


def in_backticks(text: str) -> Iterator[str]:
    """Return what *text* has in backticks, without what follows a blank or a bracket."""
    yield from (re.split(r"[ (]", match[1])[0] for match in re.finditer(r"`([^`\n]+)`", text))


@cache
def tree() -> frozenset[str]:
    """Return the paths of all files and folders of the repository; a folder's path ends in a stroke."""
    found = set()
    for folder, folders, names in os.walk(ROOT):
        # Left out before they are entered: what is installed there is many times the repository.
        folders[:] = set(folders) - IGNORED_FOLDERS
        inside = Path(folder).relative_to(ROOT)
        found |= {f"{inside / name}/" for name in folders} | {str(inside / name) for name in names}
    return frozenset(found)


@cache
def modules() -> dict[str, ast.Module]:
    """Return the syntax tree of each module of the package by its dotted name, without the package's own."""
    found = {}
    for source in sources():
        if source.path.startswith("src/"):
            parts = Path(source.path).with_suffix("").parts[2:]
            found[".".join(parts).removesuffix(".__init__")] = source.tree
    return found


@cache
def words() -> frozenset[str]:
    """Return every word of the code, its statements and its project file."""
    files = [ROOT / path for path in tree() if path.endswith((".py", ".pyi", ".pyx", ".sql", ".toml", ".yml"))]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


def is_path(name: str) -> bool:
    """Return whether *name*, if it is a path, leads somewhere: from the root, from the package, or as its end."""
    name = re.sub(r"^(\.\./)+", "", name)
    if not _PATH.fullmatch(name) or name in MADE_LATER:
        return True
    return any(path == name or path.endswith(f"/{name}") for path in tree())


def is_module(name: str) -> bool:
    """Return whether *name*, if it begins with a package of ours, is a module, or a name that a module defines."""
    match = _MODULE.fullmatch(name)
    if match is None or match[1].split(".")[0] not in modules() or _PATH.fullmatch(name):
        return True
    parts = match[1].split(".")
    known = max((n for n in range(1, len(parts) + 1) if ".".join(parts[:n]) in modules()), default=0)
    rest = parts[known:]
    return not rest or (len(rest) == 1 and rest[0] in defined(modules()[".".join(parts[:known])]))


def defined(module: ast.Module) -> set[str]:
    """Return the names that *module* defines or imports at its top."""
    found = set()
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name for alias in names}
            case _:
                pass
    return found


@cache
def names_of_tests() -> frozenset[str]:
    """Return the names of all tests and of all files of tests."""
    by_file = known_tests()
    return frozenset({*by_file, *(name for files in by_file.values() for names in files for name in names)})


@cache
def commands() -> frozenset[str]:
    """Return each command of Milepost, and each command of a group of commands, as it is typed."""
    group = get_command(app)
    assert isinstance(group, Group)
    names = {*group.commands}
    for name, command in group.commands.items():
        if isinstance(command, Group):
            names |= {f"{name} {part}" for part in command.commands}
    return frozenset(names)


def is_test(name: str) -> bool:
    """Return whether *name*, if it is a test's, is the name of a test or of a file of tests."""
    match = _TEST.fullmatch(name)
    return match is None or match[1] in names_of_tests()


@pytest.mark.parametrize("check", [is_path, is_module, is_test])
def test_what_a_page_names_is_there(check: Callable[[str], bool]) -> None:
    """A file, a module or a test that was moved or renamed takes the pages with it."""
    lost = [f"{page}: {name}" for page, text in pages().items() for name in in_backticks(text) if not check(name)]

    assert [] == lost


def test_each_command_that_a_page_names_is_there() -> None:
    """Every command on the pages exists; a group of commands is named with one of its commands."""
    typed = {
        f"{page}: {match[1]}"
        for page, text in pages(blocks=True).items()
        for match in re.finditer(r"(?:`|^)milepost ((?:(?:org|till|key|import|compat) )?[a-z]+)", text, re.MULTILINE)
    }

    assert typed
    assert [] == sorted(name for name in typed if name.split(": ")[1] not in commands())


def test_the_maps_use_names_of_the_code() -> None:
    """A class, a function, a table or a setting that a map names is still called so."""
    lost = [
        f"{page}: {name}"
        for page in MAPS
        for name in in_backticks(pages()[page])
        if re.fullmatch(r"\w+", name) and name not in words()
    ]

    assert [] == lost


@pytest.mark.parametrize(
    "check,name",
    [
        (is_path, "engine/no_such_module.py"),
        (is_path, "service/no_such_noun/"),
        (is_module, "engine.no_such_module"),
        (is_module, "milepost.engine.fold.NoSuchClass"),
        (is_test, "test_of_no_such_thing"),
        (is_test, "tests/laws/test_engine_laws.py::test_of_no_such_thing"),
    ],
)
def test_a_lost_name_is_found(check: Callable[[str], bool], name: str) -> None:
    """Each check finds what it is for."""
    assert not check(name)


@pytest.mark.parametrize(
    "check,name",
    [
        (is_path, "engine/apply.py"),
        (is_path, "tests/laws/test_engine_laws.py"),
        (is_path, "engine/progress/"),
        (is_path, "currentTxn.value"),
        (is_module, "engine.apply"),
        (is_module, "milepost.engine.fold.Fold"),
        (is_module, "model.target"),
        (is_module, "currentTxn.value"),
        (is_test, "tests/laws/test_engine_laws.py::test_nothing_is_achieved_twice"),
        (is_test, "::test_nothing_is_achieved_twice"),
        (is_test, "tests/laws/test_engine_laws.py"),
    ],
)
def test_a_name_that_is_there_is_no_finding(check: Callable[[str], bool], name: str) -> None:
    """Each check lets pass what the repository has, and what is none of its business."""
    assert check(name)
