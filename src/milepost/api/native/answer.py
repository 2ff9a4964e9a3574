"""What our own face answers where an answer is written field by field, as the document tells it."""

from typing import Generic, TypeVar

from msgspec import UNSET, Struct, UnsetType

from milepost.api.native.events.routes import ProblemItem

Item = TypeVar("Item")


class Problems(Struct, forbid_unknown_fields=True):
    """Why a request was refused as a whole."""

    problems: list[ProblemItem]


class Items(Struct, Generic[Item], forbid_unknown_fields=True):
    """What was added or changed, in the order of the request."""

    items: list[Item]


class Page(Struct, Generic[Item], forbid_unknown_fields=True, rename="camel"):
    """A part of a list; the cursor leads to the next part, null ends it."""

    items: list[Item]
    next_cursor: str | None


class NamedItem(Struct, forbid_unknown_fields=True):
    """A zone or a concept."""

    id: int
    code: str
    name: str


class StoreItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A store, with the codes of its zone and concept, and what other systems call it."""

    id: int
    code: str
    name: str
    zone: str | None
    concept: str | None
    external_id: str | None
    external_id_1: str | None
    external_id_2: str | None


class TillItem(Struct, forbid_unknown_fields=True):
    """A till, with the code of its store."""

    id: int
    code: str
    name: str
    store: str | None


class CustomerItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A customer, with the name that was asked for."""

    id: int
    external_id: str | UnsetType = UNSET
    mobile: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    cardnumber: str | UnsetType = UNSET
    card_external_id: str | UnsetType = UNSET
    wechat: str | UnsetType = UNSET
    martjack_id: str | UnsetType = UNSET
    fb_id: str | UnsetType = UNSET
