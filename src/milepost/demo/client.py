"""The requests that the demo sends to the server, except those of events."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx2

from milepost.demo.definitions import Document
from milepost.demo.display import Household
from milepost.demo.failure import Failed
from milepost.demo.standing_rows import rows_of

TIMEOUT_SECONDS = 120

NAME_TAKEN = 310069
"""The vendor's code for a target group that exists already."""


def place(client: httpx2.Client, kind: str, places: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """Add or change *places* of a *kind* (zones, concepts, stores); return their ids by code."""
    answer = _read(client.post(f"/api/v1/{kind}", json=places))
    return {item["code"]: item["id"] for item in answer["items"]}


def define(client: httpx2.Client, request: Document) -> None:
    """Define a target group; a group of the same name is left as it is."""
    response = client.post("/v3/targetGroups", json=request)
    if response.is_error and any(error["code"] == NAME_TAKEN for error in response.json()["errors"] or ()):
        return
    _read(response)


def progress(client: httpx2.Client, household: int) -> Household:
    """Return a household's progress in the running periods."""
    customer = _read(client.get("/api/v1/customers", params={"externalId": str(household)}))["items"][0]["id"]
    return Household(household, customer, rows_of(_read(client.get(f"/api/v1/customers/{customer}/progress"))))


def _read(response: httpx2.Response) -> Any:
    """Return the JSON of an answer with exact numbers; raises Failed for an error."""
    if response.is_error:
        raise Failed(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text[:500]}"
        )
    return json.loads(response.text, parse_float=Decimal)
