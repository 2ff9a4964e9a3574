"""How a customer comes to take part in a target, and leaves it (semantics 4.7 and 8.1, docs/rules.md)."""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from milepost.engine.beginning import running
from milepost.engine.counting import apply
from milepost.engine.fold import Fold, counts_stored, day_of
from milepost.engine.log import Logged
from milepost.engine.progressing import cause_of, change_of
from milepost.engine.reaching import occasion_of
from milepost.engine.streaks import keep_streak
from milepost.engine.taking_back import amount_left, returns_from, returns_of
from milepost.model.amount import to_units
from milepost.model.event import Bill, Enrolling, Leaving
from milepost.model.organisation import EnrolMidPeriod, Returns
from milepost.model.standing import (
    NO_MORE,
    NOTHING_REPLACED,
    STAYS,
    Enrolment,
    Entry,
    Outcome,
    OutcomeKind,
    Progress,
    Reason,
    Stored,
    Streak,
)
from milepost.model.target import Evaluation
from milepost.rules.grouping import STREAKING
from milepost.rules.remaining import remaining
from milepost.rules.rule import Rule


def enrol(fold: Fold, payload: Enrolling, past: Sequence[Logged]) -> None:
    """Let the customer take part from a period on; stored events count as the settings say (semantics 8.1)."""
    rule = fold.catalogue.rules[payload.target_id]
    position = entered(rule, payload.period_id)
    previous = fold.enrolment(rule.target_id)
    enrolment = Enrolment(
        *rule.keys[position],
        fold.cause.at,
        fold.before.seq + 1,
        _stored(fold, rule, payload, previous),
        STAYS,
        tuple((period_id, to_units(goal)) for period_id, goal in payload.goals),
    )
    # What an earlier enrolment counted from the log is still its to give back; otherwise it is history.
    known = (e for e in fold.enrolments if e.target_id != rule.target_id or matters(e))
    fold.enrolments = (*known, enrolment)
    if payload.reset and rule.tracking in STREAKING:
        _start_again(fold, rule)
    if not rule.open_to_all or previous is not None or payload.balance is not None:
        began = _begin(fold, rule, position, payload)
        if previous is None or previous.left_period_id != STAYS:
            # Who takes part already and changes goals is not enrolled a second time.
            key = rule.keys[began]
            value = fold.progress[key].value if key in fold.progress else 0
            fold.outcomes.append(Outcome(OutcomeKind.ENROLLED, *key, fold.cause.at, value))
        if payload.balance is not None:
            enrolment = enrolment._replace(replaced_period_id=rule.period_ids[began])
            fold.enrolments = (*fold.enrolments[:-1], enrolment)
    _count_stored(fold, rule, enrolment, past)


def leave(fold: Fold, payload: Leaving) -> None:
    """Let the customer take part no more from a period on; what was counted stays (semantics 4.7)."""
    rule = fold.catalogue.rules[payload.target_id]
    position = _left(fold, rule, payload)
    previous = fold.enrolment(rule.target_id)
    if position < 0:
        return
    if previous is None:
        if not rule.open_to_all:
            return
        previous = Enrolment(*rule.keys[0], fold.cause.at, fold.before.seq + 1, Stored.NONE)
    key = rule.keys[position]
    left = previous._replace(left_period_id=key.period_id)
    fold.enrolments = (*(e for e in fold.enrolments if e is not previous), left)
    value = fold.progress[key].value if key in fold.progress else 0
    fold.entries.append(Entry(*key, Reason.LEFT, 0, value, value))
    fold.outcomes.append(Outcome(OutcomeKind.UNENROLLED, *key, fold.cause.at, value))


def _left(fold: Fold, rule: Rule, payload: Leaving) -> int:
    """Give the position of the first period without the customer: the one named, or that of the own windows now."""
    match rule.frame.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            return rule.position_of(payload.period_id)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return running(fold, rule)
        case Evaluation.CYCLIC_WINDOW:
            return max(fold.position(rule, fold.event.occurred_at), 0)
        case _ as never:
            assert_never(never)


def entered(rule: Rule, period_id: int) -> int:
    """Give the position from which an enrolment counts: the period's, or the first of streaks and own windows."""
    if rule.tracking in STREAKING or not rule.is_fixed:
        return 0
    return rule.position_of(period_id)


def _stored(fold: Fold, rule: Rule, payload: Enrolling, previous: Enrolment | None) -> Stored:
    # What cannot count must not pretend to; windows of one's own begin with what is heard from now on.
    if not rule.is_counting or rule.frame.evaluation is Evaluation.CYCLIC_WINDOW:
        return Stored.NONE
    if previous is not None:
        return Stored.NONE
    if rule.open_to_all:
        return Stored.ALL
    if fold.catalogue.settings.enrol_mid_period is EnrolMidPeriod.FROM_ENROLMENT:
        return Stored.NONE
    if payload.balance is None:
        return Stored.ALL
    return Stored.OUTSIDE_FIRST_PERIOD if rule.is_fixed else Stored.NONE


def _begin(fold: Fold, rule: Rule, position: int, payload: Enrolling) -> int:
    """Make the row of the period of the enrolment, with the balance to start with or with what it had; give its place.

    A balance stands for all that was heard before, its days too.
    """
    at, heard = fold.cause.at, fold.cause.heard_at
    cyclic = rule.frame.evaluation is Evaluation.CYCLIC_WINDOW
    if cyclic and payload.balance is not None:
        position = _opened(fold, rule)
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        position = running(fold, rule)
    key = rule.keys[position]
    before = fold.progress.get(key)
    was = 0 if before is None else before.value
    value = was if payload.balance is None else to_units(payload.balance)
    if before is not None or not cyclic or payload.balance is not None:
        if before is None:
            fold.keep_hot(fold.closes_at(rule, position))
            before = Progress(*key, 0, at, heard)
        fold.progress[key] = replace(before, value=value, updated_at=heard)
        if payload.balance is not None:
            _forget_days(fold, rule, position)
            _show_goal(fold, rule, position if not rule.is_fixed and not cyclic else 0)
    reason = Reason.ENROLLED if payload.balance is None else Reason.BALANCE_SET
    fold.entries.append(Entry(*key, reason, value - was, was, value))
    return position


def _forget_days(fold: Fold, rule: Rule, position: int) -> None:
    """Forget the days that counted; periods that fill up one by one keep them with the first."""
    key = rule.keys[0 if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW else position]
    if key in fold.progress and fold.progress[key].days:
        fold.progress[key] = replace(fold.progress[key], days=())


def _show_goal(fold: Fold, rule: Rule, running_at: int) -> None:
    """Let achieved periods that fill up show the goal of today, so that a balance is all that is over it."""
    goal = fold.goal(rule, 0)
    for key in rule.keys[:running_at]:
        row = fold.progress.get(key)
        if goal is not None and row is not None and row.achieved_by and row.value != goal:
            fold.progress[key] = replace(row, value=goal)
            fold.entries.append(Entry(*key, Reason.BALANCE_SET, goal - row.value, row.value, goal))


def matters(enrolment: Enrolment) -> bool:
    """Tell whether an enrolment that is over still says what a return may take back."""
    return enrolment.stored is not Stored.NONE or enrolment.replaced_period_id != NOTHING_REPLACED


def _opened(fold: Fold, rule: Rule) -> int:
    """Give the position of the window that holds the enrolment, which opens the first one if there is none yet."""
    at = fold.event.occurred_at
    position = fold.position(rule, at)
    if rule.target_id not in fold.anchors and position >= 0:
        fold.anchors = {**fold.anchors, rule.target_id: at}
    return max(position, 0)


def _start_again(fold: Fold, rule: Rule) -> None:
    """Forget which periods were achieved and which levels earned; counting begins with the period that runs."""
    streak_rule = fold.catalogue.streaks.get(rule.group_id)
    known = fold.streaks.get(rule.group_id) or Streak(rule.group_id)
    if streak_rule is None:
        return
    at = fold.event.occurred_at
    open_still = (id_ for id_, closes in zip(streak_rule.period_ids, streak_rule.closes, strict=True) if closes > at)
    since = next(open_still, NO_MORE)
    keep_streak(fold, Streak(rule.group_id, since_period_id=since, freezes=known.freezes, pauses=known.pauses))


def _count_stored(fold: Fold, rule: Rule, enrolment: Enrolment, past: Sequence[Logged]) -> None:
    """Count what the log already holds for the newly enrolled target: each bill less what came back of it."""
    if enrolment.stored is Stored.NONE:
        return
    for logged in sorted(past, key=lambda logged: logged.place):
        event = logged.event
        position = fold.position(rule, event.occurred_at)
        if position < 0 or not counts_stored(fold, rule, position, enrolment, event):
            continue
        if any(e.target_id == rule.target_id and e.reason is Reason.COUNTED for e in logged.entries):
            continue
        amount = _amount_now(fold, rule, position, logged, past)
        if amount is not None:
            change = change_of(None, amount, day_of(rule, event), Reason.COUNTED_FROM_LOG)
            apply(fold, rule, position, change, cause_of(event, fold.catalogue.settings))


def _amount_now(fold: Fold, rule: Rule, position: int, logged: Logged, past: Sequence[Logged]) -> int | None:
    payload = logged.event.payload
    if not isinstance(payload, Bill) or fold.catalogue.settings.returns is Returns.IGNORE:
        return rule.amount(occasion_of(fold.catalogue, logged.event, fold.before))
    closing = fold.closes_at(rule, position)
    effective = [other.event for other in returns_from(logged, past) if other.event.occurred_at < closing]
    return amount_left(fold, rule, logged.event, remaining(payload, returns_of(effective)))
