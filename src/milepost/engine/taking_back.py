"""How a return takes back what its bill had added (semantics 4.8 and 8.1)."""

from collections.abc import Sequence

from milepost.engine.fold import Fold, counts_stored, day_of
from milepost.engine.log import Logged
from milepost.engine.progressing import Change
from milepost.language import Occasion
from milepost.model.amount import to_units
from milepost.model.event import Bill, Event, Return
from milepost.model.organisation import Returns
from milepost.model.standing import Entry, ProgressKey, Reason, Stored, Waiting
from milepost.rules.matching import Rule
from milepost.rules.remaining import Remaining, remaining


def take_back(fold: Fold, payload: Return, past: Sequence[Logged]) -> None:
    """Take back what the bill that *payload* names had added; a return that comes before its bill waits for it."""
    bill = _bill_named(payload.original, fold.event, past)
    if bill is None:
        fold.waiting = (*fold.waiting, Waiting(payload.original, fold.event.key))
        return
    named = names_of(bill.event)
    earlier = [
        logged for logged in past if isinstance(logged.event.payload, Return) and logged.event.payload.original in named
    ]
    _reduce(fold, bill, sorted(earlier, key=lambda logged: logged.seq), fold.event)


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


def _bill_named(original: str, event: Event, past: Sequence[Logged]) -> Logged | None:
    """Give the bill called *original*; one of the return's own source comes first, then the earliest heard."""
    bills = [logged for logged in past if isinstance(logged.event.payload, Bill) and original in names_of(logged.event)]
    return min(bills, key=lambda logged: (logged.event.key.source != event.key.source, logged.seq), default=None)


def names_of(bill: Event) -> set[str]:
    assert isinstance(bill.payload, Bill)
    return {bill.key.id, bill.payload.number}


def _reduce(fold: Fold, bill: Logged, earlier: Sequence[Logged], taken: Event) -> None:
    """Let *taken*, a return, reduce what *bill* added; *earlier* returns of the bill have had their effect."""
    payload = bill.event.payload
    assert isinstance(payload, Bill)
    before = remaining(payload, returns_of(earlier))
    if before is None:
        return
    after = remaining(payload, returns_of([*earlier, Logged(taken, 0, ())]))
    fold.purchases -= to_units(before.bill.net) - (0 if after is None else to_units(after.bill.net))
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


def returns_of(logged: Sequence[Logged]) -> list[Return]:
    return [entry.event.payload for entry in logged if isinstance(entry.event.payload, Return)]


def _reduce_one(fold: Fold, rule: Rule, position: int, bill: Logged, earlier: Sequence[Logged], taken: Event) -> None:
    """Let *taken* reduce what *bill* added to one progress: less what the returns that counted there left of it."""
    key = ProgressKey(rule.target_id, rule.period_ids[position])
    payload = bill.event.payload
    assert isinstance(payload, Bill)
    effective = [logged for logged in earlier if logged.event.occurred_at < rule.closes[position]]
    before = remaining(payload, returns_of(effective))
    after = remaining(payload, returns_of([*effective, Logged(taken, 0, ())]))
    old = None if before is None else amount_left(fold, rule, bill.event, before)
    if old is None or key not in fold.progress:
        return
    new = None if after is None else amount_left(fold, rule, bill.event, after)
    fold.apply(rule, position, Change(old, new, day_of(fold.catalogue, rule, bill.event), Reason.RETURNED), taken)


def amount_left(fold: Fold, rule: Rule, bill: Event, left: Remaining) -> int | None:
    """Give what is left of the bill's contribution; the bill's own expression is not asked again."""
    occasion = Occasion(bill, None, fold.before)
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
            key = ProgressKey(rule.target_id, rule.period_ids[position])
            keys += [] if key in keys else [key]
    return keys
