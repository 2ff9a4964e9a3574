"""A running Milepost: the values that every use case needs."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from milepost.model.time import Micros
from milepost.service.boards.cached_boards import BoardCache
from milepost.service.ingest.lanes.lane import Limits
from milepost.service.ingest.lanes.lanes import Lanes
from milepost.service.ingest.transaction import Ingest
from milepost.service.runtime.clocks import Clock, Clocks
from milepost.service.runtime.health import Health
from milepost.service.runtime.outgoing import Outgoing, box_for_now
from milepost.service.runtime.remembered_results import RememberedResults
from milepost.service.runtime.request_history import RequestHistory
from milepost.service.snapshot.access import Access
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.service.snapshot.rate_limits import RateLimits
from milepost.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A database and what this process remembers of it; clocks return epoch microseconds.

    `clock` is that of the organisation that is asked about, by `within`; logins and sessions go by `clocks.real`.
    """

    database: Database
    snapshots: Snapshots
    ingest: Ingest
    lanes: Lanes
    access: Access
    boards: BoardCache
    clock: Clock
    clocks: Clocks
    outgoing: Outgoing
    requests: RequestHistory
    counts: Counter[str] = field(default_factory=Counter)
    """What the workers of this process have done, by name, for the metrics."""
    rates: RateLimits = field(default_factory=RateLimits)
    health: Health = field(default_factory=Health)
    remembered: RememberedResults = field(default_factory=RememberedResults)
    decodes_batches: bool = True
    """Whether the events of a request are decoded together."""


async def within(runtime: Runtime, org_id: int, transaction: Transaction | None = None) -> Runtime:
    """Return *runtime* with the clock of an organisation; the same one, unless the organisation is a sandbox."""
    clock = await runtime.clocks.of(org_id, transaction)
    return runtime if clock is runtime.clock else replace(runtime, clock=clock)


async def current_snapshot(runtime: Runtime, org_id: int) -> OrganisationSnapshot:
    """Return the snapshot of an organisation, which exists, as of now."""
    async with runtime.database.reading() as reading:
        return await runtime.snapshots.of_organisation(reading, org_id)


def build_runtime(
    database: Database,
    clock: Callable[[], Micros],
    *,
    lanes: int,
    limits: Limits,
    outgoing: Outgoing | None = None,
    rates: RateLimits | None = None,
    is_optimistic: bool = True,
    decodes_batches: bool = True,
    tells_outcomes: bool = True,
) -> Runtime:
    """Build a runtime around an open *database*; without *outgoing* it keeps no key and signs by *clock*.

    *is_optimistic* says whether small batches may be written by two statements, *decodes_batches* whether the events of
    a request are decoded together, *tells_outcomes* whether outcomes are written for those who wait for them.
    """
    snapshots = Snapshots(tells_outcomes=tells_outcomes)
    ingest = Ingest(database, snapshots, is_optimistic=is_optimistic)
    return Runtime(
        database=database,
        snapshots=snapshots,
        ingest=ingest,
        lanes=Lanes(ingest, lanes, limits),
        access=Access(database, clock),
        boards=BoardCache(database, clock, lambda: ingest.scored),
        clock=clock,
        clocks=Clocks(database, clock),
        outgoing=outgoing or Outgoing(box=box_for_now(), now=clock),
        requests=RequestHistory(database, clock),
        rates=rates or RateLimits(),
        decodes_batches=decodes_batches,
    )
