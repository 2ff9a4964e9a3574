"""`milepost top` and the dashboard: they show numbers that the server has."""

import json
import re
from io import StringIO
from pathlib import Path

import httpx2
import pytest
from rich.console import Console

from milepost.cli.top import look, screen
from milepost.model.problem import Unavailable
from milepost.operation.metrics import Metrics

DASHBOARD = Path("docs/examples/operation/grafana-dashboard.json")
BEFORE = """# TYPE milepost_events counter
milepost_events_total{status="applied"} 10.0
# TYPE milepost_http_requests counter
milepost_http_requests_total{method="POST",route="/api/v1/events",status="200"} 3.0
"""
NOW = (
    BEFORE.replace("10.0", "30.0").replace("3.0", "5.0")
    + """# TYPE milepost_lane_waiting_events gauge
milepost_lane_waiting_events 7.0
"""
)


def server(*texts: str) -> httpx2.MockTransport:
    """Return a server whose metrics are *texts*, one after the other."""
    rest = iter(texts)

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=next(rest) if request.url.path == "/metrics" else "ready\nthe disk is full\n")

    return httpx2.MockTransport(answer)


def test_a_screen_shows_rates_and_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """What grew between two looks, by the seconds between them, and the words of readiness."""
    client = httpx2.Client(transport=server(BEFORE, NOW))
    monkeypatch.setattr(httpx2, "get", client.get)
    before = look("http://milepost")._replace(at=0.0)
    now = look("http://milepost")._replace(at=2.0)
    console = Console(width=100, record=True, file=StringIO())
    console.print(screen("http://milepost", before, now))
    text = console.export_text()
    assert re.search(r"events applied\W+10\.0/s", text)
    assert re.search(r"events that wait\W+7 ", text)
    assert re.search(r"/api/v1/events\W+1\.0/s", text)
    assert "the disk is full" in text


def test_a_server_that_is_away_is_named() -> None:
    """By a sentence."""
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 cannot be asked"):
        look("http://127.0.0.1:9")


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    """Each name in it is that of a metric of ours."""
    text = Metrics().text().decode()
    metrics = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    used = set(re.findall(r"milepost_\w+", json.dumps(json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"])))
    names = {re.sub(r"_(bucket|count|sum)$", "", name) for name in used}
    assert set() == names - metrics
