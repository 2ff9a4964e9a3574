"""One running Milepost: what every use case needs at hand."""

from collections.abc import Callable
from dataclasses import dataclass

from milepost.service.boards.cached_boards import BoardCache
from milepost.service.ingest.lanes import Lanes, Limits
from milepost.service.ingest.transaction import Ingest
from milepost.service.snapshot.access import Access
from milepost.service.snapshot.organisation_snapshot import Snapshots
from milepost.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A database with what is remembered of it; `clock` gives epoch microseconds and is the only clock there is."""

    database: Database
    snapshots: Snapshots
    ingest: Ingest
    lanes: Lanes
    access: Access
    boards: BoardCache
    clock: Callable[[], int]


def build_runtime(database: Database, clock: Callable[[], int], *, lanes: int, limits: Limits) -> Runtime:
    """Put an installation together around an open *database*."""
    snapshots = Snapshots()
    ingest = Ingest(database, snapshots)
    return Runtime(
        database=database,
        snapshots=snapshots,
        ingest=ingest,
        lanes=Lanes(ingest, lanes, limits),
        access=Access(database, clock),
        boards=BoardCache(database, clock, lambda: ingest.scored),
        clock=clock,
    )
