"""Boards: the order of equal values, ranks by every rule of ties, and that no order of arrival matters."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.engine.leaderboard.board import Board, Score
from milepost.model.organisation import LeaderboardTies
from milepost.model.time import Micros

EARLIEST, SKIP, DENSE = LeaderboardTies.EARLIEST_FIRST, LeaderboardTies.SHARED_SKIP, LeaderboardTies.SHARED_DENSE


def score(customer_id: int, value: int, active_at: int) -> Score:
    """Return a score."""
    return Score(customer_id, value, Micros(active_at))


PUBLISHED = (score(1, 21_000, 30), score(2, 21_000, 10), score(3, 21_000, 20), score(4, 5_000, 1))
"""Three customers at 21000, as published (facts 4.17), and one behind them."""

SCORES = st.lists(st.builds(score, st.integers(1, 6), st.integers(-3, 3), st.integers(0, 3)), max_size=30)


def ranks(board: Board) -> list[tuple[int, int]]:
    """Return ranks and customers of a whole board."""
    return [(one.rank, one.score.customer_id) for one in board.page(0, len(board))]


@pytest.mark.parametrize(
    "ties, expected",
    [
        (EARLIEST, [(1, 2), (2, 3), (3, 1), (4, 4)]),
        (SKIP, [(1, 2), (1, 3), (1, 1), (4, 4)]),
        (DENSE, [(1, 2), (1, 3), (1, 1), (2, 4)]),
    ],
)
def test_equal_values_are_ranked_as_the_organisation_chose(
    ties: LeaderboardTies, expected: list[tuple[int, int]]
) -> None:
    """The earlier activity comes first; whether it also ranks first is a setting."""
    assert expected == ranks(Board(ties, PUBLISHED))


def test_own_place_and_those_around_it() -> None:
    """A customer sees up to so many places before and after the own one, and none when not on the board."""
    board = Board(EARLIEST, PUBLISHED)
    assert [2, 3, 1] == [one.score.customer_id for one in board.around(3, 1)]
    assert [2, 3] == [one.score.customer_id for one in board.around(2, 1)]
    assert (None, []) == (board.of(9), board.around(9, 5))


def last_of_each(scores: Sequence[Score]) -> list[Score]:
    """Return the last score of each customer, best first: what a board must show."""
    last = {score.customer_id: score for score in scores}
    return sorted(last.values(), key=lambda score: (-score.value, score.active_at, score.customer_id))


@given(SCORES, st.sampled_from(LeaderboardTies))
def test_board_that_was_changed_is_the_board_made_at_once(scores: list[Score], ties: LeaderboardTies) -> None:
    """Putting scores one after the other leads to the order and ranks that counting by hand gives."""
    board = Board(ties)
    for score in scores:
        board.put(score)
    expected = last_of_each(scores)
    values = [score.value for score in expected]
    by_hand = {
        EARLIEST: [place + 1 for place in range(len(values))],
        SKIP: [values.index(value) + 1 for value in values],
        DENSE: [len({one for one in values if one > value}) + 1 for value in values],
    }[ties]
    assert list(zip(by_hand, expected, strict=True)) == board.page(0, 99)
    assert board.page(0, 99) == [board.of(one.customer_id) for one in expected]


def by_hand(scores: Sequence[Score], ties: LeaderboardTies) -> list[tuple[int, Score]]:
    """Return ranks and scores of a whole board, from scores that are in order."""
    found: list[tuple[int, Score]] = []
    for place, score in enumerate(scores, 1):
        rank, last = found[-1] if found else (0, None)
        if ties is EARLIEST or last is None or last.value != score.value:
            rank = rank + 1 if ties is DENSE else place
        found.append((rank, score))
    return found


@pytest.mark.parametrize("ties", LeaderboardTies)
@pytest.mark.parametrize("levels", [40, 10**12])
def test_board_of_many_stays_in_order_while_all_move(ties: LeaderboardTies, levels: int) -> None:
    """Ten thousand customers come, rise together, fall together and scatter; every place is as a plain sort has it."""
    random = Random(levels)
    board, last = Board(ties), {}
    expected: list[tuple[int, Score]] = []
    for wave in (levels, levels * 9, 1, levels):
        for customer_id in random.sample(range(1, 10_001), 9_000):
            last[customer_id] = score(customer_id, random.randrange(wave), random.randrange(50))
            board.put(last[customer_id])
        expected = by_hand(last_of_each([*last.values()]), ties)
        assert expected == board.page(0, len(last))
        for place in random.sample(range(len(last)), 200):
            ranked = expected[place]
            assert ranked == board.of(ranked[1].customer_id)
            assert expected[max(place - 5, 0) : place + 6] == board.around(ranked[1].customer_id, 5)
            assert expected[place : place + 20] == board.page(place, 20)
    assert expected == Board(ties, last.values()).page(0, len(last))


def test_values_may_need_more_than_eight_bytes() -> None:
    """No sum is too large for a board, whether it is there from the beginning or comes later."""
    large, larger = score(1, 10**19, 1), score(2, 3 * 10**19, 1)
    board = Board(EARLIEST, [large, score(3, 5, 1)])
    grown = Board(EARLIEST, [score(3, 5, 1)])
    for one in (board, grown):
        one.put(large)
        one.put(larger)
        assert [2, 1, 3] == [row.score.customer_id for row in one.page(0, 9)]
    assert 3 * 10**19 == board.page(0, 1)[0].score.value
