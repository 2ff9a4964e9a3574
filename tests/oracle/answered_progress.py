"""Where every household stands, as a running server answers."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import IO, Any
from zoneinfo import ZoneInfo

import httpx2

from tests.oracle.expected_progress import Finding, Findings, Question

CLOCK = "2018-01-02T12:00:00-05:00"
"""After the last period; values and achievements do not depend on it."""

READY = re.compile(r"milepost ready on (http://\S+)")
STOP_SECONDS_MAX = 60
HOUSEHOLDS_PER_LINE = 500
NEW_YORK = ZoneInfo("America/New_York")
MARKS = frozenset({"Half way", "Nearly there"})


@contextmanager
def running(data: Path, clock: str = CLOCK) -> Iterator[httpx2.Client]:
    """Start a server on the demo's folder at *clock*; yield a client with the till's login; stop the server."""
    command = [sys.executable, "-m", "milepost", "serve", "--data", str(data), "--port", "0", "--clock", clock]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        address = _address(server.stderr)
        Thread(target=server.stderr.read, daemon=True).start()
        till = json.loads((data / "demo.json").read_text())
        with httpx2.Client(base_url=address, auth=(till["till"], till["password"]), timeout=60) as client:
            yield client
    finally:
        server.terminate()
        server.wait(STOP_SECONDS_MAX)


def _address(lines: IO[str]) -> str:
    """Wait for the server's ready line and return its address."""
    for line in lines:
        if ready := READY.search(line):
            return ready[1]
    raise SystemExit("the server ended before it was ready")


def answered(client: httpx2.Client, households: Sequence[int]) -> Findings:
    """Ask for all periods of every household."""
    findings: dict[Question, Finding] = {}
    for asked, household in enumerate(households, start=1):
        findings.update(_household(client, household))
        if asked % HOUSEHOLDS_PER_LINE == 0:
            print(f"asked for {asked:,} of {len(households):,} households", file=sys.stderr)
    return findings


def _household(client: httpx2.Client, household: int) -> Iterator[tuple[Question, Finding]]:
    """Ask for all periods of one household."""
    customers = _get(client, "/api/v1/customers", externalId=str(household))["items"]
    user_id = customers[0]["id"]
    answer = _get(client, f"/v3/users/{user_id}/targetGroups", includeInactive="true")
    levels = {}
    for group in answer["data"]["targetGroups"]:
        for row in group["targets"]:
            yield Question(household, row["targetName"], row["periodRefCode"]), _finding(row)
        levels.update({level["streakId"]: _shown_level(level) for level in group.get("streaks", ())})
    for group in _get(client, f"/api/v1/customers/{user_id}/progress")["groups"]:
        names = {period["id"]: period["refCode"] for target in group["targets"] for period in target["periods"]}
        for level in group["streak"]["levels"] if group["streak"] is not None else ():
            # Both views tell of levels; where they do not agree, neither is what is expected.
            found = _level(level)
            agreed = found if found._replace(achieved_by=None) == levels[level["id"]] else Finding(Decimal(-1))
            yield Question(household, group["name"], level["name"]), agreed
        for whole in group["wholes"]:
            yield Question(household, group["name"], names[whole["periodId"]]), _whole(whole)


def _level(level: dict[str, Any]) -> Finding:
    """Read the state of a streak level in an answer of our own API."""
    return Finding(Decimal(level["needed"]), Decimal(level["count"]), _local(level["earnedAt"]), level["earnedBy"])


def _shown_level(level: dict[str, Any]) -> Finding:
    """Read how far a streak level is, as the vendor's view shows it: without the event that earned it."""
    return Finding(
        Decimal(level["totalTargetCountOfSequence"]),
        Decimal(level["currentCount"]),
        level.get("streakAchievedDateTimeISO"),
    )


def _whole(whole: dict[str, Any]) -> Finding:
    """Read the state of a composite."""
    at, by = _local(whole["achievedAt"]), whole["achievedBy"]
    return Finding(Decimal(whole["threshold"]), Decimal(whole["value"]), at, by)


def _local(instant: str | None) -> str | None:
    """Write an instant as the rows of the vendor's view do: in the zone of the shops."""
    return None if instant is None else datetime.fromisoformat(instant).astimezone(NEW_YORK).isoformat()


def _finding(row: dict[str, Any]) -> Finding:
    """Read one row."""
    marks = [mark for mark in row["milestones"] or () if mark["triggerName"] in MARKS]
    return Finding(
        Decimal(row["targetValue"]),
        Decimal(row["targetAchievedValue"]),
        row["targetAchievedDateTimeISO"],
        row["targetAchievedEventLogId"],
        sum(mark["isAchieved"] for mark in marks),
    )


def _get(client: httpx2.Client, path: str, **query: str) -> Any:
    """Read a JSON answer with exact numbers."""
    answer = client.get(path, params=query)
    answer.raise_for_status()
    return json.loads(answer.text, parse_float=Decimal)
