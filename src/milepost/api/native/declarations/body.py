"""What requests that declare programmes, currencies and fields hold, one item or a list of them."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from milepost.api.http.body import ID_MAX
from milepost.model.definitions.declaration import FieldEntity, FieldFamily, FieldType
from milepost.service.organisations.declarations import FieldDraft

Id = Annotated[int, Meta(ge=1, le=ID_MAX)]


class ProgramBody(Struct, forbid_unknown_fields=True):
    """A programme. Without an id it is the programme of this name, or a new one."""

    name: str
    id: Id | None = None


class CurrencyBody(Struct, forbid_unknown_fields=True, rename="camel"):
    """A reward currency of a programme."""

    program_id: Id
    identifier: str
    name: str | None = None


class FieldBody(Struct, forbid_unknown_fields=True):
    """A field and the type of its values."""

    entity: FieldEntity
    name: str
    type: FieldType
    label: str | None = None


def field_drafts(items: Sequence[FieldBody], family: FieldFamily) -> list[FieldDraft]:
    """Return *items* as fields of the *family*, extended or custom."""
    return [
        FieldDraft(family=family, entity=item.entity, name=item.name, type=item.type, label=item.label)
        for item in items
    ]
