"""What the document tells of leaderboards; `leaderboards` writes it."""

from collections.abc import Mapping

from msgspec import Struct, field

from milepost.api.capillary.answer import Envelope, WarningShape
from milepost.api.capillary.definitions.read_shapes import PaginationShape
from milepost.api.capillary.scope import HEADERS
from milepost.api.http.body import Number
from milepost.api.http.route import READ, READING, Body, Route


class DetailsShape(Struct, forbid_unknown_fields=True):
    """Who a customer is; NOT-CAPTURED where nobody has told."""

    birthday: str
    gender: str
    mobile: str
    last_name: str
    first_name: str
    anniversary: str
    email: str


class EntryShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A place on a board."""

    rank: int
    user_id: int
    achieved_value: Number
    last_activity_time: str
    last_activity_time_iso: str = field(name="lastActivityTimeISO")
    user_enrichment_details: DetailsShape


class BoardShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A part of a board."""

    last_sync_time: str
    last_sync_time_iso: str = field(name="lastSyncTimeISO")
    target_group_id: int
    target_group_name: str
    period_id: int
    period_ref_code: str
    target_rule_id: int
    target_rule_name: str
    rankings: list[EntryShape]


class BoardPageShape(Struct, forbid_unknown_fields=True):
    """A page of a board."""

    pagination: PaginationShape
    data: BoardShape
    errors: list[None]
    warnings: list[WarningShape]


class RankShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A customer's place on one board; no rank for one who is not on it."""

    org_id: int
    target_group_id: int
    target_rule_id: int
    period_id: int
    achieved_value: Number
    rank: int | None
    last_activity_time: str | None
    total_users_in_target_group: int
    last_activity_time_iso: str | None = field(name="lastActivityTimeISO")


class RanksShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """A customer's places."""

    last_sync_time: str
    last_sync_time_iso: str = field(name="lastSyncTimeISO")
    customer_id: int
    user_enrichment_details: DetailsShape
    user_ranks: list[RankShape]


class RankBody(Struct, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A board that a customer's rank is asked on; without a period the running one."""

    target_group_id: int
    target_rule_id: int
    org_id: int | None = None
    period_id: int | None = None


_TOP = Route(READ, BoardPageShape, headers=HEADERS, statuses=READING)
_RANKS = Route(READ, Envelope[RanksShape], Body((RankBody,), alone=False, listed=True), headers=HEADERS)
_GATEWAY = "/api_gateway/intouch-api-v3"

LEADERBOARDS: Mapping[tuple[str, str], Route] = {
    ("get", f"{prefix}/v3.1/leaderboards/{what}"): route
    for prefix in ("", _GATEWAY)
    for what, route in (("targetGroups/{group_id}", _TOP), ("user/{user_id}", _RANKS))
}
