"""What W6 found, as a table for people and as figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench import latency
from bench.audit import Audit
from bench.board_checks import Cold, Fresh, Ranks
from bench.board_data import LOAD_EVENTS, LOAD_SECONDS
from bench.contestants import Spread
from bench.latency import Times
from bench.plan import Finding

HTTP, TOP, RANK = "ours, HTTP: top, own, around", "ours, HTTP: vendor's top", "ours, HTTP: vendor's rank"
HERE, COUNTING, WINDOW, REDIS = "ours, in process", "PostgreSQL, count(*)", "PostgreSQL, rank()", "Redis"
NAMES = (HTTP, TOP, RANK, HERE, COUNTING, WINDOW, REDIS)
WRITTEN = ("W2 alone", "W2, board read 50 times a second")
FACTORS = ((COUNTING, HTTP), (COUNTING, HERE), (WINDOW, HTTP), (WINDOW, HERE), (HERE, REDIS))


class Writing(NamedTuple):
    """One round of W2's batches: events a second, and the server's processor microseconds for an event."""

    rate: float
    processor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that W6 found."""

    customers: int
    times: Sequence[Times]
    written: Mapping[str, Sequence[Writing]]
    starts: Sequence[Cold]
    fresh: Fresh
    ranks: Ranks
    events: Audit
    redis_bytes: int


def loaded(name: str) -> str:
    """Return the name of a contestant that is measured under load."""
    return f"{name}, loaded"


def finding(found: Found) -> Finding:
    """Return the tables and figures of *found*."""
    table, figures = [], {}
    for shown in (str, loaded):
        of = {name: [one for one in found.times if one.contestant == shown(name)] for name in NAMES}
        for name, mine in of.items():
            if mine:
                table.append(latency.row(shown(name), mine))
                figures[shown(name)] = latency.figures(mine)
        for slow, fast in FACTORS:
            if of[slow] and of[fast]:
                factor = latency.ratio(of[slow], of[fast], lambda one: one.quantile(0.5))
                title = shown(f"p50 of {slow} / {fast}")
                table.append([title, "", factor.shown(1), ""])
                figures[title] = factor.kept(2)
    for name, rounds in found.written.items():
        rate, processor = Spread([one.rate for one in rounds]), Spread([one.processor for one in rounds])
        table.append([name, rate.shown(), "", ""])
        figures[name] = {"eventsPerSecond": rate.kept(), "processorMicroseconds": processor.kept()}
    return Finding(
        name=f"W6: a leaderboard of {found.customers:,} customers",
        columns=latency.COLUMNS,
        table=table,
        facts=_facts(found),
        figures=figures,
    )


def _facts(found: Found) -> dict[str, Any]:
    alone, beside = (Spread([one.processor for one in found.written[name]]) for name in WRITTEN)
    return {
        "customers": found.customers,
        "over HTTP": "an open loop of 100 requests a second; in process one request after the other",
        "loaded": f"{LOAD_EVENTS} events in a request every {LOAD_SECONDS} s, all to the server that is asked",
        "redis": f"{found.redis_bytes / 1e6:.0f} MB" if found.redis_bytes else "NOT MEASURED: no server on the path",
        "first question, ms": _spread(found.starts, lambda one: one.first_milliseconds),
        "second question, ms": _spread(found.starts, lambda one: one.second_milliseconds),
        "longest other answer meanwhile, ms": _spread(found.starts, lambda one: one.longest_other_milliseconds),
        "memory of the board, MB": _spread(found.starts, lambda one: one.board_megabytes),
        "most memory meanwhile, MB": _spread(found.starts, lambda one: one.peak_megabytes),
        "bill answered to shown by the same server, ms": Spread(found.fresh.own).shown(1),
        "bill answered to shown by another server, ms": Spread(found.fresh.other).shown(1),
        "processor of an answer, ms": {name: _processor(found.times, name) for name in (HTTP, TOP, RANK)},
        "processor of an event of W2, us": {"alone": alone.shown(), "board read beside": beside.shown()},
        "audit of ranks": found.ranks._asdict(),
        "audit of events": found.events._asdict(),
    }


def _processor(times: Sequence[Times], name: str) -> str:
    mine = [one for one in times if one.contestant == name]
    return Spread([one.processor_seconds * 1_000 / len(one.each) for one in mine]).shown(2)


def _spread(starts: Sequence[Cold], of: Callable[[Cold], float]) -> str:
    return Spread([of(one) for one in starts]).shown(1)
