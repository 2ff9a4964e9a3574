"""The mapping file of `--map`: which columns make which fields of an event, in TOML (docs/import-files.md)."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from milepost.cli.imports.event_cells import is_field
from milepost.files.encoding import UnreadableFile
from milepost.files.values import Decimals, Unread, number_of
from milepost.model.problem import Problem, Refused

NUMBERS = frozenset({"netAmount", "grossAmount", "discount", "amount", "quantity", "rate"})
LINE_FIELDS = ("code", "quantity", "rate", "grossAmount", "discount", "netAmount", "description")
_OPEN = ("attributes.", "extendedFields.")
_TABLES = ("file", "bill", "skip", "event", "line")
_FILE = ("encoding", "delimiter", "decimal", "date_format", "time_zone")
_WAYS = ("column", "columns", "first_of", "product", "value", "sum")
_EXTRAS = {"join": str, "default": object, "prefix": str, "strip": str, "values": dict, "negate": bool, "number": bool}
_FOUR_DECIMALS = Decimal("0.0001")


class Cell(NamedTuple):
    """How one field is made: from columns in one of several ways, or from a fixed value."""

    way: str
    columns: tuple[str, ...]
    value: object = None
    join: str = " "
    default: object = None
    prefix: str = ""
    strip: str = ""
    values: Mapping[str, str] = {}
    negate: bool = False
    is_number: bool = False


class Skip(NamedTuple):
    """Rows that are passed over: their *column* holds one of *texts*. With *whole_bill* so are all rows of the bill."""

    column: str
    texts: tuple[str, ...]
    whole_bill: bool = False

    def matches(self, row: Mapping[str, str]) -> bool:
        """Whether *row* is passed over."""
        return row[self.column] in self.texts


class EventMapping(NamedTuple):
    """A mapping file: how the file is written, the column that joins rows to bills (if any), and each field."""

    path: Path
    file: Mapping[str, str]
    bill: str | None
    skips: tuple[Skip, ...]
    event: Mapping[str, Cell]
    line: Mapping[str, Cell]

    @property
    def number_columns(self) -> frozenset[str]:
        """Return the columns that hold numbers."""
        cells = (*self.event.values(), *self.line.values())
        return frozenset(column for cell in cells if cell.is_number for column in cell.columns)

    def check_heading(self, columns: Sequence[str]) -> None:
        """Check that the file has each column that the mapping names, and once; raises UnreadableFile."""
        names = [column for cell in (*self.event.values(), *self.line.values()) for column in cell.columns]
        names += [skip.column for skip in self.skips] + ([self.bill] if self.bill else [])
        problems = []
        for name in dict.fromkeys(names):
            count = columns.count(name)
            if count == 0:
                problems.append(Problem(name, f"is named by {self.path}, but is no column of the file"))
            elif count > 1:
                problems.append(Problem(name, "is the name of two columns"))
        if problems:
            raise UnreadableFile(*problems)


def read_mapping(path: Path) -> EventMapping:
    """Return the mapping in the TOML file at *path*; raises Refused with all that is wrong with it."""
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except OSError as error:
        raise Refused(Problem(str(path), f"cannot be read: {error.strerror}")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(Problem(str(path), f"is not TOML: {error}")) from None
    problems: list[Problem] = []
    mapping = EventMapping(
        path=path,
        file=_file(raw.get("file", {}), problems),
        bill=raw.get("bill"),
        skips=tuple(_skips(raw.get("skip", []), problems)),
        event=dict(_cells(raw.get("event", {}), "event", problems)),
        line=dict(_cells(raw.get("line", {}), "line", problems)),
    )
    problems += _problems_of(mapping, raw)
    if problems:
        raise Refused(*(Problem(f"{path}: {problem.path}", problem.reason) for problem in problems))
    return mapping


def _problems_of(mapping: EventMapping, raw: Mapping[str, Any]) -> Iterator[Problem]:
    yield from (Problem(name, f"is not known; there are {', '.join(_TABLES)}") for name in raw if name not in _TABLES)
    if mapping.bill is not None and not isinstance(mapping.bill, str):
        yield Problem("bill", "must be the name of a column")
    if mapping.line and mapping.bill is None:
        yield Problem("bill", "is missing; it names the column whose value the rows of one bill share")
    for name in ("id", "source", "type", "time"):
        if name not in mapping.event:
            yield Problem(f"event.{name}", "is missing; each event needs it")
    for name in mapping.event:
        if not is_field(name):
            yield Problem(f"event.{name}", "is not a field of an event")
    if mapping.line and "code" not in mapping.line:
        yield Problem("line.code", "is missing; each line needs it")
    for name, cell in mapping.line.items():
        if name not in LINE_FIELDS and not name.startswith(_OPEN):
            yield Problem(f"line.{name}", f"is not a field of a line; there are {', '.join(LINE_FIELDS)}, {_OPEN}")
        if cell.way == "sum":
            yield Problem(f"line.{name}", "cannot be a sum of lines; a field of the event can")
    for name, cell in mapping.event.items():
        if cell.way == "sum" and cell.value not in mapping.line:
            yield Problem(f"event.{name}", f'sums up "{cell.value}", which is no field of [line]')


def _file(raw: Any, problems: list[Problem]) -> dict[str, str]:
    if not isinstance(raw, dict):
        problems.append(Problem("file", "must be a table"))
        return {}
    for name, value in raw.items():
        if name not in _FILE or not isinstance(value, str):
            problems.append(Problem(f"file.{name}", f"must be a text and one of {', '.join(_FILE)}"))
        elif name == "decimal" and value not in {kind.value for kind in Decimals}:
            problems.append(Problem("file.decimal", "must be point or comma"))
    return raw


def _skips(raw: Any, problems: list[Problem]) -> Iterator[Skip]:
    for place, skip in enumerate(raw if isinstance(raw, list) else [raw]):
        texts = skip.get("is") if isinstance(skip, dict) else None
        listed = [texts] if isinstance(texts, str) else texts
        is_list = isinstance(listed, list) and all(isinstance(text, str) for text in listed)
        whole = is_list and skip.get("whole_bill", False)
        if not is_list or not isinstance(skip.get("column"), str) or set(skip) - {"column", "is", "whole_bill"}:
            reason = "must hold column, and is with one text or a list of texts; it may hold whole_bill"
            problems.append(Problem(f"skip[{place}]", reason))
            continue
        yield Skip(skip["column"], tuple(listed or ()), whole is True)


def _cells(raw: Any, table: str, problems: list[Problem], prefix: str = "") -> Iterator[tuple[str, Cell]]:
    """Return each field of a table with its cell; `customer.email` may be in quotes or in a table of its own."""
    for key, value in raw.items() if isinstance(raw, dict) else ():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and not set(value) & set(_WAYS):
            yield from _cells(value, table, problems, f"{name}.")
            continue
        cell = _cell(name, {"column": value} if isinstance(value, str) else value)
        if isinstance(cell, str):
            problems.append(Problem(f"{table}.{name}", cell))
        else:
            yield name, cell


def _cell(name: str, raw: Any) -> Cell | str:
    """Return the cell that *raw* says, or the reason why it says none."""
    ways = [way for way in _WAYS if isinstance(raw, dict) and way in raw]
    if len(ways) != 1:
        return f"must be the name of a column, or hold exactly one of {', '.join(_WAYS)}"
    for key, value in raw.items():
        if key not in _EXTRAS and key != ways[0]:
            return f"holds {key}, which is not known; there are {', '.join(_EXTRAS)}"
        if key in _EXTRAS and not isinstance(value, _EXTRAS[key]):
            return f"holds {key}, which must be of the type {_EXTRAS[key].__name__}"
    way, value = ways[0], raw[ways[0]]
    columns = () if way in {"value", "sum"} else (value,) if way == "column" else value
    if not isinstance(columns, list | tuple) or not all(isinstance(column, str) for column in columns):
        return f"must hold the name of a column, or a list of names for {', '.join(_WAYS[1:4])}"
    extras = {key: raw[key] for key in raw if key in _EXTRAS and key != "number"}
    is_number = raw.get("number", False) or (name.rpartition(".")[2] in NUMBERS)
    return Cell(way, tuple(columns), value if way in {"value", "sum"} else None, is_number=is_number, **extras)


def value_of(cell: Cell, row: Mapping[str, str], decimals: Decimals | None) -> object:
    """Return what *cell* makes of a row: None if the row has nothing for it, Unread if it cannot be read."""
    texts = [row.get(column, "") for column in cell.columns]
    if cell.strip:
        texts = [text.replace(cell.strip, "").strip() for text in texts]
    match cell.way:
        case "value":
            return cell.value
        case "product":
            value: object = _product(texts, decimals)
        case "first_of":
            value = next((text for text in texts if text), None)
        case _:
            value = cell.join.join(text for text in texts if text) or None
    if value is None:
        return cell.default
    if isinstance(value, str):
        value = cell.values.get(value, value)
        if cell.is_number and cell.way != "product":
            value = number_of(value, decimals)
    if isinstance(value, Unread):
        return value
    if cell.is_number:
        number = Decimal(str(value))
        return -number if cell.negate and number else number
    return f"{cell.prefix}{value}"


def _product(texts: Sequence[str], decimals: Decimals | None) -> object:
    """Return the product of *texts*, rounded half-even to four decimals; None if one is empty."""
    if not all(texts):
        return None
    product = Decimal(1)
    for text in texts:
        number = number_of(text, decimals)
        if isinstance(number, Unread):
            return number
        product *= Decimal(number)
    return str(product.quantize(_FOUR_DECIMALS, ROUND_HALF_EVEN).normalize().__format__("f"))
