"""One running Milepost: what every use case needs at hand."""

from collections.abc import Callable
from dataclasses import dataclass

from milepost.service.access import Access
from milepost.service.boards import Boards
from milepost.service.brand import Brands
from milepost.service.ingest import Ingest
from milepost.service.lanes import Lanes, Limits
from milepost.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A database with what is remembered of it; `clock` gives epoch microseconds and is the only clock there is."""

    database: Database
    brands: Brands
    ingest: Ingest
    lanes: Lanes
    access: Access
    boards: Boards
    clock: Callable[[], int]


def installation(database: Database, clock: Callable[[], int], *, lanes: int, limits: Limits) -> Installation:
    """Put an installation together around an open *database*."""
    brands = Brands()
    ingest = Ingest(database, brands)
    return Installation(
        database=database,
        brands=brands,
        ingest=ingest,
        lanes=Lanes(ingest, lanes, limits),
        access=Access(database, clock),
        boards=Boards(database, clock, lambda: ingest.scored),
        clock=clock,
    )
