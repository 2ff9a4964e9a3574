"""The questions that the demo asks the server, each one request."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx

from milepost.demo.definitions import Document
from milepost.demo.display import Household
from milepost.demo.failure import Failed
from milepost.demo.standing_rows import rows_of

TIMEOUT_SECONDS = 120

NAME_TAKEN = 310069
"""The vendor's code for a target group that exists already."""


def place(door: httpx.Client, kind: str, places: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """Make or renew *places* of a *kind* (zones, concepts, stores); gives their ids by code."""
    answer = _read(door.post(f"/api/v1/{kind}", json=places))
    return {item["code"]: item["id"] for item in answer["items"]}


def define(door: httpx.Client, request: Document) -> None:
    """Define a target group; one of the same name is left as it is."""
    response = door.post("/v3/targetGroups", json=request)
    if response.is_error and any(error["code"] == NAME_TAKEN for error in response.json()["errors"] or ()):
        return
    _read(response)


def progress(door: httpx.Client, household: int) -> Household:
    """Return a household's progress in the periods that run now."""
    customer = _read(door.get("/api/v1/customers", params={"externalId": str(household)}))["items"][0]["id"]
    return Household(household, customer, rows_of(_read(door.get(f"/api/v1/customers/{customer}/progress"))))


def _read(response: httpx.Response) -> Any:
    """Return the JSON of an answer, its numbers exact; raises Failed for an error."""
    if response.is_error:
        raise Failed(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text[:500]}"
        )
    return json.loads(response.text, parse_float=Decimal)
