"""Recomputes some customers every minute while the server works, and says so where a standing differs (law 7)."""

from milepost.service.runtime.runtime import Runtime
from milepost.service.scheduled.verify import verify_customers

RECOMPUTED, DIFFERING = "customers_recomputed", "customers_differing"
"""The names under which a process counts what it has recomputed."""

SAMPLE = 20
"""Customers that are recomputed in one go."""


class Audit:
    """What was recomputed in this process; `problem` says in words what differs, None if nothing does."""

    def __init__(self, runtime: Runtime, sample: int = SAMPLE) -> None:
        """Recompute so many customers of *runtime* at a time."""
        self._runtime = runtime
        self._sample = sample
        self.problem: str | None = None

    async def once(self) -> int:
        """Recompute some customers; return how many differ. Whoever differed once is told of until the process ends."""
        counts, differing = self._runtime.counts, 0
        async for verified in verify_customers(self._runtime.database, self._sample):
            counts[RECOMPUTED] += 1
            if not verified.agrees:
                differing += 1
                key = verified.customer_key
                customer = f"customer {key.customer_id} of organisation {key.org_id}"
                self.problem = f"the progress of {customer} does not follow from the log; run `milepost verify`"
        counts[DIFFERING] += differing
        return differing
