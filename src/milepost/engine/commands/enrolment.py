"""Enrolling in a target and leaving it (facts 4.7 and 8.1, docs/rules.md)."""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from milepost.engine.commands.stored_events import count_stored
from milepost.engine.fold import Fold, is_first_edition
from milepost.engine.progress.beginning import open_position
from milepost.engine.progress.history import Logged
from milepost.engine.progress.streaks import keep_streak
from milepost.model.amount import to_units
from milepost.model.event import Enrol, Unenrol
from milepost.model.organisation import EnrolMidPeriod
from milepost.model.progress.streak import NO_MORE, Streak
from milepost.model.standing import (
    Enrolment,
    Entry,
    Outcome,
    OutcomeKind,
    Progress,
    Reason,
    StoredEvents,
)
from milepost.model.target import Evaluation
from milepost.model.time import Seconds
from milepost.rules.compiled.composites import STREAKING
from milepost.rules.compiled.rule import Rule


def enrol(fold: Fold, payload: Enrol, past: Sequence[Logged]) -> None:
    """Enrol the customer from a period on, and count stored events as the settings say (facts 8.1)."""
    rule = fold.rule_index.rules[payload.target_id]
    position = enrolment_entered(rule, payload.period_id)
    previous = fold.enrolment(rule.target_id)
    if payload.balance is not None and _balanced(fold, rule, position) is None:
        payload = replace(payload, balance=None)
    enrolment = Enrolment(
        target_id=rule.target_id,
        period_id=rule.period_ids[position],
        enrolled_at=_enrolled_at(fold, previous),
        seq=fold.seq + 1,
        stored=_stored(fold, rule, payload, previous),
        goals=_goals(fold, rule, payload, previous),
    )
    # What an earlier enrolment counted from the log is still its to give back; otherwise it is history.
    known = (e for e in fold.enrolments if e.target_id != rule.target_id or matters(e))
    fold.enrolments = (*known, enrolment)
    if payload.reset and rule.tracking in STREAKING:
        _start_again(fold, rule)
    if not rule.open_to_all or previous is not None or payload.balance is not None:
        began = _begin(fold, rule, position, payload)
        if previous is None or previous.has_left:
            # Who takes part already and changes goals is not enrolled a second time.
            key = rule.keys[began]
            value = fold.value(key)
            fold.outcomes.append(
                Outcome(
                    kind=OutcomeKind.ENROLLED,
                    target_id=key.target_id,
                    period_id=key.period_id,
                    at=fold.cause.at,
                    value=value,
                )
            )
        if payload.balance is not None:
            enrolment = enrolment._replace(replaced_period_id=rule.period_ids[began])
            fold.enrolments = (*fold.enrolments[:-1], enrolment)
    count_stored(fold, rule, enrolment, past)


def unenrol(fold: Fold, payload: Unenrol) -> None:
    """End the enrolment from a period on; progress made so far stays (facts 4.7)."""
    rule = fold.rule_index.rules[payload.target_id]
    position = _left(fold, rule, payload)
    previous = fold.enrolment(rule.target_id)
    if position is None:
        return
    if previous is None:
        if not rule.open_to_all:
            return
        previous = Enrolment(
            target_id=rule.target_id,
            period_id=rule.period_ids[0],
            enrolled_at=fold.cause.at,
            seq=fold.seq + 1,
            stored=StoredEvents.NONE,
        )
    key = rule.keys[position]
    left = previous._replace(left_period_id=key.period_id)
    fold.enrolments = (*(e for e in fold.enrolments if e is not previous), left)
    value = fold.value(key)
    fold.entries.append(
        Entry(target_id=key.target_id, period_id=key.period_id, reason=Reason.LEFT, amount=0, before=value, after=value)
    )
    fold.outcomes.append(
        Outcome(
            kind=OutcomeKind.UNENROLLED, target_id=key.target_id, period_id=key.period_id, at=fold.cause.at, value=value
        )
    )


def _left(fold: Fold, rule: Rule, payload: Unenrol) -> int | None:
    """Return the position of the first period without the customer."""
    match rule.frame.evaluation:
        case Evaluation.FIXED_CALENDAR_WINDOW:
            return rule.position_of(payload.period_id)
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return open_position(fold, rule)
        case Evaluation.CYCLIC_WINDOW:
            return fold.position(rule, fold.event.occurred_at) or 0
        case _ as never:
            assert_never(never)


def enrolment_entered(rule: Rule, period_id: int) -> int:
    """Return the position of the first period that an enrolment covers: streaks and own windows start at 0."""
    if rule.tracking in STREAKING or not rule.is_fixed:
        return 0
    position = rule.position_of(period_id)
    # An edit may have switched the period off after the request was checked; the enrolment then begins with the last.
    return len(rule.keys) - 1 if position is None else position


def _goals(fold: Fold, rule: Rule, payload: Enrol, previous: Enrolment | None) -> tuple[tuple[int, int], ...]:
    """Return the customer's own goals: what is asked for, and what held before in the periods that have ended.

    A customer who takes part for the first time had no goals; so all that is asked for holds.
    """
    wanted = tuple((period_id, to_units(goal)) for period_id, goal in payload.goals)
    if is_first_edition(fold) or (previous is None and not rule.open_to_all):
        return wanted
    ended = {rule.period_ids[position] for position in range(len(rule.keys)) if _has_ended(fold, rule, position)}
    kept = () if previous is None else tuple(goal for goal in previous.goals if goal[0] in ended)
    return (*kept, *(goal for goal in wanted if goal[0] not in ended)) if ended else wanted


def _enrolled_at(fold: Fold, previous: Enrolment | None) -> Seconds:
    """Return when the customer began to take part (epoch seconds): who only changes goals has done so before."""
    if previous is None or previous.has_left or previous.counts_since is None:
        return fold.cause.at
    return previous.enrolled_at


def _stored(fold: Fold, rule: Rule, payload: Enrol, previous: Enrolment | None) -> StoredEvents:
    from_enrolment = fold.rule_index.settings.enrol_mid_period is EnrolMidPeriod.FROM_ENROLMENT
    if from_enrolment and not is_first_edition(fold) and (previous is not None or not rule.open_to_all):
        if previous is not None and not previous.has_left:
            return StoredEvents.NONE if previous.counts_since is None else StoredEvents.LATER_SINCE_ENROLMENT
        of_now = previous is not None or payload.balance is not None or not rule.is_counting
        own_windows = rule.frame.evaluation is Evaluation.CYCLIC_WINDOW
        return StoredEvents.LATER_SINCE_ENROLMENT if of_now or own_windows else StoredEvents.SINCE_ENROLMENT
    # What cannot count must not pretend to; windows of one's own begin with what is received from now on.
    if not rule.is_counting or rule.frame.evaluation is Evaluation.CYCLIC_WINDOW:
        return StoredEvents.NONE
    if previous is not None:
        return StoredEvents.NONE
    if rule.open_to_all:
        return StoredEvents.ALL
    if fold.rule_index.settings.enrol_mid_period is EnrolMidPeriod.FROM_ENROLMENT:
        return StoredEvents.NONE
    if payload.balance is None:
        return StoredEvents.ALL
    return StoredEvents.OUTSIDE_FIRST_PERIOD if rule.is_fixed else StoredEvents.NONE


def _begin(fold: Fold, rule: Rule, position: int, payload: Enrol) -> int:
    """Make the row of the first period, with the opening balance or its present value; return its position.

    A balance replaces all events received before, and the days that counted: a bill of 30 and then a balance of 100
    give 100.
    """
    at, received_at = fold.cause.at, fold.cause.received_at
    cyclic = rule.frame.evaluation is Evaluation.CYCLIC_WINDOW
    if payload.balance is not None:
        balanced = _balanced(fold, rule, position)
        assert balanced is not None, "a balance that belongs nowhere was dropped"
        position = balanced
        if cyclic:
            _open(fold, rule)
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        position = open_position(fold, rule)
    key = rule.keys[position]
    before = fold.progress.get(key)
    was = 0 if before is None else before.value
    value = was if payload.balance is None else to_units(payload.balance)
    if before is not None or not cyclic or payload.balance is not None:
        if before is None:
            fold.archive_after(fold.closes_at(rule, position))
            before = Progress(
                target_id=key.target_id, period_id=key.period_id, value=0, enrolled_at=at, updated_at=received_at
            )
        fold.progress[key] = replace(before, value=value, updated_at=received_at)
        if payload.balance is not None:
            _forget_days(fold, rule, position)
            _show_goal(fold, rule, position if not rule.is_fixed and not cyclic else 0)
    reason = Reason.ENROLLED if payload.balance is None else Reason.BALANCE_SET
    fold.entries.append(
        Entry(
            target_id=key.target_id, period_id=key.period_id, reason=reason, amount=value - was, before=was, after=value
        )
    )
    return position


def _forget_days(fold: Fold, rule: Rule, position: int) -> None:
    """Remove the days that counted; sequential periods keep them in the first row."""
    key = rule.keys[0 if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW else position]
    if key in fold.progress and fold.progress[key].days:
        fold.progress[key] = replace(fold.progress[key], days=())


def _show_goal(fold: Fold, rule: Rule, running_at: int) -> None:
    """Set the value of achieved sequential periods to today's goal, so that a balance counts only what exceeds it."""
    goal = fold.goal(rule, 0)
    for key in rule.keys[:running_at]:
        row = fold.progress.get(key)
        if goal is not None and row is not None and row.is_achieved and row.value != goal:
            fold.progress[key] = replace(row, value=goal)
            fold.entries.append(
                Entry(
                    target_id=key.target_id,
                    period_id=key.period_id,
                    reason=Reason.BALANCE_SET,
                    amount=goal - row.value,
                    before=row.value,
                    after=goal,
                )
            )


def matters(enrolment: Enrolment) -> bool:
    """Return whether an enrolment that has ended still decides what a return reverses."""
    return enrolment.counts_stored or enrolment.replaced_at_period is not None


def _open(fold: Fold, rule: Rule) -> None:
    """Open the first window of the customer's own at the instant of the enrolment, if there is none yet."""
    at = fold.event.occurred_at
    if rule.target_id not in fold.anchors and fold.position(rule, at) is not None:
        fold.anchors = {**fold.anchors, rule.target_id: at}


def _balanced(fold: Fold, rule: Rule, position: int) -> int | None:
    """Return the position of the period that a balance belongs to: the one at *position*, unless it has ended.

    Then it is the running one, else the next; None if all have ended. In windows of the customer's own it is always
    one of these two.
    """
    at = fold.event.occurred_at
    cyclic = rule.frame.evaluation is Evaluation.CYCLIC_WINDOW
    if is_first_edition(fold):
        return fold.position(rule, at) or 0 if cyclic else position
    first = 0 if cyclic else position
    not_ended = (place for place in range(len(rule.keys)) if not _has_ended(fold, rule, place))
    return first if not cyclic and not _has_ended(fold, rule, first) else next(not_ended, None)


def _has_ended(fold: Fold, rule: Rule, position: int) -> bool:
    return fold.closes_at(rule, position) <= fold.event.occurred_at


def _start_again(fold: Fold, rule: Rule) -> None:
    """Start the streak again: no achieved periods, no levels, counting from the running period."""
    streak_rule = fold.rule_index.streaks.get(rule.group_id)
    known = fold.streaks.get(rule.group_id) or Streak(rule.group_id)
    if streak_rule is None:
        return
    at = fold.event.occurred_at
    open_still = (id_ for id_, closes in zip(streak_rule.period_ids, streak_rule.closes, strict=True) if closes > at)
    since = next(open_still, NO_MORE)
    keep_streak(fold, Streak(rule.group_id, since_period_id=since, freezes=known.freezes, pauses=known.pauses))
