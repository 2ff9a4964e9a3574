"""What a preview counts is what is found after it is applied, for each policy, on real bills.

Run it with `dev.py oracle changes --data DIR [--households N]`. It lets `milepost demo` load the bills if DIR has
none, starts a server on DIR in the middle of November, changes the monthly spend by each policy, and asks for each
household before and after. It changes DIR. Prints a line for each policy and, last, `compared N, differ M`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from milepost.demo.account import ORGANISATION
from milepost.demo.groceries import numbers
from tests.oracle.answered_progress import running
from tests.oracle.groceries import load

CLOCK = "2017-11-16T12:00:00-05:00"
WAIT_SECONDS_MAX = 600


class Case(NamedTuple):
    """A change: a policy, what becomes of those below, and what differs in the target."""

    policy: str
    below: str
    goal: int
    target: Mapping[str, str] = {}


CASES = (
    # The first one also undoes what an earlier run has changed.
    Case("RECOMPUTE_ALL", "REVOKE", 200),
    Case("NEXT_PERIOD", "KEEP", 50),
    Case("FROM_NOW", "KEEP", 60),
    Case("FROM_NOW", "REVOKE", 250),
    Case("RECOMPUTE_RUNNING", "REVOKE", 100, {"expression": "currentTxn.value>=20"}),
    Case("RECOMPUTE_RUNNING", "KEEP", 40, {"expression": "currentTxn.value>=20"}),
    Case("RECOMPUTE_ALL", "REVOKE", 6, {"targetType": "COUNT", "expression": "currentTxn.value>=5"}),
)

Achieved = frozenset[tuple[int, int]]
"""The targets and periods that a customer has achieved."""


def draft_of(case: Case) -> dict[str, Any]:
    """Return the definition of the monthly spend, changed."""
    text = (files("milepost.demo") / "groups" / "01-monthly-spend.json").read_text(encoding="utf-8")
    body: dict[str, Any] = json.loads(text)
    (target,) = body["targets"]
    changed = {**target, **case.target, "defaultValues": [{"defaultValue": case.goal}] * len(body["periods"])}
    return {**body, "preferredTillId": 0, "targets": [changed]}


def asked(client: httpx2.Client, method: str, path: str, body: Mapping[str, object]) -> None:
    """Make a request that has to succeed."""
    answered = client.request(method, path, json=body)
    if answered.is_error:
        raise SystemExit(f"{method} {path}: {answered.text}")


def achieved(client: httpx2.Client, customers: list[int], group_id: int) -> dict[int, Achieved]:
    """Return what each customer has achieved of a group."""
    found = {}
    for customer in customers:
        groups = client.get(f"/api/v1/customers/{customer}/progress").raise_for_status().json()["groups"]
        found[customer] = frozenset(
            (target["id"], period["id"])
            for group in groups
            if group["id"] == group_id
            for target in group["targets"]
            for period in target["periods"]
            if period["achievedAt"] is not None
        )
    return found


def tried(client: httpx2.Client, reviewer: httpx2.Client, group_id: int, customers: list[int], case: Case) -> bool:
    """Preview a change, apply it, and print whether as many gain and lose as the preview said."""
    path = f"/api/v1/targetGroups/{group_id}/draft"
    asked(client, "PUT", path, draft_of(case))
    asked(client, "POST", f"{path}/preview", {"policy": case.policy, "below": case.below})
    said = _until(client, f"{path}/preview", "previewed")
    # The demo's visitors are customers too; those who gain or lose are in the preview's file.
    rows = client.get(f"{path}/preview/customers").raise_for_status().text.splitlines()[1:]
    customers = sorted({*customers, *(int(row.partition(",")[0]) for row in rows)})
    before = achieved(client, customers, group_id)
    asked(reviewer, "POST", f"{path}/review", {"approved": True})
    asked(client, "POST", f"{path}/publish", {})
    _settled(client, group_id)
    after = achieved(client, customers, group_id)
    gain = sum(1 for customer in customers if after[customer] - before[customer])
    lose = sum(
        1 for customer in customers if not after[customer] - before[customer] and before[customer] - after[customer]
    )
    agrees = (said["gain"], said["lose"]) == (gain, lose)
    print(f"{case.policy} {case.below}: said {said['gain']} gain, {said['lose']} lose; found {gain} and {lose}")
    return agrees


def _until(client: httpx2.Client, path: str, state: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(WAIT_SECONDS_MAX * 2):
        found = client.get(path).raise_for_status().json()
        if found["state"] == state:
            return found
        time.sleep(0.5)
    raise SystemExit(f"the preview does not end: {found}")


def _settled(client: httpx2.Client, group_id: int) -> None:
    """Wait until the customers are recomputed: until then another change of the group is refused as well."""
    for _ in range(WAIT_SECONDS_MAX * 2):
        versions = client.get(f"/api/v1/targetGroups/{group_id}/draft/preview")
        if versions.status_code == 404 or versions.json().get("state") != "recomputing":
            return
        time.sleep(0.5)
    raise SystemExit("the recomputation does not end")


def added_reviewer(data: Path) -> tuple[str, str]:
    """Add a further till of the demo's organisation, which approves changes; return its login."""
    name = f"reviewer-{time.time_ns()}"
    command = [sys.executable, "-m", "milepost", "till", "add", name, "--org", ORGANISATION, "--data", str(data)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return name, str(json.loads(done.stdout)["password"])


def main() -> int:
    """Compare, and return the exit status: 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the demo's folder; it is changed")
    parser.add_argument("--households", type=int, default=200, help="load and compare this many")
    chosen = parser.parse_args()
    load(chosen.data, chosen.households)
    login = added_reviewer(chosen.data)
    with running(chosen.data, CLOCK) as client:
        reviewer = httpx2.Client(base_url=client.base_url, auth=login, timeout=60)
        groups = client.get("/v3/targetGroups", params={"limit": 100}).raise_for_status().json()["data"]
        group_id = next(group["id"] for group in groups if group["name"] == draft_of(CASES[0])["name"])
        customers = [
            client.get("/api/v1/customers", params={"externalId": str(household)}).json()["items"][0]["id"]
            for household in numbers(chosen.households)
        ]
        agree = [tried(client, reviewer, group_id, customers, case) for case in CASES]
    print(f"compared {len(agree)}, differ {agree.count(False)}")
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
