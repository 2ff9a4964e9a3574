"""Scores of leaderboards, and boards that are closed.

A board of a million customers is read in parts of packed bytes, which costs this process milliseconds: row by row it
would be seconds in which nothing else is answered.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from milepost.store.database import Transaction
from milepost.store.log import CustomerKey

SCORE_BYTES = 24


class BoardName(NamedTuple):
    """Which board: a target in a period."""

    org_id: int
    target_id: int
    period_id: int


class Scored(NamedTuple):
    """A customer's score as it is written: the value in units, and the activity (epoch microseconds)."""

    customer_key: CustomerKey
    target_id: int
    period_id: int
    value: int
    active_at: int


StoredScore = tuple[int, int, int]
"""A customer's id, the value in units, and the last activity (epoch microseconds)."""


class Seen(NamedTuple):
    """What a look at a board saw: what every transaction below number `unseen_from` wrote, but those of `unseen`."""

    unseen_from: int
    unseen: list[int]


class Columns(NamedTuple):
    """A board field by field, by rising customer id; `order` has the positions, the best one first."""

    customer_ids: "array[int]"
    values: "array[int] | list[int]"
    active_at: "array[int]"
    order: "array[int]"


class Packed(NamedTuple):
    """Scores as big-endian bytes: customer, value and activity of eight each; positions in the order of a board.

    Values that need more than eight bytes are 0 there, and in `wide` with their customers.
    """

    scores: bytes
    order: bytes
    wide: list[tuple[int, str]]

    def each(self) -> list[StoredScore]:
        """Return the scores one by one, in the order in which they lie there."""
        fields, wide = _numbers("q", self.scores), dict(self.wide)
        return [
            (customer_id, int(wide.get(customer_id, value)), active_at)
            for customer_id, value, active_at in zip(fields[0::3], fields[1::3], fields[2::3], strict=True)
        ]

    @property
    def size(self) -> int:
        """Return how many scores there are."""
        return len(self.scores) // SCORE_BYTES


def columns_of(parts: Iterable[Packed]) -> Columns:
    """Return the scores of a whole board, which lies in *parts*."""
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
    """What was written on a board since a look at it, how far this look goes, and whether the board is closed.

    `left` are customers who are on it no more.
    """

    seen: Seen
    scores: Packed
    left: list[int]
    is_closed: bool


class FinalBoard(NamedTuple):
    """A board that is closed, and since when (epoch microseconds)."""

    closed_at: int
    parts: list[Packed]


_encoder = msgspec.msgpack.Encoder()
_part = msgspec.msgpack.Decoder(tuple[bytes, bytes, list[tuple[int, str]]])


async def keep(transaction: Transaction, scores: Sequence[Scored]) -> None:
    """Write *scores*, one for each customer and board."""
    ordered = sorted(scores)
    await transaction.run(
        "keep_scores",
        {
            "buckets": [one.customer_key.bucket for one in ordered],
            "orgs": [one.customer_key.org_id for one in ordered],
            "customers": [one.customer_key.customer_id for one in ordered],
            "targets": [one.target_id for one in ordered],
            "periods": [one.period_id for one in ordered],
            "values": [str(one.value) for one in ordered],
            "active": [one.active_at for one in ordered],
        },
    )


async def leave(transaction: Transaction, customer_key: CustomerKey) -> None:
    """Let a customer be on no board any more; closed ones keep what they say."""
    await transaction.run("leave_boards", customer_key._asdict())


async def whole(transaction: Transaction, board: BoardName, size: int) -> tuple[Seen, list[Packed]]:
    """Return all of a board, in parts of *size* scores, and how far that goes."""
    rows = await transaction.rows("board_whole", board._asdict() | {"size": size})
    parts = [
        Packed(scores, order, _wide(customers, values))
        for _, _, scores, customers, values, order in rows
        if scores is not None
    ]
    return Seen(*rows[0][:2]), parts


async def since(transaction: Transaction, board: BoardName, seen: Seen) -> Changes:
    """Return what was written on a board since a look that saw *seen*: nothing is missed, whoever commits first."""
    row = await transaction.row("board_since", board._asdict() | seen._asdict())
    assert row is not None
    *now_seen, scores, customers, values, left, is_closed = row
    return Changes(Seen(*now_seen), Packed(scores or b"", b"", _wide(customers, values)), left or [], is_closed)


async def close(transaction: Transaction, board: BoardName, closed_at: int, parts: Sequence[Packed]) -> None:
    """Keep *parts*, a whole board, as its last word; one that is closed stays as it is."""
    for number, part in enumerate(parts or [Packed(b"", b"", [])]):
        body = _encoder.encode(tuple(part))
        await transaction.run(
            "keep_final_board", board._asdict() | {"part": number, "closed_at": closed_at, "body": body}
        )


async def is_closed(transaction: Transaction, board: BoardName) -> bool:
    """Return whether a board is closed."""
    return await transaction.row("board_closed", board._asdict()) is not None


async def final(transaction: Transaction, board: BoardName) -> FinalBoard | None:
    """Return a closed board; None while it is open."""
    rows = await transaction.rows("final_board", board._asdict())
    if not rows:
        return None
    return FinalBoard(rows[0][0], [Packed(*_part.decode(body)) for _, body in rows])


def _wide(customer_ids: Sequence[int] | None, values: Sequence[str] | None) -> list[tuple[int, str]]:
    return list(zip(customer_ids or (), values or (), strict=True))


def _numbers(typecode: str, sent: bytes) -> "array[int]":
    """Return big-endian numbers of the size that *typecode* says."""
    found: array[int] = array(typecode, sent)
    if sys.byteorder == "little":
        found.byteswap()
    return found
