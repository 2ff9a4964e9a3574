"""A board ranks the customers of one target in one period by value; a rank is looked up, not counted."""

from array import array
from collections.abc import Iterable
from typing import NamedTuple, assert_never

from milepost.engine.leaderboard.order_statistics import MEMBER, OrderedKeys
from milepost.model.organisation import LeaderboardTies
from milepost.model.time import Micros

BEFORE_ALL = Micros(-(2**63))
"""An instant before every activity."""


class Score(NamedTuple):
    """The score of one customer: the value in units, and the last activity (epoch microseconds)."""

    customer_id: int
    value: int
    active_at: Micros


class Ranked(NamedTuple):
    """A score and its rank, from 1."""

    rank: int
    score: Score


class Columns(NamedTuple):
    """Scores field by field, by rising customer id; `order` has their positions, the best one first.

    A board that is made of columns keeps and changes them.
    """

    customer_ids: "array[int]"
    values: "array[int] | list[int]"
    active_at: "array[int]"
    order: "array[int]"


_Key = tuple[int, int, int]


def columns_of(scores: Iterable[Score]) -> Columns:
    """Return *scores*, of each customer the last one, as columns."""
    last = sorted({score.customer_id: score for score in scores}.values())
    best_first = sorted(range(len(last)), key=lambda row: (-last[row].value, last[row].active_at, row))
    customer_ids, values, active_at = ([score[field] for score in last] for field in range(3))
    return Columns(array("q", customer_ids), _narrow(values), array("q", active_at), array(MEMBER, best_first))


class Board:
    """Scores in order: larger values first, of equal ones the earlier activity, then the smaller id (facts 4.14).

    *ties* say which rank equal values get; the order stays the same. A score takes about 32 bytes.
    """

    def __init__(self, ties: LeaderboardTies, scores: Columns | Iterable[Score] = ()) -> None:
        """Hold *scores*, of each customer the last one."""
        columns = scores if isinstance(scores, Columns) else columns_of(scores)
        rows = _Rows(columns)
        dense = ties is LeaderboardTies.SHARED_DENSE
        self._ties = ties
        self._rows = rows
        self._order: OrderedKeys[_Key] = OrderedKeys(rows.key, columns.order, rows.value if dense else None)
        self._by_customer: OrderedKeys[int] = OrderedKeys(rows.customer, array(MEMBER, range(len(columns.order))))

    def __len__(self) -> int:
        """Return how many customers are on the board."""
        return len(self._order)

    def put(self, score: Score) -> None:
        """Put *score* in place of the present score of its customer."""
        row = self._by_customer.found(score.customer_id)
        if row is None:
            row = self._rows.add(score)
            self._by_customer.add(row)
        elif self._rows.score(row) == score:
            return
        else:
            self._order.remove(row)
            self._rows.change(row, score)
        self._order.add(row)

    def drop(self, customer_id: int) -> None:
        """Remove a customer from the board."""
        row = self._by_customer.found(customer_id)
        if row is not None:
            self._order.remove(row)
            self._by_customer.remove(row)

    def page(self, first: int, count: int) -> list[Ranked]:
        """Return *count* scores from place *first* (from 0) on."""
        rows = self._order.part(first, count)
        if not rows:
            return []
        rank, last = self._rank(rows[0]), self._rows.value(rows[0])
        found = []
        for place, row in enumerate(rows, first):
            score = self._rows.score(row)
            if place > first:
                rank = self._next_rank(rank, place, is_equal=score.value == last)
            found.append(Ranked(rank, score))
            last = score.value
        return found

    def of(self, customer_id: int) -> Ranked | None:
        """Return a customer's score and rank; None if the customer is not on the board."""
        row = self._by_customer.found(customer_id)
        return None if row is None else Ranked(self._rank(row), self._rows.score(row))

    def rank_of(self, score: Score) -> int:
        """Return the rank that *score* would have, of a customer who is not on the board."""
        if self._ties is LeaderboardTies.EARLIEST_FIRST:
            return self._order.before((-score.value, score.active_at, score.customer_id)) + 1
        greater = self._order.before((-score.value, BEFORE_ALL, 0))
        if self._ties is LeaderboardTies.SHARED_SKIP or not greater:
            return greater + 1
        return self._order.levels_to(self._order.part(greater - 1, 1)[0]) + 1

    def around(self, customer_id: int, reach: int) -> list[Ranked]:
        """Return the scores of up to *reach* places before and after a customer, with the customer's own."""
        row = self._by_customer.found(customer_id)
        if row is None:
            return []
        place = self._order.before(self._rows.key(row))
        first = max(place - reach, 0)
        return self.page(first, place + reach + 1 - first)

    def _rank(self, row: int) -> int:
        match self._ties:
            case LeaderboardTies.EARLIEST_FIRST:
                return self._order.before(self._rows.key(row)) + 1
            case LeaderboardTies.SHARED_SKIP:
                return self._order.before((-self._rows.value(row), BEFORE_ALL, 0)) + 1
            case LeaderboardTies.SHARED_DENSE:
                return self._order.levels_to(row)
            case _ as never:
                assert_never(never)

    def _next_rank(self, rank: int, place: int, *, is_equal: bool) -> int:
        """Return the rank at *place*, after one with *rank* whose value is equal or larger."""
        if self._ties is LeaderboardTies.EARLIEST_FIRST:
            return place + 1
        if is_equal:
            return rank
        return rank + 1 if self._ties is LeaderboardTies.SHARED_DENSE else place + 1


class _Rows:
    """Scores in columns; a score keeps its position."""

    __slots__ = ("_active_at", "_customer_ids", "_values")

    def __init__(self, columns: Columns) -> None:
        self._customer_ids = columns.customer_ids
        self._values = columns.values
        self._active_at = columns.active_at

    def key(self, row: int) -> _Key:
        return -self._values[row], self._active_at[row], self._customer_ids[row]

    def customer(self, row: int) -> int:
        return self._customer_ids[row]

    def value(self, row: int) -> int:
        return self._values[row]

    def score(self, row: int) -> Score:
        return Score(self._customer_ids[row], self._values[row], Micros(self._active_at[row]))

    def add(self, score: Score) -> int:
        """Append *score* and give its position."""
        self._customer_ids.append(score.customer_id)
        self._active_at.append(score.active_at)
        self._values.append(0)
        self._set(len(self._values) - 1, score.value)
        return len(self._values) - 1

    def change(self, row: int, score: Score) -> None:
        """Replace the score at the position of its customer."""
        self._active_at[row] = score.active_at
        self._set(row, score.value)

    def _set(self, row: int, value: int) -> None:
        try:
            self._values[row] = value
        except OverflowError:
            self._values = [*self._values]
            self._values[row] = value


def _narrow(values: list[int]) -> "array[int] | list[int]":
    """Return *values* in eight bytes each; as they are if one of them needs more."""
    try:
        return array("q", values)
    except OverflowError:
        return values
