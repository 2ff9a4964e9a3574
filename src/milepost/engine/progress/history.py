"""History: the logged events and archived rows that a step needs, and how it asks for them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import ReverseEvent, VoidAward
from milepost.model.commands.customer_merge import AbsorbCustomer
from milepost.model.commands.revision import ReviseProgress
from milepost.model.event import (
    Activity,
    AuthoriseAward,
    Award,
    Bill,
    Enrol,
    Event,
    EventKey,
    PeriodRollover,
    Return,
    Unenrol,
)
from milepost.model.organisation import RULES_FIRST, CapsFollowReturns
from milepost.model.progress.facts import ZoneDays
from milepost.model.standing import Entry, WaitingReturn
from milepost.model.time import DAY_US, EPOCH, Micros
from milepost.rules.compiled.composites import STREAKING
from milepost.rules.compiled.index import RuleIndex

ARCHIVE_AFTER_US = 7 * DAY_US
"""How long progress of an ended period stays in the live row, by the date of the customer's latest event."""


class Logged(NamedTuple):
    """An event that was applied before: its number and its entries.

    `under` is empty for the customer's own log; otherwise it names the log of a customer who was merged into this one.
    """

    event: Event
    seq: int
    entries: Sequence[Entry]
    under: tuple[int, ...] = ()

    @property
    def place(self) -> tuple[int, ...]:
        """Return its place among all events of this and of merged customers; a merge stands for a whole log."""
        return (*self.under, self.seq)


class HistoryNeed(NamedTuple):
    """The history that a step needs besides the standing.

    `bill`: the bill named so (event id or number) and the returns that named it; `returns`: returns that wait for this
    bill; `since`: every event dated at or after this instant, and all returns; `history`: archived
    progress; `days`: every bill, because the days of a time zone are to be counted that no rule had asked for before.
    `names`: by the second edition, the events that these names connect (`related`); with `all_bills` every bill beside
    those of `since`.
    """

    bill: str | None = None
    returns: tuple[EventKey, ...] = ()
    since: Micros | None = None
    history: bool = False
    days: bool = False
    names: tuple[str, ...] = ()
    all_bills: bool = False


NO_HISTORY = HistoryNeed()
"""The standing alone is enough. It is returned itself, never a copy, so `is` tells it."""

_OFTEN_ALONE = frozenset({Bill, Activity, Award})
"""Payloads that need nothing of the log unless they are late, or a return waits for them."""


class CustomerClock(Protocol):
    """What `history_needed` looks at of a standing, or of a fold that is open."""

    @property
    def seq(self) -> int:
        """The number of events that were applied."""

    @property
    def zone_days(self) -> Mapping[str, ZoneDays]:
        """The bills by day of time zones that rules have asked for."""

    @property
    def latest_at(self) -> Micros:
        """The greatest `occurred_at` among the customer's events (epoch microseconds)."""

    @property
    def waiting(self) -> tuple[WaitingReturn, ...]:
        """The corrections that wait for their event."""

    @property
    def matched(self) -> tuple[WaitingReturn, ...]:
        """The latest corrections that have met their event."""


def history_needed(rule_index: RuleIndex, standing: CustomerClock, event: Event) -> HistoryNeed:
    """Return what a step needs to know of the customer's past for *event*; NO_HISTORY itself if nothing."""
    needed = _needed(rule_index, standing, event)
    if rule_index.day_zones and standing.seq and not standing.zone_days.keys() >= rule_index.day_zones:
        return needed._replace(days=True)
    return needed


def _needed(rule_index: RuleIndex, standing: CustomerClock, event: Event) -> HistoryNeed:
    is_late = event.occurred_at < standing.latest_at - ARCHIVE_AFTER_US
    if rule_index.needs_history:
        is_late = is_late or rule_index.needs_ended_periods(event.name)
    payload = event.payload
    is_first = rule_index.settings.rules_edition == RULES_FIRST
    if type(payload) in _OFTEN_ALONE:
        if not is_late and not standing.waiting and not standing.matched:
            return NO_HISTORY
        if not is_first:
            names = names_of(event) if is_named(standing, event) else ()
            return HistoryNeed(names=names, history=True) if is_late or names else NO_HISTORY
        returns = _waiting_for(standing, event.key.id, payload.number) if isinstance(payload, Bill) else ()
        return HistoryNeed(returns=returns, history=is_late) if is_late or returns else NO_HISTORY
    match payload:
        case Return(original=original) if is_first:
            return HistoryNeed(bill=original, history=True)
        case Return(original=name) | ReverseEvent(original=name):
            return HistoryNeed(names=(name,), history=True)
        case VoidAward(decision=name):
            # Bills that name the decision are not found by a name; where they matter, everything is looked through.
            follows = rule_index.settings.caps_follow_returns is CapsFollowReturns.ON
            return HistoryNeed(names=(name,), since=EPOCH if follows else None, history=True)
        case AuthoriseAward() if is_named(standing, event):
            return HistoryNeed(names=names_of(event), history=True)
        case Enrol(target_id=target_id, period_id=period_id):
            since = _since(rule_index, target_id, period_id)
            return HistoryNeed(since=since, history=True, all_bills=not is_first)
        case PeriodRollover() | Unenrol() | AbsorbCustomer() | ReviseProgress() | AdjustProgress():
            return HistoryNeed(history=True)
        case _:
            return HistoryNeed(history=True) if is_late else NO_HISTORY


def is_named(standing: CustomerClock, event: Event) -> bool:
    """Whether a correction that waits, or one of the latest that met their event, uses a name of *event*."""
    names = names_of(event)
    return any(one.original in names for one in standing.waiting) or any(
        one.original in names for one in standing.matched
    )


def names_of(event: Event) -> tuple[str, ...]:
    """Return the names by which a correction may mean *event*; none if it cannot be corrected."""
    payload = event.payload
    if isinstance(payload, Bill):
        return (event.key.id,) if payload.number == event.key.id else (event.key.id, payload.number)
    return (event.key.id,) if isinstance(payload, Activity | Award | AuthoriseAward) else ()


def _waiting_for(standing: CustomerClock, *names: str) -> tuple[EventKey, ...]:
    """Return the returns that wait for a bill with one of these *names*."""
    return tuple(wait.key for wait in standing.waiting if wait.original in names)


def _since(rule_index: RuleIndex, target_id: int, period_id: int) -> Micros | None:
    """Return from when on stored events may count for an enrolment: its period's beginning, or the group's."""
    rule = rule_index.rules.get(target_id)
    if rule is None:
        return None
    if not rule.is_fixed:
        return rule.frame.opens_at
    position = 0 if rule.tracking in STREAKING else rule.position_of(period_id)
    return None if position is None else rule.opens[position]


def says_amounts(event: Event) -> bool:
    """Whether *event* is a revision that says what earlier events add."""
    return type(event.payload) is ReviseProgress and bool(event.payload.amounts)


def satisfies(asked: HistoryNeed, event: Event, logged: Logged) -> bool:
    """Return whether *logged* satisfies the history need *asked*. The SQL may select more, never less."""
    logged_event = logged.event
    if asked.names:
        return True
    match logged_event.payload:
        case ReviseProgress() if asked.bill is not None or asked.returns:
            return says_amounts(logged_event)
        case Bill() | ReverseEvent() if asked.all_bills:
            return asked.since is not None
        case Bill(number=number) if asked.bill is not None:
            return asked.bill in {logged_event.key.id, number}
        case Return() if asked.bill is not None:
            return True
        case Return() if logged_event.key in asked.returns or asked.since is not None:
            return True
        case _:
            return asked.since is not None and logged_event.occurred_at >= asked.since and logged_event.key != event.key
