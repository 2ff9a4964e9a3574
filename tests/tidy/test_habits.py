"""The checks find what they are for, and let pass what they should."""

from collections.abc import Callable, Iterator

import pytest

from tests.tidy import habits
from tests.tidy.habits import Length
from tests.tidy.sources import Source, source

Check = Callable[[Source], Iterator[str]]


def found(check: Check, text: str) -> int:
    """Count what *check* finds in *text*."""
    return len([*check(source("src/milepost/engine/apply.py", text))])


@pytest.mark.parametrize(
    "check,text",
    [
        (habits.clock_readings, "datetime.now(UTC)"),
        (habits.clock_readings, "Instant.now()"),
        (habits.clock_readings, "clock = date.today"),
        (habits.clock_readings, "time.time_ns()"),
        (habits.clock_readings, "from time import time"),
        (habits.readings_by_any_name, "clock.now()"),
        (habits.floats, "share = 0.1"),
        (habits.floats, "float('0.1')"),
        (habits.floats, "def weigh(value: float) -> int: ..."),
        (habits.vague_names, "def handle(event): ..."),
        (habits.vague_names, "def _process_event(event): ..."),
        (habits.vague_names, "async def manage(): ..."),
        (habits.vague_names, "class BillData: ..."),
        (habits.commits, "connection.commit()"),
        (habits.mutable_values, "@dataclass\nclass A:\n    b: int"),
        (habits.mutable_values, "@dataclass(frozen=True)\nclass A:\n    b: int"),
        (habits.mutable_values, "@dataclass(frozen=True, slots=True)\nclass A:\n    a: int\n    b: int\n    c: int"),
        (habits.mutable_values, "@dataclass(frozen=True, slots=True)\nclass A:\n    b: list[int]"),
        (habits.mutable_values, "class A(NamedTuple):\n    b: tuple[dict[str, int], ...]"),
    ],
)
def test_a_check_finds_what_it_is_for(check: Check, text: str) -> None:
    """Each banned thing is found, once."""
    assert 1 == found(check, text)


@pytest.mark.parametrize(
    "check,text",
    [
        (habits.clock_readings, "time.monotonic()"),
        (habits.clock_readings, "now = clock()"),
        (habits.clock_readings, "event.time"),
        (habits.readings_by_any_name, "now = event.received_at"),
        (habits.floats, "share = Decimal('0.1')"),
        (habits.floats, "text = '0.1'"),
        (habits.vague_names, "def does(event): ...\nclass Data: ..."),
        (habits.vague_names, "def processed(event): ..."),
        (habits.commits, "committed(transaction)"),
        (habits.mutable_values, "@dataclass(frozen=True, slots=True)\nclass A:\n    b: tuple[int, ...]\n    c: int"),
        (habits.mutable_values, "class A(NamedTuple):\n    b: Mapping[str, int]"),
        (habits.mutable_values, "def f() -> list[int]:\n    found: list[int] = []\n    return found"),
    ],
)
def test_a_check_lets_pass_what_is_right(check: Check, text: str) -> None:
    """What only resembles a banned thing is not found."""
    assert 0 == found(check, text)


@pytest.mark.parametrize(
    "text,count",
    [
        ("class A(NamedTuple):\n    b: int\nA(1, 2, 3, 4, 5)", 1),
        ("class A(Struct, frozen=True):\n    b: int\nA(kind, *key, at, 0)", 1),
        ("@dataclass(frozen=True)\nclass A:\n    b: int\nA(1, 2, 3, 4, 5)", 1),
        ("class A(AnswerStruct):\n    b: int\nA(1, 2, 3, 4)", 0),
        ("class A(NamedTuple):\n    b: int\nA(b=1, c=2, d=3, e=4, f=5)", 0),
        ("class A(NamedTuple):\n    b: int\nA(*row)", 0),
        ("def gather(*parts): ...\ngather(1, 2, 3, 4, 5)", 0),
    ],
)
def test_values_of_many_arguments_by_position_are_found(text: str, count: int) -> None:
    """Only those of values, and only where there are more of them than anybody keeps apart."""
    file = source("src/milepost/engine/apply.py", text)
    assert count == len([*habits.made_by_position(file, {*habits.values(file)})])


@pytest.mark.parametrize("path", ["src/milepost/service/utils.py", "src/milepost/core/step.py"])
def test_a_vague_module_is_found(path: str) -> None:
    """Folders count as much as files."""
    assert 1 == len([*habits.vague_names(source(path, ""))])


def test_the_length_of_a_function_is_counted_from_its_def() -> None:
    """Decorators do not count, inner functions count for themselves as well."""
    text = "@cached\n@other\ndef outer():\n    def inner():\n        return 1\n    return inner\n"

    lengths = {*habits.function_lengths(source("dev.py", text))}

    assert {Length("dev.py::outer", 4), Length("dev.py::inner", 2)} == lengths


@pytest.mark.parametrize(
    "path,part",
    [
        ("src/milepost/engine/apply.py", "engine"),
        ("src/milepost/wiring.py", "wiring"),
        ("tests/tidy/habits.py", "tests"),
        ("dev.py", "dev"),
    ],
)
def test_a_file_knows_its_layer(path: str, part: str) -> None:
    """A module's layer is its package, or itself."""
    assert part == source(path, "").part
