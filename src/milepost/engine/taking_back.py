"""How a return takes back what its bill had added (semantics 4.8 and 8.1)."""

from collections.abc import Sequence

from milepost.engine.fold import Fold, counts_stored, day_of
from milepost.engine.log import Logged
from milepost.engine.progressing import cause_of, change_of
from milepost.engine.reaching import occasion_of
from milepost.model.amount import to_units
from milepost.model.event import Bill, Event, Return
from milepost.model.organisation import Returns
from milepost.model.standing import Entry, ProgressKey, Reason, Stored, Waiting
from milepost.rules.matching import Rule
from milepost.rules.remaining import Remaining, remaining


def take_back(fold: Fold, payload: Return, past: Sequence[Logged]) -> None:
    """Take back what the bill that *payload* names had added; a return that comes before its bill waits for it."""
    bill = bill_of(Logged(fold.event, fold.before.seq + 1, ()), past)
    if bill is None:
        fold.waiting = (*fold.waiting, Waiting(payload.original, fold.event.key))
        return
    _reduce(fold, bill, returns_from(bill, past), fold.event)


def apply_waiting(fold: Fold, payload: Bill, past: Sequence[Logged]) -> None:
    """Apply the returns that waited for this bill, in the order in which they came."""
    named = {fold.event.key.id, payload.number}
    due = {wait.key for wait in fold.waiting if wait.original in named}
    if not due:
        return
    fold.waiting = tuple(wait for wait in fold.waiting if wait.key not in due)
    earlier: list[Logged] = []
    for logged in sorted((logged for logged in past if logged.event.key in due), key=lambda logged: logged.seq):
        bill = Logged(fold.event, fold.before.seq + 1, tuple(fold.entries))
        _reduce(fold, bill, earlier, logged.event)
        earlier.append(logged)


def bill_of(taken: Logged, past: Sequence[Logged]) -> Logged | None:
    """Give the bill that *taken*, a return, took back from, or does now; None while it waits.

    Of the bills heard before it, one of its own source comes first, then the earliest; else it waited for the first one
    that it names.
    """
    assert isinstance(taken.event.payload, Return)
    original, source = taken.event.payload.original, taken.event.key.source
    return min(
        (one for one in past if isinstance(one.event.payload, Bill) and original in names_of(one.event)),
        key=lambda bill: (bill.seq > taken.seq, bill.seq < taken.seq and bill.event.key.source != source, bill.seq),
        default=None,
    )


def returns_from(bill: Logged, past: Sequence[Logged]) -> list[Logged]:
    """Give the returns that took back from *bill*, in the order in which they were heard."""
    named = names_of(bill.event)
    found = [
        logged
        for logged in past
        if isinstance(logged.event.payload, Return)
        and logged.event.payload.original in named
        and bill_of(logged, past) is bill
    ]
    return sorted(found, key=lambda logged: logged.seq)


def names_of(bill: Event) -> set[str]:
    """Give what a return may call *bill*: its event id and its number."""
    assert isinstance(bill.payload, Bill)
    return {bill.key.id, bill.payload.number}


def _reduce(fold: Fold, bill: Logged, earlier: Sequence[Logged], taken: Event) -> None:
    """Let *taken*, a return, reduce what *bill* added; *earlier* returns of the bill have had their effect."""
    payload = bill.event.payload
    assert isinstance(payload, Bill)
    # Not the end of it when nothing is left: a return dated after a period's end has left the whole bill in there.
    before = remaining(payload, returns_of(earlier))
    after = remaining(payload, returns_of([*earlier, Logged(taken, 0, ())]))
    fold.purchases -= _net(before) - _net(after)
    if fold.catalogue.settings.returns is Returns.IGNORE:
        return
    for key in _counted(fold, bill):
        rule = fold.catalogue.rules.get(key.target_id)
        position = -1 if rule is None else rule.position_of(key.period_id)
        if rule is None or position < 0:
            continue
        if taken.occurred_at >= rule.closes[position]:
            value = fold.progress[key].value if key in fold.progress else 0
            fold.entries.append(Entry(*key, Reason.RETURN_AFTER_END, 0, value, value))
            continue
        _reduce_one(fold, rule, position, bill, earlier, taken)


def _net(left: Remaining | None) -> int:
    return 0 if left is None else to_units(left.bill.net)


def returns_of(logged: Sequence[Logged]) -> list[Return]:
    """Give what the returns among *logged* say."""
    return [entry.event.payload for entry in logged if isinstance(entry.event.payload, Return)]


def _reduce_one(fold: Fold, rule: Rule, position: int, bill: Logged, earlier: Sequence[Logged], taken: Event) -> None:
    """Let *taken* reduce what *bill* added to one progress: less what the returns that counted there left of it."""
    key = rule.keys[position]
    payload = bill.event.payload
    assert isinstance(payload, Bill)
    effective = [logged for logged in earlier if logged.event.occurred_at < rule.closes[position]]
    before = remaining(payload, returns_of(effective))
    after = remaining(payload, returns_of([*effective, Logged(taken, 0, ())]))
    old = None if before is None else amount_left(fold, rule, bill.event, before)
    if old is None or key not in fold.progress:
        return
    new = None if after is None else amount_left(fold, rule, bill.event, after)
    change = change_of(old, new, day_of(fold.catalogue, rule, bill.event), Reason.RETURNED)
    fold.apply(rule, position, change, cause_of(taken, fold.catalogue.settings))


def amount_left(fold: Fold, rule: Rule, bill: Event, left: Remaining) -> int | None:
    """Give what is left of the bill's contribution; the bill's own expression is not asked again."""
    occasion = occasion_of(fold.catalogue, bill, fold.before)
    if rule.read_line is not None:
        return rule.amount_of_lines(occasion, left.lines)
    assert rule.read is not None, "what counted has a meaning"
    return rule.read(left.bill)


def _counted(fold: Fold, bill: Logged) -> list[ProgressKey]:
    """Give the progress that *bill* has counted for, at once or when the customer was enrolled."""
    keys = [ProgressKey(e.target_id, e.period_id) for e in bill.entries if e.reason is Reason.COUNTED]
    for enrolment in fold.enrolments:
        if enrolment.seq <= bill.seq or enrolment.stored is Stored.NONE:
            continue
        rule = fold.catalogue.rules.get(enrolment.target_id)
        position = -1 if rule is None else rule.position(bill.event.occurred_at)
        if rule is not None and position >= 0 and counts_stored(fold, rule, position, enrolment, bill.event):
            key = rule.keys[position]
            keys += [] if key in keys else [key]
    return keys
