"""The tables of deliveries and attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from milepost.model.delivery.webhook import Attempt, Delivery, DeliveryState
from milepost.model.time import Micros
from milepost.store.database import Row, Transaction
from milepost.store.delivery import codec
from milepost.store.log import CustomerKey
from milepost.store.wire.arrays import int4s, int8s, texts


class NewDelivery(NamedTuple):
    """A message for a webhook that is to be delivered; `number` is dealt by `deal_numbers`."""

    customer_key: CustomerKey
    webhook_id: int
    message_id: str
    type: str
    number: int
    body: bytes


class Settled(NamedTuple):
    """What became of a claimed delivery: its state, when it is due next (epoch microseconds), and the attempt."""

    delivery: Delivery
    state: DeliveryState
    next_at: Micros
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries to list or to make again; instants are in epoch microseconds, None means all."""

    state: str | None = None
    type: str | None = None
    customer_id: int | None = None
    since: Micros | None = None
    until: Micros | None = None


async def known(transaction: Transaction, messages: Sequence[tuple[CustomerKey, int, str]]) -> set[tuple[int, str]]:
    """Return those of *messages* (customer, webhook, message id) that the webhook has: webhook and message id."""
    if not messages:
        return set()
    values = {
        "buckets": int4s([key.bucket for key, _, _ in messages]),
        "orgs": int8s([key.org_id for key, _, _ in messages]),
        "webhooks": int8s([webhook_id for _, webhook_id, _ in messages]),
        "messages": texts([message_id for _, _, message_id in messages]),
    }
    return {(webhook_id, message_id) for webhook_id, message_id in await transaction.rows("known_messages", values)}


async def deal_numbers(
    transaction: Transaction, counts: Mapping[tuple[CustomerKey, int], int]
) -> dict[tuple[int, int, int], int]:
    """Deal so many numbers to each customer and webhook; return the last by organisation, webhook and customer."""
    if not counts:
        return {}
    ordered = sorted(counts)
    values = {
        "buckets": int4s([key.bucket for key, _ in ordered]),
        "orgs": int8s([key.org_id for key, _ in ordered]),
        "webhooks": int8s([webhook_id for _, webhook_id in ordered]),
        "customers": int8s([key.customer_id for key, _ in ordered]),
        "counts": int8s([counts[name] for name in ordered]),
    }
    return {
        (org, webhook, customer): last
        for org, webhook, customer, last in await transaction.rows("deal_numbers", values)
    }


async def add(transaction: Transaction, added: Sequence[NewDelivery], now: Micros) -> list[int]:
    """Add deliveries that are due at *now* (epoch microseconds); return their ids."""
    if not added:
        return []
    values = {
        "now": now,
        "buckets": int4s([new.customer_key.bucket for new in added]),
        "orgs": int8s([new.customer_key.org_id for new in added]),
        "webhooks": int8s([new.webhook_id for new in added]),
        "customers": int8s([new.customer_key.customer_id for new in added]),
        "messages": texts([new.message_id for new in added]),
        "types": texts([new.type for new in added]),
        "numbers": int8s([new.number for new in added]),
        "bodies": texts([new.body for new in added]),
    }
    return [id_ for (id_,) in await transaction.rows("add_deliveries", values)]


async def claim(
    transaction: Transaction, org_id: int, webhook_id: int, now: Micros, limit: int, lease: int
) -> list[Delivery]:
    """Claim at most *limit* deliveries of a webhook that are due at *now*, for *lease* seconds."""
    values = {"org_id": org_id, "webhook_id": webhook_id, "now": now, "limit": limit, "lease": lease}
    return [_delivery(row) for row in await transaction.rows("claim_deliveries", values)]


async def settle(transaction: Transaction, settled: Sequence[Settled], now: Micros) -> set[int]:
    """Record attempts, and what became of their deliveries where the claim still holds; return the ids of those."""
    keys = {
        "buckets": int4s([one.delivery.bucket for one in settled]),
        "orgs": int8s([one.delivery.org_id for one in settled]),
        "deliveries": int8s([one.delivery.id for one in settled]),
    }
    changes = {
        "now": now,
        "epochs": int8s([one.delivery.epoch for one in settled]),
        "states": texts([one.state.value for one in settled]),
        "next": int8s([one.next_at for one in settled]),
    }
    rows = await transaction.rows("settle_deliveries", keys | changes)
    bodies = texts([codec.encode_attempt(one.attempt) for one in settled])
    # The epoch grows with each claim, so it numbers the attempts of a delivery.
    numbers = int8s([one.delivery.epoch for one in settled])
    await transaction.run("add_attempts", keys | {"attempts": numbers, "bodies": bodies})
    return {delivery_id for _, _, delivery_id in rows}


async def listed(
    transaction: Transaction, org_id: int, webhook_id: int, chosen: DeliveryFilter, before: int, limit: int
) -> list[Delivery]:
    """Return at most *limit* deliveries of a webhook with ids below *before*, latest first."""
    values = {
        "org_id": org_id,
        "webhook_id": webhook_id,
        "state": chosen.state,
        "type": chosen.type,
        "customer_id": chosen.customer_id,
        "since": chosen.since,
        "until": chosen.until,
        "before": before,
        "limit": limit,
    }
    return [_delivery(row) for row in await transaction.rows("deliveries_of", values)]


async def of_messages(
    transaction: Transaction, customer_key: CustomerKey, webhook_ids: Sequence[int], message_ids: Sequence[str]
) -> list[Delivery]:
    """Return the deliveries of messages of a customer to webhooks, earliest first."""
    values: dict[str, object] = {"bucket": customer_key.bucket, "org_id": customer_key.org_id}
    packed: dict[str, object] = {"webhooks": int8s(list(webhook_ids)), "messages": texts(list(message_ids))}
    return [_delivery(row) for row in await transaction.rows("deliveries_of_messages", values | packed)]


async def find(
    transaction: Transaction, org_id: int, webhook_id: int, delivery_id: int
) -> tuple[Delivery, list[Attempt]] | None:
    """Return a delivery with its attempts, None if there is none."""
    values = {"org_id": org_id, "webhook_id": webhook_id, "delivery_id": delivery_id}
    row = await transaction.row("delivery_with_id", values)
    if row is None:
        return None
    delivery = _delivery(row)
    key = {"bucket": delivery.bucket, "org_id": org_id, "delivery_id": delivery_id}
    rows = await transaction.rows("attempts_of", key)
    return delivery, [codec.decode_attempt(body) for (body,) in rows]


async def make_due(
    transaction: Transaction,
    org_id: int,
    webhook_id: int,
    now: Micros,
    *,
    delivery_id: int | None = None,
    states: Sequence[DeliveryState] | None = None,
    since: Micros | None = None,
    until: Micros | None = None,
) -> int:
    """Have deliveries made again: one, or those of *states* that were added in a span; return how many."""
    values = {
        "org_id": org_id,
        "webhook_id": webhook_id,
        "now": now,
        "delivery_id": delivery_id,
        "states": None if states is None else [state.value for state in states],
        "since": since,
        "until": until,
    }
    return len(await transaction.rows("make_due", values))


async def prune(transaction: Transaction, org_id: int, delivered: Micros, dead: Micros, limit: int) -> int:
    """Delete deliveries that were made before *delivered*, or given up before *dead*; return how many."""
    values = {"org_id": org_id, "delivered": delivered, "dead": dead, "limit": limit}
    return len(await transaction.rows("prune_deliveries", values))


async def delete_of_webhook(transaction: Transaction, org_id: int, webhook_id: int, limit: int) -> int:
    """Delete at most *limit* deliveries of a webhook; return how many there were."""
    values = {"org_id": org_id, "webhook_id": webhook_id, "limit": limit}
    return len(await transaction.rows("delete_deliveries_of", values))


def _delivery(row: Row) -> Delivery:
    bucket, org_id, id_, webhook_id, customer_id, message, type_, number, body, state, attempts, epoch, *times = row
    created_at, next_at, done_at = times
    return Delivery(
        id=id_,
        bucket=bucket,
        org_id=org_id,
        webhook_id=webhook_id,
        customer_id=customer_id,
        message_id=message,
        type=type_,
        number=number,
        body=body,
        state=DeliveryState(state),
        attempts=attempts,
        epoch=epoch,
        created_at=created_at,
        next_at=next_at,
        done_at=done_at,
    )
