"""Adjusts a customer's progress by hand: an event that happens once per id, and that a second one can take back."""

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.engine.apply import apply_batch
from milepost.engine.commands.adjustment import may_adjust
from milepost.engine.fold import Fold
from milepost.model.amount import UNITS_PER_ONE, to_decimal
from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.event import ADJUST_PROGRESS, NOWHERE, Event, EventKey
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Entry, Outcome, Reason
from milepost.model.target import Evaluation, Kpi, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.customers.periods import CustomerPeriod, customer_periods, running_period
from milepost.service.customers.side_effects import goal_of
from milepost.service.customers.view import CustomerView, view_customer
from milepost.service.ingest.incoming_event import Status
from milepost.service.runtime.idempotent_commands import (
    command_event,
    find_command,
    submit_once,
)
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

SOURCE = "milepost/adjustments"
REVERSAL_SOURCE = "milepost/adjustments/reversed"
NOTE_CHARACTERS_MAX = 500
AUTHOR_CHARACTERS_MAX = 100


class NotFound(Exception):
    """The customer or the adjustment of a request does not exist; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Why and by whom progress is adjusted; `into_ended` says that the period may have ended, `dry` only shows it."""

    note: str
    author: str
    into_ended: bool = False
    dry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A correction that is asked for: a target, a period by refCode or id (None for the running one), units."""

    id: str
    target_id: int
    period: str | None
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """What an adjustment does, or would do: the value before and after, and the goal, in units.

    `status` is None for one that was only shown; `outcomes` are what such a one would lead to. `before` and `after` are
    None if the customer did not take part any more when it was received.
    """

    key: EventKey
    status: Status | None
    payload: AdjustProgress
    ref_code: str
    goal: int
    before: int | None
    after: int | None
    outcomes: tuple[Outcome, ...] = ()


async def adjust_progress(
    runtime: Runtime, caller: Caller, customer_id: int, asked: Adjustment, wish: Wish
) -> Adjusted:
    """Correct a customer's progress, or show what that would do. Raises NotFound, and Refused with all problems."""
    view, now = await _view(runtime, caller, customer_id), runtime.clock()
    found = _target(view, asked.target_id)
    own = None if found is None else _period(view, *found, asked.period, now)
    problems = [*_wish_problems(wish), *([] if found else [Problem("targetId", "there is no such target")])]
    if found is not None:
        problems += _amount_problems(found[1], asked.units)
    if found is not None and own is None:
        reason = "no period runs now" if asked.period is None else "the target has no such period"
        problems.append(Problem("period", reason))
    if found is None or own is None:
        raise Refused(*problems)
    payload = AdjustProgress(
        target_id=asked.target_id,
        period_id=own.period.id,
        amount=to_decimal(asked.units),
        note=wish.note,
        author=wish.author,
    )
    return await _adjust(runtime, caller, view, EventKey(SOURCE, asked.id), payload, wish, problems)


async def reverse_adjustment(runtime: Runtime, caller: Caller, customer_id: int, id_: str, wish: Wish) -> Adjusted:
    """Take the adjustment *id_* back by a second one. Raises NotFound, and Refused with all problems."""
    view = await _view(runtime, caller, customer_id)
    known = EventKey(SOURCE, id_)
    first = None if "\0" in id_ else await find_command(runtime, caller.org_id, view.customer.id, known)
    payload = None if first is None else first.event().payload
    if not isinstance(payload, AdjustProgress):
        raise NotFound(f"customer {customer_id} has no adjustment {id_!r}")
    reversing = AdjustProgress(
        target_id=payload.target_id,
        period_id=payload.period_id,
        amount=-payload.amount,
        note=wish.note,
        author=wish.author,
        reverses=id_,
    )
    key = EventKey(REVERSAL_SOURCE, id_)
    return await _adjust(runtime, caller, view, key, reversing, wish, _wish_problems(wish))


async def _view(runtime: Runtime, caller: Caller, customer_id: int) -> CustomerView:
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
    if view is None:
        raise NotFound(f"there is no customer {customer_id}")
    return view


async def _adjust(
    runtime: Runtime,
    caller: Caller,
    view: CustomerView,
    key: EventKey,
    payload: AdjustProgress,
    wish: Wish,
    problems: list[Problem],
) -> Adjusted:
    """Receive an adjustment unless it has problems. A repetition gets the first answer, whatever has changed since."""
    now, customer_id = runtime.clock(), view.customer.id
    known = await find_command(runtime, caller.org_id, customer_id, key)
    if known is None:
        problems = [*problems, *_progress_problems(view, payload, now, into_ended=wish.into_ended)]
    if problems and (known is None or wish.dry):
        raise Refused(*problems)
    if wish.dry:
        return _tried(view, key, payload, now)
    incoming_event = command_event(caller, customer_id, key, payload, now, now)
    answer = await submit_once(runtime, incoming_event, dated=False)
    return _adjusted(view, key, payload, answer.status, answer.entries)


def _tried(view: CustomerView, key: EventKey, payload: AdjustProgress, now: Micros) -> Adjusted:
    """Return what an adjustment would do: the same event, applied in memory."""
    event = Event(
        key=key,
        name=ADJUST_PROGRESS,
        occurred_at=now,
        received_at=now,
        place=NOWHERE,
        member=None,
        payload=payload,
    )
    (applied,) = apply_batch(view.snapshot.rule_index, view.standing, view.progress, (), [event]).applied
    return _adjusted(view, key, payload, None, applied.entries, tuple(applied.outcomes))


def _adjusted(
    view: CustomerView,
    key: EventKey,
    payload: AdjustProgress,
    status: Status | None,
    entries: Sequence[Entry],
    outcomes: tuple[Outcome, ...] = (),
) -> Adjusted:
    found = _target(view, payload.target_id)
    entry = next((one for one in entries if one.reason is Reason.ADJUSTED), None)
    codes = {} if found is None else {period.id: period.ref_code for period in found[0].periods}
    return Adjusted(
        key=key,
        status=status,
        payload=payload,
        ref_code=codes.get(payload.period_id, ""),
        goal=0 if found is None else goal_of(view, found[1], payload.period_id),
        before=None if entry is None else entry.before,
        after=None if entry is None else entry.after,
        outcomes=outcomes,
    )


def _target(view: CustomerView, target_id: int) -> tuple[TargetGroup, Target] | None:
    group = view.snapshot.holders.get(target_id)
    return None if group is None else (group, next(one for one in group.targets if one.id == target_id))


def _period(
    view: CustomerView, group: TargetGroup, target: Target, asked: str | None, now: Micros
) -> CustomerPeriod | None:
    """Return the period that is *asked* for, by refCode or id, else the running one; None if there is none."""
    if asked is None:
        return running_period(view, group, target, now)
    periods = customer_periods(view, group, target)
    by_code = (own for own in periods if own.period.ref_code.casefold() == asked.casefold())
    return next(by_code, None) or next((own for own in periods if str(own.period.id) == asked), None)


def _wish_problems(wish: Wish) -> list[Problem]:
    limits = (("reason", wish.note, NOTE_CHARACTERS_MAX), ("author", wish.author, AUTHOR_CHARACTERS_MAX))
    return [
        Problem(field, f"must have 1 to {most} characters, none of them U+0000")
        for field, text, most in limits
        if not 1 <= len(text.strip()) <= most or "\0" in text
    ]


def _amount_problems(target: Target, units: int) -> list[Problem]:
    if units == 0:
        return [Problem("amount", "must not be 0")]
    if target.kpi in {Kpi.COUNT, Kpi.VISIT} and units % UNITS_PER_ONE:
        return [Problem("amount", f"must be whole: the target is of the type {target.kpi.value}")]
    return []


def _progress_problems(view: CustomerView, payload: AdjustProgress, now: Micros, *, into_ended: bool) -> list[Problem]:
    """Return why the progress cannot be corrected."""
    found = _target(view, payload.target_id)
    rule = view.snapshot.rule_index.rules.get(payload.target_id)
    position = None if rule is None else rule.position_of(payload.period_id)
    if found is None or rule is None or position is None or not rule.is_counting:
        return [Problem("targetId", "the target or its period is switched off")]
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return [Problem("targetId", "one total fills all periods of this target, so no period has a value of its own")]
    own = next(one for one in customer_periods(view, *found) if one.period.id == payload.period_id)
    if own.span is None:
        return [
            Problem("period", "the customer's own periods begin with the first event that counts; none has counted")
        ]
    problems = []
    if own.span.opens_at > now:
        problems.append(Problem("period", "has not begun yet"))
    if own.span.closes_at <= now and not into_ended:
        problems.append(Problem("period", 'has ended; say "endedPeriod": true to correct it all the same'))
    fold = Fold(view.snapshot.rule_index, view.standing)
    fold.restore(view.progress.values())
    if not may_adjust(fold, rule, position):
        problems.append(Problem("targetId", "the customer does not take part in this target in the period"))
    return problems
