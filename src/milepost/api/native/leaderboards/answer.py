"""What is answered about a leaderboard."""

from msgspec import Struct

from milepost.api.http.body import Number, number
from milepost.api.native.answer import iso
from milepost.model.activity import shown_activity
from milepost.model.organisation import LeaderboardTies
from milepost.service.leaderboards.board_queries import BoardEntry


class PlaceItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A place on a leaderboard."""

    rank: int
    customer_id: int
    alias: str | None
    value: Number
    active_at: str


class BoardItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A leaderboard; `ties` says how equal values are ranked, `closed` whether its period is over.

    `syncedAt` is when it was last brought up to date; `own` is the place of the customer of the request.
    """

    target_group_id: int
    target_id: int
    period_id: int
    ties: LeaderboardTies
    synced_at: str
    closed: bool
    customers: int
    top: list[PlaceItem]
    own: PlaceItem | None
    around: list[PlaceItem]


def place_item(entry: BoardEntry) -> PlaceItem:
    """Return a place on a leaderboard."""
    rank, score = entry.ranked
    return PlaceItem(
        rank=rank,
        customer_id=score.customer_id,
        alias=(entry.customer and entry.customer.alias) or None,
        value=number(score.value),
        active_at=iso(shown_activity(score.active_at)),
    )
