"""Enrolments in a CSV file: who takes part in which target, with goals of their own (facts 4.7).

Columns: one identifier (userId, externalId, mobile, email or cardnumber), TargetName, CreatedBy, UpdatedBy, and one for
each period, named by its refCode. A blank goal means the target's own, 0 is a goal. Names are known in any case.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from milepost.api.native.identifiers import NAMES, identifier_of
from milepost.api.native.table import Row, Table, read_table, write_table
from milepost.model.amount import AMOUNT_MAX, PLACES, fits
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.names import name_key
from milepost.model.problem import Problem, Refused
from milepost.model.target import Evaluation, Period, Target, TargetGroup
from milepost.service.enrolments.bulk_enrolment import (
    CHUNK,
    EarlierRows,
    EnrolmentRow,
    RowResult,
    RowStatus,
    enrol_rows,
)
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

FILE_BYTES_MAX = 25 * 1024 * 1024
"""Bytes of one file (facts 2.11)."""

TARGET = "targetname"
ADDED: Mapping[str, str] = {"line": "Line", "reason": "Reason"}
"""Columns of rows that came back refused."""

PASSED_OVER = frozenset({"createdby", "updatedby", *ADDED})
"""Columns that say who made the file, for who enrols is who sends it; and those of rows that came back."""

_AMOUNT = re.compile(r"\d{1,20}(\.\d{1,20})?", re.ASCII)


class RefusedRow(NamedTuple):
    """A row of the file as it came, and why it was refused."""

    line: int
    cells: Sequence[str]
    reasons: tuple[str, ...]


class Done(NamedTuple):
    """What became of a file: how many rows became what, and those that were refused."""

    counts: Mapping[RowStatus, int]
    refused: list[RefusedRow]


class _Columns(NamedTuple):
    """Where a file has what: the identifier, the target's name if it has that, and goals by position."""

    identifier: int
    kind: IdentifierKind
    target: int | None
    goals: Mapping[int, Period]


class EnrolmentFile:
    """A file that can be read, for a group."""

    def __init__(self, body: bytes, group: TargetGroup) -> None:
        """Read the heading of *body*, and look whether the rest can be read; raises Refused."""
        table: Table = read_table(body)
        self.columns = table.columns
        self.length = table.length
        self._rows = table.rows
        self._group = group
        self._targets = {name_key(target.name): target for target in group.targets if target.active}
        self._where = _columns_of(table.columns, group)

    async def enrol(
        self, runtime: Runtime, caller: Caller, first: Period, advance: Callable[[int], None] | None = None
    ) -> Done:
        """Enrol every row from the period *first* on; *advance* is told how many rows more are done.

        What was done stays done if a later part fails, and sending the file again does the rest.
        """
        counts = dict.fromkeys(RowStatus, 0)
        refused: list[RefusedRow] = []
        seen: EarlierRows = {}
        while chunk := list(islice(self._rows, CHUNK)):
            read = [(row, *self._read(row)) for row in chunk]
            sound = [found for _, found, _ in read if found is not None]
            told = iter(await enrol_rows(runtime, caller, first, sound, seen))
            for row, found, reasons in read:
                result = RowResult(RowStatus.REFUSED) if found is None else next(told)
                counts[result.status] += 1
                if result.status is RowStatus.REFUSED:
                    refused.append(RefusedRow(row.line, row.cells, reasons or (result.reason,)))
            if advance is not None:
                advance(len(chunk))
        return Done(counts, refused)

    def _read(self, row: Row) -> tuple[EnrolmentRow | None, tuple[str, ...]]:
        """Return what a row says, or everything that is wrong with it."""
        where, cells = self._where, row.cells
        reasons: list[str] = []
        if len(cells) > len(self.columns):
            reasons.append(f"the row has {len(cells)} cells, the heading {len(self.columns)}")
        customer = identifier_of(where.kind, cells[where.identifier].strip())
        if isinstance(customer, str):
            reasons.append(f"{self.columns[where.identifier]} {customer}")
        target = self._target("" if where.target is None else cells[where.target].strip())
        if target is None:
            reasons.append(f"TargetName must be one of {', '.join(one.name for one in self._targets.values())}")
        goals: dict[int, Decimal] = {}
        for place, period in where.goals.items():
            if text := cells[place].strip():
                goal = _goal(text, self._group)
                if isinstance(goal, str):
                    reasons.append(f"{self.columns[place]} {goal}")
                else:
                    goals[period.id] = goal
        if reasons or target is None or not isinstance(customer, Identifier):
            return None, tuple(reasons)
        return EnrolmentRow(customer=customer, target=target, goals=tuple(sorted(goals.items()))), ()

    def _target(self, name: str) -> Target | None:
        """Return the target called *name*; where there is only one, none need be named."""
        if not name and len(self._targets) == 1:
            return next(iter(self._targets.values()))
        return self._targets.get(name_key(name))


def _columns_of(columns: Sequence[str], group: TargetGroup) -> _Columns:
    """Find what each column is, or refuse with everything that is wrong with the heading."""
    kinds = {name.lower(): kind for name, kind in NAMES.items()}
    ordered = sorted((period for period in group.periods if period.active), key=lambda period: period.opens_at)
    # Until achieved there is one goal for all periods, that of the first (docs/rules.md).
    with_goals = ordered[:1] if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW else ordered
    periods = {name_key(period.ref_code): period for period in with_goals}
    named = [column.lower() for column in columns]
    problems = [Problem(one, "stands there twice") for one in columns if named.count(one.lower()) > 1]
    goals: dict[int, Period] = {}
    for place, column in enumerate(columns):
        if column.lower() in kinds or column.lower() in {TARGET} | PASSED_OVER:
            continue
        if name_key(column) in periods:
            goals[place] = periods[name_key(column)]
        else:
            problems.append(Problem(column, _no_column(with_goals)))
    identifiers = [place for place, column in enumerate(named) if column in kinds]
    if len(identifiers) != 1:
        problems.append(Problem("", f"the file must have exactly one of the columns {', '.join(NAMES)}"))
    if problems:
        raise Refused(*dict.fromkeys(problems))
    target = named.index(TARGET) if TARGET in named else None
    return _Columns(identifiers[0], kinds[named[identifiers[0]]], target, goals)


def _no_column(periods: Sequence[Period]) -> str:
    shown = [period.ref_code for period in periods[:5]] + (["…"] if len(periods) > len(periods[:5]) else [])
    return f"is no column here; there are an identifier, TargetName, CreatedBy, UpdatedBy, and {', '.join(shown)}"


def _goal(text: str, group: TargetGroup) -> Decimal | str:
    """Return the goal that a cell says, or what is wrong with it."""
    goal = Decimal(text) if _AMOUNT.fullmatch(text) else None
    if goal is None or not fits(goal):
        return f"must be blank or a number from 0 to {AMOUNT_MAX} with at most {PLACES} decimals"
    if goal == 0 and group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return "must be greater than 0 until achieved"
    return goal


def refused_table(file: EnrolmentFile, done: Done) -> bytes:
    """Return the refused rows as CSV: as they came, with the line where each stood and the reasons."""
    kept = [place for place, column in enumerate(file.columns) if column.lower() not in ADDED]
    heading = [*(file.columns[place] for place in kept), *ADDED.values()]
    rows = ([*(row.cells[place] for place in kept), str(row.line), "; ".join(row.reasons)] for row in done.refused)
    return write_table(heading, rows)
