"""The file of differences as Parquet, written part by part by pyarrow, which only the extra `bulk` installs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

from milepost.files.table import NEUTRAL_PATTERN
from milepost.model.problem import Problem, Refused

CHUNK = 1024 * 1024


async def parquet_file(parts: AsyncIterator[bytes]) -> Iterator[bytes]:
    """Return a Parquet file of the rows in *parts*, CSV without a heading. Raises Refused without pyarrow."""
    try:
        import pyarrow.csv  # noqa: F401 - whether it is there
    except ImportError:
        raise Refused(Problem("format", "parquet needs the extra `bulk`: pip install 'milepost[bulk]'")) from None
    out = TemporaryFile()  # noqa: SIM115 - closed where it was read to its end
    writer = _Writer(out)
    async for part in parts:
        if part:
            await asyncio.to_thread(writer.add, part)
    writer.close()
    return _chunks(out)


class _Writer:
    """Writes tables of one schema."""

    def __init__(self, out: IO[bytes]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        amount, flag = pa.decimal128(38, 4), pa.bool_()
        self._types = {
            "customerId": pa.int64(),
            "refCode": pa.string(),
            "target": pa.string(),
            "liveValue": amount,
            "liveAchieved": flag,
            "draftValue": amount,
            "draftAchieved": flag,
        }
        self._writer = parquet.ParquetWriter(out, pa.schema(list(self._types.items())))

    def add(self, part: bytes) -> None:
        """Write the rows of a part."""
        import pyarrow as pa
        from pyarrow import compute, csv

        names = list(self._types)
        table = csv.read_csv(
            BytesIO(part),
            read_options=csv.ReadOptions(column_names=names),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=self._types),
        )
        for place, name in enumerate(names):
            if self._types[name] == pa.string():
                # In CSV an apostrophe keeps spreadsheets from evaluating a name; here none is needed.
                text = compute.replace_substring_regex(table[name], pattern=NEUTRAL_PATTERN, replacement=r"\1")
                table = table.set_column(place, name, text)
        self._writer.write_table(table)

    def close(self) -> None:
        """End the file."""
        self._writer.close()


def _chunks(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while chunk := out.read(CHUNK):
            yield chunk
