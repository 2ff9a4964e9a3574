"""Asking for back-tests, looking at them, ending them, and reading their files."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from milepost.model.problem import Problem, Refused
from milepost.model.target import EnrolmentMethod, TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.shifting import shifted
from milepost.service.backtests.request import SHARE_MAX, BacktestRequest, decode_request, encode_request, parts_of
from milepost.service.backtests.result import BacktestResult
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.definitions.drafted_group import drafted_group
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import codec, definitions, organisations
from milepost.store.database import Transaction
from milepost.store.drafts import trials

UNKNOWN_BACKTEST = Problem("backtestId", "there is no back-test with this id")
GOALS_MAX = 20
CUSTOMERS_MAX = 1_000
COLUMNS = ("customerId", "refCode", "target", "liveValue", "liveAchieved", "draftValue", "draftAchieved")

_results = msgspec.json.Decoder(BacktestResult)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for; instants are in epoch microseconds."""

    draft: DefinitionRequest | None
    live: int | None
    since: Micros
    until: Micros
    goals: tuple[Decimal, ...] = ()
    price: Decimal | None = None
    share: int = SHARE_MAX
    shift: bool = False
    customers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestView:
    """A back-test: its inputs, how many of its parts are done, and its result when it is done."""

    id: int
    state: str
    request: BacktestRequest
    parts: int
    parts_done: int
    asked_at: Micros
    done_at: Micros | None
    result: BacktestResult | None
    failure: str | None


async def request_backtest(runtime: Runtime, caller: Caller, asked: Asked) -> int:
    """Keep the back-test that is asked for and return its id. Raises Refused with all problems."""

    async def work(transaction: Transaction) -> int:
        request = await _request(transaction, caller, asked, runtime.clock())
        return await trials.add(transaction, caller.org_id, encode_request(request), runtime.clock())

    return await runtime.database.attempt(work)


async def _request(transaction: Transaction, caller: Caller, asked: Asked, now: Micros) -> BacktestRequest:
    problems = [*_problems(asked)]
    org_id = caller.org_id
    live = None if asked.live is None else await definitions.newest(transaction, org_id, asked.live)
    if asked.live is not None and live is None:
        problems.append(Problem("live", UNKNOWN_GROUP.reason, UNKNOWN_GROUP.code))
    if problems:
        raise Refused(*problems)
    draft = None
    if asked.draft is not None:
        version = (await organisations.versions(transaction, [org_id]))[org_id]
        organisation = await organisations.at_version(transaction, org_id, version)
        drafted = await drafted_group(
            transaction, organisation, caller.author, asked.draft, asked.since, live=live, only_tried=True
        )
        group = shifted(drafted.group, organisation, asked.since) if asked.shift else drafted.group
        draft = codec.encode_group(_open_to_all(group, live))
    return BacktestRequest(
        org_id=org_id,
        draft=draft,
        live=asked.live,
        since=asked.since,
        until=asked.until,
        position=now,
        goals=asked.goals,
        price=asked.price,
        share=asked.share,
        customers=asked.customers,
    )


def _open_to_all(group: TargetGroup, live: TargetGroup | None) -> TargetGroup:
    """Return *group* with everybody in the targets that nobody could be enrolled in, since they are not live."""
    known = set() if live is None else {target.id for target in live.targets}
    return replace(
        group,
        targets=tuple(
            target if target.id in known else replace(target, enrolment=EnrolmentMethod.TRANSACTION)
            for target in group.targets
        ),
    )


def _problems(asked: Asked) -> list[Problem]:
    problems = []
    if asked.draft is None and asked.live is None:
        problems.append(Problem("draft", "is missing, and so is live: one of them is needed"))
    if asked.since >= asked.until:
        problems.append(Problem("to", "must be later than from"))
    if not 1 <= asked.share <= SHARE_MAX:
        problems.append(Problem("sample", f"must be a percentage between 1 and {SHARE_MAX}"))
    if len(asked.goals) > GOALS_MAX:
        problems.append(Problem("goals", f"must hold at most {GOALS_MAX} goals"))
    problems += [
        Problem(f"goals[{place}]", "must be greater than 0") for place, goal in enumerate(asked.goals) if goal <= 0
    ]
    if asked.price is not None and asked.price < 0:
        problems.append(Problem("price", "must not be negative"))
    if len(asked.customers) > CUSTOMERS_MAX:
        problems.append(Problem("customers", f"must hold at most {CUSTOMERS_MAX} customers"))
    return problems


async def find_backtest(runtime: Runtime, org_id: int, backtest_id: int) -> BacktestView:
    """Return a back-test of an organisation. Raises Refused if there is none with this id."""
    async with runtime.database.reading() as reading:
        row = await trials.find(reading, org_id, backtest_id)
    if row is None:
        raise Refused(UNKNOWN_BACKTEST)
    request = decode_request(row.request)
    is_done = row.state == "done" and row.result is not None
    return BacktestView(
        id=row.id,
        state=row.state,
        request=request,
        parts=len(parts_of(request)),
        parts_done=row.parts,
        asked_at=row.asked_at,
        done_at=row.done_at,
        result=_results.decode(row.result or "") if is_done else None,
        failure=row.result if row.state == "failed" else None,
    )


async def cancel_backtest(runtime: Runtime, org_id: int, backtest_id: int) -> BacktestView:
    """End a back-test that still runs; one that has ended stays as it is. Raises Refused for an unknown one."""
    async with runtime.database.transaction() as transaction:
        await trials.end(transaction, org_id, backtest_id, "cancelled", None, runtime.clock())
    return await find_backtest(runtime, org_id, backtest_id)


async def difference_rows(runtime: Runtime, org_id: int, backtest_id: int) -> AsyncIterator[bytes]:
    """Yield the rows of the file of differences as CSV without a heading, part by part."""
    after = -1
    while True:
        async with runtime.database.reading() as reading:
            found = await trials.differences(reading, org_id, backtest_id, after)
        if found is None:
            return
        after, packed = found
        yield gzip.decompress(packed)
