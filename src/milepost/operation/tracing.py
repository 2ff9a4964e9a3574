"""Traces by OpenTelemetry, off by default: a span for each request and for each batch of events.

Spans are made once the work is done, so that none has to be carried through it. `OTEL_TRACES_SAMPLER` and the other
variables of OpenTelemetry say which are kept. The packages are the extra `milepost[otel]`.
"""

from collections import Counter as CountOf
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from milepost.api.http.request_log import AnsweredRequest
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import Answer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SERVICE = "milepost"
NANOSECONDS = 1_000
"""In a microsecond."""

_LACKING = "needs the extra packages of traces: pip install 'milepost[otel]'"


class Tracing:
    """Makes the spans of one process."""

    def __init__(self, provider: "TracerProvider", now: Callable[[], Micros]) -> None:
        """Make spans by *provider*; *now* returns the real time in epoch microseconds."""
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._now = now
        self._tracer = provider.get_tracer(SERVICE)
        self._propagator = TraceContextTextMapPropagator()

    def request(self, answered: AnsweredRequest) -> None:
        """Make the span of an answered request, below the span that the client names in `traceparent`."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        ends = self._now() * NANOSECONDS
        span = self._tracer.start_span(
            f"{answered.method} {answered.route}",
            context=self._propagator.extract({"traceparent": answered.traceparent}),
            kind=SpanKind.SERVER,
            start_time=ends - answered.nanoseconds,
            attributes={
                "http.request.method": answered.method,
                "http.route": answered.route,
                "http.response.status_code": answered.status,
                "milepost.request_id": answered.request_id,
                "milepost.events": answered.events,
                **({} if answered.org_id is None else {"milepost.organisation": answered.org_id}),
            },
        )
        if answered.status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ends)

    def batch(self, org_ids: Sequence[int], answers: Sequence[Answer], seconds: float) -> None:
        """Make the span of a batch, which holds events of several requests and so belongs to none of them."""
        ends = self._now() * NANOSECONDS
        counts = CountOf(answer.status.value for answer in answers)
        span = self._tracer.start_span(
            "batch of events",
            start_time=ends - int(seconds * 1_000_000_000),
            attributes={
                "milepost.events": len(answers),
                "milepost.organisations": len(set(org_ids)),
                **{f"milepost.events.{status}": count for status, count in counts.items()},
            },
        )
        span.end(ends)

    def close(self) -> None:
        """Send what is still to be sent."""
        self._provider.shutdown()


def tracing_to(url: str, now: Callable[[], Micros]) -> Tracing:
    """Return what sends spans to the collector at *url*, such as `http://localhost:4318/v1/traces`.

    *now* returns the real time in epoch microseconds. Raises Refused if the packages are not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise Refused(Problem("MILEPOST_TRACES_URL", _LACKING)) from None
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    return Tracing(provider, now)
