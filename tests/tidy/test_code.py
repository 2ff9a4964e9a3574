"""The code is still like us: what imports and types cannot hold."""

import ast
from collections.abc import Iterable, Mapping

from tests.tidy import habits
from tests.tidy.habits import FUNCTION_LINES_MAX, MODULE_LINES_MAX, Length
from tests.tidy.sources import MONEY, PURE, package, sources

FRACTIONS_THAT_ARE_NO_AMOUNTS = {
    "src/milepost/language/checking.py": "how alike two names are",
    "src/milepost/store/database.py": "seconds of sleep between attempts",
    "src/milepost/postgres/embedded.py": "seconds between two looks at a starting server",
    "src/milepost/service/ingest/customer_locks.py": "seconds until locked customers are waited for again",
    "src/milepost/service/ingest/lanes/lane.py": "seconds that a batch took",
    "src/milepost/service/runtime/health.py": "seconds of waiting, and a share of a disk",
    "src/milepost/service/snapshot/access.py": "seconds between two looks at changed logins",
    "src/milepost/service/snapshot/login_limits.py": "seconds in which wrong passwords are counted",
    "src/milepost/service/snapshot/rate_limits.py": "requests that come back in parts of a second",
    "src/milepost/store/sql/silence.py": "seconds that a server may be silent",
}
"""Files on the money's path that hold a binary fraction, and what it is."""

MADE_BY_POSITION_WHERE_HOT = {
    "src/milepost/engine/rows/_rows_py.py": "two values for each row that an event changes; keywords cost a third more",
}
"""Files that make values of many arguments by position, and why."""

LONGER_MODULES: dict[str, int] = {}
LONGER_FUNCTIONS: dict[str, int] = {}
"""What was longer than the limit when it was listed; the numbers may only fall."""


def test_the_pure_packages_know_no_clock() -> None:
    """Rules and engine get every instant as an argument."""
    pure = [source for source in package() if source.part in PURE]

    assert [] == [finding for source in pure for finding in habits.readings_by_any_name(source)]


def test_only_the_wiring_reads_the_clock() -> None:
    """The time of day enters in one place, so a test or a sandbox can set it."""
    others = [source for source in package() if source.part != "wiring"]

    assert [] == [finding for source in others for finding in habits.clock_readings(source)]


def test_no_binary_fraction_is_on_the_path_of_money() -> None:
    """Amounts are exact everywhere; a fraction of a second is none."""
    found = {source.path: [*habits.floats(source)] for source in package() if source.part in MONEY}
    unexplained = [finding for path, of in found.items() if path not in FRACTIONS_THAT_ARE_NO_AMOUNTS for finding in of]

    assert [] == unexplained


def test_each_exception_for_fractions_is_needed() -> None:
    """A file that no longer holds a fraction leaves the list."""
    found = {source.path for source in package() if any(habits.floats(source))}

    assert [] == [path for path in FRACTIONS_THAT_ARE_NO_AMOUNTS if path not in found]


def test_names_say_what_things_are() -> None:
    """No module, function or class has a name that attracts anything."""
    assert [] == [finding for source in package() for finding in habits.vague_names(source)]


def test_only_the_database_commits() -> None:
    """One use case is one transaction, ended in one place."""
    others = [source for source in package() if source.path != "src/milepost/store/database.py"]

    assert [] == [finding for source in others for finding in habits.commits(source)]


def test_what_requests_depend_on_is_awaited() -> None:
    """FastAPI hands a plain function to a thread, at each request, and waits for it."""
    faces = [source for source in package() if source.part == "api"]
    asked = {name for source in faces for name in habits.depended_on(source)}
    awaited = {
        node.name for source in faces for node in ast.walk(source.tree) if isinstance(node, ast.AsyncFunctionDef)
    }

    assert set() == asked - awaited


def test_values_of_the_model_are_frozen() -> None:
    """A value does not change once it was handed out."""
    model = [source for source in package() if source.part == "model"]

    assert [] == [finding for source in model for finding in habits.mutable_values(source)]


def test_values_of_many_fields_are_made_by_keyword() -> None:
    """Two arguments of one type cannot change places unseen."""
    names = {name for source in package() for name in habits.values(source)}
    found = {source.path: [*habits.made_by_position(source, names)] for source in package()}

    assert [] == [finding for path, of in found.items() if path not in MADE_BY_POSITION_WHERE_HOT for finding in of]
    assert [] == [path for path in MADE_BY_POSITION_WHERE_HOT if not found[path]]


def test_modules_are_short() -> None:
    """A module can be read in one go."""
    lengths = [Length(source.path, source.lines) for source in sources()]

    assert [] == over(lengths, MODULE_LINES_MAX, LONGER_MODULES)


def test_functions_fit_on_a_screen() -> None:
    """A function fits on a screen."""
    lengths = [length for source in sources() for length in habits.function_lengths(source)]

    assert [] == over(lengths, FUNCTION_LINES_MAX, LONGER_FUNCTIONS)


def over(lengths: Iterable[Length], most: int, listed: Mapping[str, int]) -> list[str]:
    """Return what is longer than it may be, and what is listed with a greater number than it needs."""
    by_name: dict[str, int] = {}
    for name, lines in lengths:
        by_name[name] = max(lines, by_name.get(name, 0))
    grown = [f"{name} has {lines} lines" for name, lines in by_name.items() if lines > listed.get(name, most)]
    shrunk = {name: by_name.get(name, 0) for name, number in listed.items() if by_name.get(name, 0) < number}
    return grown + [f"{name} has {lines} lines only: lower or drop its number" for name, lines in shrunk.items()]


def test_a_ratchet_holds_in_both_directions() -> None:
    """What grows is found, and so is a number that could be lower."""
    lengths = [Length("short", 3), Length("long", 12), Length("longer", 20), Length("mended", 7)]

    assert ["long has 12 lines", "mended has 7 lines only: lower or drop its number"] == over(
        lengths, 10, {"longer": 20, "mended": 15}
    )
