"""S20: Parquet files as they are, broken ones, and ones that are made to fill the memory."""

import resource
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from milepost.cli.imports.event_files import event_file
from milepost.cli.imports.parquet_rows import NESTED_ROWS_AT_ONCE, ROWS_AT_ONCE, open_parquet, parquet_rows
from milepost.files.table import COLUMNS_MAX
from milepost.model.problem import Refused

MEBIBYTE = 1024 * 1024
ROWS = 3 * ROWS_AT_ONCE + 1


def written(path: Path, **columns: object) -> Path:
    """Return *path* after these columns were written to it."""
    parquet.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    return path


def test_rows_are_what_was_written(tmp_path: Path) -> None:
    """Texts that are stored once, absent ones, numbers, bytes and nested values, over more than one batch."""
    rows = [
        {
            "id": f"bill {number}",
            "source": "till" if number % 3 else None,
            "count": number,
            "data": {"lines": [{"code": f"A{number % 7}", "amount": number / 2}]},
        }
        for number in range(ROWS)
    ]
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.Table.from_pylist(rows), path)
    assert rows == [*parquet_rows(path)]
    assert ROWS == event_file(path).total
    assert 1 < NESTED_ROWS_AT_ONCE < ROWS_AT_ONCE
    flat = [{name: row[name] for name in ("id", "source", "count")} for row in rows]
    parquet.write_table(pa.Table.from_pylist(flat), path)
    assert flat == [*parquet_rows(path)]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """By its content, not by its name; one that was cut off, and one that is broken within, likewise."""
    sound = written(tmp_path / "sound.parquet", id=[f"{number} of many" for number in range(ROWS)]).read_bytes()
    middle = len(sound) // 3
    broken = {"text": b"id\n1\n", "nothing": b"", "cut": sound[:-20], "within": b""}
    broken["within"] = (
        sound[:middle] + bytes(byte ^ 0xFF for byte in sound[middle : middle + 200]) + sound[middle + 200 :]
    )
    for what, content in broken.items():
        path = tmp_path / f"{what}.parquet"
        path.write_bytes(content)
        with pytest.raises(Refused, match=r"is no Parquet file|cannot be read on"):
            [*parquet_rows(path)]


def test_a_small_file_cannot_fill_the_memory(tmp_path: Path) -> None:
    """A text of 5 MiB in each of 100,000 rows is some 200 KiB as a file, and 500 GB as values."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 5 * MEBIBYTE]))
    path = written(tmp_path / "bomb.parquet", data=texts.cast(texts.type))
    assert path.stat().st_size < MEBIBYTE
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = parquet_rows(path)
    assert [5 * MEBIBYTE] * 100 == [len(str(next(rows)["data"])) for _ in range(100)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500 * 1024


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary()], ids=str
)
def test_texts_of_every_kind_are_read_as_they_are_stored(tmp_path: Path, kind: pa.DataType) -> None:
    """The file may say that its texts are large ones, as those of polars do; they are bounded like others."""
    path = tmp_path / "texts.parquet"
    parquet.write_table(pa.table({"data": pa.array(["x", None, "y"], kind)}), path)
    batch = next(open_parquet(path).iter_batches())
    assert pa.types.is_dictionary(batch.schema.field("data").type)
    made = bytes if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) else str
    assert [made, type(None), made] == [type(row["data"]) for row in parquet_rows(path)]


def test_a_file_of_very_many_columns_is_refused(tmp_path: Path) -> None:
    """Each column costs memory, whatever is in it."""
    path = written(tmp_path / "wide.parquet", **{f"c{place}": [1] for place in range(COLUMNS_MAX + 1)})
    with pytest.raises(Refused, match=f"there may be at most {COLUMNS_MAX}"):
        event_file(path)
