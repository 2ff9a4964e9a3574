"""Moves outcomes from the outbox to deliveries and to the feed, one group of buckets at a time (decision 0028)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

import msgspec
import structlog

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.delivery.webhook import Envelope, StoredWebhook, Style
from milepost.model.organisation import OutcomeFeed
from milepost.model.problem import Unavailable
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.service.delivery.page_context import Row, ToldEvent, told_events
from milepost.service.delivery.payloads.bodies import body_for, native_body, numbered
from milepost.service.delivery.payloads.context import MessageContext
from milepost.service.delivery.payloads.happenings import Happening, digest_id
from milepost.service.delivery.payloads.native import Content, Message, shape_of
from milepost.service.delivery.payloads.native_rendering import message_of
from milepost.service.delivery.payloads.vendor import vendor_name
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.service.snapshot.wanted_outcomes import types_wanted
from milepost.store.database import Transaction
from milepost.store.delivery import deliveries, feed, outbox, webhooks
from milepost.store.delivery.codec import Announcement, OutboxBody
from milepost.store.delivery.deliveries import NewDelivery
from milepost.store.delivery.feed import FeedRow
from milepost.store.delivery.outbox import OutboxRow, RelayLease
from milepost.store.log import CustomerKey

_log = structlog.get_logger()

RELAYED = "outcomes relayed"
PAGE = 200
"""Rows of the outbox that one transaction relays."""


class ForWebhook(NamedTuple):
    """A message that is to be written for a webhook."""

    stored: StoredWebhook
    context: MessageContext
    happening: Happening
    message_id: str


async def relay_once(runtime: Runtime, *, page: int = PAGE) -> int:
    """Relay one group of buckets until a page is not full, if one has rows; return the number of rows."""
    async with runtime.database.transaction() as transaction:
        lease = await outbox.lease(transaction)
    if lease is None:
        return 0
    relayed, rows = 0, page
    while rows == page:
        rows = await _relay_carefully(runtime, lease, page)
        relayed += rows
        runtime.counts[RELAYED] += rows
    async with runtime.database.transaction() as transaction:
        await outbox.release(transaction, lease)
    return relayed


async def _relay_carefully(runtime: Runtime, lease: RelayLease, limit: int) -> int:
    """Relay a page; if a mistake of ours fails it, relay its rows one by one and set those aside that fail."""
    try:
        return await _relay_page(runtime, lease, limit)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - around one page, so that one row cannot keep the others waiting
        _log.exception("relay_page_failed")
    done = 0
    for _ in range(limit):
        try:
            rows = await _relay_page(runtime, lease, 1)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - around one row, which is set aside
            rows = await _set_aside(runtime, lease)
        if not rows:
            break
        done += rows
    return done


async def _set_aside(runtime: Runtime, lease: RelayLease) -> int:
    """Set the first row of a group aside; return how many rows there were, 0 if the lease is lost."""

    async def work(transaction: Transaction) -> list[OutboxRow]:
        if await outbox.lock(transaction, lease) is None:
            return []
        rows = await outbox.page(transaction, lease, 1)
        for row in rows:
            await outbox.set_aside(transaction, row)
        return rows

    rows = await runtime.database.attempt(work)
    for row in rows:
        key = row.customer_key
        _log.error("outcome_not_relayed", org=key.org_id, customer=key.customer_id, seq=row.seq)
    return len(rows)


async def _relay_page(runtime: Runtime, lease: RelayLease, limit: int) -> int:
    """Relay a page; return the number of rows, 0 if there are none or the lease is lost."""

    async def work(transaction: Transaction) -> int:
        position = await outbox.lock(transaction, lease)
        if position is None:
            return 0
        rows = await outbox.page(transaction, lease, limit)
        if rows:
            await _write(runtime, transaction, lease, position, rows)
            await outbox.delete(transaction, rows)
        return len(rows)

    return await runtime.database.attempt(work)


async def _write(
    runtime: Runtime, transaction: Transaction, lease: RelayLease, position: int, rows: Sequence[OutboxRow]
) -> None:
    snapshots = await runtime.snapshots.current(transaction, {row.customer_key.org_id for row in rows})
    receivers = {org_id: await webhooks.of_organisation(transaction, org_id) for org_id in snapshots}
    vendor = any(stored.webhook.style is Style.CAPILLARY for found in receivers.values() for stored in found)
    bodies = [(row.customer_key, row.body) for row in rows]
    events = [Row(key, body) for key, body in bodies if isinstance(body, OutboxBody)]
    told = await told_events(transaction, snapshots, events, with_steps=vendor)
    announced = [(key, body) for key, body in bodies if isinstance(body, Announcement)]
    now = runtime.outgoing.now()
    await write_deliveries(transaction, for_webhooks(told, receivers), now)
    await _write_announcements(transaction, announced, receivers, now)
    messages = [*_feed_messages(told, snapshots), *_announced_messages(announced, snapshots)]
    fed = [
        FeedRow(lease.relay_id, message.organisation, place, native_body(numbered(message, place), Envelope.PLAIN))
        for place, message in enumerate(messages, position + 1)
    ]
    if fed:
        await feed.append(transaction, fed, now)
        await outbox.advance(transaction, lease, position + len(fed))


def for_webhooks(told: Iterable[ToldEvent], receivers: Mapping[int, Sequence[StoredWebhook]]) -> list[ForWebhook]:
    """Return the messages of *told* for the webhooks that want them, in their order."""
    return [
        ForWebhook(stored, event.context, happening, message_id)
        for event in told
        for happening, message_id in event.happenings
        for stored in receivers[event.context.customer_key.org_id]
        if event.context.version >= stored.since_version and wants(stored, event.context, happening)
    ]


def wants(stored: StoredWebhook, context: MessageContext, happening: Happening) -> bool:
    """Return whether an active webhook wants a message, by its types, groups and targets."""
    webhook = stored.webhook
    if not stored.active or happening.type not in types_wanted(stored):
        return False
    if webhook.style is Style.CAPILLARY and vendor_name(context, happening) not in webhook.types:
        return False
    if not webhook.tell_past and context.is_past(happening):
        return False
    if webhook.groups and happening.group_id not in webhook.groups:
        return False
    return not webhook.targets or happening.target_id in webhook.targets


async def write_deliveries(transaction: Transaction, messages: Sequence[ForWebhook], now: Micros) -> int:
    """Write a delivery for each of *messages* that its webhook does not have; return how many."""
    named = [(one.context.customer_key, one.stored.id, one.message_id) for one in messages]
    known = await deliveries.known(transaction, named)
    fresh = [one for one in messages if (one.stored.id, one.message_id) not in known]
    counts = Counter((one.context.customer_key, one.stored.id) for one in fresh)
    last = await deliveries.deal_numbers(transaction, counts)
    added: list[NewDelivery] = []
    for one in fresh:
        key = one.context.customer_key
        counts[key, one.stored.id] -= 1
        number = last[key.org_id, one.stored.id, key.customer_id] - counts[key, one.stored.id]
        body = body_for(one.stored.webhook, one.context, one.happening, one.message_id, number, now)
        type_ = _type_shown(one)
        if body is not None:
            added.append(
                NewDelivery(
                    customer_key=key,
                    webhook_id=one.stored.id,
                    message_id=one.message_id,
                    type=type_,
                    number=number,
                    body=body,
                )
            )
    return len(await deliveries.add(transaction, added, now))


def _type_shown(one: ForWebhook) -> str:
    if one.stored.webhook.style is Style.CAPILLARY:
        return vendor_name(one.context, one.happening) or one.happening.type.value
    return one.happening.type.value


async def _write_announcements(
    transaction: Transaction,
    announced: Sequence[tuple[CustomerKey, Announcement]],
    receivers: Mapping[int, Sequence[StoredWebhook]],
    now: Micros,
) -> None:
    """Write deliveries of announcements; only our own style has them."""
    added = [
        NewDelivery(
            customer_key=key,
            webhook_id=stored.id,
            message_id=message.id,
            type=message.type,
            number=0,
            body=native_body(message, stored.webhook.envelope),
        )
        for key, body in announced
        for message in [announced_message(key, body)]
        for stored in receivers[key.org_id]
        if stored.active and stored.webhook.style is Style.MILEPOST and body.type in stored.webhook.types
    ]
    await deliveries.add(transaction, added, now)


def announced_message(key: CustomerKey, body: Announcement) -> Message:
    """Return the message of an announcement."""
    type_ = OutcomeType(body.type)
    return Message(
        id=digest_id(key.org_id, body.type, body.name),
        type=body.type,
        time=calendar_of("UTC").iso(body.at),
        organisation=key.org_id,
        data=cast("Content", msgspec.json.decode(body.data, type=shape_of(type_))),
    )


def _feed_messages(told: Iterable[ToldEvent], snapshots: Mapping[int, OrganisationSnapshot]) -> Iterator[Message]:
    for event in told:
        setting = snapshots[event.context.customer_key.org_id].organisation.settings.outcome_feed
        if setting is OutcomeFeed.OFF:
            continue
        for happening, message_id in event.happenings:
            is_value = happening.type is OutcomeType.TARGET_VALUE_CHANGED
            is_asked_for = not is_value or setting is OutcomeFeed.WITH_VALUES
            if is_asked_for and not event.context.is_past(happening):
                message = message_of(event.context, happening, message_id)
                if message is not None:
                    yield message


def _announced_messages(
    announced: Iterable[tuple[CustomerKey, Announcement]], snapshots: Mapping[int, OrganisationSnapshot]
) -> Iterator[Message]:
    for key, body in announced:
        if snapshots[key.org_id].organisation.settings.outcome_feed is not OutcomeFeed.OFF:
            yield announced_message(key, body)
