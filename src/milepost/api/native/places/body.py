"""What requests that add or change zones, concepts, stores and tills hold, one item or a list of them."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from milepost.api.native.items import items_of_file
from milepost.files.table import ReadOptions
from milepost.service.organisations.places import PlaceDraft


class NamedBody(Struct, forbid_unknown_fields=True):
    """A zone or a concept."""

    code: str
    id: int | None = None
    name: str | None = None


class StoreBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A store, with the codes of its zone and concept, and its ids in other systems."""

    code: str
    id: int | None = None
    name: str | None = None
    zone: str | None = None
    concept: str | None = None
    external_id: str | None = None
    external_id_1: str | None = None
    external_id_2: str | None = None


class TillBody(Struct, forbid_unknown_fields=True):
    """A till, with the code of its store."""

    code: str
    id: int | None = None
    name: str | None = None
    store: str | None = None


def drafts_of(items: Iterable[Struct]) -> list[PlaceDraft]:
    """Return *items*, of one of the kinds above, as places to add or change."""
    return [PlaceDraft(**msgspec.structs.asdict(item)) for item in items]


def drafts_of_file(body: bytes, kind: type[Struct], options: ReadOptions) -> list[PlaceDraft]:
    """Return the rows of a CSV file as places to add or change; raises Refused with every problem."""
    return drafts_of(items_of_file(body, kind, options))
