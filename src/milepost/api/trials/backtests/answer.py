"""What is answered about back-tests."""

from msgspec import Struct

from milepost.api.http.body import NumberOrNull
from milepost.api.native.answer import iso, iso_or_null
from milepost.service.backtests.backtests import BacktestView
from milepost.service.backtests.result import (
    BacktestResult,
    ExampleResult,
    PeriodResult,
    StreakResult,
)


def _json_name(name: str) -> str:
    """Return the name of a field in JSON; `from` is no name in Python."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(map(str.title, others))


class RequestedBacktest(Struct, forbid_unknown_fields=True):
    """A back-test that was asked for: `/api/v1/backtests/{id}` says how far it is."""

    id: int


class BacktestItem(Struct, forbid_unknown_fields=True, rename=_json_name):
    """A back-test and its result, which is empty until it is done."""

    id: int
    state: str
    failure: str | None
    progress: float
    live: int | None
    from_: str
    to: str
    asked_at: str
    done_at: str | None
    position: str
    sample: int
    customers: int
    events: int
    differing: int
    cost_draft: NumberOrNull
    cost_live: NumberOrNull
    periods: list[PeriodResult]
    streaks: list[StreakResult]
    examples: list[ExampleResult]


NOTHING = BacktestResult(
    customers=0, events=0, differing=0, cost_draft=None, cost_live=None, periods=[], streaks=[], examples=[]
)


def backtest_item(view: BacktestView) -> BacktestItem:
    """Return a back-test as it is answered."""
    result, request = view.result or NOTHING, view.request
    return BacktestItem(
        id=view.id,
        state=view.state,
        failure=view.failure,
        progress=view.parts_done / view.parts,
        live=request.live,
        from_=iso(request.since),
        to=iso(request.until),
        asked_at=iso(view.asked_at),
        done_at=iso_or_null(view.done_at),
        position=iso(request.position),
        sample=request.share,
        customers=result.customers,
        events=result.events,
        differing=result.differing,
        cost_draft=result.cost_draft,
        cost_live=result.cost_live,
        periods=result.periods,
        streaks=result.streaks,
        examples=result.examples,
    )
