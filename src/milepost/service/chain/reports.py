"""The daily reports of what was checked and recomputed, and since when all was well, or was not."""

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from milepost.model.time import Micros
from milepost.service.runtime.runtime import Runtime
from milepost.store.chain import roots
from milepost.store.chain.roots import Root


class ConsistencyHistory(NamedTuple):
    """All reports in order of time, and how long the latest finding has stood.

    `is_consistent` is None before the first report. `since` is when the first of the latest reports was made that all
    found the same: nothing that differs, or something.
    """

    reports: Sequence[Root]
    is_consistent: bool | None
    since: Micros | None


async def consistency_history(runtime: Runtime) -> ConsistencyHistory:
    """Return what the daily checks of all chains and of a sample of standings have found."""
    async with runtime.database.reading() as reading:
        return history_of(await roots.roots_after(reading, 0))


def history_of(reports: Sequence[Root]) -> ConsistencyHistory:
    """Return the history that *reports*, in order of time, tell."""
    if not reports:
        return ConsistencyHistory(reports, None, None)
    latest = reports[-1].is_consistent
    *_, first = takewhile(lambda report: report.is_consistent == latest, reversed(reports))
    return ConsistencyHistory(reports, latest, first.made_at)
