"""From the cells of a CSV row to the JSON of an event. What a cell cannot be is a fault with its column."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from milepost.files.encoding import UnreadableFile
from milepost.files.table import Fault, repeated_columns
from milepost.files.values import Decimals, Unread, number_of, time_of
from milepost.model.event import BILL, CURRENCY, POINTS, RETURN
from milepost.model.problem import Problem

encoder = msgspec.json.Encoder(decimal_format="number")
WITH_PAYLOAD = frozenset({BILL, RETURN, POINTS, CURRENCY})
AMOUNTS = frozenset({"data.netAmount", "data.grossAmount", "data.discount", "data.amount"})
JSON_COLUMNS = frozenset({"data", "customer", "store", "till", "data.lines", "data.extendedFields"})
WHOLE_NUMBERS = frozenset({"customer.id", "store.id", "till.id", "data.programId"})
_LITERAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?|true|false", re.ASCII)
_COMMA_NUMBER = re.compile(r"-?(0|[1-9]\d*),\d+", re.ASCII)
_PLAIN = ("id", "source", "type", "time", "subject", "specversion", "datacontenttype", "dataschema")
_OBJECTS = {
    "customer": ("id", "externalId", "mobile", "email"),
    "store": ("id", "code"),
    "till": ("id", "code"),
}
_NEEDED = ("id", "source", "type", "time")


class Form(NamedTuple):
    """How the cells of a file are written: dates as of strptime (None: ISO 8601), their zone, and decimals."""

    date_format: str | None
    zone: str
    decimals: Decimals | None


def check_heading(columns: Sequence[str]) -> None:
    """Check that each column is a field of an event and none is missing; raises UnreadableFile with all problems."""
    problems = repeated_columns(columns)
    problems += [Problem(column, _unknown()) for column in columns if not is_field(column)]
    problems += [Problem(name, "is missing; each event needs it") for name in _NEEDED if name not in columns]
    names = set(columns)
    for column in columns:
        parts = column.split(".")
        outer = {".".join(parts[:length]) for length in range(1, len(parts))} & names
        problems += [
            Problem(column, f"is a part of the column {name}; only one of them may be there") for name in outer
        ]
    if problems:
        raise UnreadableFile(*problems[:20])


def is_field(column: str) -> bool:
    """Whether *column* is the path of a field of an event."""
    outer, _, inner = column.partition(".")
    if outer == "data":
        return column == outer or inner != ""
    return column in _PLAIN or column in _OBJECTS or inner in _OBJECTS.get(outer, ())


def _unknown() -> str:
    objects = ", ".join(f"{outer}.{inner}" for outer, fields in _OBJECTS.items() for inner in fields)
    return f"is not a column here; the columns are {', '.join(_PLAIN)}, {objects}, and data.… for each field of data"


def event_of(cells: Mapping[str, str], form: Form) -> tuple[bytes, list[Fault]]:
    """Return the JSON of the event in *cells*, by column and without empty ones, and the faults of its cells."""
    is_payload = cells.get("type") in WITH_PAYLOAD
    values: dict[str, object] = {}
    faults: list[Fault] = []
    for name, text in cells.items():
        value = _value(name, text, form, is_payload=is_payload)
        if isinstance(value, Unread):
            faults.append(Fault(name, value.reason))
        values[name] = value
    return (b"" if faults else encoder.encode(nested(values))), faults


def _value(name: str, text: str, form: Form, *, is_payload: bool) -> object:
    """Return the value of a cell. Amounts of bills stay text, so that they are exact; attributes may be numbers."""
    if name == "time":
        return time_of(text, form.date_format, form.zone)
    if name in JSON_COLUMNS:
        return json_of(text)
    if name in WHOLE_NUMBERS and text.isascii() and text.isdigit():
        return int(text)
    if is_payload and name in AMOUNTS:
        return number_of(text, form.decimals)
    if name.startswith("data.") and not is_payload:
        if form.decimals is Decimals.COMMA and _COMMA_NUMBER.fullmatch(text):
            return Decimal(text.replace(",", "."))
        if _LITERAL.fullmatch(text):
            return json_of(text)
    return text


def json_of(text: str) -> object:
    """Return the JSON value in *text*, with exact decimals; *text* itself if it is none."""
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        return text


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return the nested object of *values* with dotted names: `customer.id` becomes the field `id` of `customer`."""
    event: dict[str, Any] = {}
    for name, value in values.items():
        holder = event
        *outer, last = name.split(".", 2 if name.startswith("data.extendedFields.") else 1)
        for part in outer:
            holder = holder.setdefault(part, {})
        holder[last] = value
    return event
