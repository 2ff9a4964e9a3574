"""Sets, changes, cancels and lists the goals of a customer, within the organisation's limits (facts 4.12)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from milepost.model.amount import to_decimal
from milepost.model.definitions.customer_goal import CustomerGoal
from milepost.model.event import Enrol, Unenrol
from milepost.model.problem import Problem, Refused
from milepost.model.standing import ProgressKey, Standing
from milepost.model.target import Period, Target, TargetGroup
from milepost.model.time import Micros, to_micros
from milepost.rules.definition.naming import name_problems
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.definitions.participation import enrol_event, latest, takes_part, unenrol_event
from milepost.service.goals.goal_group_sharing import GoalSpan, GoalWish, check_goals, group_of
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.ingest.lookup.survivor_lookup import surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import customer_goals, log
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer

GOALS_MAX = 1_000
"""Goals that a customer may set in all, including those that are over."""

UNKNOWN_CUSTOMER = Problem("customerId", "there is no customer with this id", 310011)
UNKNOWN_GOAL = Problem("goalId", "the customer has no goal with this id")


class GoalStatus(Enum):
    """Whether a goal is still to come, running, over or cancelled."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalView:
    """A customer's goal with its progress.

    `value` is the amount to reach; `reached` is the progress in units (ten-thousandths). `achieved_at` is in epoch
    microseconds, None until then.
    """

    goal: CustomerGoal
    group: TargetGroup
    value: Decimal
    reached: int
    achieved_at: Micros | None
    status: GoalStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalChange:
    """The fields of a goal that a request changes; None leaves one as it is."""

    name: str | None = None
    value: Decimal | None = None
    starts_on: str | None = None
    ends_on: str | None = None


async def set_goal(runtime: Runtime, caller: Caller, customer_id: int, name: str | None, wish: GoalWish) -> GoalView:
    """Set a goal for a customer. Raises Refused with all problems of *wish*.

    The group that measures the goal is defined first, in its own transaction. If the rest fails, the group stays, and
    the next goal with the same dates uses it.
    """
    now = runtime.clock()
    view = await _customer_view(runtime, caller, customer_id)
    customer_id = view.customer.id
    problems = [] if name is None else list(name_problems("name", name))
    span = _check_with(problems, lambda: check_goals(view.snapshot, wish, now))
    group = await group_of(runtime, caller, span)

    async def work(transaction: Transaction) -> CustomerGoal:
        snapshot, standing = await _locked(runtime, transaction, caller, customer_id)
        goals = await customer_goals.of_customer(transaction, key_of_customer(caller.org_id, customer_id))
        _refuse_too_many(snapshot, goals, now)
        _refuse_duplicate(standing, group)
        goal = CustomerGoal(
            id=await customer_goals.fresh_id(transaction),
            template_id=span.template.id,
            target_id=group.targets[0].id,
            name=span.template.name if name is None else name,
            made_at=now,
            changed_at=now,
        )
        await customer_goals.save(transaction, key_of_customer(caller.org_id, customer_id), goal)
        await runtime.ingest.inside(transaction, [_enrol_event(caller, customer_id, standing, group, wish.value, now)])
        return goal

    goal = await runtime.database.attempt(work)
    return await _goal_by_id(runtime, caller, customer_id, goal.id)


async def change_goal(runtime: Runtime, caller: Caller, customer_id: int, goal_id: int, change: GoalChange) -> GoalView:
    """Change a goal that is not over. With new dates it counts the stored events between them. Raises Refused."""
    now = runtime.clock()
    before = await _goal_by_id(runtime, caller, customer_id, goal_id)
    _refuse_finished(before)
    period = before.group.periods[0]
    wish = GoalWish(
        template_id=before.goal.template_id,
        value=before.value if change.value is None else change.value,
        starts_on=change.starts_on or period.starts_on,
        ends_on=change.ends_on or period.ends_on,
    )
    problems = [] if change.name is None else list(name_problems("name", change.name))
    view = await _customer_view(runtime, caller, customer_id)
    customer_id, snapshot = view.customer.id, view.snapshot
    span = _check_with(problems, lambda: check_goals(snapshot, wish, now, kept_start=period.starts_on))
    same_dates = (span.starts_on, span.ends_on) == (period.starts_on, period.ends_on)
    group = before.group if same_dates else await group_of(runtime, caller, span)

    async def work(transaction: Transaction) -> None:
        _, standing = await _locked(runtime, transaction, caller, customer_id)
        goal = await _stored_goal(transaction, caller, customer_id, goal_id)
        if goal.target_id != before.goal.target_id:
            raise Refused(Problem("goalId", "is being changed by another request; send it again"))
        incoming_events: list[IncomingEvent] = []
        if not same_dates:
            _refuse_duplicate(standing, group)
            incoming_events.append(_unenrol_event(caller, customer_id, standing, before.group, now))
        if not same_dates or wish.value != before.value:
            incoming_events.append(_enrol_event(caller, customer_id, standing, group, wish.value, now))
        named = goal.name if change.name is None else change.name
        changed = replace(goal, name=named, target_id=group.targets[0].id, changed_at=now)
        await customer_goals.save(transaction, key_of_customer(caller.org_id, customer_id), changed)
        if incoming_events:
            await runtime.ingest.inside(transaction, incoming_events)

    await runtime.database.attempt(work)
    return await _goal_by_id(runtime, caller, customer_id, goal_id)


async def cancel_goal(runtime: Runtime, caller: Caller, customer_id: int, goal_id: int) -> GoalView:
    """Cancel a goal; cancelling it again changes nothing. Raises Refused if it is over or unknown."""
    now = runtime.clock()
    before = await _goal_by_id(runtime, caller, customer_id, goal_id)
    if before.status is GoalStatus.CANCELLED:
        return before
    _refuse_finished(before)
    customer_id = (await _customer_view(runtime, caller, customer_id)).customer.id

    async def work(transaction: Transaction) -> None:
        _, standing = await _locked(runtime, transaction, caller, customer_id)
        goal = await _stored_goal(transaction, caller, customer_id, goal_id)
        if goal.cancelled_at is not None:
            return
        if goal.target_id != before.goal.target_id:
            raise Refused(Problem("goalId", "is being changed by another request; send it again"))
        cancelled = replace(goal, changed_at=now, cancelled_at=now)
        await customer_goals.save(transaction, key_of_customer(caller.org_id, customer_id), cancelled)
        if takes_part(standing, before.group.targets[0]):
            await runtime.ingest.inside(transaction, [_unenrol_event(caller, customer_id, standing, before.group, now)])

    await runtime.database.attempt(work)
    return await _goal_by_id(runtime, caller, customer_id, goal_id)


async def list_goals(runtime: Runtime, caller: Caller, customer_id: int) -> list[GoalView]:
    """Return all goals of a customer, latest first. Raises Refused for an unknown customer."""
    view = await _customer_view(runtime, caller, customer_id)
    async with runtime.database.transaction() as transaction:
        goals = await customer_goals.of_customer(transaction, key_of_customer(caller.org_id, view.customer.id))
    view = await _customer_view(runtime, caller, view.customer.id)
    holders = view.snapshot.holders
    now = runtime.clock()
    return [_goal_view(view, holders[goal.target_id], goal, now) for goal in goals if goal.target_id in holders]


def _goal_view(view: CustomerView, group: TargetGroup, goal: CustomerGoal, now: Micros) -> GoalView:
    period = group.periods[0]
    progress = view.progress.get(ProgressKey(goal.target_id, period.id))
    enrolment = latest(view.standing, goal.target_id)
    value = next((units for period_id, units in enrolment.goals if period_id == period.id), 0) if enrolment else 0
    return GoalView(
        goal=goal,
        group=group,
        value=to_decimal(value),
        reached=0 if progress is None else progress.value,
        achieved_at=to_micros(progress.achieved_at) if progress is not None and progress.is_achieved else None,
        status=_status(goal, period, now),
    )


def _status(goal: CustomerGoal, period: Period, now: Micros) -> GoalStatus:
    if goal.cancelled_at is not None:
        return GoalStatus.CANCELLED
    if now < period.opens_at:
        return GoalStatus.NOT_STARTED
    return GoalStatus.RUNNING if now < period.closes_at else GoalStatus.ENDED


async def _goal_by_id(runtime: Runtime, caller: Caller, customer_id: int, goal_id: int) -> GoalView:
    goals = await list_goals(runtime, caller, customer_id)
    view = next((view for view in goals if view.goal.id == goal_id), None)
    if view is None:
        raise Refused(UNKNOWN_GOAL)
    return view


async def _customer_view(runtime: Runtime, caller: Caller, customer_id: int) -> CustomerView:
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
    if view is None:
        raise Refused(UNKNOWN_CUSTOMER)
    return view


def _check_with(problems: list[Problem], check: Callable[[], GoalSpan]) -> GoalSpan:
    """Return the result of *check*. Raises Refused with *problems* and those that *check* raises."""
    try:
        span = check()
    except Refused as refused:
        raise Refused(*problems, *refused.problems) from None
    if problems:
        raise Refused(*problems)
    return span


async def _locked(
    runtime: Runtime, transaction: Transaction, caller: Caller, customer_id: int
) -> tuple[OrganisationSnapshot, Standing]:
    """Lock a customer, so that requests about the goals of one customer run one after the other."""
    customer_key = key_of_customer(caller.org_id, customer_id)
    standing = surviving(await log.lock_standings(transaction, [customer_key])).get(customer_key)
    if standing is None:
        raise Refused(UNKNOWN_CUSTOMER)
    return await runtime.snapshots.of_organisation(transaction, caller.org_id), standing


async def _stored_goal(transaction: Transaction, caller: Caller, customer_id: int, goal_id: int) -> CustomerGoal:
    goals = await customer_goals.of_customer(transaction, key_of_customer(caller.org_id, customer_id))
    goal = next((goal for goal in goals if goal.id == goal_id), None)
    if goal is None:
        raise Refused(UNKNOWN_GOAL)
    return goal


def _refuse_too_many(snapshot: OrganisationSnapshot, goals: list[CustomerGoal], now: Micros) -> None:
    most = snapshot.organisation.settings.goals_at_once
    running = [
        goal
        for goal in goals
        if goal.cancelled_at is None and snapshot.holders[goal.target_id].periods[0].closes_at > now
    ]
    if len(running) >= most:
        raise Refused(Problem("", f"a customer may have {most} goals at a time"))
    if len(goals) >= GOALS_MAX:
        raise Refused(Problem("", f"a customer may set {GOALS_MAX} goals in all"))


def _refuse_duplicate(standing: Standing, group: TargetGroup) -> None:
    if takes_part(standing, group.targets[0]):
        raise Refused(Problem("template", "the customer has a goal like this with the same dates; change that one"))


def _refuse_finished(view: GoalView) -> None:
    if view.status in {GoalStatus.ENDED, GoalStatus.CANCELLED}:
        raise Refused(Problem("goalId", f"is {view.status.value}"))


def _enrol_event(
    caller: Caller, customer_id: int, standing: Standing, group: TargetGroup, value: Decimal, now: Micros
) -> IncomingEvent:
    target, period = _target_and_period(group)
    payload = Enrol(target_id=target.id, period_id=period.id, goals=((period.id, value),))
    return enrol_event(caller, customer_id, standing, payload, now)


def _unenrol_event(
    caller: Caller, customer_id: int, standing: Standing, group: TargetGroup, now: Micros
) -> IncomingEvent:
    target, period = _target_and_period(group)
    payload = Unenrol(target_id=target.id, period_id=period.id)
    return unenrol_event(caller, customer_id, standing, payload, now)


def _target_and_period(group: TargetGroup) -> tuple[Target, Period]:
    return group.targets[0], group.periods[0]
