"""What a server does beside its work so that it can be seen: log lines, metrics, the last requests, alerts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from milepost.api.http.request_log import AnsweredRequest
from milepost.model.time import Micros
from milepost.operation.alerts import Alerts, sender
from milepost.operation.logs import REQUEST
from milepost.operation.metrics import Metrics
from milepost.operation.tracing import Tracing
from milepost.rules.calendar import calendar_of
from milepost.service.ingest.incoming_event import Answer
from milepost.service.runtime.runtime import Runtime
from milepost.store.access.requests import StoredRequest

LOOK_SECONDS = 1
SAMPLES_EVERY = 5
"""Looks between two samples of metrics and health."""

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask all the time; they are counted, but have no line and are not kept."""

_log = structlog.get_logger()


class Observation:
    """Observes the requests and batches of one process."""

    def __init__(self, runtime: Runtime, alert_url: str | None, tracing: Tracing | None = None) -> None:
        """Observe *runtime*; problems are told to *alert_url* if there is one, and *tracing* makes spans."""
        self._runtime = runtime
        self._tracing = tracing
        self._alerts = None if alert_url is None else Alerts(sender(alert_url))
        self.metrics = Metrics()
        runtime.lanes.observe(self._batch)

    def request(self, answered: AnsweredRequest) -> None:
        """Log, count and keep an answered request."""
        self.metrics.observe_request(answered)
        if answered.route in QUIET:
            return
        if self._tracing is not None:
            self._tracing.request(answered)
        _log.info(
            REQUEST,
            request_id=answered.request_id,
            login=answered.login,
            method=answered.method,
            route=answered.route,
            status=answered.status,
            milliseconds=answered.milliseconds,
            events=answered.events,
            address=answered.address,
        )
        if answered.org_id is not None:
            self._runtime.requests.add(_stored(answered, self._runtime.clock))

    def _batch(self, org_ids: Sequence[int], answers: Sequence[Answer], seconds: float) -> None:
        self.metrics.observe_batch(org_ids, answers, seconds)
        if self._tracing is not None:
            self._tracing.batch(org_ids, answers, seconds)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Store requests, sample metrics and send alerts beside the block."""
        stopping = asyncio.Event()
        task = asyncio.create_task(self._run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await task
            if self._tracing is not None:
                await asyncio.to_thread(self._tracing.close)

    async def _run(self, stopping: asyncio.Event) -> None:
        looks = 0
        while not stopping.is_set():
            try:
                await self._runtime.requests.save()
                if looks % SAMPLES_EVERY == 0:
                    await self._sample()
            except Exception:  # noqa: BLE001 - nothing that is observed may end the observation
                _log.exception("not_observed")
            looks += 1
            try:
                await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _sample(self) -> None:
        await self.metrics.sample(self._runtime)
        if self._alerts is not None:
            readiness = await self._runtime.health.readiness(self._runtime.database)
            await self._alerts.look(readiness, calendar_of("UTC").iso(self._runtime.clock()))


def _stored(answered: AnsweredRequest, clock: Callable[[], Micros]) -> StoredRequest:
    return StoredRequest(
        number=0,
        answered_at=clock(),
        org_id=answered.org_id,
        login=answered.login,
        method=answered.method,
        route=answered.route,
        status=answered.status,
        milliseconds=answered.milliseconds,
        events=answered.events,
        request_id=answered.request_id,
        address=answered.address,
    )
