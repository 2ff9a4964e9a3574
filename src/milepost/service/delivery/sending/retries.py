"""When a delivery is tried again, when a webhook is left alone, and when it is disabled. It only computes."""

from email.utils import parsedate_to_datetime
from typing import NamedTuple

from milepost.model.delivery.webhook import HEALTHY, Attempt, Delivery, DeliveryState, Webhook, WebhookHealth
from milepost.model.time import DAY_US, SECOND_US, Micros

GONE = 410
ASK_LATER = frozenset({429, 503})
RETRY_AFTER_SECONDS_MAX = 86_400
CIRCUIT_FAILURES = 5
"""Failures in a row after which the circuit of a webhook opens."""

CIRCUIT_SECONDS, CIRCUIT_SECONDS_MAX = 10, 300
DISABLED_AFTER_US = 5 * DAY_US
"""A webhook is disabled after five days of failures alone."""


class Verdict(NamedTuple):
    """What follows from an attempt for its delivery, and for its webhook; a `reason` disables the webhook."""

    state: DeliveryState
    next_at: Micros
    health: WebhookHealth
    reason: str | None = None


def verdict(webhook: Webhook, health: WebhookHealth, delivery: Delivery, attempt: Attempt, now: Micros) -> Verdict:
    """Return what follows from an *attempt* that ended *now* (epoch microseconds)."""
    if attempt.error is None:
        return Verdict(DeliveryState.DELIVERED, now, HEALTHY)
    failing_since = now if health.failing_since is None else health.failing_since
    waits_us = retry_after_us(attempt, now) if attempt.status in ASK_LATER else 0
    after = _after_failure(health, failing_since, attempt, waits_us, now)
    reason = None
    if attempt.status == GONE:
        reason = "the receiver answered 410: it is gone"
    elif now - failing_since > DISABLED_AFTER_US:
        reason = "every attempt of five days failed"
    if delivery.attempts >= len(webhook.schedule) and attempt.status != GONE:
        return Verdict(DeliveryState.DEAD, now, after, reason)
    waits = webhook.schedule[min(delivery.attempts, len(webhook.schedule) - 1)] if webhook.schedule else 0
    return Verdict(DeliveryState.PENDING, Micros(now + max(_spread(waits, delivery.id), waits_us)), after, reason)


def _after_failure(
    health: WebhookHealth, failing_since: Micros, attempt: Attempt, waits_us: int, now: Micros
) -> WebhookHealth:
    """Return the health after a failure. What was in flight when the circuit opened does not open it for longer."""
    open_until = health.open_until or Micros(0)
    if attempt.at < open_until:
        return WebhookHealth(health.failures, failing_since, max(open_until, Micros(now + waits_us)))
    failures = health.failures + 1
    waits_us = max(waits_us, _circuit_us(failures))
    return WebhookHealth(failures, failing_since, Micros(now + waits_us) if waits_us else None)


def allowed_at_once(health: WebhookHealth) -> int | None:
    """Return how many attempts may be in flight: one tries a circuit that was open; None for no bound."""
    return 1 if health.failures >= CIRCUIT_FAILURES else None


def retry_after_us(attempt: Attempt, now: Micros) -> int:
    """Return for how long a receiver asks to be left alone, in microseconds, by its Retry-After."""
    text = next((value for name, value in attempt.headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        seconds = int(text)
    else:
        try:
            seconds = int(parsedate_to_datetime(text).timestamp()) - now // SECOND_US
        except (ValueError, TypeError, OverflowError):
            return 0
    return max(0, min(seconds, RETRY_AFTER_SECONDS_MAX)) * SECOND_US


def _circuit_us(failures: int) -> int:
    if failures < CIRCUIT_FAILURES:
        return 0
    doublings = min(failures - CIRCUIT_FAILURES, 10)
    return min(CIRCUIT_SECONDS << doublings, CIRCUIT_SECONDS_MAX) * SECOND_US


def _spread(seconds: int, delivery_id: int) -> int:
    """Return *seconds* in microseconds, up to a tenth longer, so that what failed together does not come together."""
    return seconds * SECOND_US + seconds * SECOND_US * (delivery_id % 11) // 100
