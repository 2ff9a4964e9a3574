"""The feed: messages of an organisation, to be fetched in the order in which they were committed.

Messages of one customer are in order. Groups of buckets are independent of each other, so the cursor holds a position
for each group; no message is ever behind a cursor that was given out (R15).
"""

import asyncio
from typing import NamedTuple

from milepost.model.organisation import OutcomeFeed
from milepost.model.problem import Problem, Refused
from milepost.service.runtime.runtime import Runtime
from milepost.store.delivery import feed
from milepost.store.delivery.outbox import RELAYS

LIMIT_MAX = 500
WAIT_SECONDS_MAX = 30
LOOKS_EACH_SECOND = 4
POSITION_MAX = 2**62
_CURSOR = Problem("after", "must be the cursor of an earlier answer, `start` or `end`")


class FeedPage(NamedTuple):
    """Messages as JSON texts, and the cursor after them."""

    messages: list[str]
    cursor: str


async def read_feed(runtime: Runtime, org_id: int, after: str, limit: int, wait: int) -> FeedPage:
    """Return messages after a cursor; without any, wait up to *wait* seconds for one.

    An empty cursor or `start` is before the first message that is kept, `end` after the last. Raises Refused.
    """
    problems = []
    if not 1 <= limit <= LIMIT_MAX:
        problems.append(Problem("limit", f"must be from 1 to {LIMIT_MAX}"))
    if not 0 <= wait <= WAIT_SECONDS_MAX:
        problems.append(Problem("wait", f"must be from 0 to {WAIT_SECONDS_MAX} seconds"))
    positions = (0,) * RELAYS if after in {"", "start", "end"} else _positions(after)
    if positions is None:
        problems.append(_CURSOR)
    if problems or positions is None:
        raise Refused(*problems)
    await _refuse_without_feed(runtime, org_id)
    if after == "end":
        async with runtime.database.reading() as reading:
            positions = await feed.ends(reading)
    deadline = asyncio.get_running_loop().time() + wait
    while True:
        async with runtime.database.reading() as reading:
            rows = await feed.after(reading, org_id, positions, limit)
        if rows or asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(1 / LOOKS_EACH_SECOND)
    reached = list(positions)
    for relay_id, position, _ in rows:
        reached[relay_id] = max(reached[relay_id], position)
    return FeedPage([body for _, _, body in rows], ".".join(map(str, reached)))


async def _refuse_without_feed(runtime: Runtime, org_id: int) -> None:
    async with runtime.database.reading() as reading:
        snapshot = await runtime.snapshots.of_organisation(reading, org_id)
    if snapshot.organisation.settings.outcome_feed is OutcomeFeed.OFF:
        raise Refused(Problem("", "the feed is off; the setting outcomeFeed turns it on, from then on"))


def _positions(cursor: str) -> tuple[int, ...] | None:
    """Return the positions in *cursor*; None if it is not one of ours."""
    parts = cursor.split(".")
    if len(parts) != RELAYS or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        return None
    positions = tuple(map(int, parts))
    return positions if max(positions) < POSITION_MAX else None
