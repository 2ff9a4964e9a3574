"""The metrics of a process, in the format of Prometheus, at `GET /metrics`.

With several processes each writes its numbers into a folder, and whichever process is asked answers for all.
"""

import os
import resource
from collections import Counter as CountOf
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from milepost.api.http.request_log import AnsweredRequest
from milepost.model.problem import Unavailable
from milepost.model.time import SECOND_US, Micros
from milepost.service.chain.audit import DIFFERING, RECOMPUTED
from milepost.service.delivery.relay import RELAYED
from milepost.service.delivery.sending.sender import ATTEMPTS_FAILED, ATTEMPTS_WELL
from milepost.service.ingest.incoming_event import Answer
from milepost.service.queues.queues import queue_states
from milepost.service.runtime.health import OUTCOMES_WAITING_MAX
from milepost.service.runtime.runtime import Runtime

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client shares numbers between processes."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)


class Metrics:
    """The metrics of this process."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "milepost_http_requests", "Requests that were answered", ("method", "route", "status"), registry=registry
        )
        self._request_seconds = Histogram(
            "milepost_http_request_seconds", "How long answers took", ("route",), buckets=_SECONDS, registry=registry
        )
        self._events = Counter("milepost_events", "Events by what became of them", ("status",), registry=registry)
        self._organisation_events = Counter(
            "milepost_organisation_events",
            "Events of the organisations seen first",
            ("organisation",),
            registry=registry,
        )
        self._entries = Counter("milepost_entries", "Changes of progress that events made", registry=registry)
        self._batch_events = Histogram(
            "milepost_batch_events", "Events in one batch", buckets=_EVENTS, registry=registry
        )
        self._batch_seconds = Histogram(
            "milepost_batch_seconds", "How long the transaction of a batch took", buckets=_SECONDS, registry=registry
        )
        self._waiting = _gauge("milepost_lane_waiting_events", "Events that wait in lanes or are written", registry)
        self._pool = _gauge("milepost_database_connections", "Connections to the database", registry, ("state",))
        self._ready = _gauge("milepost_receives_events", "Processes that can receive events", registry)
        self._problems = _gauge("milepost_health_problems", "Problems that /readyz names", registry)
        self._work = _WorkMetrics(registry)
        self._boards = _gauge("milepost_board_customers", "Customers on leaderboards in memory", registry)
        self._memory = _gauge("milepost_resident_memory_bytes", "Memory of the processes", registry)
        self._queues = {
            name: _gauge(f"milepost_queue_{name}", meaning, registry, ("queue",), "livemax")
            for name, meaning in _QUEUES.items()
        }
        self._organisations: set[int] = set()

    def observe_request(self, answered: AnsweredRequest) -> None:
        """Count an answered request."""
        method = answered.method if answered.method in _METHODS else "OTHER"
        self._requests.labels(method, answered.route, str(answered.status)).inc()
        self._request_seconds.labels(answered.route).observe(answered.milliseconds / 1_000)

    def observe_batch(self, org_ids: Sequence[int], answers: Sequence[Answer], seconds: float) -> None:
        """Count a batch of events: the organisation of each, its answer, and how long the batch took."""
        self._batch_events.observe(len(answers))
        self._batch_seconds.observe(seconds)
        for status, count in CountOf(answer.status for answer in answers).items():
            self._events.labels(status.value).inc(count)
        self._entries.inc(sum(len(answer.entries) for answer in answers))
        for org_id, count in CountOf(org_ids).items():
            self._organisation_events.labels(self._label_of(org_id)).inc(count)

    def _label_of(self, org_id: int) -> str:
        """Return the label of an organisation: its id, or `other` for all but the first hundred."""
        if org_id not in self._organisations:
            if len(self._organisations) >= ORGANISATIONS_MAX:
                return "other"
            self._organisations.add(org_id)
        return str(org_id)

    async def sample(self, runtime: Runtime) -> None:
        """Read what is not counted but looked at: queues, connections, health, jobs, boards."""
        self._waiting.set(runtime.lanes.events_waiting)
        for state, count in runtime.database.pool_counts.items():
            self._pool.labels(state).set(count)
        readiness = await runtime.health.readiness(runtime.database)
        self._ready.set(1 if readiness.receives_events else 0)
        self._problems.set(len(readiness.problems))
        self._boards.set(runtime.boards.size)
        self._memory.set(resident_bytes())
        self._work.sample(runtime)
        await self._sample_queues(runtime)

    async def _sample_queues(self, runtime: Runtime) -> None:
        """Read how the queues are read; the database knows it, whichever process reads them."""
        try:
            states = await queue_states(runtime, QUEUES_MAX)
        except Unavailable:  # what the process counts itself is told all the same
            return
        if FOLDER_VARIABLE not in os.environ:  # numbers that processes share cannot be forgotten
            for gauge in self._queues.values():
                gauge.clear()
        for state in states:
            values = {"lag_messages": state.lag, "silent_seconds": state.silent_seconds, "dead_letters": state.dead}
            for name, value in values.items():
                if value is not None and (state.active or name == "dead_letters"):
                    self._queues[name].labels(str(state.id)).set(value)

    def text(self) -> bytes:
        """Return all metrics, those of all processes if there are several."""
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


QUEUES_MAX = 200
"""Queues with labels of their own."""

_QUEUES = {
    "lag_messages": "Messages that wait in a queue",
    "silent_seconds": "Seconds since a queue was read",
    "dead_letters": "Messages of a queue that are no events or were refused",
}


class _WorkMetrics:
    """The metrics of what workers do, and of what waits for them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count nothing yet."""
        self._jobs = _gauge("milepost_open_jobs", "Jobs that are not done", registry, mode="livemax")
        self._lag = _gauge("milepost_boundary_lag_seconds", "How late period boundaries are", registry, mode="livemax")
        self._outcomes = Counter("milepost_outcomes_relayed", "Outcomes that were relayed", registry=registry)
        self._attempts = Counter(
            "milepost_delivery_attempts", "Requests to webhooks by how they ended", ("result",), registry=registry
        )
        self._delivery_lag = _gauge(
            "milepost_delivery_lag_seconds", "How late deliveries are", registry, mode="livemax"
        )
        self._outbox = _gauge(
            "milepost_outbox_outcomes",
            "Outcomes that wait to be relayed, ten thousand at most",
            registry,
            mode="livemax",
        )
        self._lock_waits = _gauge(
            "milepost_database_lock_waits", "Sessions that wait for a lock", registry, mode="livemax"
        )
        self._recomputed = Counter(
            "milepost_customers_recomputed", "Customers recomputed from their log", registry=registry
        )
        self._differing = Counter(
            "milepost_customers_differing", "Of these, customers whose standing differs", registry=registry
        )
        self._counted: CountOf[str] = CountOf()

    def sample(self, runtime: Runtime) -> None:
        """Count what the workers have done since the sample before, and read what waits."""
        done = runtime.counts - self._counted
        self._counted = CountOf(runtime.counts)
        self._outcomes.inc(done[RELAYED])
        self._attempts.labels("delivered").inc(done[ATTEMPTS_WELL])
        self._attempts.labels("failed").inc(done[ATTEMPTS_FAILED])
        self._recomputed.inc(done[RECOMPUTED])
        self._differing.inc(done[DIFFERING])
        database = runtime.health.state
        if database is None:
            return
        self._jobs.set(database.open_jobs)
        self._lag.set(_seconds_since(database.boundary_due_at, runtime.clock()))
        self._delivery_lag.set(_seconds_since(database.delivery_due_at, runtime.outgoing.now()))
        self._outbox.set(min(database.outcomes_waiting, OUTCOMES_WAITING_MAX))
        self._lock_waits.set(database.lock_waits)


def resident_bytes() -> int:
    """Return how much memory this process has; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _seconds_since(instant: Micros | None, now: Micros) -> float:
    return 0 if instant is None else max(0, now - instant) / SECOND_US


ORGANISATIONS_MAX = 100
"""Organisations with a label of their own; more would make the metrics grow without end."""


def _gauge(
    name: str,
    meaning: str,
    registry: CollectorRegistry,
    labels: Sequence[str] = (),
    mode: Literal["livesum", "livemax"] = "livesum",
) -> Gauge:
    return Gauge(name, meaning, labels, multiprocess_mode=mode, registry=registry)
