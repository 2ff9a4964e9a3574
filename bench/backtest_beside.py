"""What a server takes for its requests while its worker runs a back-test, beside what it takes alone."""

import asyncio
import json
from collections.abc import Sequence

from bench.client import Asked, Connection, basic
from bench.events import Stream, Users
from bench.hosts import PASSWORD, TILL, Address, Postgres, milepost_server
from bench.latency import Times
from bench.paced_requests import paced
from bench.plan import Failed, Plan

RATE = 50
"""Bills that come in each second, one in a request."""
SECONDS = 4.0
ALONE, BESIDE = "bills, server alone", "bills, beside a back-test"
_GROUP = "select min(group_id) from target_group_version"
_OPEN = "select count(*) from backtest where done_at is null"
START_SECONDS = 0.5
WAITING = 5
"""Back-tests that are asked for at once, so that one runs all the time."""


async def bills_beside(server: Postgres, url: str, plan: Plan, stream: Stream) -> list[Times]:
    """Return the rounds of both: bills at fixed instants, without and with a back-test of the worker."""
    ((group,),) = server.rows(_GROUP, url)
    body = json.dumps({"live": group, "from": "2000-01-01", "to": "2100-01-01"}).encode()
    times: list[Times] = []
    async with milepost_server(url, lanes=1, has_worker=True) as address:
        for _ in range(plan.rounds):
            times.append(await paced(ALONE, address, _bills(stream), RATE))
            ids = [json.loads(await _ask(address, Asked("/api/v1/backtests", body)))["id"] for _ in range(WAITING)]
            await asyncio.sleep(START_SECONDS)
            times.append(await paced(BESIDE, address, _bills(stream), RATE))
            if not server.rows(_OPEN, url)[0][0]:
                raise Failed("backtest: it ended before the bills did; take more events")
            for id_ in ids:
                await _ask(address, Asked(f"/api/v1/backtests/{id_}", b"", "DELETE"))
            await asyncio.sleep(START_SECONDS)
    return times


async def _ask(address: Address, asked: Asked) -> bytes:
    """Ask by a connection of its own: the server closes one that is silent while bills are measured."""
    async with Connection(address, basic(TILL, PASSWORD)) as connection:
        return await connection.ask(asked)


def _bills(stream: Stream) -> Sequence[Asked]:
    return [Asked("/api/v1/events", one.body) for one in stream.take(int(RATE * SECONDS), Users.UNIFORM)]


def quantiles(times: Sequence[Times], name: str, share: float) -> list[float]:
    """Return this quantile of each round of one kind, in milliseconds."""
    return [one.quantile(share) for one in times if one.contestant == name]
