"""The rows of a Parquet file, in bounded memory whatever the file says of itself.

A value that is repeated is stored once, so a small file may hold more than any memory does. Texts are read as they are
stored, and only as many rows at once become values as fit.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from milepost.files.table import COLUMNS_MAX
from milepost.model.problem import Problem, Refused

ROWS_AT_ONCE = 2_000
NESTED_ROWS_AT_ONCE = 50
"""Rows read at once where texts lie within objects and lists, which pyarrow does not read as they are stored."""

TEXT = "BYTE_ARRAY"
"""How Parquet itself calls what texts and bytes of any length are stored as."""

VALUES_BYTES_MAX = 64 * 1024 * 1024
"""Bytes of texts that become values at once."""

GROUP_BYTES_MAX = 1024 * 1024 * 1024


def open_parquet(path: Path) -> Any:
    """Return the Parquet file at *path*; raises Refused if it is none, or says that it is larger than may be."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile, read_metadata
    except ImportError:
        raise Refused(Problem(str(path), 'reading Parquet needs the extra: pip install "milepost[bulk]"')) from None
    try:
        metadata = read_metadata(path)
        columns = [metadata.schema.column(place) for place in range(metadata.num_columns)]
        texts = [column.name for column in columns if _is_text(column)]
        file = ParquetFile(path, metadata=metadata, read_dictionary=texts)
    except (ArrowException, OSError) as error:
        raise Refused(Problem(str(path), f"is no Parquet file: {error}")) from None
    _check_size(path, metadata)
    return file


def parquet_rows(path: Path) -> Iterator[dict[str, object]]:
    """Return the rows of the file at *path* as values by column. Raises Refused where the file is broken."""
    from pyarrow import ArrowException, types

    file = open_parquet(path)
    is_nested = any(types.is_nested(field.type) for field in file.schema_arrow)
    try:
        for batch in file.iter_batches(batch_size=NESTED_ROWS_AT_ONCE if is_nested else ROWS_AT_ONCE):
            at_once = max(1, VALUES_BYTES_MAX // max(1, _longest_row(batch)))
            for start in range(0, batch.num_rows, at_once):
                yield from _plain(batch.slice(start, at_once))
    except (ArrowException, OSError) as error:
        raise Refused(Problem(str(path), f"cannot be read on: {error}")) from None


def _is_text(column: Any) -> bool:
    """Whether a column of a Parquet schema holds texts or bytes, whatever the file calls them, and is not nested."""
    is_nested = column.path != column.name
    return column.physical_type == TEXT and column.logical_type.type != "DECIMAL" and not is_nested


def _check_size(path: Path, metadata: Any) -> None:
    problems = []
    if metadata.num_columns > COLUMNS_MAX:
        problems.append(f"has {metadata.num_columns} columns; there may be at most {COLUMNS_MAX}")
    sizes = [metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups)]
    if sizes and max(sizes) > GROUP_BYTES_MAX:
        problems.append(f"has a row group of {max(sizes)} bytes; there may be at most {GROUP_BYTES_MAX} in one")
    if problems:
        raise Refused(*(Problem(str(path), problem) for problem in problems))


def _longest_row(batch: Any) -> int:
    """Return how many bytes the texts of one row of *batch* have at most."""
    from pyarrow import compute, types

    stored = [column.dictionary for column in batch.columns if types.is_dictionary(column.type) and len(column)]
    return sum(compute.max(compute.binary_length(texts)).as_py() or 0 for texts in stored if len(texts))


def _plain(batch: Any) -> list[dict[str, object]]:
    """Return the rows of *batch*, whose texts are stored once each."""
    from pyarrow import RecordBatch, types

    columns = [
        column.cast(column.type.value_type) if types.is_dictionary(column.type) else column for column in batch.columns
    ]
    found: list[dict[str, object]] = RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist()
    return found
