"""Scores of leaderboards, and boards that are closed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from milepost.store.database import Transaction
from milepost.store.log import Who

PART_SCORES = 10_000
"""Scores in one stored part of a closed board."""

_packed = msgspec.msgpack.Encoder()
_part = msgspec.msgpack.Decoder(list[tuple[int, int, int]])


class BoardName(NamedTuple):
    """Which board: a target in a period."""

    org_id: int
    target_id: int
    period_id: int


class Scored(NamedTuple):
    """A customer's score as it is written: the value in units, and the activity (epoch microseconds)."""

    who: Who
    target_id: int
    period_id: int
    value: int
    active_at: int


StoredScore = tuple[int, int, int]
"""A customer's id, the value in units, and the last activity (epoch microseconds)."""


class FinalBoard(NamedTuple):
    """A board that is closed: since when (epoch microseconds), and its scores in order."""

    closed_at: int
    scores: list[StoredScore]


async def keep(transaction: Transaction, scores: Sequence[Scored]) -> None:
    """Write *scores*, one for each customer and board."""
    ordered = sorted(scores)
    await transaction.run(
        "keep_scores",
        {
            "buckets": [one.who.bucket for one in ordered],
            "orgs": [one.who.org_id for one in ordered],
            "customers": [one.who.customer_id for one in ordered],
            "targets": [one.target_id for one in ordered],
            "periods": [one.period_id for one in ordered],
            "values": [str(one.value) for one in ordered],
            "active": [one.active_at for one in ordered],
        },
    )


async def since(transaction: Transaction, board: BoardName, written: int) -> tuple[int, list[StoredScore]]:
    """Give the scores that transactions from number *written* on wrote, and the number to ask from next time.

    That number is taken first: whatever is older is kept by then, and so is seen now.
    """
    row = await transaction.row("score_horizon")
    assert row is not None
    rows = await transaction.rows("scores_since", board._asdict() | {"since": written})
    return row[0], [(customer_id, int(value), active_at) for customer_id, value, active_at in rows]


async def close(transaction: Transaction, board: BoardName, closed_at: int, scores: Iterable[StoredScore]) -> None:
    """Keep *scores*, in order, as the board's last word; one that is closed stays as it is."""
    everyone = list(scores)
    for part, first in enumerate(range(0, max(len(everyone), 1), PART_SCORES)):
        body = _packed.encode(everyone[first : first + PART_SCORES])
        await transaction.run(
            "keep_final_board", board._asdict() | {"part": part, "closed_at": closed_at, "body": body}
        )


async def final(transaction: Transaction, board: BoardName) -> FinalBoard | None:
    """Give a closed board; None while it is open."""
    rows = await transaction.rows("final_board", board._asdict())
    if not rows:
        return None
    return FinalBoard(rows[0][0], [score for _, body in rows for score in _part.decode(body)])
