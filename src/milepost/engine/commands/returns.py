"""Corrections: what returns, reversals and voids take back (facts 4.8, 8.1 and 8 #71 to #81; docs/rules.md)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from milepost.engine.commands.carry_over import carry_over, is_carried_over
from milepost.engine.commands.counted_rows import counted_for
from milepost.engine.commands.released_caps import release_caps
from milepost.engine.fold import Fold, day_of
from milepost.engine.progress.added_amounts import NOT_REVISED, Added, RevisedRows, added_by, revised_rows
from milepost.engine.progress.change import Change, change_between
from milepost.engine.progress.composite import composites_afterwards
from milepost.engine.progress.corrections import (
    Match,
    Matching,
    Place,
    entries_by_event,
    is_correction,
    mark,
    matching,
    name_in,
)
from milepost.engine.progress.count import apply_to_group
from milepost.engine.progress.history import Logged
from milepost.model.amount import to_units
from milepost.model.definitions.completion import TARGET_COMPLETED
from milepost.model.event import AuthoriseAward, Bill, Event, Return
from milepost.model.organisation import ReturnedBills, Returns
from milepost.model.standing import MATCHED_MAX, Entry, ProgressKey, Reason, WaitingReturn
from milepost.model.target import Evaluation
from milepost.model.time import Micros
from milepost.rules.compiled.remaining import Remaining, remaining
from milepost.rules.compiled.remaining_measure import to_units_exactly
from milepost.rules.compiled.rule import Rule

_RETURNED = Reason.RETURNED


class _Taking(NamedTuple):
    """An event whose corrections change from *before* to *after*.

    `added` is the present contribution of the event, and `revised` what revisions say of it. `rests` computes once what
    is left of the event, which each rule asks for.
    """

    event: Logged
    before: tuple[Event, ...]
    after: tuple[Event, ...]
    added: Added
    revised: RevisedRows
    rests: "Rests"

    def within(self, closing: Micros) -> "_Taking":
        """Return it without the corrections dated at *closing* or later."""
        before, after = (
            tuple(one for one in corrections if one.occurred_at < closing) for corrections in (self.before, self.after)
        )
        return self._replace(before=before, after=after)


def correct(fold: Fold, past: Sequence[Logged]) -> None:
    """Take back what the event that is applied corrects, or what is corrected otherwise since it is known."""
    current = Logged(fold.event, fold.seq + 1, tuple(fold.entries))
    known = (*past, current)
    day = fold.rule_index.calendar.day
    before, after = matching(past, day), matching(known, day)
    for place in sorted({*before.matches, *after.matches}, key=lambda place: (place != current.place, place)):
        was, now = before.matches.get(place), after.matches.get(place)
        if _places(was) != _places(now):
            _apply(fold, current, known, before, was, now)
    release_caps(fold, known, before, after)
    if is_correction(fold.event) and (current.place in after.unmatched or current.place in after.idle):
        reason = Reason.NOTHING_LEFT if after.unmatched.get(current.place, True) else Reason.WAITS
        fold.entries.append(Entry(target_id=0, period_id=0, reason=reason, amount=0, before=0, after=0))
    _remember(fold, known, before, after)


def _places(match: Match | None) -> tuple[Place, ...]:
    return () if match is None else tuple(one.place for one in match.corrections)


def _remember(fold: Fold, known: Sequence[Logged], before: Matching, after: Matching) -> None:
    """Note which corrections wait, and the latest of those that have met their event."""
    corrections = [one for one in known if is_correction(one.event)]
    waiting = {one.event.key: one for one in corrections if one.place in after.unmatched}
    met = {one.event.key for one in corrections if one.event.key not in waiting}
    knew = {one.event.key for match in before.matches.values() for one in match.corrections}
    were_waiting = {one.key for one in fold.waiting}
    fold.waiting = (
        *(one for one in fold.waiting if one.key not in met),
        *(WaitingReturn(name_in(one.event), key) for key, one in waiting.items() if key not in were_waiting),
    )
    matched = (
        *(one for one in fold.matched if one.key not in waiting),
        *(WaitingReturn(name_in(one.event), one.event.key) for one in corrections if one.event.key in met - knew),
    )
    fold.matched = matched[-MATCHED_MAX:]


def _apply(
    fold: Fold,
    current: Logged,
    known: Sequence[Logged],
    matched: Matching,
    was: Match | None,
    now: Match | None,
) -> None:
    """Change what one event counts for, from the corrections that it had to those that it has now."""
    match = now or was
    assert match is not None, "something changed"
    event = match.event
    if isinstance(event.event.payload, AuthoriseAward):
        return
    if event.place != current.place:
        fold.entries.append(mark(event))
    revised = revised_rows(fold, known).get(event.place, NOT_REVISED)
    taking = _Taking(
        event=event,
        before=tuple(one.event for one in was.corrections) if was else (),
        after=tuple(one.event for one in now.corrections) if now else (),
        added=added_by(fold, entries_by_event(known, matched).get(event.place, ()), revised),
        revised=revised,
        rests=Rests([one for one in (was, now) if one]),
    )
    _reduce(fold, taking)


def _reduce(fold: Fold, taking: _Taking) -> None:
    """Reduce each row in which the event counted; a reversal always does so in its own period."""
    is_bill = isinstance(taking.event.event.payload, Bill)
    settings = fold.rule_index.settings
    if is_bill:
        fold.purchases -= _net(taking, taking.before) - _net(taking, taking.after)
        if settings.returns is Returns.IGNORE:
            return
    latest = max(one.occurred_at for one in (*taking.before, *taking.after))
    with composites_afterwards(fold):
        for rule, position in counted_for(fold, taking.event, taking.revised):
            if rule.event_name == TARGET_COMPLETED:
                # An achievement is an event of its own, which nothing takes back (facts 8 #79).
                continue
            if is_bill and settings.returns is Returns.CARRY and is_carried_over(fold, rule, position):
                _carry(fold, rule, position, taking)
                continue
            closing = rule.closes[position] if rule.is_fixed else fold.closes_at(rule, position)
            # Periods mostly end after all corrections; then nothing has to be left out, for none of many rows.
            within = taking if latest < closing else taking.within(closing)
            if within.before != within.after:
                if rule.keys[position] in fold.progress:
                    _subtract(fold, rule, position, within)
            elif fold.event in taking.after:
                _note_after_end(fold, rule.keys[position])


def _note_after_end(fold: Fold, key: ProgressKey) -> None:
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


def _subtract(fold: Fold, rule: Rule, position: int, taking: _Taking) -> None:
    """Change one row by what the event adds now, and what it added before."""
    event, key = taking.event.event, rule.keys[position]
    is_plain = rule.is_fixed and key in taking.added.counted
    stands = taking.added.amounts[key] if is_plain else _standing_amount(taking, rule, position)
    new = amount_left(fold, rule, event, taking.after, taking.rests)
    if stands and new is None and rule.sums and _is_gone(event, taking):
        # Nothing is left of the event: all that it still adds comes off, whatever the rule would read in it today.
        change = Change(old=stands, new=None, day=0, reason=_RETURNED, amount=-stands)
        apply_to_group(fold, rule, position, change, fold.cause)
        return
    old = amount_left(fold, rule, event, taking.before, taking.rests)
    if stands is not None and stands != (old or 0):
        # The rule was changed since: no more is taken off than the event added, and all of it once nothing is left.
        off = (old or 0) - (new or 0)
        old, new = stands, None if new is None else stands - min(max(off, min(stands, 0)), max(stands, 0))
    if old == new or (rule.sums and not old and not new):
        return
    change = change_between(old, new, day_of(rule, event), _RETURNED)
    apply_to_group(fold, rule, position, change, fold.cause)


class Rests:
    """What different corrections leave of one bill, each computed once."""

    def __init__(self, matches: Iterable[Match]) -> None:
        """Know what was computed for *matches*."""
        self._known = {
            tuple(id(one.event) for one in match.corrections): match.left
            for match in matches
            if match.left is None or isinstance(match.left, Remaining)
        }

    def of(self, bill: Bill, corrections: Sequence[Event]) -> Remaining | None:
        """Return what *corrections*, which are returns, leave of *bill*."""
        # By identity: events of customers who were merged may share a key, and all of these live as long as this.
        known_by = tuple(map(id, corrections))
        if known_by not in self._known:
            self._known[known_by] = rest_of(bill, corrections)
        return self._known[known_by]


def amount_left(
    fold: Fold, rule: Rule, event: Event, corrections: Sequence[Event], rests: Rests | None = None
) -> int | None:
    """Return what *event* adds after *corrections*, in units; None if it does not count. *rests* are those of it."""
    payload = event.payload
    if not isinstance(payload, Bill):
        return None if corrections or rule.read is None else rule.read(payload)
    rest = rest_of(payload, corrections) if rests is None else rests.of(payload, corrections)
    anew = bool(corrections) and fold.rule_index.settings.returned_bills is ReturnedBills.JUDGE_AGAIN
    return None if rest is None else rule.amount_left(fold.context(event), rest, anew=anew)


def rest_of(bill: Bill, corrections: Sequence[Event]) -> Remaining | None:
    """Return what *corrections*, which are returns, leave of *bill*."""
    return remaining(bill, [one.payload for one in corrections if isinstance(one.payload, Return)])


def _is_gone(event: Event, taking: _Taking) -> bool:
    payload = event.payload
    return bool(taking.after) if not isinstance(payload, Bill) else taking.rests.of(payload, taking.after) is None


def _net(taking: _Taking, corrections: Sequence[Event]) -> int:
    """Return the net amount that is left of a bill, in units."""
    bill = taking.event.event.payload
    assert isinstance(bill, Bill)
    if not corrections:
        return to_units(bill.net)
    rest = taking.rests.of(bill, corrections)
    return 0 if rest is None else to_units_exactly(rest.net_left)


def _standing_amount(taking: _Taking, rule: Rule, position: int) -> int | None:
    """Return the present contribution of the event to a row by its entries; None if they do not say.

    Entries do not say it for an event that was counted from the log, nor for days of sequential periods.
    """
    if rule.frame.evaluation is not Evaluation.PERIOD_AGNOSTIC_WINDOW:
        key = rule.keys[position]
        return taking.added.amounts[key] if key in taking.added.counted else None
    if not rule.sums or taking.added.counted.isdisjoint(rule.keys):
        return None
    return sum(taking.added.amounts.get(key, 0) for key in rule.keys)


def _carry(fold: Fold, rule: Rule, position: int, taking: _Taking) -> None:
    """Carry the returned amount into a later period; the achieved period keeps its value (facts 8 #17)."""
    old, new = (amount_left(fold, rule, taking.event.event, one, taking.rests) for one in (taking.before, taking.after))
    moved = [one for one in (*taking.before, *taking.after) if (one in taking.before) != (one in taking.after)]
    taken_at = max((one.occurred_at for one in moved), default=fold.event.occurred_at)
    carry_over(fold, rule, position, (old or 0) - (new or 0), fold.cause, taken_at)
