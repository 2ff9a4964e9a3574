"""The second opinion on the demo: every household, target and period in plain SQL, beside what the API answers.

Run it with `python -m tests.oracle.groceries [--data DIR] [--households N]`. It lets `milepost demo` load the bills if
DIR has none, starts a server on DIR, asks it for every household, and stops it. With `--delivered` it compares what a
webhook is told instead (delivered_achievements.py). It shares no code with the demo, the rules or the engine: the
calendar, the money and the measures are those of groceries.sql; of the definitions only the figures of the goals are
read. Prints the rows that differ (at most 20) and, last, `compared N, differ M`.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.oracle.answered_progress import answered, running
from tests.oracle.delivered_achievements import delivered, happened
from tests.oracle.delivered_achievements import differences as differences_of_messages
from tests.oracle.expected_progress import Finding, Findings, Question, expected

SHOWN_MAX = 20


def differences(wanted: Findings, given: Findings) -> list[str]:
    """Describe each question that is answered otherwise than expected; a row that is not there means a value of 0."""
    found = []
    for question in sorted(wanted.keys() | given.keys()):
        want, got = wanted.get(question), given.get(question)
        if got is None and want is not None and want == Finding(want.goal):
            continue
        if want != got:
            found.append(f"{_name(question)}: expected {_text(want)}, answered {_text(got)}")
    return found


def _name(question: Question) -> str:
    """Write a question."""
    return f"household {question.household}, {question.target}, {question.period}"


def _text(finding: Finding | None) -> str:
    """Write a finding."""
    if finding is None:
        return "nothing"
    reached = f"reached {finding.achieved_at} by {finding.achieved_by}" if finding.achieved_at else "not reached"
    return f"{finding.value} of {finding.goal} ({reached}, {finding.marks} marks)"


def load(data: Path, households: int | None) -> None:
    """Load the bills by the demo, which leaves earlier loads alone."""
    chosen = ["--all"] if households is None else ["--households", str(households)]
    command = [sys.executable, "-m", "milepost", "demo", "--no-serve", "--whole-year", "--data", str(data), *chosen]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Compare, print the differences, and return the exit status: 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("MILEPOST_DATA", ".milepost")), help="the demo's folder"
    )
    parser.add_argument("--households", type=int, help="load and compare this many only")
    parser.add_argument("--delivered", action="store_true", help="compare what a webhook is told, from a new server")
    chosen = parser.parse_args()
    wanted = expected(chosen.households)
    if chosen.delivered:
        reached = happened(wanted)
        return _report(len(reached), differences_of_messages(reached, delivered(chosen.households)))
    load(chosen.data, chosen.households)
    with running(chosen.data) as client:
        given = answered(client, sorted({question.household for question in wanted}))
    return _report(len(wanted), differences(wanted, given))


def _report(compared: int, found: Sequence[str]) -> int:
    """Print the first differences and the last line, and return the exit status."""
    for line in found[:SHOWN_MAX]:
        print(line)
    print(f"compared {compared}, differ {len(found)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
