"""What the document tells of the routes for places and for what a brand declares."""

from collections.abc import Mapping
from typing import Any

from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Items, NamedItem, Page, StoreItem, TillItem
from milepost.api.native.declarations.routes import (
    CurrencyBody,
    CurrencyItem,
    FieldBody,
    FieldItem,
    ProgramBody,
    ProgramItem,
)
from milepost.api.native.places.routes import NamedBody, StoreBody, TillBody


def _both(name: str, shape: Any, item: Any, columns: str) -> Mapping[tuple[str, str], Route]:
    body = Body((shape,), listed=True, table=f"A heading of columns, then a row for each: {columns}.")
    return {
        ("post", f"/api/v1/{name}"): Route(ADMIN, Items[item], body),
        ("get", f"/api/v1/{name}"): Route(READ, Page[item], statuses=READING),
    }


REFERENCE: Mapping[tuple[str, str], Route] = {
    **_both("zones", NamedBody, NamedItem, "code, id, name"),
    **_both("concepts", NamedBody, NamedItem, "code, id, name"),
    **_both("stores", StoreBody, StoreItem, "code, id, name, zone, concept, externalId, externalId1, externalId2"),
    **_both("tills", TillBody, TillItem, "code, id, name, store"),
    **_both("programs", ProgramBody, ProgramItem, "id, name"),
    **_both("currencies", CurrencyBody, CurrencyItem, "programId, identifier, name"),
    **_both("extended-fields", FieldBody, FieldItem, "entity, name, type, label"),
    **_both("custom-fields", FieldBody, FieldItem, "entity, name, type, label"),
}
