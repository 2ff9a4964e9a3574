"""The round trip: what one server answers, saved and moved into an empty one, is answered there again.

Run it with `python -m tests.oracle.round_trip [--data DIR] [--households N]`. It lets `milepost demo` load the bills if
DIR has none, saves the answers of its server about all definitions and households, moves them into a new folder with
`milepost compat import`, and asks the server there the same. Prints the first answers that differ and, last,
`compared N, differ M`.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import httpx2

from tests.oracle.answered_progress import CLOCK, running
from tests.oracle.groceries import SHOWN_MAX, load

ORGANISATION = "Moved"
ZONE = "America/New_York"
OWN = frozenset({"orgId", "targetId", "userStreakId", "streakAchievedUserTargetId"})
"""Of an answer, what is made from the organisation's id."""

Answer = dict[str, Any]


def told(client: httpx2.Client, households: list[int]) -> Iterator[tuple[str, Answer]]:
    """Return the server's answers by address; first the definitions, then every household."""
    offset = 0
    while True:
        path = f"/v3/milestones?require-periods=true&limit=100&offset={offset}"
        page = _get(client, path)
        if not page["data"]:
            break
        yield path, page
        offset += 1
    yield "/v3/targetGroups", _get(client, "/v3/targetGroups?includePeriods=true&includeUserCreatedTargetGroups=true")
    for customer in households:
        path = f"/v3/users/{customer}/targetGroups?includeInactive=true"
        yield path, _get(client, path)


def customers_of(client: httpx2.Client, households: int) -> dict[int, str]:
    """Return the customers of the first households, with their external ids."""
    found = {}
    for household in range(1, households + 1):
        for item in _get(client, f"/api/v1/customers?externalId={household}")["items"]:
            found[int(item["id"])] = str(household)
    return found


def comparable(value: Any) -> Any:
    """Return an answer without what is the organisation's own; a row that was made up has the time of the request."""
    if isinstance(value, list):
        return [comparable(part) for part in value]
    if not isinstance(value, dict):
        return value
    made_up = "targetRuleId" in value and value.get("targetId") is None
    left_out = OWN | {name for name in value if made_up and name.startswith(("enrolledOn", "lastUpdatedOn"))}
    return {name: comparable(part) for name, part in value.items() if name not in left_out}


def move(new: Path, answers: dict[str, Answer], names: dict[int, str]) -> None:
    """Take the answers over into a new database in the folder *new*."""
    saved, ids = new / "saved.ndjson", new / "ids.csv"
    saved.write_text("".join(f"{json.dumps(answer)}\n" for answer in answers.values()), encoding="utf-8")
    ids.write_text("userId,externalId\n" + "".join(f"{id_},{name}\n" for id_, name in names.items()), encoding="utf-8")
    _milepost(new, "org", "add", ORGANISATION, "--zone", ZONE)
    till = json.loads(_milepost(new, "till", "add", "mover", "--org", ORGANISATION))
    (new / "demo.json").write_text(json.dumps({"till": "mover", "password": till["password"]}), encoding="utf-8")
    arguments = ("--org", ORGANISATION, "--identifiers", str(ids), "--clock", CLOCK)
    print(_milepost(new, "compat", "import", str(saved), *arguments), end="")


def main() -> int:
    """Compare, print the differences, and return the exit status: 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MILEPOST_DATA", ".milepost")))
    parser.add_argument("--households", type=int, help="load and compare this many only")
    chosen = parser.parse_args()
    load(chosen.data, chosen.households)
    with running(chosen.data) as client:
        names = customers_of(client, chosen.households or 2_500)
        before = dict(told(client, sorted(names)))
    new = Path(mkdtemp(prefix="milepost-moved-"))
    # The account to which root steps down has to enter it.
    new.chmod(0o755)
    try:
        move(new, before, names)
        with running(new) as client:
            after = dict(told(client, sorted(names)))
    finally:
        rmtree(new)
    differ = [path for path in before if comparable(before[path]) != comparable(after.get(path))]
    for path in differ[:SHOWN_MAX]:
        print(f"differs: {path}")
    print(f"compared {len(before)}, differ {len(differ)}")
    return 1 if differ else 0


def _get(client: httpx2.Client, path: str) -> Answer:
    answer = client.get(path)
    answer.raise_for_status()
    found: Answer = answer.json()
    return found


def _milepost(data: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "milepost", *arguments, "--data", str(data)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
