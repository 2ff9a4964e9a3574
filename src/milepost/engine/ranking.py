"""A board: the customers of one target in one period by their values, kept in order so that no rank is counted."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, assert_never

from sortedcontainers import SortedList

from milepost.model.organisation import LeaderboardTies


class Score(NamedTuple):
    """What one customer has on a board: the value in units, and the last activity (epoch microseconds)."""

    customer_id: int
    value: int
    active_at: int


class Ranked(NamedTuple):
    """A score and its rank, from 1."""

    rank: int
    score: Score


_Key = tuple[int, int, int]


class Board:
    """Scores in order: larger values first, of equal ones the earlier activity, then the smaller id (semantics 4.14).

    *ties* say which rank equal values get; the order stays the same.
    """

    def __init__(self, ties: LeaderboardTies, scores: Iterable[Score] = ()) -> None:
        """Put *scores* in order."""
        self._ties = ties
        self._keys = {score.customer_id: _key(score) for score in scores}
        self._order: SortedList[_Key] = SortedList(self._keys.values())
        self._levels: SortedList[int] = SortedList()
        self._holders: Counter[int] = Counter()
        if ties is LeaderboardTies.SHARED_DENSE:
            self._holders.update(key[0] for key in self._keys.values())
            self._levels.update(self._holders)

    def __len__(self) -> int:
        """Give how many customers are on the board."""
        return len(self._order)

    def put(self, score: Score) -> None:
        """Let *score* stand in place of what its customer had."""
        key = _key(score)
        known = self._keys.get(score.customer_id)
        if known == key:
            return
        if known is not None:
            self._order.remove(known)
            self._leave(known[0])
        self._keys[score.customer_id] = key
        self._order.add(key)
        self._join(key[0])

    def page(self, first: int, count: int) -> list[Ranked]:
        """Give *count* scores from place *first* (from 0) on."""
        return [
            Ranked(self._rank(key, first + step), _score(key)) for step, key in enumerate(self._slice(first, count))
        ]

    def of(self, customer_id: int) -> Ranked | None:
        """Give a customer's score and rank; None for one who is not on the board."""
        key = self._keys.get(customer_id)
        return None if key is None else Ranked(self._rank(key, self._order.index(key)), _score(key))

    def around(self, customer_id: int, reach: int) -> list[Ranked]:
        """Give the scores of up to *reach* places before and after a customer, with the customer's own."""
        key = self._keys.get(customer_id)
        if key is None:
            return []
        place = self._order.index(key)
        first = max(place - reach, 0)
        return self.page(first, place + reach + 1 - first)

    def _slice(self, first: int, count: int) -> list[_Key]:
        return list(self._order.islice(first, first + count))

    def _rank(self, key: _Key, place: int) -> int:
        match self._ties:
            case LeaderboardTies.EARLIEST_FIRST:
                return place + 1
            case LeaderboardTies.SHARED_SKIP:
                return int(self._order.bisect_left((key[0], -(2**62), 0))) + 1
            case LeaderboardTies.SHARED_DENSE:
                return int(self._levels.bisect_left(key[0])) + 1
            case _ as never:
                assert_never(never)

    def _join(self, level: int) -> None:
        if self._ties is not LeaderboardTies.SHARED_DENSE:
            return
        if not self._holders[level]:
            self._levels.add(level)
        self._holders[level] += 1

    def _leave(self, level: int) -> None:
        if self._ties is not LeaderboardTies.SHARED_DENSE:
            return
        self._holders[level] -= 1
        if not self._holders[level]:
            self._levels.remove(level)
            del self._holders[level]


def _key(score: Score) -> _Key:
    return -score.value, score.active_at, score.customer_id


def _score(key: _Key) -> Score:
    value, active_at, customer_id = key
    return Score(customer_id, -value, active_at)
