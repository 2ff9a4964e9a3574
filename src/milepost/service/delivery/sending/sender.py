"""Sends what is due. No transaction is open while it sends; each webhook has its own share of what is in flight."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.delivery.webhook import HEALTHY, Attempt, Delivery, ErrorClass, StoredWebhook
from milepost.model.problem import Fault
from milepost.model.time import SECOND_US, Micros, to_seconds
from milepost.service.delivery.announcements import announce
from milepost.service.delivery.payloads.bodies import content_type_of
from milepost.service.delivery.payloads.native import WebhookOutcome
from milepost.service.delivery.sending.retries import allowed_at_once, verdict
from milepost.service.delivery.sending.signature import signed_headers
from milepost.service.delivery.sending.transport import Letter, Transport
from milepost.service.queues.address import is_queue
from milepost.service.queues.broker import Parcel
from milepost.service.queues.publisher import Publisher
from milepost.service.runtime.runtime import Runtime
from milepost.store.database import Transaction
from milepost.store.delivery import deliveries, webhooks
from milepost.store.delivery.deliveries import Settled

IN_FLIGHT_MAX = 256
IN_FLIGHT_FIRST, IN_FLIGHT_EACH = 8, 16
"""Attempts of one webhook that one process makes at a time: at first and after a failure, and after many successes.

With more of them fewer transactions are needed for a message; but those to a dead receiver are lost.
"""

LEASE_MARGIN_SECONDS = 10
"""How much longer than its time limit an attempt holds its delivery."""

USER_AGENT = "Milepost"
SHOWN = "milepost-sequence"
ATTEMPTS_WELL, ATTEMPTS_FAILED = "attempts that succeeded", "attempts that failed"
_log = structlog.get_logger()


class Sent(NamedTuple):
    """An attempt that ended, and its delivery and webhook as they were when it was claimed."""

    stored: StoredWebhook
    delivery: Delivery
    attempt: Attempt


class Sender:
    """Sends for one process. Any number of processes may send; a delivery is claimed by one of them at a time."""

    def __init__(self, runtime: Runtime, transport: Transport | None = None) -> None:
        """Send deliveries of *runtime*'s database by *transport*."""
        outgoing = runtime.outgoing
        self._runtime = runtime
        self._transport = transport or Transport(outgoing.now, allows_private=outgoing.allows_private)
        self._publisher = Publisher(outgoing.now)
        self._in_flight: dict[asyncio.Task[Sent], int] = {}
        self._shares: defaultdict[int, int] = defaultdict(lambda: IN_FLIGHT_FIRST)

    async def once(self) -> int:
        """Record attempts that ended and begin those that are due; return how many of both."""
        ended = [task for task in self._in_flight if task.done()]
        for task in ended:
            del self._in_flight[task]
        await self._settle([task.result() for task in ended if not task.cancelled()])
        return len(ended) + await self._begin()

    async def wait(self, milliseconds: int) -> None:
        """Wait until an attempt ends, at most so long."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=milliseconds / 1_000, return_when=asyncio.FIRST_COMPLETED)

    @property
    def in_flight(self) -> int:
        """Return how many attempts are in flight."""
        return len(self._in_flight)

    async def finish(self, seconds: int) -> None:
        """Let attempts in flight end within *seconds*, record them, and close all connections.

        Attempts that take longer are given up: their deliveries are made again when their leases end.
        """
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=seconds)
        for task in self._in_flight:
            task.cancel()
        ended = [task.result() for task in self._in_flight if task.done() and not task.cancelled()]
        self._in_flight = {}
        await self._settle(ended)
        await self._transport.close()
        await self._publisher.close()

    async def _begin(self) -> int:
        """Claim what is due and begin to send it."""
        free = IN_FLIGHT_MAX - len(self._in_flight)
        if free <= 0:
            return 0
        now = self._runtime.outgoing.now()
        async with self._runtime.database.reading() as reading:
            due = await webhooks.due(reading, now)
        begun = 0
        each = Counter(self._in_flight.values())
        for org_id, webhook_id in due:
            share = min(self._shares[webhook_id] - each[webhook_id], free - begun)
            if share > 0:
                begun += await self._begin_webhook(org_id, webhook_id, share, now)
        return begun

    async def _begin_webhook(self, org_id: int, webhook_id: int, share: int, now: Micros) -> int:
        async def work(transaction: Transaction) -> tuple[StoredWebhook, list[Delivery]] | None:
            locked = await webhooks.lock(transaction, org_id, webhook_id)
            if locked is None or not locked[0].active:
                return None
            stored, free_at = locked
            limit = min(share, allowed_at_once(stored.health) or share)
            rate = stored.webhook.rate
            # As many as one second allows may go at once.
            begins = max(free_at or 0, now - SECOND_US)
            if rate is not None:
                limit = min(limit, (now - begins) * rate // SECOND_US)
            lease = stored.webhook.time_limit + LEASE_MARGIN_SECONDS
            claimed = await deliveries.claim(transaction, org_id, webhook_id, now, limit, lease) if limit else []
            if rate is not None and claimed:
                await webhooks.use_rate(transaction, stored, Micros(begins + len(claimed) * SECOND_US // rate))
            return stored, claimed

        result = await self._runtime.database.attempt(work)
        if result is None:
            return 0
        stored, claimed = result
        for delivery in claimed:
            task = asyncio.create_task(self._send(stored, delivery))
            self._in_flight[task] = webhook_id
        return len(claimed)

    async def _send(self, stored: StoredWebhook, delivery: Delivery) -> Sent:
        try:
            secrets = open_secrets(self._runtime, stored)
        except Fault as fault:
            attempt = Attempt(
                at=self._runtime.outgoing.now(),
                took=Micros(0),
                request_headers={},
                error=ErrorClass.ADDRESS,
                reason=str(fault),
            )
            return Sent(stored, delivery, attempt)
        if is_queue(stored.webhook.url):
            # What is kept as the secret of a queue is its address with credentials.
            parcel, time_limit = parcel_of(stored, delivery), stored.webhook.time_limit
            return Sent(stored, delivery, await self._publisher.publish(secrets[0], parcel, time_limit))
        return Sent(stored, delivery, await self._transport.send(letter_of(stored, delivery, secrets, self._now())))

    def _now(self) -> Micros:
        return self._runtime.outgoing.now()

    async def _settle(self, ended: Sequence[Sent]) -> None:
        """Record what became of attempts, in one transaction."""
        if not ended:
            return

        async def work(transaction: Transaction) -> None:
            by_webhook: defaultdict[tuple[int, int], list[Sent]] = defaultdict(list)
            for sent in ended:
                by_webhook[sent.stored.org_id, sent.stored.id].append(sent)
            settled: list[Settled] = []
            for (org_id, webhook_id), group in sorted(by_webhook.items()):
                settled += await self._judge(transaction, org_id, webhook_id, group)
            await deliveries.settle(transaction, settled, self._now())

        await self._runtime.database.attempt(work)
        for sent in ended:
            is_well = sent.attempt.error is None
            self._runtime.counts[ATTEMPTS_WELL if is_well else ATTEMPTS_FAILED] += 1
            grown = min(self._shares[sent.stored.id] + 1, IN_FLIGHT_EACH)
            self._shares[sent.stored.id] = grown if is_well else IN_FLIGHT_FIRST

    async def _judge(
        self, transaction: Transaction, org_id: int, webhook_id: int, group: Sequence[Sent]
    ) -> list[Settled]:
        """Return what became of the deliveries of one webhook, and record its health where that changed."""
        was_well = all(sent.attempt.error is None and sent.stored.health == HEALTHY for sent in group)
        locked = None if was_well else await webhooks.lock(transaction, org_id, webhook_id)
        stored = group[0].stored if locked is None else locked[0]
        health, reason, settled = stored.health, None, []
        for sent in sorted(group, key=lambda sent: sent.attempt.at):
            judged = verdict(stored.webhook, health, sent.delivery, sent.attempt, self._now())
            health, reason = judged.health, reason or judged.reason
            settled.append(Settled(sent.delivery, judged.state, judged.next_at, sent.attempt))
        if locked is not None and (health != stored.health or reason is not None):
            if reason is not None and stored.active:
                await self._disable(transaction, replace(stored, health=health), reason)
            else:
                await webhooks.save(transaction, replace(stored, health=health))
        return settled

    async def _disable(self, transaction: Transaction, stored: StoredWebhook, reason: str) -> None:
        """Disable a webhook, and tell the operator: in the log, and by the other webhooks."""
        await webhooks.save(transaction, replace(stored, active=False, disabled_reason=reason))
        snapshot = await self._runtime.snapshots.of_organisation(transaction, stored.org_id)
        now = self._now()
        data = WebhookOutcome(id=stored.id, url=stored.webhook.url, reason=reason)
        await announce(transaction, snapshot, OutcomeType.WEBHOOK_DISABLED, f"{stored.id}/{now}", now, data)
        _log.warning("webhook_disabled", org=stored.org_id, webhook=stored.id, reason=reason)


def open_secrets(runtime: Runtime, stored: StoredWebhook) -> list[str]:
    """Return the secrets that sign now, the newest first; raises Fault if the key of the installation is another."""
    now = runtime.outgoing.now()
    valid = [secret for secret in stored.secrets if secret.until is None or secret.until > now]
    return [runtime.outgoing.box.open(secret.sealed) for secret in valid]


def letter_of(stored: StoredWebhook, delivery: Delivery, secrets: Sequence[str], now: Micros) -> Letter:
    """Return the request of a delivery, signed at *now* (epoch microseconds)."""
    body = delivery.body.encode()
    headers = {
        **stored.webhook.headers,
        "content-type": content_type_of(stored.webhook),
        "user-agent": USER_AGENT,
        **({SHOWN: str(delivery.number)} if delivery.number else {}),
        **signed_headers(secrets, delivery.message_id, to_seconds(now), body),
    }
    return Letter(stored.webhook.url, headers, body, stored.webhook.time_limit)


def parcel_of(stored: StoredWebhook, delivery: Delivery) -> Parcel:
    """Return the message of a delivery to a queue; its key keeps those of a customer in one partition."""
    headers = {
        "webhook-id": delivery.message_id,
        "content-type": content_type_of(stored.webhook),
        **({SHOWN: str(delivery.number)} if delivery.number else {}),
    }
    return Parcel(delivery.message_id, str(delivery.customer_id), headers, delivery.body.encode())
