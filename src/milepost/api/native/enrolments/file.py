"""Enrolments in a CSV file: a customer and a target on each row, with goals of the customer's own (facts 4.7).

Columns: one identifier (userId, externalId, mobile, email or cardnumber), TargetName, CreatedBy, UpdatedBy, and one for
each period, named by its refCode. A blank goal means the target's goal; 0 is a goal. Names may be in any case.

For example, with a target called Spend and periods called JAN and FEB:

    externalId,TargetName,JAN,FEB
    anna,Spend,100,120
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from milepost.api.native.identifiers import NAMES, identifier_of
from milepost.api.native.table import read_table, write_table
from milepost.files.table import ReadOptions, Row, Table, repeated_columns
from milepost.files.values import Decimals, number_of
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
"""Columns that `refused_table` adds: the line of the row, and why it was refused."""

PASSED_OVER = frozenset({"createdby", "updatedby", *ADDED})
"""Columns that are ignored: the caller is the author, whatever the file says; and a refused row may be sent again."""

_AMOUNT = re.compile(r"\d{1,20}(\.\d{1,20})?", re.ASCII)


class RefusedRow(NamedTuple):
    """A row of the file as it came, and why it was refused."""

    line: int
    cells: Sequence[str]
    reasons: tuple[str, ...]


class FileResult(NamedTuple):
    """The result of a file: the number of rows for each result, and the rows that were refused."""

    counts: Mapping[RowStatus, int]
    refused: list[RefusedRow]


class _Columns(NamedTuple):
    """Positions of the columns: the identifier, the target's name (None without one), and the period of each goal."""

    identifier: int
    kind: IdentifierKind
    target: int | None
    goals: Mapping[int, Period]


class EnrolmentFile:
    """A readable file of enrolments in a target group."""

    def __init__(self, body: bytes, group: TargetGroup, options: ReadOptions) -> None:
        """Read the heading of *body*, and check that the rest is CSV; raises Refused."""
        table: Table = read_table(body, options=options)
        self.columns = table.columns
        self.delimiter = table.delimiter
        self.encoding = table.encoding
        self.length = table.length
        self._rows = table.rows()
        self._group = group
        self._targets = {name_key(target.name): target for target in group.targets if target.active}
        self._positions = _columns_of(table.columns, group)
        self._decimals = table.decimals([table.columns[place] for place in self._positions.goals])

    async def enrol(
        self, runtime: Runtime, caller: Caller, first: Period, advance: Callable[[int], None] | None = None
    ) -> FileResult:
        """Enrol every row from the period *first* on. *advance* is called with the number of rows of each chunk done.

        Each chunk is a transaction: if one fails, earlier ones stay, and sending the file again does the rest.
        """
        counts = dict.fromkeys(RowStatus, 0)
        refused: list[RefusedRow] = []
        seen: EarlierRows = {}
        while chunk := list(islice(self._rows, CHUNK)):
            read = [(row, *self._read(row)) for row in chunk]
            valid = [enrolment for _, enrolment, _ in read if enrolment is not None]
            results = iter(await enrol_rows(runtime, caller, first, valid, seen))
            for row, enrolment, reasons in read:
                result = RowResult(RowStatus.REFUSED) if enrolment is None else next(results)
                counts[result.status] += 1
                if result.status is RowStatus.REFUSED:
                    refused.append(RefusedRow(row.line, row.cells, reasons or (result.reason,)))
            if advance is not None:
                advance(len(chunk))
        return FileResult(counts, refused)

    def check(self) -> FileResult:
        """Return the rows that are refused whatever is stored; others are counted as enrolled. Nothing is changed."""
        counts = dict.fromkeys(RowStatus, 0)
        refused: list[RefusedRow] = []
        for row in self._rows:
            enrolment, reasons = self._read(row)
            counts[RowStatus.REFUSED if enrolment is None else RowStatus.ENROLLED] += 1
            if enrolment is None:
                refused.append(RefusedRow(row.line, row.cells, reasons))
        return FileResult(counts, refused)

    def _read(self, row: Row) -> tuple[EnrolmentRow | None, tuple[str, ...]]:
        """Return the enrolment on a row, or None and the reasons why the row is refused."""
        columns, cells = self._positions, row.cells
        reasons = [f"{fault.column} {fault.reason}".strip() for fault in row.faults]
        if len(cells) < len(self.columns):
            return None, tuple(reasons)
        customer = identifier_of(columns.kind, cells[columns.identifier].strip())
        if isinstance(customer, str):
            reasons.append(f"{self.columns[columns.identifier]} {customer}")
        target = self._target("" if columns.target is None else cells[columns.target].strip())
        if target is None:
            reasons.append(f"TargetName must be one of {', '.join(target.name for target in self._targets.values())}")
        goals: dict[int, Decimal] = {}
        for place, period in columns.goals.items():
            if text := cells[place].strip():
                goal = _goal(text, self._group, self._decimals)
                if isinstance(goal, str):
                    reasons.append(f"{self.columns[place]} {goal}")
                else:
                    goals[period.id] = goal
        if reasons or target is None or not isinstance(customer, Identifier):
            return None, tuple(reasons)
        return EnrolmentRow(customer=customer, target=target, goals=tuple(sorted(goals.items()))), ()

    def _target(self, name: str) -> Target | None:
        """Return the target called *name*, None if there is none; an empty name means the only target of a group."""
        if not name and len(self._targets) == 1:
            return next(iter(self._targets.values()))
        return self._targets.get(name_key(name))


def _columns_of(columns: Sequence[str], group: TargetGroup) -> _Columns:
    """Return the positions of the columns; raises Refused with everything that is wrong with the heading."""
    kinds = {name.lower(): kind for name, kind in NAMES.items()}
    ordered = sorted((period for period in group.periods if period.active), key=lambda period: period.opens_at)
    # In an until-achieved group one goal holds for all periods, that of the first (docs/rules.md).
    with_goals = ordered[:1] if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW else ordered
    periods = {name_key(period.ref_code): period for period in with_goals}
    names = [column.lower() for column in columns]
    if len(columns) > len(periods) + len(kinds) + len(PASSED_OVER) + 1:
        raise Refused(Problem("", f"the heading has {len(columns)} columns; {_unknown_column(with_goals)}"))
    problems = repeated_columns(columns)
    goals: dict[int, Period] = {}
    for place, column in enumerate(columns):
        if column.lower() in kinds or column.lower() in {TARGET} | PASSED_OVER:
            continue
        if name_key(column) in periods:
            goals[place] = periods[name_key(column)]
        else:
            problems.append(Problem(column, _unknown_column(with_goals)))
    identifiers = [place for place, column in enumerate(names) if column in kinds]
    if len(identifiers) != 1:
        problems.append(Problem("", f"the file must have exactly one of the columns {', '.join(NAMES)}"))
    if problems:
        raise Refused(*dict.fromkeys(problems))
    target = names.index(TARGET) if TARGET in names else None
    return _Columns(identifiers[0], kinds[names[identifiers[0]]], target, goals)


def _unknown_column(periods: Sequence[Period]) -> str:
    shown = [period.ref_code for period in periods[:5]] + (["…"] if len(periods) > len(periods[:5]) else [])
    return f"is not a column here; the columns are an identifier, TargetName, CreatedBy, UpdatedBy, {', '.join(shown)}"


def _goal(text: str, group: TargetGroup, decimals: Decimals | None) -> Decimal | str:
    """Return the goal in a cell, or the reason why *text* is not valid."""
    number = number_of(text, decimals)
    goal = Decimal(number) if isinstance(number, str) and _AMOUNT.fullmatch(number) else None
    if goal is None or not fits(goal):
        return f"must be blank or a number from 0 to {AMOUNT_MAX} with at most {PLACES} decimals"
    if goal == 0 and group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return "must be above 0 in a group whose periods end when they are achieved"
    return goal


def refused_table(file: EnrolmentFile, result: FileResult) -> bytes:
    """Return the refused rows as CSV: their cells as they came, then their line and the reasons."""
    places = [place for place, column in enumerate(file.columns) if column.lower() not in ADDED]
    heading = [*(file.columns[place] for place in places), *ADDED.values()]
    width = len(file.columns)
    rows = []
    for row in result.refused:
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        # Cells that no column names follow the reason, so that nothing of the row is lost.
        rows.append([*(cells[place] for place in places), str(row.line), "; ".join(row.reasons), *cells[width:]])
    return write_table(heading, rows, file.delimiter)
