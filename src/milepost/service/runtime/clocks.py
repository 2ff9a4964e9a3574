"""Which clock rules an organisation: that of the server, or that of a sandbox."""

from collections.abc import Callable

from milepost.model.sandbox import SandboxClock
from milepost.model.time import Micros
from milepost.store import sandboxes
from milepost.store.database import Database, Transaction
from milepost.store.sql.visibility import list_of

Clock = Callable[[], Micros]


class Clocks:
    """The clocks of all organisations. An organisation is a sandbox from its first day on, or never."""

    def __init__(self, database: Database, real: Clock) -> None:
        """Look sandboxes up in *database*; *real* is the clock of all other organisations."""
        self._database = database
        self._live: set[int] = set()
        self.real = real

    async def of(self, org_id: int, transaction: Transaction | None = None) -> Clock:
        """Return the clock of an organisation as it goes at this instant."""
        if org_id in self._live:
            return self.real
        clock = None if transaction is None else await sandboxes.find(transaction, org_id)
        if clock is None:
            # A transaction about other organisations sees no sandbox; what is remembered for ever is looked up by name.
            async with self._database.reading(list_of([org_id])) as reading:
                clock = await sandboxes.find(reading, org_id)
        if clock is None:
            self._live.add(org_id)
            return self.real
        return self.within(clock)

    def within(self, clock: SandboxClock) -> Clock:
        """Return the clock of a sandbox."""
        return lambda: clock.at(self.real())
