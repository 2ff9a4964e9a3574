"""From the server's answer about a customer's progress to the rows that the demo shows."""

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
    """Return a row for each target in its running period, for each level of a streak, and for each unified group."""
    return tuple(row for group in progress["groups"] for row in _of_group(group))


def _of_group(group: Document) -> Iterator[Row]:
    for target in group["targets"]:
        for period in target["periods"]:
            if period["status"] == RUNNING:
                yield _of_period(group, target["name"], period)
    if group["streak"] is not None:
        yield from (_of_level(level) for level in group["streak"]["levels"])
    yield from _of_composites(group)


def _of_period(group: Document, target: str, period: Document) -> Row:
    """Return the row of a running period; a window of the household's own is named by the day on which it ends."""
    name = f"to {period['endsAt'][5:10]}" if group["evaluation"] == OWN_WINDOWS else period["refCode"]
    return Row(
        target=target,
        period=name,
        value=_number(period["value"]),
        goal=_number(period["goal"]),
        achieved_at=period["achievedAt"],
        is_cap=group["tracking"] == CAPPING,
    )


def _of_level(level: Document) -> Row:
    return Row(
        target=f"{INDENT}{level['name']}",
        period="in a row",
        value=Decimal(level["count"]),
        goal=Decimal(level["needed"]),
        achieved_at=level["earnedAt"],
    )


def _of_composites(group: Document) -> Iterator[Row]:
    """Return the rows of a unified group in its running periods: the value of all its targets together."""
    names = {period["id"]: period["refCode"] for target in group["targets"] for period in target["periods"]}
    for composite in group["wholes"]:
        if composite["periodId"] in group["runningPeriodIds"]:
            together = f"{INDENT}together, {composite['reached']} of {composite['needed']}"
            goal = composite["threshold"] if composite["threshold"] is not None else composite["needed"]
            yield Row(
                target=together,
                period=names[composite["periodId"]],
                value=_number(composite["value"]),
                goal=_number(goal),
                achieved_at=composite["achievedAt"],
            )


def _number(value: Any) -> Decimal:
    return Decimal(value or 0)
