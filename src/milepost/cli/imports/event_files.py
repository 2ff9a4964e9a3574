"""Reading events from files. Each line of NDJSON, and each row of CSV or Parquet, is one event.

A column `customer.externalId` or `data.netAmount` is a field within an object; a column `data` or `data.lines` may hold
JSON text. Empty cells are left out.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from milepost.model.event import BILL, CURRENCY, POINTS, RETURN
from milepost.model.problem import Problem, Refused

_encoder = msgspec.json.Encoder(decimal_format="number")
_WITH_PAYLOAD = frozenset({BILL, RETURN, POINTS, CURRENCY})
_LITERAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?|true|false", re.ASCII)
_WHOLE_NUMBERS = frozenset({"customer.id", "store.id", "till.id", "data.programId"})
_JSON = frozenset({"data", "customer", "store", "till", "data.lines", "data.extendedFields"})


class Read(NamedTuple):
    """One event of a file: its row (from 1), its JSON, and how much of the file is read with it (see `EventFile`)."""

    row: int
    json: bytes
    done: int


class EventFile(NamedTuple):
    """A file of events, and its size in bytes or, for Parquet, in rows."""

    path: Path
    kind: str
    total: int

    @property
    def unit(self) -> str:
        """Return the unit of `total`."""
        return "rows" if self.kind == "parquet" else "bytes"


def event_file(path: Path) -> EventFile:
    """Return the file at *path*, whose kind is known by its ending; raises Refused."""
    if not path.is_file():
        raise Refused(Problem(str(path), "there is no such file"))
    kind = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".parquet": "parquet"}.get(path.suffix.lower())
    if kind is None:
        raise Refused(Problem(str(path), "must end in .ndjson, .jsonl, .csv or .parquet"))
    total = _parquet(path).metadata.num_rows if kind == "parquet" else path.stat().st_size
    return EventFile(path, kind, total)


def events_of(file: EventFile) -> Iterator[Read]:
    """Return the events of *file* in the order of its rows."""
    match file.kind:
        case "ndjson":
            return _lines(file.path)
        case "csv":
            return _cells(file.path)
        case _:
            return _columns(file.path)


def _lines(path: Path) -> Iterator[Read]:
    done = 0
    with path.open("rb") as lines:
        for row, line in enumerate(lines, 1):
            done += len(line)
            if line.strip():
                yield Read(row, line, done)


def _cells(path: Path) -> Iterator[Read]:
    with path.open("rb") as raw:
        reader = csv.DictReader(TextIOWrapper(raw, encoding="utf-8-sig", newline=""))
        for row, cells in enumerate(reader, 1):
            given = {str(name): text for name, text in cells.items() if isinstance(text, str) and text != ""}
            is_payload = given.get("type") in _WITH_PAYLOAD
            values = {name: _cell(name, text, is_payload=is_payload) for name, text in given.items()}
            yield Read(row, _text(_nested(values)), raw.tell())


def _cell(name: str, text: str, *, is_payload: bool) -> object:
    """Return the value of a CSV cell. Amounts of bills stay text, so that they are exact; attributes may be numbers."""
    if name in _JSON:
        return _json(text)
    if name in _WHOLE_NUMBERS and text.isascii() and text.isdigit():
        return int(text)
    if name.startswith("data.") and not is_payload and _LITERAL.fullmatch(text):
        return _json(text)
    return text


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        return text


def _columns(path: Path) -> Iterator[Read]:
    row = 0
    for batch in _parquet(path).iter_batches(batch_size=2_000):
        for values in batch.to_pylist():
            row += 1
            given = {name: _value(name, value) for name, value in values.items() if value is not None}
            yield Read(row, _text(_nested(given)), row)


def _value(name: str, value: object) -> object:
    match value:
        case float():
            return Decimal(str(value))
        case datetime() | date():
            return value.isoformat()
        case str() if name in _JSON:
            return _json(value)
        case Mapping():
            return {str(inner): _value("", one) for inner, one in value.items() if one is not None}
        case list():
            return [_value("", one) for one in value]
        case _:
            return value


def _nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return the nested object of *values* with dotted names: `customer.id` becomes the field `id` of `customer`."""
    event: dict[str, Any] = {}
    for name, value in values.items():
        holder = event
        *outer, last = name.split(".", 2 if name.startswith("data.extendedFields.") else 1)
        for part in outer:
            holder = holder.setdefault(part, {})
        holder[last] = value
    return event


def _text(event: dict[str, Any]) -> bytes:
    return _encoder.encode(event)


def _parquet(path: Path) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise Refused(Problem(str(path), 'reading Parquet needs the extra: pip install "milepost[bulk]"')) from None
    return ParquetFile(path)
