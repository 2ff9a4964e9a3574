"""From what the server tells of a customer's progress to the rows that the demo shows."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from milepost.demo.definitions import Document
from milepost.demo.display import Row

RUNNING = "RUNNING"
CAPPING = "CAPPING"
OWN_WINDOWS = "CYCLIC_WINDOW"
INDENT = "  "


def rows_of(progress: Document) -> tuple[Row, ...]:
    """Return a row for each target in the period that runs, for each level of a streak, for each group as a whole."""
    return tuple(row for group in progress["groups"] for row in _of_group(group))


def _of_group(group: Document) -> Iterator[Row]:
    for target in group["targets"]:
        for period in target["periods"]:
            if period["status"] == RUNNING:
                yield _of_period(group, target["name"], period)
    if group["streak"] is not None:
        yield from (_of_level(level) for level in group["streak"]["levels"])
    yield from _of_wholes(group)


def _of_period(group: Document, target: str, period: Document) -> Row:
    """Return the row of a running period; a window of the household's own is named by the day on which it ends."""
    name = f"to {period['endsAt'][5:10]}" if group["evaluation"] == OWN_WINDOWS else period["refCode"]
    target = f"{target} (cap)" if group["tracking"] == CAPPING else target
    return Row(target, name, _number(period["value"]), _number(period["goal"]), period["achievedAt"])


def _of_level(level: Document) -> Row:
    return Row(
        f"{INDENT}{level['name']}", "in a row", Decimal(level["count"]), Decimal(level["needed"]), level["earnedAt"]
    )


def _of_wholes(group: Document) -> Iterator[Row]:
    """Return the row of a group as a whole: what its targets come to together."""
    names = {period["id"]: period["refCode"] for target in group["targets"] for period in target["periods"]}
    for whole in group["wholes"]:
        if whole["periodId"] in group["runningPeriodIds"]:
            together = f"{INDENT}together, {whole['reached']} of {whole['needed']}"
            goal = whole["threshold"] if whole["threshold"] is not None else whole["needed"]
            yield Row(together, names[whole["periodId"]], _number(whole["value"]), _number(goal), whole["achievedAt"])


def _number(value: Any) -> Decimal:
    return Decimal(value or 0)
