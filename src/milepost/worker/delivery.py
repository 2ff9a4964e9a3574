"""Relays the outbox, sends deliveries, and deletes what is older than is kept."""

from collections.abc import Awaitable, Callable

from milepost.service.delivery.sending.sender import Sender
from milepost.worker.loop import WorkerLoop

LOOK_MS = 100
"""How soon a relay or a sender without work looks again: the delay of a message is a few of these."""

FINISH_SECONDS = 5
"""How long attempts in flight may take when the process stops; after that they are made again by another one."""

PRUNE_EVERY_SECONDS = 60


class RelayWorker(WorkerLoop):
    """Moves outcomes from the outbox to deliveries and the feed."""

    def __init__(self, relay: Callable[[], Awaitable[int]], events_waiting: Callable[[], int]) -> None:
        """Relay by *relay*, which returns how many rows it moved."""
        super().__init__("relay", events_waiting, LOOK_MS / 1_000)
        self._relay = relay

    async def once(self) -> bool:
        """Relay one group of buckets; return whether it had rows."""
        return await self._relay() > 0


class SendingWorker(WorkerLoop):
    """Sends deliveries that are due."""

    def __init__(self, sender: Sender, events_waiting: Callable[[], int]) -> None:
        """Send by *sender*."""
        super().__init__("sender", events_waiting, LOOK_MS / 1_000)
        self._sender = sender

    async def once(self) -> bool:
        """Record and begin attempts, or wait for one that is in flight; return whether there was anything to do."""
        if await self._sender.once():
            return True
        await self._sender.wait(LOOK_MS)
        return self._sender.in_flight > 0

    async def run(self) -> None:
        """Send until told to stop, and then let the attempts in flight end."""
        try:
            await super().run()
        finally:
            await self._sender.finish(FINISH_SECONDS)


class PruningWorker(WorkerLoop):
    """Deletes deliveries and messages of the feed that are older than their organisation keeps."""

    def __init__(self, prune: Callable[[], Awaitable[int]], events_waiting: Callable[[], int]) -> None:
        """Delete by *prune*, which returns how many it deleted."""
        super().__init__("pruning", events_waiting, PRUNE_EVERY_SECONDS)
        self._prune = prune

    async def once(self) -> bool:
        """Delete some; return whether there was anything to delete."""
        return await self._prune() > 0
