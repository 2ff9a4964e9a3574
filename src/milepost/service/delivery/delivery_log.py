"""Shows deliveries with their attempts, and has them made again."""

import secrets
from typing import NamedTuple

import msgspec

from milepost.model.delivery.webhook import Attempt, Delivery, DeliveryState, StoredWebhook
from milepost.model.problem import Problem, Refused
from milepost.model.time import DAY_US, Micros
from milepost.service.delivery.payloads.samples import sample_body
from milepost.service.delivery.webhooks import find_webhook
from milepost.service.runtime.runtime import Runtime
from milepost.store import organisations
from milepost.store.database import Transaction
from milepost.store.delivery import deliveries, feed, queues
from milepost.store.delivery.deliveries import DeliveryFilter, NewDelivery
from milepost.store.log import key_of_customer

__all__ = ["DeliveryFilter"]

DEAD_DAYS = 30
"""For how many days dead letters are kept."""

PRUNED_AT_ONCE = 1_000
UNKNOWN_DELIVERY = Problem("deliveryId", "the webhook has no delivery with this id")


class DeliveryView(NamedTuple):
    """A delivery with its attempts."""

    delivery: Delivery
    attempts: list[Attempt]


async def list_deliveries(
    runtime: Runtime, org_id: int, webhook_id: int, chosen: DeliveryFilter, before: int, limit: int
) -> list[Delivery]:
    """Return at most *limit* deliveries with ids below *before*, latest first. Raises Refused."""
    await find_webhook(runtime, org_id, webhook_id)
    async with runtime.database.reading() as reading:
        return await deliveries.listed(reading, org_id, webhook_id, chosen, before, limit)


async def find_delivery(runtime: Runtime, org_id: int, webhook_id: int, delivery_id: int) -> DeliveryView:
    """Return a delivery with its attempts. Raises Refused if there is none."""
    async with runtime.database.transaction() as transaction:
        found = await deliveries.find(transaction, org_id, webhook_id, delivery_id)
    if found is None:
        raise Refused(UNKNOWN_DELIVERY)
    return DeliveryView(*found)


async def resend(runtime: Runtime, org_id: int, webhook_id: int, delivery_id: int) -> DeliveryView:
    """Have a delivery made again, from its first attempt on, under the same id. Raises Refused if there is none."""

    async def work(transaction: Transaction) -> int:
        now = runtime.outgoing.now()
        return await deliveries.make_due(transaction, org_id, webhook_id, now, delivery_id=delivery_id)

    await runtime.database.attempt(work)
    return await find_delivery(runtime, org_id, webhook_id, delivery_id)


async def make_again(
    runtime: Runtime, org_id: int, webhook_id: int, states: tuple[DeliveryState, ...], since: Micros, until: Micros
) -> int:
    """Have the deliveries of *states* made again that were written from *since* to before *until*; return how many."""

    async def work(transaction: Transaction) -> int:
        now = runtime.outgoing.now()
        return await deliveries.make_due(transaction, org_id, webhook_id, now, states=states, since=since, until=until)

    return await runtime.database.attempt(work)


async def send_samples(runtime: Runtime, org_id: int, webhook_id: int, types: tuple[str, ...]) -> list[int]:
    """Send a sample of each of *types*, or of all that the webhook wants; return the ids of the deliveries.

    Raises Refused for an unknown webhook, and for a type that is not of its style.
    """
    stored = (await find_webhook(runtime, org_id, webhook_id)).stored
    chosen = types or stored.webhook.types
    now = runtime.outgoing.now()
    samples = [_sample(stored, type_, now) for type_ in chosen]

    async def work(transaction: Transaction) -> list[int]:
        return await deliveries.add(transaction, samples, now)

    return sorted(await runtime.database.attempt(work))


def _sample(stored: StoredWebhook, type_: str, now: Micros) -> NewDelivery:
    """Return a delivery of a made-up message; its id begins with `test_`, so that a receiver can leave it aside."""
    message_id = f"test_{secrets.token_hex(12)}"
    return NewDelivery(
        customer_key=key_of_customer(stored.org_id, 0),
        webhook_id=stored.id,
        message_id=message_id,
        type=type_,
        number=0,
        body=msgspec.json.encode(sample_body(stored, type_, message_id, now)),
    )


async def prune_all(runtime: Runtime) -> int:
    """Delete what is older than each organisation keeps; return how many deliveries."""
    async with runtime.database.reading() as reading:
        org_ids = await organisations.all_ids(reading)
    return sum([await prune(runtime, org_id) for org_id in org_ids])


async def prune(runtime: Runtime, org_id: int) -> int:
    """Delete what is older than the organisation keeps: deliveries, dead letters, the feed; return how many."""

    async def work(transaction: Transaction) -> int:
        snapshot = await runtime.snapshots.of_organisation(transaction, org_id)
        now = runtime.outgoing.now()
        kept = Micros(now - snapshot.organisation.settings.delivery_days * DAY_US)
        dead = Micros(now - max(DEAD_DAYS, snapshot.organisation.settings.delivery_days) * DAY_US)
        await feed.prune(transaction, org_id, kept, PRUNED_AT_ONCE)
        await queues.prune(transaction, org_id, dead, PRUNED_AT_ONCE)
        return await deliveries.prune(transaction, org_id, kept, dead, PRUNED_AT_ONCE)

    return await runtime.database.attempt(work)
