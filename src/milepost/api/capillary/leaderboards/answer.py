"""Leaderboards as the vendor shows them: a page of a board, and a customer's ranks (facts 3.7, 4.14)."""

from collections.abc import Iterable
from typing import Any

from msgspec import field

from milepost.api.capillary.answer import AnswerStruct, thousandths
from milepost.api.http.body import Number
from milepost.model.activity import shown_activity
from milepost.model.customer import Customer, IdentifierKind
from milepost.model.time import EPOCH, Micros
from milepost.rules.calendar import Calendar
from milepost.service.boards.cached_boards import CachedBoard
from milepost.service.leaderboards.board_queries import BoardEntry, BoardRequest, place_of

NOT_CAPTURED = "NOT-CAPTURED"
"""The value of a detail of a customer that is not known."""


class CustomerDetailsAnswer(AnswerStruct, rename=None):
    """Who a customer is; NOT-CAPTURED where it is not known."""

    birthday: str
    gender: str
    mobile: str
    last_name: str
    first_name: str
    anniversary: str
    email: str


class RankDetailsAnswer(AnswerStruct, rename=None):
    """Who a customer is, beside the customer's ranks; empty where it is not known (facts 8 #94)."""

    mobile: str
    last_name: str
    first_name: str
    email: str


class BoardEntryAnswer(AnswerStruct):
    """A place on a board."""

    rank: int
    user_id: int
    achieved_value: Number
    last_activity_time: str
    last_activity_time_iso: str = field(name="lastActivityTimeISO")
    user_enrichment_details: CustomerDetailsAnswer


class BoardAnswer(AnswerStruct):
    """A part of a board."""

    last_sync_time: str
    last_sync_time_iso: str = field(name="lastSyncTimeISO")
    target_group_id: int
    target_group_name: str
    period_id: int
    period_ref_code: str
    target_rule_id: int
    target_rule_name: str
    rankings: list[BoardEntryAnswer]


class RankAnswer(AnswerStruct):
    """A customer's place on one board; a customer who is not on the board has no rank."""

    org_id: int
    target_group_id: int
    target_rule_id: int
    period_id: int
    achieved_value: Number
    rank: int | None
    last_activity_time: str | None
    last_activity_time_iso: str | None = field(name="lastActivityTimeISO")
    total_users_in_target_group: int


class RanksAnswer(AnswerStruct):
    """A customer's places."""

    last_sync_time: str
    last_sync_time_iso: str = field(name="lastSyncTimeISO")
    customer_id: int
    user_enrichment_details: RankDetailsAnswer
    user_ranks: list[RankAnswer]


def board_answer(board: BoardRequest, synced_at: Micros, entries: Iterable[BoardEntry]) -> BoardAnswer:
    """Return a part of a board as of *synced_at* (epoch microseconds)."""
    calendar = board.snapshot.rule_index.calendar
    return BoardAnswer(
        last_sync_time=calendar.abbreviated(synced_at),
        last_sync_time_iso=calendar.iso(synced_at),
        target_group_id=board.group.id,
        target_group_name=board.group.name,
        period_id=board.period.id,
        period_ref_code=board.period.ref_code,
        target_rule_id=board.target.id,
        target_rule_name=board.target.name,
        rankings=[_entry(entry, calendar) for entry in entries],
    )


def rank_answer(board: BoardRequest, cached: CachedBoard, customer_id: int, org_id: int) -> RankAnswer:
    """Return a customer's place on one board of the organisation *org_id*."""
    calendar = board.snapshot.rule_index.calendar
    place = place_of(cached, customer_id)
    return RankAnswer(
        org_id=org_id,
        target_group_id=board.group.id,
        target_rule_id=board.target.id,
        period_id=board.period.id,
        achieved_value=thousandths(0 if place is None else place.score.value),
        rank=None if place is None else place.rank,
        last_activity_time=None if place is None else calendar.abbreviated(shown_activity(place.score.active_at)),
        last_activity_time_iso=None if place is None else calendar.iso(shown_activity(place.score.active_at)),
        total_users_in_target_group=len(cached.board),
    )


def ranks_answer(customer: Customer, ranks: list[RankAnswer], synced_at: Micros, calendar: Calendar) -> RanksAnswer:
    """Return a customer's places as of *synced_at* (epoch microseconds)."""
    return RanksAnswer(
        last_sync_time=calendar.abbreviated(synced_at),
        last_sync_time_iso=calendar.iso(synced_at),
        customer_id=customer.id,
        user_enrichment_details=_rank_details(customer),
        user_ranks=ranks,
    )


def _entry(entry: BoardEntry, calendar: Calendar) -> BoardEntryAnswer:
    score = entry.ranked.score
    return BoardEntryAnswer(
        rank=entry.ranked.rank,
        user_id=score.customer_id,
        achieved_value=thousandths(score.value),
        last_activity_time=calendar.abbreviated(shown_activity(score.active_at)),
        last_activity_time_iso=calendar.iso(shown_activity(score.active_at)),
        user_enrichment_details=_details(entry.customer),
    )


def _details(customer: Customer | None) -> CustomerDetailsAnswer:
    """Return what is shown of a customer; a detail that is not known is NOT-CAPTURED. An alias stands for all of it."""
    if customer is not None and customer.alias:
        customer = Customer(id=customer.id, first_name=customer.alias, registered_at=EPOCH, updated_at=EPOCH)
    fields = {} if customer is None else customer.fields
    # Of several identifiers of one kind the first is shown.
    identifiers = (
        {} if customer is None else {identifier.kind: identifier.value for identifier in reversed(customer.identifiers)}
    )
    return CustomerDetailsAnswer(
        birthday=_captured(fields.get("birthday")),
        gender=_captured(fields.get("gender")),
        mobile=_captured(identifiers.get(IdentifierKind.MOBILE)),
        last_name=_captured(None if customer is None else customer.last_name),
        first_name=_captured(None if customer is None else customer.first_name),
        anniversary=_captured(fields.get("anniversary")),
        email=_captured(identifiers.get(IdentifierKind.EMAIL)),
    )


def _rank_details(customer: Customer) -> RankDetailsAnswer:
    identifiers = {identifier.kind: identifier.value for identifier in reversed(customer.identifiers)}
    return RankDetailsAnswer(
        mobile=identifiers.get(IdentifierKind.MOBILE, ""),
        last_name=customer.last_name,
        first_name=customer.first_name,
        email=identifiers.get(IdentifierKind.EMAIL, ""),
    )


def _captured(value: Any) -> Any:
    return value or NOT_CAPTURED
