"""Enrols one customer in a target, or lets the customer leave it (facts 3.5, 4.7)."""

from dataclasses import dataclass
from decimal import Decimal

from milepost.engine.progress.windows import spans
from milepost.model.event import Enrol, Unenrol
from milepost.model.problem import Problem, Refused
from milepost.model.target import Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.definitions.participation import (
    ALREADY,
    NOT_ENROLLED,
    UNKNOWN_PERIOD,
    UNKNOWN_USER,
    enrol_event,
    find_target,
    first_period,
    is_streak,
    running_period,
    takes_part,
    unenrol_event,
)
from milepost.service.ingest.incoming_event import IncomingEvent, Status, raise_faults
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentDraft:
    """A request to enrol: the customer, the first period, the opening balance, and whether a streak starts again."""

    customer_id: int
    period_name: str | None = None
    initial_balance: Decimal | None = None
    reset_streak: bool = False


async def enrol(runtime: Runtime, caller: Caller, group_id: int, target_id: int, draft: EnrolmentDraft) -> int:
    """Enrol a customer; return the id of the customer, or of the survivor. Raises Refused with the vendor's codes."""
    now = runtime.clock()
    view = await _view(runtime, caller, draft.customer_id)
    group, target = find_target(view.snapshot, group_id, target_id)
    period = first_period(group, draft.period_name, now)
    problems = _problems(group, draft)
    if problems:
        raise Refused(*problems)
    if takes_part(view.standing, target):
        raise Refused(ALREADY)
    if draft.initial_balance is not None and not _has_time_left(view, target, now):
        raise Refused(UNKNOWN_PERIOD)
    payload = Enrol(target_id=target.id, period_id=period.id, balance=draft.initial_balance, reset=draft.reset_streak)
    await _receive(runtime, enrol_event(caller, view.customer.id, view.standing, payload, now), ALREADY)
    return view.customer.id


async def unenrol(runtime: Runtime, caller: Caller, group_id: int, target_id: int, customer_id: int) -> int:
    """End an enrolment from the running period on, else from the next; return the id of the customer.

    Raises Refused with the vendor's codes; for a customer who does not take part see facts 8 #29.
    """
    now = runtime.clock()
    view = await _view(runtime, caller, customer_id)
    group, target = find_target(view.snapshot, group_id, target_id)
    if not takes_part(view.standing, target):
        raise Refused(NOT_ENROLLED)
    payload = Unenrol(target_id=target.id, period_id=running_period(group, now).id)
    await _receive(runtime, unenrol_event(caller, view.customer.id, view.standing, payload, now), NOT_ENROLLED)
    return view.customer.id


def _has_time_left(view: CustomerView, target: Target, now: Micros) -> bool:
    """Whether any period of *target* has not ended for this customer at *now* (facts 8 #84)."""
    rule = view.snapshot.rule_index.rules[target.id]
    own = spans(rule, view.standing.anchors)
    return any(span.closes_at > now for span in own) if own else rule.frame.closes_at > now


async def _view(runtime: Runtime, caller: Caller, customer_id: int) -> CustomerView:
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
    if view is None:
        raise Refused(UNKNOWN_USER)
    return view


def _problems(group: TargetGroup, draft: EnrolmentDraft) -> list[Problem]:
    """Report what the group does not allow (facts 4.7): streaks have no balance, and only streaks start again."""
    problems = []
    if is_streak(group) and draft.initial_balance is not None:
        problems.append(Problem("[0].initialBalance", "does not go with streaks"))
    if draft.reset_streak and not is_streak(group):
        problems.append(Problem("[0].resetStreakStatus", "goes with streaks only"))
    return problems


async def _receive(runtime: Runtime, incoming_event: IncomingEvent, lost: Problem) -> None:
    """Receive an enrolment event. Raises Refused with *lost* if another request was first."""
    (answer,) = await runtime.lanes.receive([incoming_event])
    raise_faults([answer])
    if answer.status in {Status.DUPLICATE, Status.CONFLICT}:
        raise Refused(lost)
    if answer.status is Status.REFUSED:
        raise Refused(*answer.problems)
