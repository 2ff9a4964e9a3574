"""The last requests: collected in memory, stored once a second, deleted after some days."""

from collections import deque
from collections.abc import Callable

import structlog

from milepost.model.problem import Fault, Unavailable
from milepost.model.time import DAY_US, SECOND_US, Micros
from milepost.store.access import requests
from milepost.store.access.requests import StoredRequest
from milepost.store.database import Database
from milepost.store.sql.visibility import ALL

KeptRequest = StoredRequest
"""An answered request as it is kept; the API shows it."""

WAITING_MAX = 1_000
"""Requests that wait to be stored; more are not kept."""

SUCCEEDED_PER_SECOND_MAX = 50
"""Requests below status 400 that are kept of one second; of those with a higher status all are."""

_log = structlog.get_logger()


class RequestHistory:
    """The requests that one process has answered and not stored yet."""

    def __init__(self, database: Database, clock: Callable[[], Micros]) -> None:
        """Store in *database*; *clock* returns epoch microseconds."""
        self.days = 1
        """For how many days requests are kept; the list is one for the whole installation."""
        self._database = database
        self._clock = clock
        self._waiting: deque[StoredRequest] = deque(maxlen=WAITING_MAX)
        self._second = 0
        self._kept = 0
        self._cleared_at = Micros(0)

    def add(self, answered: StoredRequest) -> None:
        """Keep an answered request, unless many succeeded in this second."""
        second = answered.answered_at // SECOND_US
        if second != self._second:
            self._second, self._kept = second, 0
        if answered.status < 400:
            self._kept += 1
            if self._kept > SUCCEEDED_PER_SECOND_MAX:
                return
        self._waiting.append(answered)

    async def save(self) -> None:
        """Store what was added, and once an hour delete what is old. What cannot be stored is left out."""
        now = self._clock()
        is_time_to_clear = now - self._cleared_at > 3_600 * SECOND_US
        if not self._waiting and not is_time_to_clear:
            return
        answered = [*self._waiting]
        self._waiting.clear()
        try:
            async with self._database.transaction(ALL) as transaction:
                if answered:
                    await requests.add(transaction, answered)
                if is_time_to_clear:
                    await requests.delete_before(transaction, Micros(now - self.days * DAY_US))
                    self._cleared_at = now
        except (Unavailable, Fault) as error:
            _log.warning("requests_not_stored", reason=str(error))

    async def of_organisation(self, org_id: int, *, before: int, status: int, limit: int) -> list[StoredRequest]:
        """Return an organisation's requests, latest first, with a number below *before* and at least that *status*."""
        async with self._database.reading() as reading:
            return await requests.of_organisation(reading, org_id, before=before, status=status, limit=limit)
