"""Traces: a span for each request, below that of its client, and one for each batch; nothing without the setting."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import httpx2
import pytest

from milepost.api.http.app import Observers, create_app
from milepost.model.time import Micros
from milepost.operation.observation import Observation
from milepost.operation.tracing import Tracing, tracing_to
from milepost.settings import ServerSettings
from tests.api.client import ApiClient, OrganisationClient
from tests.api.client_forms import bill, group

if find_spec("opentelemetry.sdk") is None:
    pytest.skip("NOT TESTED: the extra milepost[otel] is not installed", allow_module_level=True)

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def spans(front: ApiClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Let the shared server be traced during a test; return what keeps the spans."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    observation = Observation(front.runtime, None, Tracing(provider, front.clock))
    app = create_app(front.runtime, error_status=400, observers=Observers(observation.request))
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://milepost")
    monkeypatch.setattr(front, "_http", client)
    yield kept
    front.runtime.lanes.observe(lambda *_: None)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def test_a_request_is_a_span_below_its_clients(organisation: OrganisationClient, spans: InMemorySpanExporter) -> None:
    """With its route, status and events, for as long as it took; its values are not there."""
    organisation.define(group())
    spans.clear()
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": "r7"}
    organisation.client.send("GET", "/api/v1/organisation?x=secret", headers=headers)
    (span,) = spans.get_finished_spans()
    assert "GET /api/v1/organisation" == span.name
    assert span.parent is not None
    assert (TRACE, PARENT) == (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}")
    seen = attributes(span)
    assert (401, "r7") == (seen["http.response.status_code"], seen["milepost.request_id"])
    assert "secret" not in span.to_json()
    assert span.start_time is not None
    assert span.end_time is not None
    assert 0 < span.end_time - span.start_time < 10**10


def test_a_batch_is_a_span(organisation: OrganisationClient, spans: InMemorySpanExporter) -> None:
    """It says how many events it held, and what became of them."""
    organisation.define(group())
    spans.clear()
    organisation.send_events(bill(5), bill(6))
    batch, request = spans.get_finished_spans()
    assert ("batch of events", 2, 2) == (
        batch.name,
        attributes(batch)["milepost.events"],
        attributes(batch)["milepost.events.applied"],
    )
    assert 2 == attributes(request)["milepost.events"]
    assert organisation.organisation.id == attributes(request)["milepost.organisation"]


def test_health_checks_are_no_spans(front: ApiClient, spans: InMemorySpanExporter) -> None:
    """Machines ask for them all the time."""
    front.send("GET", "/healthz")
    assert () == spans.get_finished_spans()


def test_tracing_is_off_by_default() -> None:
    """And sends to the collector that the setting names."""
    assert ServerSettings().traces_url is None
    tracing_to("http://127.0.0.1:9/v1/traces", lambda: Micros(0)).close()
