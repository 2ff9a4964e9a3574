"""`milepost top`: a live screen of a running server, from its metrics and its readiness."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from milepost.model.problem import Unavailable

if TYPE_CHECKING:
    from rich.table import Table

Address = Annotated[str, typer.Option("--url", help="address of the server")]
Every = Annotated[float, typer.Option("--every", help="seconds between two looks", min=0.2, max=60)]
Once = Annotated[bool, typer.Option("--once", help="print one screen and end")]
ASK_SECONDS = 5
ROUTES_SHOWN = 8


class Look(NamedTuple):
    """What a server said at an instant: seconds, numbers by metric and labels, and the lines of its readiness."""

    at: float
    numbers: Mapping[str, Mapping[tuple[tuple[str, str], ...], float]]
    lines: tuple[str, ...]


def top(url: Address = "http://127.0.0.1:8700", every: Every = 1.0, once: Once = False) -> None:
    """Show what a running server does: events and requests each second, queues, connections, problems.

    Ctrl-C ends it.
    """
    from rich.console import Console
    from rich.live import Live

    before = look(url)
    time.sleep(every)
    if once:
        Console().print(screen(url, before, look(url)))
        return
    with Live(screen(url, before, before), screen=True, auto_refresh=False) as live:
        try:
            while True:
                now = look(url)
                live.update(screen(url, before, now), refresh=True)
                before = now
                time.sleep(every)
        except KeyboardInterrupt:
            return


def look(url: str) -> Look:
    """Return what the server at *url* says now. Raises Unavailable if it cannot be reached."""
    import httpx2
    from prometheus_client.parser import text_string_to_metric_families

    try:
        text = httpx2.get(f"{url}/metrics", timeout=ASK_SECONDS).raise_for_status().text
        lines = tuple(httpx2.get(f"{url}/readyz", timeout=ASK_SECONDS).text.splitlines())
    except httpx2.HTTPError as error:
        message = f"{url} cannot be asked: {error}"
        raise Unavailable(message) from error
    numbers: dict[str, dict[tuple[tuple[str, str], ...], float]] = defaultdict(dict)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            numbers[sample.name][tuple(sorted(sample.labels.items()))] = sample.value
    return Look(time.monotonic(), numbers, lines)


def rate(name: str, before: Look, now: Look, **labels: str) -> float:
    """Return by how much a counter grew each second, over all its labels that include *labels*."""
    seconds = now.at - before.at
    wanted = labels.items()
    grown = sum(
        value - before.numbers.get(name, {}).get(key, 0.0)
        for key, value in now.numbers.get(name, {}).items()
        if wanted <= set(key)
    )
    return max(0.0, grown) / seconds if seconds > 0 else 0.0


def _mean(name: str, before: Look, now: Look) -> float | None:
    count = rate(f"{name}_count", before, now)
    return rate(f"{name}_sum", before, now) / count if count else None


def _total(name: str, now: Look, **labels: str) -> float:
    wanted = labels.items()
    return sum(value for key, value in now.numbers.get(name, {}).items() if wanted <= set(key))


def screen(url: str, before: Look, now: Look) -> "Table":
    """Return the screen of two looks."""
    from rich.table import Table

    table = Table(title=f"milepost at {url}", min_width=60)
    table.add_column("what")
    table.add_column("now", justify="right")
    for what, value in _rows(before, now):
        table.add_row(what, value)
    for line in now.lines:
        table.add_row("readiness", line)
    return table


def _rows(before: Look, now: Look) -> Iterator[tuple[str, str]]:
    for status in ("applied", "duplicate", "conflict", "refused", "failed"):
        yield f"events {status}", f"{rate('milepost_events_total', before, now, status=status):.1f}/s"
    size, seconds = (_mean(f"milepost_batch_{unit}", before, now) for unit in ("events", "seconds"))
    yield "events in a batch", "-" if size is None else f"{size:.1f}"
    yield "transaction of a batch", "-" if seconds is None else f"{seconds * 1_000:.1f} ms"
    yield "events that wait", f"{_total('milepost_lane_waiting_events', now):.0f}"
    yield "requests", f"{rate('milepost_http_requests_total', before, now):.1f}/s"
    routes = {dict(key)["route"] for key in now.numbers.get("milepost_http_requests_total", {})}
    rates = {route: rate("milepost_http_requests_total", before, now, route=route) for route in routes}
    for route in sorted(rates, key=lambda route: (-rates[route], route))[:ROUTES_SHOWN]:
        yield f"  {route}", f"{rates[route]:.1f}/s"
    connections = _total("milepost_database_connections", now, state="pool_size")
    free = _total("milepost_database_connections", now, state="pool_available")
    yield "database connections, free", f"{connections:.0f}, {free:.0f}"
    yield "open jobs", f"{_total('milepost_open_jobs', now):.0f}"
    yield "period boundaries behind", f"{_total('milepost_boundary_lag_seconds', now):.0f} s"
