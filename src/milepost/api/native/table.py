"""CSV in bodies: read as strictly as files of the command line, and written so that it is safe in a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from email.message import Message
from io import BytesIO, StringIO

from milepost.files.table import ReadOptions, Table, neutral

HINT = "send it with Content-Type: text/csv; charset={}"


def read_table(body: bytes, content_type: str = "", options: ReadOptions | None = None) -> Table:
    """Return the table in *body*, in the encoding that *content_type* or *options* name; raises Refused.

    Without a name it is UTF-8, or UTF-16 with a byte-order mark. The whole file is parsed before the first row is
    returned, so that no row of an unreadable file takes effect.
    """
    return Table(lambda: BytesIO(body), options or body_options(content_type))


def body_options(content_type: str, *, fill_short_rows: bool = False) -> ReadOptions:
    """Return how a body is read whose header is *content_type*: by its charset, if it names one."""
    header = Message()
    header["content-type"] = content_type or "text/csv"
    return ReadOptions(encoding=header.get_content_charset(), fill_short_rows=fill_short_rows, hint=HINT)


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """Return CSV of *rows*; an apostrophe before a cell that looks like a formula makes it text for a spreadsheet."""
    out = StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([neutral(cell) for cell in columns])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue().encode()
