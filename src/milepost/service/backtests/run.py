"""Running back-tests: parts in processes of their own, each kept when it is done, so that another server goes on."""

import asyncio
import multiprocessing
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal

import msgspec
import structlog

from milepost.engine.apply import Replayed
from milepost.model.problem import DatabaseFault, Unavailable
from milepost.model.standing import Entry, ProgressKey
from milepost.model.time import SECOND_US, Micros
from milepost.service.backtests.part import BacktestPlan, Side
from milepost.service.backtests.request import BacktestRequest, decode_request, parts_of
from milepost.service.backtests.result import UNITS, ExampleResult, Step, chosen_examples, result_of
from milepost.service.backtests.tally import Example, PartTally
from milepost.service.runtime.runtime import Runtime
from milepost.service.trials.customer_trial import LogEvent
from milepost.service.trials.tried_rules import load_definitions, load_organisations
from milepost.store import customers, organisations
from milepost.store.database import Database, TimeLimits, Transaction
from milepost.store.drafts import trials
from milepost.store.drafts.trials import LeasedBacktest
from milepost.store.log import key_of_customer
from milepost.store.sql.visibility import list_of

LEASE_US = 60 * SECOND_US
STATEMENT_SECONDS = 120
"""How long the log of a part may take to be read."""
NICENESS = 15
"""The processes of a back-test give way to those of the server."""
STEPS_MAX = 20
TALLIES_READ = 32

Pause = Callable[[], Awaitable[None]]
_log = structlog.get_logger()


async def run_next(runtime: Runtime, *, processes: int, pause: Pause) -> bool:
    """Run the back-test that has waited longest; return whether there was one. *pause* rests after each part."""
    now = runtime.clock()
    async with runtime.database.transaction() as transaction:
        leased = await trials.lease(transaction, now, Micros(now + LEASE_US))
    if leased is None:
        return False
    await run_backtest(runtime, leased, processes=processes, pause=pause)
    return True


async def run_now(runtime: Runtime, org_id: int, backtest_id: int, *, processes: int) -> None:
    """Run a back-test at once, with so many *processes*, unless it has ended."""
    async with runtime.database.transaction() as transaction:
        until = Micros(runtime.clock() + LEASE_US)
        leased = await trials.lease_one(transaction, org_id, backtest_id, until)
    if leased is not None:
        await run_backtest(runtime, leased, processes=processes)


async def run_backtest(runtime: Runtime, leased: LeasedBacktest, *, processes: int, pause: Pause | None = None) -> None:
    """Do the parts that are not done yet, then write the result, unless the back-test is cancelled meanwhile."""
    try:
        is_whole = await _all_parts(runtime, leased, processes, pause)
        if is_whole:
            await _finish(runtime, leased)
    except (Unavailable, DatabaseFault):
        raise
    except Exception as error:  # noqa: BLE001 - a back-test that cannot be run must end
        _log.exception("backtest_failed", backtest=leased.id)
        async with runtime.database.transaction() as transaction:
            failure = f"{type(error).__name__}: {error}"
            await trials.end(transaction, leased.org_id, leased.id, "failed", failure, runtime.clock())


async def _all_parts(runtime: Runtime, leased: LeasedBacktest, processes: int, pause: Pause | None) -> bool:
    """Return whether all parts are done, after doing those that remain; False if the back-test was cancelled."""
    async with runtime.database.reading() as reading:
        done = await trials.parts_done(reading, leased)
    remaining = [part for part in parts_of(decode_request(leased.request)) if part not in done]
    context, loop = multiprocessing.get_context("spawn"), asyncio.get_running_loop()
    niceness = 0 if pause is None else NICENESS
    arguments = (runtime.database.url, leased.request, niceness)
    with ProcessPoolExecutor(processes, context, _begin, arguments) as pool:
        while remaining:
            batch, remaining = remaining[:processes], remaining[processes:]
            results = await asyncio.gather(*(loop.run_in_executor(pool, _run_part, part) for part in batch))
            if not await _keep(runtime, leased, list(zip(batch, results, strict=True))):
                return False
            if pause is not None:
                await pause()

    return True


async def _keep(runtime: Runtime, leased: LeasedBacktest, results: Sequence[tuple[int, tuple[str, bytes]]]) -> bool:
    """Keep the results of parts and renew the lease; return whether the back-test still runs."""
    async with runtime.database.transaction() as transaction:
        until = Micros(runtime.clock() + LEASE_US)
        if await trials.lease_one(transaction, leased.org_id, leased.id, until) is None:
            return False
        for part, (tally, differences) in results:
            await trials.add_part(transaction, leased, part, tally, differences)
    return True


async def plan_of(transaction: Transaction, request: BacktestRequest) -> BacktestPlan:
    """Return what the parts of *request* need, read from the database."""
    history = await load_definitions(transaction, request.org_id)
    versions = await trials.versions_of(transaction, request.org_id)
    await load_organisations(transaction, request.org_id, history, versions)
    newest = (await organisations.versions(transaction, [request.org_id]))[request.org_id]
    organisation = await organisations.at_version(transaction, request.org_id, newest)
    return BacktestPlan(request, history, organisation)


async def _finish(runtime: Runtime, leased: LeasedBacktest) -> None:
    request = decode_request(leased.request)
    total, after = PartTally(), -1
    while True:
        async with runtime.database.reading() as reading:
            rows = await trials.tallies(reading, leased, after, TALLIES_READ)
        if not rows:
            break
        for _, text in rows:
            total.add(_tallies.decode(text))
        after = rows[-1][0]
    async with runtime.database.transaction() as transaction:
        plan = await plan_of(transaction, request)
        draft, live = plan.draft and plan.draft.group, plan.live and plan.live.group
        examples = [await _explained(transaction, plan, kind, one) for kind, one in chosen_examples(total, draft)]
        result = _encoder.encode(result_of(request, total, draft, live, examples)).decode()
        await trials.end(transaction, leased.org_id, leased.id, "done", result, runtime.clock())


async def _explained(transaction: Transaction, plan: BacktestPlan, kind: str, example: Example) -> ExampleResult:
    """Return an example with the latest steps that led to its value."""
    key = key_of_customer(plan.request.org_id, example.customer_id)
    rows = await customers.full_log(transaction, key)
    log = [LogEvent(version, row.seq, row.event()) for version, row in rows]
    log = [one for one in log if one.event.received_at <= plan.request.position]
    replayed = await plan.replayed(transaction, plan.draft, log)
    steps = [] if replayed is None or plan.draft is None else _steps(plan.draft, replayed, example)
    return ExampleResult(
        kind=kind,
        customer_id=example.customer_id,
        ref_code=example.ref_code,
        target=example.target,
        draft=Decimal(example.draft) / UNITS,
        live=Decimal(example.live) / UNITS,
        goal=Decimal(example.goal) / UNITS,
        steps=steps[-STEPS_MAX:],
    )


def _steps(side: Side, replayed: Replayed, example: Example) -> list[Step]:
    period = next(period for period in side.group.periods if period.ref_code == example.ref_code)
    target = next(target for target in side.group.targets if target.name == example.target)
    key = ProgressKey(target.id, period.id)
    return [
        _step(applied.event.key.source, applied.event.key.id, entry)
        for applied in replayed.applied
        for entry in applied.entries
        if (entry.target_id, entry.period_id) == key
    ]


def _step(source: str, event_id: str, entry: Entry) -> Step:
    return Step(
        source=source,
        event_id=event_id,
        reason=entry.reason.name,
        amount=Decimal(entry.amount) / UNITS,
        before=Decimal(entry.before) / UNITS,
        after=Decimal(entry.after) / UNITS,
    )


class _Child:
    """What a process of a back-test holds: a loop, a database and the plan."""

    def __init__(self, url: str, request: BacktestRequest) -> None:
        self.loop = asyncio.new_event_loop()
        self.database = Database(url, connections_max=1, limits=TimeLimits(statement=STATEMENT_SECONDS))
        self.plan = self.loop.run_until_complete(self._begin(request))

    async def _begin(self, request: BacktestRequest) -> BacktestPlan:
        await self.database.open(unsafe_durability=True)
        async with self.database.transaction(list_of([request.org_id])) as transaction:
            return await plan_of(transaction, request)

    async def _run(self, part: int) -> tuple[str, bytes]:
        async with self.database.transaction(list_of([self.plan.request.org_id])) as transaction:
            result = await self.plan.run(transaction, part)
        return _encoder.encode(result.tally).decode(), result.differences

    def run(self, part: int) -> tuple[str, bytes]:
        return self.loop.run_until_complete(self._run(part))


_child: list[_Child] = []


def _begin(url: str, request: str, niceness: int) -> None:
    os.nice(niceness)
    _child.append(_Child(url, decode_request(request)))


def _run_part(part: int) -> tuple[str, bytes]:
    return _child[0].run(part)


_encoder = msgspec.json.Encoder(decimal_format="string")
_tallies = msgspec.json.Decoder(PartTally)
