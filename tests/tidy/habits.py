"""What the checks look for: each gives its findings in one file, as sentences that say what to write instead."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.tidy.sources import Source

FUNCTION_LINES_MAX = 40
MODULE_LINES_MAX = 300
KEYWORDS_FROM = 3
"""With so many fields a value is made by keywords."""

BY_POSITION_MAX = 4
"""With more arguments by position, nobody sees that two of one type have changed places."""

MADE_BY_POSITION = frozenset({"Problem", "Goal"})
"""Values of three fields whose order is plain: where, what and which code; id, period and value."""

VAGUE = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers", "core"})
READINGS = frozenset({"now", "today", "utcnow", "now_in_system_tz", "today_in_system_tz"})
WALL_CLOCKS = READINGS | {"time", "time_ns"}
WALL_CLOCK_OWNERS = frozenset({"time", "datetime", "date", "Instant", "ZonedDateTime", "PlainDateTime", "Date"})
MUTABLE = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "MutableMapping"})
VERBS_WITHOUT_MEANING = re.compile(r"^_?(process|handle|do|manage|perform)(_|$)")
CLASSES_WITHOUT_MEANING = re.compile(r".(Data|Info|Details|Manager|Helper|Utils)$")


class Length(NamedTuple):
    """How many lines something has, and its name: a path, or a path and a function."""

    name: str
    lines: int


def clock_readings(source: Source) -> Iterator[str]:
    """Find readings of the time of day: `datetime.now()`, `Date.today()`, `time.time()`; stopwatches are none."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                found = [f"{owner}.{name}"] if owner in WALL_CLOCK_OWNERS and name in WALL_CLOCKS else []
            case ast.ImportFrom(module="time", names=names):
                found = [alias.name for alias in names if alias.name in WALL_CLOCKS]
            case _:
                continue
        for reading in found:
            yield f"{source.path}:{node.lineno}: {reading} reads the clock; take the instant as an argument"


def readings_by_any_name(source: Source) -> Iterator[str]:
    """Find what may read a clock under whatever name, for code that may know none at all: any `x.now` or `x.today`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in READINGS:
            yield f"{source.path}:{node.lineno}: .{node.attr} smells of a clock; take the instant as an argument"


def floats(source: Source) -> Iterator[str]:
    """Find binary fractions: the name `float` and literals such as 0.1."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Name(id="float"):
                yield f"{source.path}:{node.lineno}: float is not exact; use Decimal or whole units"
            case ast.Constant(value=float(value)):
                yield f"{source.path}:{node.lineno}: {value} is not exact; use Decimal or whole units"
            case _:
                pass


def vague_names(source: Source) -> Iterator[str]:
    """Find names that attract anything: modules, functions and classes that do not say what they are."""
    for part in (*Path(source.path).parent.parts, Path(source.path).stem):
        if part in VAGUE:
            yield f"{source.path}: {part} says nothing; name the thing that is in it"
    for node in ast.walk(source.tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if VERBS_WITHOUT_MEANING.match(name):
                yield f"{source.path}:{node.lineno}: {name} says nothing; say what it gives back or changes"
            case ast.ClassDef(name=name) if CLASSES_WITHOUT_MEANING.search(name):
                yield f"{source.path}:{node.lineno}: {name}: every class holds data; name what this one is"
            case _:
                pass


def commits(source: Source) -> Iterator[str]:
    """Find commits: one transaction for each use case, and one place that ends it."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"\bcommit\(", line):
            yield f"{source.path}:{number}: only store/database.py commits; use database.transaction()"


def depended_on(source: Source) -> Iterator[str]:
    """Return the names of FastAPI's dependencies."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id="Depends"), args=[ast.Name(id=name)]):
                yield name
            case _:
                pass


def mutable_values(source: Source) -> Iterator[str]:
    """Find values that can change: dataclasses that are not frozen, fields that are lists, dicts or sets."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            yield from _thawed(source, node)
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and (names := _names(field.annotation) & MUTABLE):
                    found = ", ".join(sorted(names))
                    yield f"{source.path}:{field.lineno}: a field is a {found}; use tuple, frozenset or Mapping"


def _thawed(source: Source, node: ast.ClassDef) -> Iterator[str]:
    """Find what keeps a dataclass from being a value: not frozen, no slots, many fields by position."""
    for decorator in node.decorator_list:
        if "dataclass" not in _names(decorator):
            continue
        given = decorator.keywords if isinstance(decorator, ast.Call) else []
        true = {word.arg for word in given if isinstance(word.value, ast.Constant) and word.value.value is True}
        fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
        by_keyword = len(fields) >= KEYWORDS_FROM and node.name not in MADE_BY_POSITION
        wanted = {"frozen", "slots"} | ({"kw_only"} if by_keyword else set())
        if missing := wanted - true:
            yield f"{source.path}:{node.lineno}: {node.name} lacks {', '.join(sorted(missing))}"


def values(source: Source) -> Iterator[str]:
    """Return the names of the values that are defined here: structs, named tuples and dataclasses."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            bases = {name for base in node.bases for name in _names(base)}
            if any(name == "NamedTuple" or name.endswith("Struct") for name in bases) or any(
                "dataclass" in _names(decorator) for decorator in node.decorator_list
            ):
                yield node.name


def made_by_position(source: Source, names: Collection[str]) -> Iterator[str]:
    """Find values, of those called *names*, that are made of many arguments by position; `*key` counts as two."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in names:
                count = sum(2 if isinstance(argument, ast.Starred) else 1 for argument in arguments)
                if count > BY_POSITION_MAX:
                    yield f"{source.path}:{node.lineno}: {name} is made of {count} arguments by position; name them"
            case _:
                pass


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def function_lengths(source: Source) -> Iterator[Length]:
    """Return the length of every function, from its `def` to its last line."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield Length(f"{source.path}::{node.name}", node.end_lineno - node.lineno + 1)
