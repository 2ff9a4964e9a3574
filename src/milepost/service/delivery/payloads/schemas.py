"""JSON Schemas of messages, made from the shapes themselves."""

from typing import Any, NamedTuple

import msgspec

from milepost.model.delivery.outcome_type import USUAL_TYPES, OutcomeType
from milepost.service.delivery.payloads.native import shape_of
from milepost.service.delivery.payloads.samples import sample_of_document
from milepost.service.snapshot.vendor_types import VENDOR_TYPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class TypeView(NamedTuple):
    """A type: the vendor's names for it, whether a webhook that names no types gets it, its schema and an example."""

    type: OutcomeType
    vendor_names: list[str]
    is_usual: bool
    schema: dict[str, Any]
    example: dict[str, Any]


def all_types() -> list[TypeView]:
    """Return all types in the order of the page of types."""
    return [
        TypeView(
            type=type_,
            vendor_names=[name for name, meant in VENDOR_TYPES.items() if meant is type_],
            is_usual=type_ in USUAL_TYPES,
            schema=schema_of(type_),
            example=sample_of_document(type_),
        )
        for type_ in OutcomeType
    ]


def schema_of(type_: OutcomeType) -> dict[str, Any]:
    """Return the JSON Schema of the messages of a type; fields may be added, so others are allowed."""
    (data,), named = msgspec.json.schema_components([shape_of(type_)], ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "title": type_.value,
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "type": {"const": type_.value},
            "time": {"type": "string", "format": "date-time"},
            "organisation": {"type": "integer"},
            "data": data,
        },
        "required": ["id", "type", "time", "organisation", "data"],
        "$defs": dict(sorted(named.items())),
    }
