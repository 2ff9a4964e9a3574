"""The back-test of what is live gives what is stored, for each target group of the demo over 2017.

Run it with `dev.py oracle backtests --data DIR [--households N]`. It lets `milepost demo` load the bills if DIR has
none, and starts a server on DIR after the year. Each group is tried twice in one run: as it is live, and as a draft of
the same definition. Both are compared with the progress that the server answers: each customer, period and target. A
draft with a changed rule is the control, which must be found to differ. Nothing of any customer changes. Prints a line
for each group and, last, `compared N, differ M`.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from milepost.demo.groceries import numbers
from tests.oracle.answered_progress import running
from tests.oracle.groceries import load

CLOCK = "2018-02-01T12:00:00-05:00"
"""After the bills were loaded: a back-test reads what was received until it is asked for."""

SPAN = {"from": "2017-01-01", "to": "2018-01-01"}
WAIT_SECONDS_MAX = 900
SHOWN_MAX = 20


class Place(NamedTuple):
    """What a row of a back-test is about."""

    customer: int
    period: str
    target: str


class Standing(NamedTuple):
    """How far a customer is there."""

    value: Decimal
    achieved: bool


NOTHING = Standing(Decimal(0), achieved=False)
Standings = Mapping[Place, Standing]


def differences(stored: Standings, tried: Standings) -> list[str]:
    """Describe each place where both differ; a row that is not there means that nothing happened."""
    found = []
    for place in sorted(stored.keys() | tried.keys()):
        want, got = stored.get(place, NOTHING), tried.get(place, NOTHING)
        if want != got:
            found.append(f"customer {place.customer}, {place.target}, {place.period}: stored {want}, back-test {got}")
    return found


def standings_of(file: str, side: str) -> dict[Place, Standing]:
    """Return what a file of differences says of one *side*, `live` or `draft`."""
    return {
        Place(int(row["customerId"]), row["refCode"], row["target"]): Standing(
            Decimal(row[f"{side}Value"]), row[f"{side}Achieved"] == "true"
        )
        for row in csv.DictReader(StringIO(file))
        if row[f"{side}Value"] != ""
    }


def stored(client: httpx2.Client, customers: Sequence[int]) -> dict[str, dict[Place, Standing]]:
    """Ask for the progress of all *customers*; return it by the group's name."""
    found: dict[str, dict[Place, Standing]] = {}
    for customer in customers:
        text = client.get(f"/api/v1/customers/{customer}/progress").raise_for_status().text
        for group in json.loads(text, parse_float=Decimal)["groups"]:
            found.setdefault(group["name"], {}).update(_stored_rows(customer, group["targets"]))
    return found


def _stored_rows(customer: int, targets: Sequence[dict[str, Any]]) -> Iterator[tuple[Place, Standing]]:
    for target in targets:
        for period in target["periods"]:
            standing = Standing(Decimal(period["value"]), period["achievedAt"] is not None)
            yield Place(customer, period["refCode"], target["name"]), standing


def definitions() -> dict[str, dict[str, Any]]:
    """Return the definitions of the demo's groups by name."""
    folder = files("milepost.demo") / "groups"
    bodies = [json.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]
    return {body["name"]: {**body, "preferredTillId": 0} for body in bodies}


def has_filters(body: Mapping[str, Any]) -> bool:
    """Whether a definition names places by code, which the API does not take; it is tried as it is live, alone."""
    return any(target.get("filters") for target in body["targets"])


def planted(body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* with a rule that leaves small bills out."""
    return {**body, "targets": [{**target, "expression": "currentTxn.value>=5"} for target in body["targets"]]}


def tried(client: httpx2.Client, group_id: int, draft: Mapping[str, Any]) -> str:
    """Run a back-test of a live group beside *draft*, and return its file of differences."""
    body: dict[str, Any] = {"live": group_id, **SPAN}
    if not has_filters(draft):
        body["draft"] = draft
    answer = client.post("/api/v1/backtests", json=body)
    if answer.is_error:
        raise SystemExit(f"{draft['name']}: {answer.text}")
    path = f"/api/v1/backtests/{answer.json()['id']}"
    for _ in range(WAIT_SECONDS_MAX * 2):
        found = client.get(path).raise_for_status().json()
        if found["state"] == "done":
            return client.get(f"{path}/differences").raise_for_status().text
        if found["state"] == "failed":
            raise SystemExit(f"{draft['name']}: {found['failure']}")
        time.sleep(0.5)
    raise SystemExit(f"the back-test of {draft['name']} does not end")


def compared(client: httpx2.Client, customers: Sequence[int]) -> tuple[int, int]:
    """Try each group, print what is found, and return how many rows were compared and how many differ."""
    found = client.get("/v3/targetGroups", params={"limit": 100}).raise_for_status().json()["data"]
    ids, bodies, kept = {group["name"]: group["id"] for group in found}, definitions(), stored(client, customers)
    total = differing = 0
    for name, body in sorted(bodies.items()):
        file, known = tried(client, ids[name], body), set(customers)
        for side in ("live",) if has_filters(body) else ("live", "draft"):
            # The demo's visitors are customers too, whom nobody asked for.
            rows = {place: one for place, one in standings_of(file, side).items() if place.customer in known}
            wrong = differences(kept.get(name, {}), rows)
            print(f"{name}, {side}: compared {len(rows)}, differ {len(wrong)}")
            print(*wrong[:SHOWN_MAX], sep="\n", end="\n" if wrong else "")
            total, differing = total + len(rows), differing + len(wrong)
    return total, differing


def control(client: httpx2.Client, customers: Sequence[int]) -> int:
    """Return in how many rows a back-test of a changed rule differs from what is stored."""
    found = client.get("/v3/targetGroups", params={"limit": 100}).raise_for_status().json()["data"]
    name = "Monthly spend"
    group_id = next(group["id"] for group in found if group["name"] == name)
    rows = standings_of(tried(client, group_id, planted(definitions()[name])), "draft")
    known = set(customers)
    asked = {place: one for place, one in rows.items() if place.customer in known}
    return len(differences(stored(client, customers)[name], asked))


def main() -> int:
    """Compare, and return the exit status: 1 if anything differs or the control does not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the demo's folder")
    parser.add_argument("--households", type=int, default=200, help="load and compare this many")
    chosen = parser.parse_args()
    load(chosen.data, chosen.households)
    with running(chosen.data, CLOCK) as client:
        customers = [
            client.get("/api/v1/customers", params={"externalId": str(household)}).json()["items"][0]["id"]
            for household in numbers(chosen.households)
        ]
        total, differing = compared(client, customers)
        planted_found = control(client, customers)
    print(f"control, bills below 5 left out: differ {planted_found}")
    print(f"compared {total}, differ {differing}")
    return 0 if total and not differing and planted_found else 1


if __name__ == "__main__":
    sys.exit(main())
