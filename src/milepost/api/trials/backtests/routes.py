"""`/api/v1/backtests`: what a definition would have made of the past."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.path import id_or_refuse
from milepost.api.native.table import write_table
from milepost.api.trials.backtests.answer import BacktestItem, RequestedBacktest, backtest_item
from milepost.api.trials.backtests.body import BacktestBody, asked_of
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import calendar_of
from milepost.service.backtests.backtests import (
    COLUMNS,
    UNKNOWN_BACKTEST,
    cancel_backtest,
    difference_rows,
    find_backtest,
    request_backtest,
)
from milepost.service.backtests.parquet import parquet_file
from milepost.service.runtime.runtime import current_snapshot

Format = Annotated[str, Query(alias="format")]

router = APIRouter(prefix="/api/v1/backtests", tags=["back-tests"])

_ONE = "/api/v1/backtests/{backtest_id}"
PARQUET = "application/vnd.apache.parquet"


@router.post("", response_model=None, status_code=202)
async def post_backtest(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Try a definition on the past, beside a live one. It runs in the background and changes nothing."""
    value = read_json(await read_body(request))
    organisation = (await current_snapshot(runtime, caller.org_id)).organisation
    asked = asked_of(value, calendar_of(organisation.zone), caller.till_id)
    return JsonResponse(RequestedBacktest(await request_backtest(runtime, caller, asked)), status_code=202)


@router.get("/{backtest_id}", response_model=None)
async def get_backtest(backtest_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return a back-test: how far it is, and its result when it is done."""
    return JsonResponse(backtest_item(await find_backtest(runtime, caller.org_id, _id(backtest_id))))


@router.delete("/{backtest_id}", response_model=None)
async def delete_backtest(backtest_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Cancel a back-test that still runs, and return it."""
    return JsonResponse(backtest_item(await cancel_backtest(runtime, caller.org_id, _id(backtest_id))))


@router.get("/{backtest_id}/differences", response_model=None)
async def get_differences(
    backtest_id: str, runtime: RunningRuntime, caller: CurrentCaller, form: Format = "csv"
) -> Response:
    """Return a file with a row for each customer, period and target: both values, and who achieved."""
    view = await find_backtest(runtime, caller.org_id, _id(backtest_id))
    if form not in {"csv", "parquet"}:
        raise Refused(Problem("format", "must be csv or parquet"))
    if view.state != "done":
        raise Refused(Problem("backtestId", f"the back-test is {view.state}; the file is there when it is done"))
    rows = difference_rows(runtime, caller.org_id, view.id)
    if form == "parquet":
        return StreamingResponse(await parquet_file(rows), media_type=PARQUET)

    async def parts() -> AsyncIterator[bytes]:
        yield write_table(COLUMNS, ())
        async for part in rows:
            yield part

    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8")


def _id(text: str) -> int:
    return id_or_refuse(text, UNKNOWN_BACKTEST)


ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/backtests"): Route(ADMIN, RequestedBacktest, Body((BacktestBody,)), success="202"),
    ("get", _ONE): Route(READ, BacktestItem, statuses=READING),
    ("delete", _ONE): Route(ADMIN, BacktestItem, statuses=READING),
    ("get", f"{_ONE}/differences"): Route(READ, media="text/csv", statuses=READING),
}
