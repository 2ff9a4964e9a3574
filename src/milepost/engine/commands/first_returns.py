"""Returns by the first edition of the rules: how a return reverses the contribution of its bill (decision 0027)."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.engine.commands.carry_over import carry_over, is_carried_over
from milepost.engine.commands.counted_rows import CountedRow, counted_for
from milepost.engine.fold import Fold, day_of
from milepost.engine.progress.added_amounts import NOT_REVISED, Added, added_by, revised_rows
from milepost.engine.progress.change import Cause, Change, cause_of, change_between
from milepost.engine.progress.composite import composites_afterwards
from milepost.engine.progress.count import apply_to_group
from milepost.engine.progress.history import Logged
from milepost.model.amount import to_units
from milepost.model.event import Bill, Event, Return
from milepost.model.organisation import Returns
from milepost.model.standing import Entry, Reason, WaitingReturn
from milepost.model.target import Evaluation
from milepost.rules.compiled.first_remaining import Remaining, remaining
from milepost.rules.compiled.rule import Rule

_RETURNED = Reason.RETURNED


class _Taking(NamedTuple):
    """A return that is being applied: its bill, the earlier returns of that bill, and the return itself.

    `added` is the present contribution of the bill after those returns.
    """

    bill: Event
    earlier: tuple[Event, ...]
    taken: Event
    cause: Cause
    added: Added


_Left = tuple[Remaining | None, Remaining | None]
"""What was left of a bill before a return, and what is left after it."""


def reverse(fold: Fold, payload: Return, past: Sequence[Logged]) -> None:
    """Reverse the bill that *payload* names; a return that is received before its bill waits for the bill."""
    bill = bill_of(Logged(fold.event, fold.seq + 1, ()), past)
    if bill is None:
        fold.waiting = (*fold.waiting, WaitingReturn(payload.original, fold.event.key))
        return
    returns = returns_from(bill, past)
    earlier = tuple(logged.event for logged in returns)
    revised = revised_rows(fold, past).get(bill.place, NOT_REVISED)
    added = added_by(fold, (bill, *returns), revised)
    taking = _Taking(bill=bill.event, earlier=earlier, taken=fold.event, cause=fold.cause, added=added)
    _reduce(fold, taking, counted_for(fold, bill, revised))


def reverse_for_waiting(fold: Fold, payload: Bill, past: Sequence[Logged]) -> None:
    """Apply the returns that waited for this bill, in the order in which they were received."""
    named = {fold.event.key.id, payload.number}
    due = {wait.key for wait in fold.waiting if wait.original in named}
    if not due:
        return
    fold.waiting = tuple(wait for wait in fold.waiting if wait.key not in due)
    where = counted_for(fold, Logged(fold.event, fold.seq + 1, tuple(fold.entries)))
    earlier: tuple[Event, ...] = ()
    for logged in sorted((logged for logged in past if logged.event.key in due), key=lambda logged: logged.place):
        cause = cause_of(logged.event, fold.rule_index.settings)
        added = added_by(fold, [Logged(fold.event, fold.seq + 1, tuple(fold.entries))])
        taking = _Taking(bill=fold.event, earlier=earlier, taken=logged.event, cause=cause, added=added)
        _reduce(fold, taking, where)
        earlier = (*earlier, logged.event)


def bill_of(taken: Logged, past: Sequence[Logged]) -> Logged | None:
    """Return the bill that *taken*, a return, reverses; None while the return waits for it.

    Of the bills received before the return, a bill of its own source comes first, then the earliest one. If there is
    none, the return waits for the first bill that it names, also when its customer is merged into another. The events
    of a merged customer count as received with the merge.
    """
    assert isinstance(taken.event.payload, Return)
    original = taken.event.payload.original
    named = (one for one in past if isinstance(one.event.payload, Bill) and original in names_of(one.event))
    ranked = [(rank, bill) for bill in named if (rank := _rank(bill, taken)) is not None]
    return min(ranked, key=lambda one: one[0], default=(None, None))[1]


def _rank(bill: Logged, taken: Logged) -> tuple[int, bool, tuple[int, ...]] | None:
    """Return the rank of *bill* among the bills that a return may mean, least first; None if it cannot mean it."""
    own, others = len(taken.under), len(bill.under)
    if bill.place < taken.place:
        is_known = bill.under[:own] == taken.under
        return (0, bill.event.key.source != taken.event.key.source, bill.place) if is_known else None
    is_awaited = others <= own and bill.under == taken.under[:others]
    return (1 + own - others, False, bill.place) if is_awaited else None


def returns_from(bill: Logged, past: Sequence[Logged]) -> list[Logged]:
    """Return the returns that reversed *bill*, in the order in which they were received."""
    named = names_of(bill.event)
    found = [
        logged
        for logged in past
        if isinstance(logged.event.payload, Return)
        and logged.event.payload.original in named
        and bill_of(logged, past) is bill
    ]
    return sorted(found, key=lambda logged: logged.place)


def names_of(bill: Event) -> set[str]:
    """Return the names of *bill* that a return may use: its event id and its number."""
    assert isinstance(bill.payload, Bill)
    return {bill.key.id, bill.payload.number}


def returns_of(events: Sequence[Event]) -> list[Return]:
    """Return the payloads of the returns among *events*."""
    return [event.payload for event in events if isinstance(event.payload, Return)]


def amount_left(fold: Fold, rule: Rule, bill: Event, left: Remaining | None) -> int | None:
    """Return the contribution of the rest of a bill; the expression is not evaluated again."""
    if left is None:
        return None
    if rule.read_line is not None:
        return rule.amount_of_lines(fold.context(bill), left.lines)
    assert rule.read is not None, "what counted has a meaning"
    return rule.read(left.bill)


def _reduce(fold: Fold, taking: _Taking, counted: Sequence[CountedRow]) -> None:
    """Reduce each row in which the bill counted."""
    # Not the end of it when nothing is left: a return dated after a period's end has left the whole bill in there.
    left = before, after = _left(taking.bill, taking.earlier, taking.taken)
    fold.purchases -= _net(before) - _net(after)
    returns, taken_at = fold.rule_index.settings.returns, taking.taken.occurred_at
    if returns is Returns.IGNORE:
        return
    with composites_afterwards(fold):
        for rule, position in counted:
            if returns is Returns.CARRY and is_carried_over(fold, rule, position):
                _carry(fold, rule, position, taking)
            elif taken_at >= (rule.closes[position] if rule.is_fixed else fold.closes_at(rule, position)):
                key = rule.keys[position]
                value = fold.value(key)
                fold.entries.append(
                    Entry(
                        target_id=key.target_id,
                        period_id=key.period_id,
                        reason=Reason.RETURN_AFTER_END,
                        amount=0,
                        before=value,
                        after=value,
                    )
                )
            elif rule.keys[position] in fold.progress:
                _subtract(fold, rule, position, taking, left)


def _left(bill: Event, earlier: Sequence[Event], taken: Event) -> _Left:
    """Return the rest of *bill* after the *earlier* returns, and after *taken* as well."""
    payload = bill.payload
    assert isinstance(payload, Bill)
    return remaining(payload, returns_of(earlier)), remaining(payload, returns_of([*earlier, taken]))


def _net(left: Remaining | None) -> int:
    return 0 if left is None else to_units(left.bill.net)


def _subtract(fold: Fold, rule: Rule, position: int, taking: _Taking, left: _Left) -> None:
    """Subtract from one row. Earlier returns dated after the end of its period have not reduced it."""
    before, after = left
    if taking.earlier:
        closing = fold.closes_at(rule, position)
        earlier = [event for event in taking.earlier if event.occurred_at < closing]
        before, after = left if len(earlier) == len(taking.earlier) else _left(taking.bill, earlier, taking.taken)
    key = rule.keys[position]
    is_plain = rule.is_fixed and key in taking.added.counted
    stands = taking.added.amounts[key] if is_plain else _standing_amount(taking, rule, position)
    if stands and after is None and rule.sums:
        # Nothing is left of the bill: all that it still adds comes off, whatever the rule would read in it today.
        apply_to_group(
            fold, rule, position, Change(old=stands, new=None, day=0, reason=_RETURNED, amount=-stands), taking.cause
        )
        return
    old, new = amount_left(fold, rule, taking.bill, before), amount_left(fold, rule, taking.bill, after)
    if stands is not None and stands != (old or 0):
        # The rule was changed since: no more is taken off than the bill added, and all of it once nothing is left.
        off = (old or 0) - (new or 0)
        old, new = stands, None if after is None else stands - min(max(off, min(stands, 0)), max(stands, 0))
    if old is None or old == new or (rule.sums and not old and not new):
        return
    change = change_between(old, new, day_of(rule, taking.bill), Reason.RETURNED)
    apply_to_group(fold, rule, position, change, taking.cause)


def _standing_amount(taking: _Taking, rule: Rule, position: int) -> int | None:
    """Return the present contribution of the bill to a row by its entries; None if they do not say.

    Entries do not say it for a bill that was counted from the log, nor for days of sequential periods.
    """
    if rule.frame.evaluation is not Evaluation.PERIOD_AGNOSTIC_WINDOW:
        key = rule.keys[position]
        return taking.added.amounts[key] if key in taking.added.counted else None
    if not rule.sums or taking.added.counted.isdisjoint(rule.keys):
        return None
    return sum(taking.added.amounts.get(key, 0) for key in rule.keys)


def _carry(fold: Fold, rule: Rule, position: int, taking: _Taking) -> None:
    """Carry the returned amount into a later period; the achieved period keeps its value (facts 8 #17)."""
    before, after = _left(taking.bill, taking.earlier, taking.taken)
    old, new = (amount_left(fold, rule, taking.bill, left) for left in (before, after))
    carry_over(fold, rule, position, (old or 0) - (new or 0), taking.cause)
