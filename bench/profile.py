"""`python -m bench profile`: where the time of the write path goes, by sampling the service in this process.

A timer interrupts the process a few thousand times a second; each sample is put down to the innermost function of
Milepost on the stack, and to the stage that this function belongs to. Waiting for the server is the time in which the
event loop sleeps. Statements are timed apart, by a wrapper around the store's transaction.
"""

import gc
import signal
import time
from asyncio import runners
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import milepost
from bench.batches import OURS_ONE
from bench.contestants import hide_from_collector, measured
from bench.event_receivers import Service
from bench.events import Happened, Stream, Users
from bench.hosts import ORGANISATION, Postgres, make_organisation, server_settings
from bench.plan import Finding, Plan, say
from bench.rules import typical_rules
from milepost.service.organisations.provisioning import organisation_id_by_name
from milepost.store.database import Row, Transaction
from milepost.wiring import running

INTERVAL_SECONDS = 0.0005
FUNCTIONS_SHOWN = 30
PACKAGE = str(Path(milepost.__file__).parent) + "/"
WAITING, OUTSIDE = "waiting for the server", "outside Milepost"

STAGES: Mapping[str, str] = {
    "api/": "decode the request",
    "language/": "match (expressions)",
    "rules/": "match and measure",
    "engine/": "step",
    "store/codec.py:encode": "encode what is stored",
    "store/codec.py:content_hash": "hash the content",
    "store/codec.py:decode": "decode what is stored",
    "store/log.py": "make parameters and rows of statements",
    "store/database.py": "the driver: send, receive, convert",
    "store/customers.py": "find customers",
    "store/": "the store, the rest",
    "service/ingest/identity.py": "find customers",
    "service/ingest/transaction.py:_placed": "find places",
    "service/snapshot/organisation_snapshot.py": "find places",
    "service/ingest/lanes/": "lanes",
    "service/": "ingest itself: order, group, answer",
    "model/": "model: make values, convert amounts",
}
"""What each part of the package does for an event, by the beginning of its path; the longest one counts."""


class Profile:
    """Samples of one thread: how often each stage, and each function, was found at work."""

    def __init__(self) -> None:
        """Have no samples yet."""
        self.stages: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Take samples while the block runs."""
        before = signal.signal(signal.SIGALRM, self._sample)
        signal.setitimer(signal.ITIMER_REAL, INTERVAL_SECONDS, INTERVAL_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        if frame is not None and _is_waiting(frame.f_code):
            self.stages[WAITING] += 1
            return
        stack = [*_stack(frame)]
        self.totals.update({*stack})
        innermost = stack[0] if stack else OUTSIDE
        self.functions[innermost] += 1
        self.stages[stage(innermost)] += 1


class Statements:
    """The statements that were run: how often, and how long they took from the first byte to the last row."""

    def __init__(self) -> None:
        """Have seen none yet."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.counts: Counter[str] = Counter()

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Time every statement while the block runs."""
        rows, run = Transaction.rows, Transaction.run
        # The class itself is changed for a moment: only here is it known that somebody measures.
        Transaction.rows = self._timed(rows)  # type: ignore[method-assign]
        Transaction.run = self._timed(run)  # type: ignore[method-assign]
        try:
            yield
        finally:
            Transaction.rows, Transaction.run = rows, run  # type: ignore[method-assign]

    def _timed(self, original: Callable[..., Awaitable[Any]]) -> Any:
        async def timed(transaction: Transaction, name: str, values: object = ()) -> list[Row] | None:
            began = time.perf_counter()
            try:
                found: list[Row] | None = await original(transaction, name, values)
                return found
            finally:
                self.seconds[name] += time.perf_counter() - began
                self.counts[name] += 1

        return timed


class Collections:
    """How long the garbage collector held everything up; its time is also in the stages that it interrupted."""

    def __init__(self) -> None:
        """Have seen none yet."""
        self.seconds = 0.0
        self.count = 0
        self._began = 0.0

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Time every collection while the block runs."""
        gc.callbacks.append(self._told)
        try:
            yield
        finally:
            gc.callbacks.remove(self._told)

    def _told(self, phase: str, _about: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
            return
        self.seconds += time.perf_counter() - self._began
        self.count += 1


class Profiled(NamedTuple):
    """What was seen of one kind of users."""

    profile: Profile
    collections: Collections
    statements: Statements
    wall_microseconds: float
    python_microseconds: float
    postgres_microseconds: float


async def run(server: Postgres, plan: Plan) -> Finding:
    """Profile one lane that receives one batch after the other."""
    rules, stream = typical_rules(plan.seed), Stream(plan.seed, customers=plan.customers, events=plan.stream_events)
    url = server.database("profile")
    await make_organisation(url, rules, customers=plan.customers)
    sets = {users: [stream.take(plan.batch_events, users) for _ in range(4)] for users in Users}
    hide_from_collector()
    table: list[list[str]] = []
    figures: dict[str, Any] = {}
    async with running(url, server_settings(lanes=1)) as runtime:
        org_id = await organisation_id_by_name(runtime.database, ORGANISATION)
        service = Service(OURS_ONE, url, runtime, org_id, under_way=1)
        for users in Users:
            await service.receive(sets[users][0])
        server.vacuum(url)
        for users in Users:
            say(f"profiling, {users.value} …")
            seen = await _profiled(server, service, users, sets[users][1:])
            table += _rows(users, seen, plan.batch_events)
            figures[users.value] = {row[1]: row[2] for row in _rows(users, seen, plan.batch_events)}
    return Finding(
        name="Where the time of one event goes: one lane, batches of 1,000",
        columns=["users", "stage, statement or function", "µs per event"],
        table=table,
        facts={"targets": len(rules), "customers": plan.customers, "events": plan.batch_events},
        figures=figures,
    )


async def _profiled(server: Postgres, service: Service, users: Users, sets: Sequence[Sequence[Happened]]) -> Profiled:
    """Receive three *sets* of events, as many in each: plain, sampled, and with its statements timed."""
    first, second, third = sets
    profile, collections, statements = Profile(), Collections(), Statements()
    plain = await measured(server, service, users, first)
    with profile.sampling():
        await measured(server, service, users, second)
    with statements.timing(), collections.timing():
        await measured(server, service, users, third)
    each = 1e6 / len(first)
    return Profiled(
        profile,
        collections,
        statements,
        plain.seconds * each,
        plain.python_seconds * each,
        plain.postgres_seconds * each,
    )


def stage(function: str) -> str:
    """Return the stage of a function, named by its path in the package."""
    known = [prefix for prefix in STAGES if function.startswith(prefix)]
    return STAGES[max(known, key=len)] if known else OUTSIDE


def _is_waiting(code: CodeType) -> bool:
    """Return whether the event loop waits in *code*. uvloop has no frame of its own: there it is what runs the loop."""
    return code.co_name in {"select", "_run_once"} or (code.co_name == "run" and code.co_filename == runners.__file__)


def _stack(frame: FrameType | None) -> Iterator[str]:
    """Return Milepost's functions on the stack, the innermost first."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(PACKAGE):
            yield f"{code.co_filename.removeprefix(PACKAGE)}:{code.co_name}"
        frame = frame.f_back


def _rows(users: Users, seen: Profiled, count: int) -> list[list[str]]:
    """Return the table: sums first, then stages, statements, functions by own time, functions with what they call."""
    profile, statements = seen.profile, seen.statements
    share = seen.wall_microseconds / max(1, sum(profile.stages.values()))
    rows = [
        ("all: wall", seen.wall_microseconds),
        ("all: Python's processor time", seen.python_microseconds),
        ("all: PostgreSQL's processor time", seen.postgres_microseconds),
        (f"all: garbage collection, {seen.collections.count} times", seen.collections.seconds * 1e6 / count),
    ]
    rows += [(f"stage: {name}", samples * share) for name, samples in profile.stages.most_common()]
    timed: Sequence[tuple[str, float]] = sorted(statements.seconds.items(), key=lambda one: -one[1])
    rows += [
        (f"statement: {name}, {statements.counts[name]} times, wall", seconds * 1e6 / count) for name, seconds in timed
    ]
    rows += [(f"own: {name}", n * share) for name, n in profile.functions.most_common(FUNCTIONS_SHOWN)]
    rows += [(f"with callees: {name}", n * share) for name, n in profile.totals.most_common(FUNCTIONS_SHOWN)]
    return [[users.value, name, f"{microseconds:.1f}"] for name, microseconds in rows]
