"""The demo's target groups: the requests in the folder `groups`, with codes in place of ids that are not known yet."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec

Document = dict[str, Any]
"""A JSON object as the vendor's API takes it."""

Ids = Mapping[str, Mapping[str, int]]
"""The ids of places by code, for each kind of place in filters: STORE, ZONE, CONCEPT."""


def definitions() -> Sequence[Document]:
    """Return the requests in the folder, in the order of the file names; their filters have `entityCodes`."""
    folder = files("milepost.demo") / "groups"
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".json")), key=lambda path: path.name)
    return [msgspec.json.decode(path.read_bytes(), type=Document) for path in paths]


def request(definition: Document, ids: Ids, till_id: int) -> Document:
    """Return *definition* as it is sent: filters with ids, and *till_id* as the till of its rewards."""
    targets = [
        target | {"filters": [_filter(entry, ids) for entry in target.get("filters", [])]}
        for target in definition["targets"]
    ]
    return definition | {"preferredTillId": till_id, "targets": targets}


def _filter(entry: Document, ids: Ids) -> Document:
    """Replace the codes of one filter by ids."""
    kind = entry["entityType"]
    return {"entityType": kind, "entityIds": [ids[kind][code] for code in entry["entityCodes"]]}
