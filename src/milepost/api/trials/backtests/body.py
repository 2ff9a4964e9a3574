"""What a request for a back-test holds."""

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from milepost.api.capillary.definitions.target_groups.body import GroupBody
from milepost.api.capillary.document import Amount, Document, read
from milepost.api.http.body import ID_MAX
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, Unreadable
from milepost.rules.definition.naming import MISSING
from milepost.service.backtests.backtests import Asked
from milepost.service.backtests.request import SHARE_MAX
from milepost.service.definitions.define import DefinitionRequest

LIST_MAX = 10_000


class BacktestBody(Document):
    """A definition to be tried, a live group beside it, and the span of the past in which it is tried."""

    shown_only: ClassVar[frozenset[str]] = frozenset()

    draft: GroupBody | None = None
    live: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
    from_: Annotated[str | None, Field(alias="from")] = None
    to: str | None = None
    sample: int | None = None
    goals: Annotated[list[Amount], Field(max_length=LIST_MAX)] | None = None
    price: Amount = None
    shift: bool | None = None
    customers: Annotated[list[Annotated[int, Field(ge=1, le=ID_MAX)]], Field(max_length=LIST_MAX)] | None = None


def asked_of(value: object, calendar: Calendar, till_id: int | None) -> Asked:
    """Return what *value*, decoded JSON, asks for; dates are days of *calendar*. Raises Refused with all problems."""
    body, problems = read(BacktestBody, value)
    found = [problem for problem in problems if not problem.path.startswith("draft")]
    since, until = (_instant(name, text, calendar, found) for name, text in (("from", body.from_), ("to", body.to)))
    draft = None
    if body.draft is not None:
        within = tuple(
            Problem(problem.path.removeprefix("draft."), problem.reason, problem.code)
            for problem in problems
            if problem.path.startswith("draft.")
        )
        draft = DefinitionRequest(body.draft.draft(), within, till_id)
    goals = tuple(goal for goal in body.goals or () if isinstance(goal, Decimal))
    if found:
        raise Refused(*found)
    return Asked(
        draft=draft,
        live=body.live,
        since=since,
        until=until,
        goals=goals,
        price=body.price,
        share=SHARE_MAX if body.sample is None else body.sample,
        shift=body.shift is True,
        customers=tuple(body.customers or ()),
    )


def _instant(name: str, text: str | None, calendar: Calendar, problems: list[Problem]) -> Micros:
    """Return the instant of *text*: a date is the beginning of its day; note a problem if there is none."""
    if text is None:
        if all(problem.path != name for problem in problems):
            problems.append(Problem(name, MISSING))
        return Micros(0)
    try:
        return calendar.read(text).instant
    except Unreadable as unreadable:
        problems.append(Problem(name, str(unreadable)))
        return Micros(0)
