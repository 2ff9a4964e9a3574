"""Which event each correction takes back (facts 8 #71, #80, #81; docs/rules.md, Corrections).

A correction is a return, a reversal or a void. The matching is a function of the events that are known, whatever the
order in which they were received: first come the corrections that know an event dated at or before them, in the order
of their dates, then the others. Each takes from the event that it means what those before it have left.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from typing import NamedTuple

from msgspec import UNSET

from milepost.engine.progress.history import Logged, names_of
from milepost.model.amount import to_units
from milepost.model.commands.correction import NamedBy, OriginalBill, ReverseEvent, VoidAward
from milepost.model.event import AWARDS_SOURCE, Activity, AuthoriseAward, Award, Bill, Event, Return
from milepost.model.standing import Entry, Reason
from milepost.model.time import Micros
from milepost.rules.compiled.remaining import Remaining, less, remaining, whole

_OF_EVENT, _COUNTED = Reason.OF_EVENT, Reason.COUNTED

Place = tuple[int, ...]
"""The place of an event among all events of a customer and of the customers merged into that one."""

DayOf = Callable[[Micros], int]
"""Returns the calendar day of an instant in the organisation's zone."""


Left = Bill | Remaining | int | None
"""What corrections leave of an event: a bill that is whole, what is left of a bill, or an amount; None for nothing."""


class Match(NamedTuple):
    """An event and the corrections that take from it, in the order in which they do, with what they leave of it."""

    event: Logged
    corrections: tuple[Logged, ...] = ()
    left: Left = None


class Matching(NamedTuple):
    """All events that were corrected, by place, and the corrections that found none, with whether they know any.

    `idle` are the corrections that found an event and take nothing of it, such as a return of an article that is not on
    the bill.
    """

    matches: dict[Place, Match]
    unmatched: dict[Place, bool]
    idle: set[Place]


def is_correction(event: Event) -> bool:
    """Whether *event* takes another event back."""
    return isinstance(event.payload, Return | ReverseEvent | VoidAward)


def is_correctable(event: Event) -> bool:
    """Whether *event* can be taken back."""
    return isinstance(event.payload, Bill | Activity | Award | AuthoriseAward)


def matching(logged: Iterable[Logged], day_of: DayOf) -> Matching:
    """Return which of the *logged* events each of the corrections among them takes back."""
    corrections: list[Logged] = []
    by_name: dict[str, list[Logged]] = {}
    for one in logged:
        if is_correction(one.event):
            corrections.append(one)
        elif is_correctable(one.event):
            for name in names_of(one.event):
                by_name.setdefault(name, []).append(one)
    meant = [_Meant(one, _meant_by(one, by_name.get(name_in(one.event), ()), day_of)) for one in corrections]
    found = Matching({}, {}, set())
    left: dict[Place, Left] = {}
    for correction, events in sorted(meant, key=_Meant.order):
        open_still = [one for one in events if left.setdefault(one.place, _whole(one)) is not None]
        if not open_still:
            found.unmatched[correction.place] = bool(events)
            continue
        event = _nearest(correction.event, open_still)
        before = left[event.place]
        after = left[event.place] = _less(before, correction.event)
        match = found.matches.get(event.place, Match(event))
        found.matches[event.place] = Match(event, (*match.corrections, correction), after)
        if isinstance(before, Bill | Remaining) and isinstance(after, Remaining) and _is_same(before, after):
            found.idle.add(correction.place)
    return found


class _Meant(NamedTuple):
    """A correction and the events that it may mean."""

    correction: Logged
    events: Sequence[Logged]

    def order(self) -> tuple[bool, Micros, Place]:
        """Return when the correction takes its turn."""
        taken = self.correction.event
        knows_earlier = any(one.event.occurred_at <= taken.occurred_at for one in self.events)
        return not knows_earlier, taken.occurred_at, self.correction.place


def name_in(event: Event) -> str:
    """Return the name that *event*, a correction, uses."""
    payload = event.payload
    if isinstance(payload, Return | ReverseEvent):
        return payload.original
    assert isinstance(payload, VoidAward)
    return payload.decision


def source_in(event: Event) -> str:
    """Return the source in which *event*, a correction, looks for an id first."""
    payload = event.payload
    if isinstance(payload, VoidAward):
        return AWARDS_SOURCE
    if isinstance(payload, ReverseEvent):
        return payload.source or event.key.source
    said = payload.bill if isinstance(payload, Return) else UNSET
    return (said.source if said else None) or event.key.source


def _meant_by(correction: Logged, named: Iterable[Logged], day_of: DayOf) -> list[Logged]:
    """Return the events that a correction may mean: of its own source or number first, else of any source."""
    fitting = [one for one in named if _may_know(correction, one) and _fits(correction.event, one.event, day_of)]
    taken = correction.event.payload
    if isinstance(taken, Return) and taken.bill and taken.bill.log_id is not None:
        numbered = [one for one in fitting if one.event.key.log_id == taken.bill.log_id]
        if numbered:
            return numbered
    return [one for one in fitting if _is_first_choice(correction.event, one.event)] or fitting


def _may_know(correction: Logged, event: Logged) -> bool:
    """Whether a correction can mean *event*: one of the same log, or one that a later customer of both received.

    What another customer had sent before a merge does not become known to corrections received before it.
    """
    if event.place < correction.place:
        return event.under[: len(correction.under)] == correction.under
    return correction.under[: len(event.under)] == event.under


def _fits(correction: Event, event: Event, day_of: DayOf) -> bool:
    taken, payload = correction.payload, event.payload
    match taken:
        case Return(bill=OriginalBill() as said):
            return isinstance(payload, Bill) and _is_described(said, taken.original, event, payload, day_of)
        case Return():
            return isinstance(payload, Bill)
        case ReverseEvent(source=source):
            is_other = isinstance(payload, Activity | Award)
            return is_other and event.key.id == taken.original and source in {None, event.key.source}
        case _:
            return isinstance(payload, AuthoriseAward)


def _is_described(said: OriginalBill, name: str, event: Event, bill: Bill, day_of: DayOf) -> bool:
    """Whether a bill is as a return describes it."""
    if said.by is NamedBy.ID:
        return event.key.id == name and said.source in {None, event.key.source}
    place = event.place
    return (
        bill.number == name
        and said.store_id in {None, place.store_id}
        and said.store_code in {None, place.store_code}
        and said.till_id in {None, place.till_id}
        and (said.day is None or said.day == day_of(event.occurred_at))
    )


def _is_first_choice(correction: Event, event: Event) -> bool:
    """Whether the name is the bill's number, or the id of an event of the correction's own source."""
    if isinstance(event.payload, Bill) and event.payload.number == name_in(correction):
        return True
    return event.key.source == correction.key.source


def _nearest(correction: Event, events: Sequence[Logged]) -> Logged:
    """Return which of several events is meant: of the same till, else store, else source; then by the date.

    The latest one dated at or before the correction, else the next one after it.
    """
    for is_near in (_is_of_till, _is_of_store, _is_of_source):
        events = [one for one in events if is_near(correction, one.event)] or events
    earlier = [one for one in events if one.event.occurred_at <= correction.occurred_at]
    if earlier:
        return max(earlier, key=lambda one: (one.event.occurred_at, one.place))
    return min(events, key=lambda one: (one.event.occurred_at, one.place))


def _is_of_till(correction: Event, event: Event) -> bool:
    return event.place.till_id is not None and event.place.till_id == correction.place.till_id


def _is_of_store(correction: Event, event: Event) -> bool:
    return event.place.store_id is not None and event.place.store_id == correction.place.store_id


def _is_of_source(correction: Event, event: Event) -> bool:
    return event.key.source == correction.key.source


def _whole(event: Logged) -> Left:
    """Return what there is to take: of a decision the amount that it gave, in units."""
    payload = event.event.payload
    if isinstance(payload, Bill):
        return payload
    return (given_by(event) or None) if isinstance(payload, AuthoriseAward) else 1


def _less(left: Left, correction: Event) -> Left:
    """Return what a correction leaves of an event; None if nothing is left."""
    taken = correction.payload
    if isinstance(left, Bill | Remaining):
        assert isinstance(taken, Return)
        return remaining(left, [taken]) if isinstance(left, Bill) else less(left, taken)
    if isinstance(left, int) and isinstance(taken, VoidAward) and taken.amount is not None:
        return max(left - to_units(taken.amount), 0) or None
    return None


def _is_same(before: Bill | Remaining, after: Remaining) -> bool:
    """Whether a return left all money, pieces and fields of a bill as they were."""
    rest = whole(before) if isinstance(before, Bill) else before
    had, has = (one._replace(losses=(), line_losses=()) for one in (rest, after))
    return had == has and not after.losses[-1].fields


def given_by(decision: Logged) -> int:
    """Return what a decision gave, in units."""
    return next((entry.after for entry in decision.entries if entry.reason is Reason.GRANTED), 0)


def decision_of(event: Event) -> str | None:
    """Return the decision that *event*, a bill, names; None for others."""
    return event.payload.decision if isinstance(event.payload, Bill) else None


def is_about(event: Event, decisions: Container[str | None]) -> bool:
    """Whether *event* is one of the *decisions*, or voids one."""
    payload = event.payload
    if isinstance(payload, VoidAward):
        return payload.decision in decisions
    return isinstance(payload, AuthoriseAward) and event.key.id in decisions


def all_names(event: Event) -> tuple[str, ...]:
    """Return the names of *event*, or the name that it uses if it is a correction."""
    return (name_in(event),) if is_correction(event) else names_of(event)


def mark(event: Logged) -> Entry:
    """Return the entry that says to which event the entries after it belong: it holds the event's place."""
    *under, seq = event.place
    outer, inner = (0, 0, *under)[-2:]
    return Entry(target_id=0, period_id=seq, reason=Reason.OF_EVENT, amount=0, before=outer, after=inner)


def entries_by_event(known: Iterable[Logged], matched: Matching) -> dict[Place, list[Logged]]:
    """Return for each event by its place the *known* events that led to entries of it, each with these entries.

    Entries of corrections that were judged by the first edition bear no mark: they are of the event that is matched.
    What a correction itself counted for is its own.
    """
    corrected = {one.place: place for place, match in matched.matches.items() for one in match.corrections}
    found: dict[Place, list[Logged]] = {}
    for one in known:
        place, entries = corrected.get(one.place, one.place), dict[Place, list[Entry]]()
        for entry in one.entries:
            if entry.reason is _OF_EVENT:
                place = _marked(one, entry)
            else:
                entries.setdefault(one.place if entry.reason is _COUNTED else place, []).append(entry)
        for owner, of_owner in entries.items():
            found.setdefault(owner, []).append(one._replace(entries=of_owner))
    return found


def _marked(one: Logged, entry: Entry) -> Place:
    inner = tuple(seq for seq in (entry.before, entry.after) if seq)
    return (*one.under, *inner, entry.period_id)
