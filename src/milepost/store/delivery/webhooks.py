"""The table of webhooks."""

from milepost.model.delivery.webhook import StoredWebhook, WebhookHealth
from milepost.model.time import Micros
from milepost.store.database import Row, Transaction
from milepost.store.delivery import codec


async def of_organisation(transaction: Transaction, org_id: int) -> list[StoredWebhook]:
    """Return the webhooks of an organisation in the order of their ids."""
    return [_webhook(row) for row in await transaction.rows("webhooks_of", {"org_id": org_id})]


async def at_address(transaction: Transaction, ending: str) -> list[StoredWebhook]:
    """Return active webhooks of all organisations whose address has this *ending*."""
    return [_webhook(row) for row in await transaction.rows("webhooks_at", {"ending": ending})]


async def lock(transaction: Transaction, org_id: int, webhook_id: int) -> tuple[StoredWebhook, Micros | None] | None:
    """Lock a webhook; return it, and when its rate next allows an attempt (epoch microseconds)."""
    row = await transaction.row("lock_webhook", {"org_id": org_id, "webhook_id": webhook_id})
    return None if row is None else (_webhook(row[:-1]), row[-1])


async def fresh_id(transaction: Transaction) -> int:
    """Return a new id for a webhook."""
    row = await transaction.row("fresh_webhook_id")
    assert row is not None, "a sequence always has a next value"
    return int(row[0])


async def save(transaction: Transaction, stored: StoredWebhook) -> None:
    """Add a webhook, or replace the one with its id. The caller has locked the webhook or the organisation."""
    values = {
        "org_id": stored.org_id,
        "webhook_id": stored.id,
        "body": codec.encode_webhook(stored.webhook),
        "secrets": codec.encode_secrets(stored.secrets),
        "since_version": stored.since_version,
        "is_active": stored.active,
        "disabled_reason": stored.disabled_reason,
        "failures": stored.health.failures,
        "failing_since": stored.health.failing_since,
        "open_until": stored.health.open_until,
        "created_at": stored.created_at,
        "changed_at": stored.changed_at,
    }
    await transaction.run("save_webhook", values)


async def use_rate(transaction: Transaction, stored: StoredWebhook, free_at: Micros) -> None:
    """Note when the rate of a webhook next allows an attempt (epoch microseconds)."""
    values = {"org_id": stored.org_id, "webhook_id": stored.id, "free_at": free_at}
    await transaction.run("use_rate", values)


async def delete(transaction: Transaction, org_id: int, webhook_id: int) -> None:
    """Delete a webhook."""
    await transaction.run("delete_webhook", {"org_id": org_id, "webhook_id": webhook_id})


async def due(transaction: Transaction, now: Micros) -> list[tuple[int, int]]:
    """Return organisation and id of each webhook to which something may be sent at *now*, in random order."""
    return [(org_id, webhook_id) for org_id, webhook_id in await transaction.rows("webhooks_due", {"now": now})]


async def counts(transaction: Transaction, org_id: int) -> dict[tuple[int, str], int]:
    """Return how many deliveries there are, by webhook and state."""
    rows = await transaction.rows("count_deliveries", {"org_id": org_id})
    return {(webhook_id, state): count for webhook_id, state, count in rows}


def _webhook(row: Row) -> StoredWebhook:
    org_id, id_, body, secrets, since, active, reason, failures, failing_since, open_until, created, changed = row
    return StoredWebhook(
        org_id=org_id,
        id=id_,
        webhook=codec.decode_webhook(body),
        secrets=codec.decode_secrets(secrets),
        since_version=since,
        active=active,
        disabled_reason=reason,
        health=WebhookHealth(failures, failing_since, open_until),
        created_at=created,
        changed_at=changed,
    )
