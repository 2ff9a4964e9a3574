"""Scores of leaderboards, and closed boards.

A board of a million customers is read as packed bytes in parts, which takes milliseconds. Row by row it would block
this process for seconds.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from milepost.model.time import Micros
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey

SCORE_BYTES = 24


class BoardName(NamedTuple):
    """The key of a board: a target in a period."""

    org_id: int
    target_id: int
    period_id: int


class ScoreRow(NamedTuple):
    """A customer's score on a board: the value in units, and the last activity (epoch microseconds)."""

    customer_key: CustomerKey
    target_id: int
    period_id: int
    value: int
    active_at: Micros


StoredScore = tuple[int, int, Micros]
"""A customer's id, the value in units, and the last activity (epoch microseconds)."""


class ReadHorizon(NamedTuple):
    """The transactions that a read of a board saw: all with numbers below `unseen_from`, except those in `unseen`."""

    unseen_from: int
    unseen: list[int]


class Columns(NamedTuple):
    """A board in columns, by ascending customer id. `order` holds the positions of the customers, the best first."""

    customer_ids: "array[int]"
    values: "array[int] | list[int]"
    active_at: "array[int]"
    order: "array[int]"


class PackedScores(NamedTuple):
    """Scores as big-endian bytes.

    `scores` has eight bytes each for the customer id, the value and the activity; `order` has four bytes for each
    position. A value that needs more than eight bytes is 0 in `scores`, and `wide` holds it as text with the customer's
    id.
    """

    scores: bytes
    order: bytes
    wide: list[tuple[int, str]]

    def each(self) -> list[StoredScore]:
        """Return the scores in their packed order."""
        fields, wide = _numbers("q", self.scores), dict(self.wide)
        return [
            (customer_id, int(wide.get(customer_id, value)), Micros(active_at))
            for customer_id, value, active_at in zip(fields[0::3], fields[1::3], fields[2::3], strict=True)
        ]

    @property
    def size(self) -> int:
        """The number of scores."""
        return len(self.scores) // SCORE_BYTES


def columns_of(parts: Iterable[PackedScores]) -> Columns:
    """Return the columns of a board that was read in *parts*."""
    customer_ids, narrow, active_at, order = array("q"), array("q"), array("q"), array("I")
    wide: list[tuple[int, str]] = []
    for part in parts:
        fields = _numbers("q", part.scores)
        customer_ids.extend(fields[0::3])
        narrow.extend(fields[1::3])
        active_at.extend(fields[2::3])
        order.extend(_numbers("I", part.order))
        wide += part.wide
    values: array[int] | list[int] = [*narrow] if wide else narrow
    for customer_id, value in wide:
        values[bisect_left(customer_ids, customer_id)] = int(value)
    return Columns(customer_ids, values, active_at, order)


class Changes(NamedTuple):
    """The changes of a board since an earlier read.

    `seen` is the horizon for the next read, `left` holds the ids of customers who are no longer on the board.
    """

    seen: ReadHorizon
    scores: PackedScores
    left: list[int]
    is_closed: bool


class FinalBoard(NamedTuple):
    """A closed board, and the instant of its closing (epoch microseconds)."""

    closed_at: Micros
    parts: list[PackedScores]


_encoder = msgspec.msgpack.Encoder()
_part = msgspec.msgpack.Decoder(tuple[bytes, bytes, list[tuple[int, str]]])


async def save_scores(transaction: Transaction, scores: Sequence[ScoreRow]) -> None:
    """Add or replace *scores*, at most one for each customer and board."""
    ordered = sorted(scores)
    await transaction.run(
        "save_scores",
        {
            "buckets": [score.customer_key.bucket for score in ordered],
            "orgs": [score.customer_key.org_id for score in ordered],
            "customers": [score.customer_key.customer_id for score in ordered],
            "targets": [score.target_id for score in ordered],
            "periods": [score.period_id for score in ordered],
            "values": [str(score.value) for score in ordered],
            "active": [score.active_at for score in ordered],
        },
    )


async def hidden_customers(transaction: Transaction, org_id: int) -> frozenset[int]:
    """Return the ids of the customers who are not shown on leaderboards."""
    return frozenset(id_ for (id_,) in await transaction.rows("hidden_customers", {"org_id": org_id}))


async def unite_activity(transaction: Transaction, victim: CustomerKey, survivor: CustomerKey) -> None:
    """Date the survivor's scores by the victim's last activity where that is later."""
    values = {"bucket": victim.bucket, "org_id": victim.org_id, "customer_id": victim.customer_id}
    await transaction.run("unite_activity", values | {"into_bucket": survivor.bucket, "into": survivor.customer_id})


async def reset_customer(transaction: Transaction, customer_key: CustomerKey) -> None:
    """Remove a customer from all open boards, with every activity. Closed boards do not change."""
    await transaction.run("reset_on_boards", customer_key._asdict())


async def remove_customer(transaction: Transaction, customer_key: CustomerKey) -> None:
    """Remove a customer from all open boards. Closed boards do not change."""
    await transaction.run("remove_from_boards", customer_key._asdict())


async def read_all(transaction: Transaction, board: BoardName, size: int) -> tuple[ReadHorizon, list[PackedScores]]:
    """Return a whole board in parts of *size* scores, and the horizon of this read."""
    rows = await transaction.rows("read_board", board._asdict() | {"size": size})
    parts = [
        PackedScores(scores, order, _wide(customers, values))
        for _, _, scores, customers, values, order in rows
        if scores is not None
    ]
    return ReadHorizon(*rows[0][:2]), parts


async def read_changes(transaction: Transaction, board: BoardName, seen: ReadHorizon) -> Changes:
    """Return the changes of a board since a read with the horizon *seen*.

    No change is missed, even if transactions commit in another order than they began.
    """
    row = await transaction.row("read_board_changes", board._asdict() | seen._asdict())
    assert row is not None
    *horizon, scores, customers, values, left, is_closed = row
    return Changes(
        ReadHorizon(*horizon), PackedScores(scores or b"", b"", _wide(customers, values)), left or [], is_closed
    )


async def close(transaction: Transaction, board: BoardName, closed_at: Micros, parts: Sequence[PackedScores]) -> None:
    """Store *parts*, a whole board, as its final state. A board that is already closed stays as it is."""
    for number, part in enumerate(parts or [PackedScores(b"", b"", [])]):
        body = _encoder.encode(tuple(part))
        await transaction.run(
            "save_final_board", board._asdict() | {"part": number, "closed_at": closed_at, "body": body}
        )


async def is_closed(transaction: Transaction, board: BoardName) -> bool:
    """Return whether a board is closed."""
    return await transaction.row("board_closed", board._asdict()) is not None


async def read_final(transaction: Transaction, board: BoardName) -> FinalBoard | None:
    """Return a closed board, None if the board is open."""
    rows = await transaction.rows("final_board", board._asdict())
    if not rows:
        return None
    return FinalBoard(rows[0][0], [PackedScores(*_part.decode(body)) for _, body in rows])


def _wide(customer_ids: Sequence[int] | None, values: Sequence[str] | None) -> list[tuple[int, str]]:
    return list(zip(customer_ids or (), values or (), strict=True))


def _numbers(typecode: str, sent: bytes) -> "array[int]":
    """Return the big-endian numbers in *sent*; *typecode* is their size, as in the module `array`."""
    numbers: array[int] = array(typecode, sent)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
