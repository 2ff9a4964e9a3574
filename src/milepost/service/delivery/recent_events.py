"""The latest events of an organisation, in the order of their receipt: a look at what comes in."""

from typing import NamedTuple

from milepost.model.event import PERIOD_SOURCE
from milepost.model.standing import NOTES
from milepost.model.time import DAY_US, SECOND_US, Micros
from milepost.service.delivery.event_detail import ListedEvent
from milepost.service.runtime.runtime import Runtime
from milepost.store import log

_FIRST_SPAN = 15 * SECOND_US
_LONGER = 4
DAYS_MAX = 45
"""How far back the latest events are looked for; an organisation that is quiet for longer has none."""


class RecentEvent(NamedTuple):
    """An event with the customer whom it is for."""

    customer_id: int
    listed: ListedEvent


async def recent_events(runtime: Runtime, org_id: int, limit: int) -> list[RecentEvent]:
    """Return at most *limit* events of an organisation, those received last first.

    That a period ended or began is left out: every customer is told so at once, which would hide what was sent.
    Longer and longer spans are looked at until they hold so many, so it costs the same however long the log is.
    """
    now, span = runtime.clock(), _FIRST_SPAN
    # An event may be stored a little later than the instant of its receipt, and by a server whose clock is ahead.
    until = Micros(now + DAY_US)
    async with runtime.database.reading() as reading:
        while True:
            rows = await log.recent_events(reading, org_id, Micros(now - span), until, limit, PERIOD_SOURCE)
            if len(rows) >= limit or span >= DAYS_MAX * DAY_US:
                break
            span = min(span * _LONGER, DAYS_MAX * DAY_US)
    return [
        RecentEvent(
            row.customer_key.customer_id,
            ListedEvent(
                row.event(), row.seq, row.version, tuple(entry for entry in row.entries if entry.reason not in NOTES)
            ),
        )
        for row in rows
    ]
