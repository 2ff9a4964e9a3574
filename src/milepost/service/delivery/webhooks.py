"""Adds, changes, lists and deletes webhooks, and replaces their secrets. A change makes a new organisation version."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from milepost.model.delivery.outcome_type import USUAL_TYPES, OutcomeType
from milepost.model.delivery.webhook import HEALTHY, Envelope, SealedSecret, StoredWebhook, Style, Webhook
from milepost.model.problem import Problem, Refused
from milepost.model.time import SECOND_US, Micros
from milepost.service.delivery.sending.addresses import url_problems
from milepost.service.delivery.sending.signature import new_secret, secret_problems
from milepost.service.queues.address import address_of, address_problems, is_queue
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.vendor_types import VENDOR_TYPES
from milepost.store import organisations
from milepost.store.database import Transaction
from milepost.store.delivery import deliveries, webhooks

WEBHOOKS_MAX = 100
HEADERS_MAX, HEADER_CHARACTERS_MAX = 20, 2_000
FILTER_MAX = 1_000
SCHEDULE_MAX, WAIT_SECONDS_MAX = 20, 7 * 86_400
TIME_LIMIT_MAX = 30
RATE_MAX = 10_000
OVERLAP_SECONDS_USUAL, OVERLAP_SECONDS_MAX = 86_400, 30 * 86_400
DELETED_AT_ONCE = 10_000
DESCRIPTION_CHARACTERS_MAX = 500

UNKNOWN_WEBHOOK = Problem("webhookId", "there is no webhook with this id")
_RESERVED = frozenset(
    {"host", "content-length", "content-type", "connection", "transfer-encoding", "user-agent", "accept-encoding"}
)


class AddedWebhook(NamedTuple):
    """A webhook and its new secret, which is shown once."""

    stored: StoredWebhook
    secret: str


class WebhookView(NamedTuple):
    """A webhook, and how many deliveries to it there are by state."""

    stored: StoredWebhook
    counts: Mapping[str, int]


def usual_types(style: Style) -> tuple[str, ...]:
    """Return the types that a webhook gets if it names none."""
    if style is Style.MILEPOST:
        return tuple(type_.value for type_ in USUAL_TYPES)
    return tuple(name for name, type_ in VENDOR_TYPES.items() if type_ is not OutcomeType.TARGET_VALUE_CHANGED)


async def add_webhook(
    runtime: Runtime, org_id: int, webhook: Webhook, *, secret: str | None = None, active: bool = True
) -> AddedWebhook:
    """Add a webhook; without a *secret* one is made. Nothing is missed from its answer on. Raises Refused."""
    problems = webhook_problems(webhook, allows_private=runtime.outgoing.allows_private)
    if secret is not None:
        problems += secret_problems(secret)
    if problems:
        raise Refused(*problems)
    return await _add(runtime, org_id, webhook, secret or new_secret(), active=active)


async def add_destination(runtime: Runtime, org_id: int, webhook: Webhook) -> AddedWebhook:
    """Add a webhook whose address is a queue; its secret is the address with credentials. Raises Refused."""
    problems = address_problems(webhook.url)
    if problems:
        raise Refused(*problems)
    shown = replace(webhook, url=address_of(webhook.url).shown)
    problems = content_problems(shown)
    if problems:
        raise Refused(*problems)
    return await _add(runtime, org_id, shown, webhook.url, active=True)


async def _add(runtime: Runtime, org_id: int, webhook: Webhook, chosen: str, *, active: bool) -> AddedWebhook:
    now = runtime.outgoing.now()

    async def work(transaction: Transaction) -> StoredWebhook:
        await organisations.lock(transaction, org_id)
        if len(await webhooks.of_organisation(transaction, org_id)) >= WEBHOOKS_MAX:
            raise Refused(Problem("", f"an organisation may have {WEBHOOKS_MAX} webhooks"))
        version = await organisations.raise_version(transaction, org_id)
        stored = StoredWebhook(
            org_id=org_id,
            id=await webhooks.fresh_id(transaction),
            webhook=webhook,
            secrets=(SealedSecret(runtime.outgoing.box.seal(chosen)),),
            since_version=version,
            active=active,
            created_at=now,
            changed_at=now,
        )
        await webhooks.save(transaction, stored)
        return stored

    return AddedWebhook(await runtime.database.attempt(work), chosen)


async def change_webhook(
    runtime: Runtime, org_id: int, webhook_id: int, changes: Mapping[str, Any], *, active: bool | None = None
) -> WebhookView:
    """Change fields of a webhook. To make one active again closes its circuit. Raises Refused."""

    async def work(transaction: Transaction) -> StoredWebhook:
        await organisations.lock(transaction, org_id)
        stored = await _locked(transaction, org_id, webhook_id)
        webhook = replace(stored.webhook, **changes)
        if is_queue(stored.webhook.url):
            problems = content_problems(webhook)
            if webhook.url != stored.webhook.url:
                problems.append(Problem("url", "is a queue's and cannot be changed; add another one"))
        else:
            problems = webhook_problems(webhook, allows_private=runtime.outgoing.allows_private)
        if problems:
            raise Refused(*problems)
        changed = replace(stored, webhook=webhook, changed_at=runtime.outgoing.now())
        if active is not None:
            changed = replace(changed, active=active, disabled_reason=None if active else stored.disabled_reason)
            changed = replace(changed, health=HEALTHY) if active else changed
        await webhooks.save(transaction, changed)
        await organisations.raise_version(transaction, org_id)
        return changed

    await runtime.database.attempt(work)
    return await find_webhook(runtime, org_id, webhook_id)


async def replace_secret(
    runtime: Runtime, org_id: int, webhook_id: int, *, secret: str | None = None, overlap: int = OVERLAP_SECONDS_USUAL
) -> AddedWebhook:
    """Replace the secret of a webhook; earlier secrets sign beside it for *overlap* seconds. Raises Refused."""
    problems = [] if secret is None else secret_problems(secret)
    if not 0 <= overlap <= OVERLAP_SECONDS_MAX:
        problems.append(Problem("overlapSeconds", f"must be from 0 to {OVERLAP_SECONDS_MAX}"))
    if problems:
        raise Refused(*problems)
    chosen = secret or new_secret()
    now = runtime.outgoing.now()
    until = Micros(now + overlap * SECOND_US)

    async def work(transaction: Transaction) -> StoredWebhook:
        stored = await _locked(transaction, org_id, webhook_id)
        if is_queue(stored.webhook.url):
            raise Refused(Problem("webhookId", "is a queue, whose messages are not signed"))
        earlier = [
            SealedSecret(one.sealed, until if one.until is None else min(one.until, until))
            for one in stored.secrets
            if one.until is None or one.until > now
        ]
        kept = tuple(one for one in earlier if one.until is not None and one.until > now)
        sealed = SealedSecret(runtime.outgoing.box.seal(chosen))
        changed = replace(stored, secrets=(sealed, *kept), changed_at=now)
        await webhooks.save(transaction, changed)
        return changed

    return AddedWebhook(await runtime.database.attempt(work), chosen)


async def delete_webhook(runtime: Runtime, org_id: int, webhook_id: int) -> None:
    """Delete a webhook with its deliveries. Raises Refused if there is none."""

    async def work(transaction: Transaction) -> None:
        await organisations.lock(transaction, org_id)
        await _locked(transaction, org_id, webhook_id)
        await webhooks.delete(transaction, org_id, webhook_id)
        await organisations.raise_version(transaction, org_id)

    async def work_deliveries(transaction: Transaction) -> int:
        return await deliveries.delete_of_webhook(transaction, org_id, webhook_id, DELETED_AT_ONCE)

    await runtime.database.attempt(work)
    while await runtime.database.attempt(work_deliveries) == DELETED_AT_ONCE:
        continue


async def list_webhooks(runtime: Runtime, org_id: int) -> list[WebhookView]:
    """Return the webhooks of an organisation in the order of their ids."""
    async with runtime.database.transaction() as transaction:
        stored = await webhooks.of_organisation(transaction, org_id)
        counts = await webhooks.counts(transaction, org_id)
    return [
        WebhookView(one, {state: count for (webhook_id, state), count in counts.items() if webhook_id == one.id})
        for one in stored
    ]


async def find_webhook(runtime: Runtime, org_id: int, webhook_id: int) -> WebhookView:
    """Return a webhook. Raises Refused if there is none."""
    view = next((view for view in await list_webhooks(runtime, org_id) if view.stored.id == webhook_id), None)
    if view is None:
        raise Refused(UNKNOWN_WEBHOOK)
    return view


async def _locked(transaction: Transaction, org_id: int, webhook_id: int) -> StoredWebhook:
    locked = await webhooks.lock(transaction, org_id, webhook_id)
    if locked is None:
        raise Refused(UNKNOWN_WEBHOOK)
    return locked[0]


def webhook_problems(webhook: Webhook, *, allows_private: bool) -> list[Problem]:
    """Return everything that is wrong with a webhook."""
    return [*url_problems(webhook.url, allows_private=allows_private), *content_problems(webhook)]


def content_problems(webhook: Webhook) -> list[Problem]:
    """Return everything that is wrong with a webhook besides its address."""
    problems: list[Problem] = []
    known = [type_.value for type_ in OutcomeType] if webhook.style is Style.MILEPOST else list(VENDOR_TYPES)
    problems += [
        Problem(f"types[{place}]", f"is no type of the style {webhook.style.value}; there are {', '.join(known)}")
        for place, name in enumerate(webhook.types)
        if name not in known
    ]
    if not webhook.types:
        problems.append(Problem("types", "must hold at least one type"))
    styles = {Envelope.CLOUDEVENTS: Style.MILEPOST, Envelope.ENRICHED: Style.CAPILLARY}
    if styles.get(webhook.envelope, webhook.style) is not webhook.style:
        problems.append(Problem("envelope", f"does not go with the style {webhook.style.value}"))
    problems += [
        Problem(name, f"must hold at most {FILTER_MAX} ids")
        for name, ids in (("groups", webhook.groups), ("targets", webhook.targets))
        if len(ids) > FILTER_MAX
    ]
    if len(webhook.description) > DESCRIPTION_CHARACTERS_MAX:
        problems.append(Problem("description", f"must have at most {DESCRIPTION_CHARACTERS_MAX} characters"))
    return [*problems, *_header_problems(webhook.headers), *_time_problems(webhook)]


def _header_problems(headers: Mapping[str, str]) -> list[Problem]:
    problems = []
    if len(headers) > HEADERS_MAX:
        problems.append(Problem("headers", f"must hold at most {HEADERS_MAX} headers"))
    for name, value in headers.items():
        path = f"headers.{name[:60]}"
        usable = name.isascii() and name.replace("-", "").replace("_", "").isalnum() and len(name) <= 100
        if not usable:
            problems.append(Problem(path, "must be a name of letters, digits, hyphens and underscores"))
        elif name.lower() in _RESERVED or name.lower().startswith(("webhook-", "milepost-")):
            problems.append(Problem(path, "is set by Milepost"))
        if not (value.isascii() and value.isprintable()) or len(value) > HEADER_CHARACTERS_MAX:
            problems.append(Problem(path, f"must be at most {HEADER_CHARACTERS_MAX} printable ASCII characters"))
    return problems


def _time_problems(webhook: Webhook) -> list[Problem]:
    problems = []
    if len(webhook.schedule) > SCHEDULE_MAX or not all(1 <= wait <= WAIT_SECONDS_MAX for wait in webhook.schedule):
        reason = f"must hold at most {SCHEDULE_MAX} numbers of seconds from 1 to {WAIT_SECONDS_MAX}"
        problems.append(Problem("schedule", reason))
    if not 1 <= webhook.time_limit <= TIME_LIMIT_MAX:
        problems.append(Problem("timeLimit", f"must be from 1 to {TIME_LIMIT_MAX} seconds"))
    if webhook.rate is not None and not 1 <= webhook.rate <= RATE_MAX:
        problems.append(Problem("rate", f"must be from 1 to {RATE_MAX} attempts a second"))
    return problems
