"""The data of W6: a board on which every customer has a score, and what the events of a load make of it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from bench.events import BEGINS_AT, SPAN_SECONDS, Happened
from bench.hosts import Postgres
from bench.rules import BILL, RETURN, Rule, Sum
from milepost.model.time import EPOCH, Micros
from milepost.store.leaderboards import BoardName

UNITS_PER_CENT = 100
LOAD_EVENTS, LOAD_SECONDS = 100, 0.1
"""The load: so many events at once, each time after so many seconds."""

_FILL = """
insert into score (bucket, org_id, target_id, period_id, customer_id, value, active_at, written)
select bucket, org_id, {board.target_id}, {board.period_id}, customer_id,
    floor(-ln(((hashint8extended(customer_id, 1) & 4503599627370495) + 1) / 4503599627370496.0) * 4000) * 10000,
    timestamptz '{begins}' - (hashint8extended(customer_id, 2) & 1048575) * interval '1 second',
    pg_current_xact_id()::text::bigint
from customer where org_id = {board.org_id}
on conflict do nothing
"""

_SCORES = """
select customer_id, value::bigint, (extract(epoch from active_at) * 1000000)::bigint
from score where org_id = {board.org_id} and target_id = {board.target_id} and period_id = {board.period_id}
"""


class Change(NamedTuple):
    """What a customer has on the board from now on: value in units, activity in epoch microseconds."""

    customer_id: int
    value: int
    active_at: Micros


def board_rule(rules: Sequence[Rule]) -> Rule:
    """Return the rule whose board is asked for: it sums all bills."""
    return next(
        rule
        for rule in rules
        if rule.event_name == BILL and rule.sum is Sum.AMOUNT and rule.stores is None and rule.above is None
    )


def fill(server: Postgres, url: str, board: BoardName) -> None:
    """Return a score for every customer: whole amounts, exponential with mean 4000, so that many are equal."""
    server.run(_FILL.format(board=board, begins=BEGINS_AT.isoformat()), url)


def scores(server: Postgres, url: str, board: BoardName) -> list[Change]:
    """Return all that stands on the board, in no order."""
    return [Change(*row) for row in server.rows(_SCORES.format(board=board), url)]


def best_first(scores: Iterable[Change]) -> list[Change]:
    """Put a board in order by the stated rule: the value, the earlier activity, the smaller id."""
    return sorted(scores, key=lambda one: (-one.value, one.active_at, one.customer_id))


class Ledger:
    """Sums what customers bought in a load, obviously: bills add, returns take back, repeated events do nothing.

    The score of before is not added: no event tells of it.
    """

    def __init__(self, ids: dict[int, int], gap_milliseconds: int) -> None:
        """Know the *ids* of customers by their numbers, and the time between events of the load."""
        self._ids = ids
        self._gap = gap_milliseconds
        self._held: dict[int, Change] = {}

    def changes(self, events: Iterable[Happened]) -> list[Change]:
        """Return what *events* change, each customer once."""
        changed: dict[int, Change] = {}
        for event in events:
            if event.is_repeated or event.name not in {BILL, RETURN}:
                continue
            customer_id = self._ids[event.customer]
            known = self._held.get(customer_id, Change(customer_id, 0, EPOCH))
            sign = -1 if event.name == RETURN else 1
            # A return is no activity (docs/rules.md, Leaderboards).
            at = known.active_at if event.name == RETURN else max(known.active_at, instant(event.number * self._gap))
            changed[customer_id] = self._held[customer_id] = Change(
                customer_id, known.value + sign * event.cents * UNITS_PER_CENT, at
            )
        return list(changed.values())


class Load:
    """Events that are sent while boards are read, in pieces; each piece with what it changes on the board."""

    def __init__(self, events: Sequence[Happened], ledger: Ledger) -> None:
        """Cut *events* into pieces."""
        self.events = events
        self.pieces = [events[first : first + LOAD_EVENTS] for first in range(0, len(events), LOAD_EVENTS)]
        self.changes = [ledger.changes(piece) for piece in self.pieces]
        self.sent = 0
        """How many pieces we were sent."""

    @property
    def held(self) -> dict[int, Change]:
        """Return what customers have on the board by what we were sent."""
        return {one.customer_id: one for changes in self.changes[: self.sent] for one in changes}

    def body(self, pieces: int = 1) -> bytes:
        """Return the JSON of the next *pieces*."""
        first, self.sent = self.sent, self.sent + pieces
        assert self.sent <= len(self.pieces), "the load was reckoned too small"
        return b"[" + b",".join(event.body for piece in self.pieces[first : self.sent] for event in piece) + b"]"


class Follower:
    """A baseline that gets the changes of the load."""

    def __init__(self, load: Load, keep: Callable[[Sequence[Change]], Awaitable[None]]) -> None:
        """Prepare to write the changes of *load* by *keep*."""
        self._load = load
        self._keep = keep
        self._position = 0

    async def follow(self) -> None:
        """Write what the next piece changes."""
        changes, self._position = self._load.changes[self._position], self._position + 1
        await self._keep(changes)

    async def catch_up(self, more: Sequence[Change]) -> None:
        """Write all that we were sent, and *more*; what lies beyond was written already, and must not have been."""
        assert self._position <= self._load.sent, "a baseline was brought more than we were"
        while self._position < self._load.sent:
            await self.follow()
        await self._keep(more)


def gap_milliseconds(events: int) -> int:
    """Return the time between two events of a stream that is paced for so many."""
    return max(1, SPAN_SECONDS * 1_000 // events)


def instant(milliseconds: int) -> Micros:
    """Return the instant so long after the beginning, in epoch microseconds."""
    return Micros(int(BEGINS_AT.timestamp()) * 1_000_000 + milliseconds * 1_000)
