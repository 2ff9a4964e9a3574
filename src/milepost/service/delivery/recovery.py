"""Finds messages that a webhook never got, by applying the log again: it gives the same outcomes under the same ids.

Back-filled history is left out: only events count that were received in the span and did not happen before it. What was
moved in from another system tells nothing.
"""

from collections.abc import Sequence

from milepost.model.delivery.webhook import StoredWebhook, Style
from milepost.model.event import IMPORT_PROGRESS
from milepost.model.lazy import unpack_rows
from milepost.model.problem import Refused
from milepost.model.scheduled.job import Job, JobKind, JobScope
from milepost.model.standing import Standing
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex
from milepost.service.customers.view import CustomerView
from milepost.service.delivery.page_context import steps_of, told_event
from milepost.service.delivery.relay import ForWebhook, wants, write_deliveries
from milepost.service.delivery.replayed_customer import replay_customer
from milepost.service.delivery.webhooks import UNKNOWN_WEBHOOK
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import customers, log
from milepost.store.database import Transaction
from milepost.store.delivery import webhooks
from milepost.store.delivery.codec import OutboxBody
from milepost.store.log import CustomerKey
from milepost.store.scheduled import jobs


async def request_recovery(runtime: Runtime, org_id: int, webhook_id: int, since: Micros, until: Micros) -> int:
    """Request the job that finds what a webhook missed in a span (epoch microseconds); return the job's id."""

    async def work(transaction: Transaction) -> int:
        if await _webhook(transaction, org_id, webhook_id) is None:
            raise Refused(UNKNOWN_WEBHOOK)
        scope = JobScope(group_id=0, webhook_id=webhook_id, since=since, until=until)
        return await jobs.request(transaction, org_id, JobKind.RECOVER_MESSAGES, scope, runtime.clock())

    return await runtime.database.attempt(work)


async def recover_customers(
    runtime: Runtime, transaction: Transaction, job: Job, customer_keys: Sequence[CustomerKey]
) -> int:
    """Write what the webhook of *job* missed of these customers; return for how many of them there was anything."""
    stored = await _webhook(transaction, job.org_id, job.scope.webhook_id)
    if stored is None or not stored.active:
        return 0
    snapshot = await runtime.snapshots.of_organisation(transaction, job.org_id)
    standings = await log.standings(transaction, customer_keys)
    rule_indexes: dict[int, RuleIndex] = {}
    concerned = 0
    for customer_key in customer_keys:
        if customer_key in standings:
            standing = standings[customer_key]
            messages = await _missed(transaction, snapshot, stored, customer_key, standing, job.scope, rule_indexes)
            concerned += await write_deliveries(transaction, messages, runtime.outgoing.now()) > 0
    return concerned


async def _missed(
    transaction: Transaction,
    snapshot: OrganisationSnapshot,
    stored: StoredWebhook,
    customer_key: CustomerKey,
    standing: Standing,
    scope: JobScope,
    rule_indexes: dict[int, RuleIndex],
) -> list[ForWebhook]:
    """Return the messages of a customer's log that the webhook wants; some of them it may have."""
    log_of_customer, replayed, _ = await replay_customer(transaction, customer_key, standing.lineage, rule_indexes)
    found = await customers.find(transaction, customer_key)
    assert found is not None, "a customer with a standing has a profile"
    view = CustomerView(
        snapshot=snapshot,
        customer=found.customer,
        standing=standing,
        progress={row.key: row for row in found.history} | unpack_rows(standing.progress),
        currency_names={},
    )
    steps = steps_of(log_of_customer) if stored.webhook.style is Style.CAPILLARY else ()
    messages: list[ForWebhook] = []
    for (version, row), applied in zip(log_of_customer, replayed.applied, strict=True):
        received_in_span = scope.since <= row.received_at < scope.until
        if not received_in_span or row.occurred_at < scope.since or row.name == IMPORT_PROGRESS:
            continue
        body = OutboxBody(
            form=2, source=row.key.source, event_id=row.key.id, request_id="", outcomes=tuple(applied.outcomes)
        )
        told = told_event(body, row._replace(version=version), view, steps)
        messages += [
            ForWebhook(stored, told.context, happening, message_id)
            for happening, message_id in told.happenings
            if wants(stored, told.context, happening)
        ]
    return messages


async def _webhook(transaction: Transaction, org_id: int, webhook_id: int) -> StoredWebhook | None:
    found = await webhooks.of_organisation(transaction, org_id)
    return next((stored for stored in found if stored.id == webhook_id), None)
