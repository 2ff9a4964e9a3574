"""What is answered about a file of enrolments."""

from msgspec import Struct

from milepost.api.native.enrolments.file import EnrolmentFile, FileResult
from milepost.service.enrolments.bulk_enrolment import RowStatus


class RefusedItem(Struct, forbid_unknown_fields=True):
    """A refused row as it came: its line, its cells by column, and the reasons."""

    line: int
    row: dict[str, str]
    reasons: list[str]


class EnrolmentsItem(Struct, forbid_unknown_fields=True):
    """The result of a file: how many rows enrolled, changed goals or changed nothing, and the rows refused."""

    rows: int
    enrolled: int
    changed: int
    already: int
    refused: list[RefusedItem]


def enrolments_item(file: EnrolmentFile, result: FileResult) -> EnrolmentsItem:
    """Return the result of *file*."""
    refused = [
        RefusedItem(row.line, dict(zip(file.columns, row.cells, strict=False)), list(row.reasons))
        for row in result.refused
    ]
    counts = result.counts
    return EnrolmentsItem(
        rows=file.length,
        enrolled=counts[RowStatus.ENROLLED],
        changed=counts[RowStatus.CHANGED],
        already=counts[RowStatus.ALREADY],
        refused=refused,
    )
