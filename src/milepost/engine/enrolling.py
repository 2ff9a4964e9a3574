"""How a customer comes to take part in a target (semantics 4.7 and 8.1)."""

from collections.abc import Sequence

from msgspec.structs import replace

from milepost.engine.fold import Fold, counts_stored, day_of
from milepost.engine.log import SETTLE_AFTER_US, Logged
from milepost.engine.progressing import cause_of, change_of
from milepost.engine.reaching import occasion_of
from milepost.engine.taking_back import amount_left, returns_from, returns_of
from milepost.model.amount import to_units
from milepost.model.event import Bill, Enrolling
from milepost.model.organisation import EnrolMidPeriod, Returns
from milepost.model.standing import Enrolment, Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason, Stored
from milepost.rules.matching import Catalogue, Rule
from milepost.rules.remaining import remaining


def enrol(fold: Fold, payload: Enrolling, past: Sequence[Logged]) -> None:
    """Let the customer take part from a period on; stored events count as the settings say (semantics 8.1)."""
    rule = fold.catalogue.rules[payload.target_id]
    at, heard = fold.cause.at, fold.cause.heard_at
    key = ProgressKey(payload.target_id, payload.period_id)
    enrolment = Enrolment(*key, at, fold.before.seq + 1, _stored(fold.catalogue, rule, payload))
    fold.enrolments = (*(e for e in fold.enrolments if e.target_id != key.target_id), enrolment)
    before = fold.progress.get(key)
    was = 0 if before is None else before.value
    value = was if payload.balance is None else to_units(payload.balance)
    if before is None:
        fold.settles_at = min(fold.settles_at, rule.closes[rule.position_of(payload.period_id)] + SETTLE_AFTER_US)
        before = Progress(*key, 0, at, heard)
    fold.progress[key] = replace(before, value=value, updated_at=heard)
    reason = Reason.ENROLLED if payload.balance is None else Reason.BALANCE_SET
    fold.entries.append(Entry(*key, reason, value - was, was, value))
    fold.outcomes.append(Outcome(OutcomeKind.ENROLLED, *key, at, value))
    _count_stored(fold, rule, enrolment, past)


def _stored(catalogue: Catalogue, rule: Rule, payload: Enrolling) -> Stored:
    # What is open to all has counted its events when they were heard; what cannot count yet must not pretend to.
    if rule.open_to_all or not rule.is_counting:
        return Stored.NONE
    if catalogue.settings.enrol_mid_period is EnrolMidPeriod.FROM_ENROLMENT:
        return Stored.NONE
    return Stored.ALL if payload.balance is None else Stored.OUTSIDE_FIRST_PERIOD


def _count_stored(fold: Fold, rule: Rule, enrolment: Enrolment, past: Sequence[Logged]) -> None:
    """Count what the log already holds for the newly enrolled target: each bill less what came back of it."""
    if enrolment.stored is Stored.NONE:
        return
    for logged in sorted(past, key=lambda logged: logged.seq):
        event = logged.event
        position = rule.position(event.occurred_at)
        if position < 0 or not counts_stored(fold, rule, position, enrolment, event):
            continue
        amount = _amount_now(fold, rule, position, logged, past)
        if amount is not None:
            change = change_of(None, amount, day_of(fold.catalogue, rule, event), Reason.COUNTED_FROM_LOG)
            fold.apply(rule, position, change, cause_of(event, fold.catalogue.settings))


def _amount_now(fold: Fold, rule: Rule, position: int, logged: Logged, past: Sequence[Logged]) -> int | None:
    payload = logged.event.payload
    if not isinstance(payload, Bill) or fold.catalogue.settings.returns is Returns.IGNORE:
        return rule.amount(occasion_of(fold.catalogue, logged.event, fold.before))
    taken = returns_from(logged, past)
    effective = [other for other in taken if other.event.occurred_at < rule.closes[position]]
    left = remaining(payload, returns_of(effective))
    return None if left is None else amount_left(fold, rule, logged.event, left)
