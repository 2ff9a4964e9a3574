"""Publishes deliveries whose webhook is a queue, and says of each what happened, as for a request."""

import asyncio
from collections.abc import Callable

from milepost.model.delivery.webhook import Attempt, ErrorClass
from milepost.model.problem import Fault
from milepost.model.time import Micros
from milepost.service.queues.address import QueueAddress, address_of
from milepost.service.queues.broker import BrokerFailure, Destination, Parcel, open_destination


class Publisher:
    """Keeps one connection for each queue; after a failure the next message opens another."""

    def __init__(self, now: Callable[[], Micros]) -> None:
        """Time by *now* (epoch microseconds)."""
        self._now = now
        self._open: dict[str, Destination] = {}
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """Close every connection."""
        destinations, self._open = self._open, {}
        for destination in destinations.values():
            await destination.close()

    async def publish(self, url: str, parcel: Parcel, time_limit: int) -> Attempt:
        """Publish *parcel* to the queue at *url*; return what happened. It never raises for what a broker does."""
        at = self._now()
        error, reason, answer = None, None, ""
        address = address_of(url)
        try:
            async with asyncio.timeout(time_limit):
                destination = await self._destination(url, address)
                answer = await destination.publish(parcel, time_limit)
        except TimeoutError:
            error, reason = ErrorClass.TIME, f"took longer than {time_limit} seconds"
        except (BrokerFailure, Fault) as failure:
            error, reason = ErrorClass.BROKER, str(failure)
        if error is not None:
            await self._forget(url)
        return Attempt(
            at=at,
            took=Micros(self._now() - at),
            address=address.shown,
            request_headers=parcel.headers,
            answer=answer,
            error=error,
            reason=reason,
        )

    async def _destination(self, url: str, address: QueueAddress) -> Destination:
        async with self._opening:
            if url not in self._open:
                self._open[url] = await open_destination(address)
            return self._open[url]

    async def _forget(self, url: str) -> None:
        destination = self._open.pop(url, None)
        if destination is not None:
            await destination.close()
