"""`python3 dev.py faults`: every fault that is tested, with its controls, as a table; `--attacks`: every attack.

Each row runs tests that compare what is stored with what was confirmed; they fail if an event is lost or doubled. A
control breaks a promise on purpose and has to be noticed.
The tests of an attack fail if it comes through.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import dev
from tools.attack_list import ATTACKS
from tools.fault_list import FAULTS, Fault

FAULT_HEADING = ("", "fault", "size", "tests", "lost", "doubled", "control caught", "command", "date")
ATTACK_HEADING = ("", "attack", "size", "tests", "let through", "control", "command", "date", "not tried")
SUMMARY = re.compile(r"(\d+) passed")


def main() -> int:
    """Run the faults and print the table; the exit code says whether all of it held."""
    parser = argparse.ArgumentParser(prog="python3 dev.py faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("numbers", nargs="*", help="such as R06; all if left out")
    parser.add_argument("--small", action="store_true", help="the sizes of the ordinary tests")
    parser.add_argument("--attacks", action="store_true", help="attacks, such as S03, instead of faults")
    given = parser.parse_args()
    if given.attacks:
        return attacks(given.numbers)
    chosen = [fault for fault in FAULTS if not given.numbers or fault.number in given.numbers]
    unknown = sorted({*given.numbers} - {fault.number for fault in FAULTS})
    if unknown:
        dev.say(f"There is no test of {', '.join(unknown)}; there are: {', '.join(fault.number for fault in FAULTS)}.")
        return 2
    if given.small:
        chosen = [fault for fault in chosen if fault.small]
        dev.say(f"at full size only: {', '.join(fault.number for fault in FAULTS if not fault.small)}")
    rows = [row(fault, small=given.small) for fault in chosen]
    for line in table(rows):
        sys.stdout.write(f"{line}\n")
    return 1 if any("**failed**" in cells for cells in rows) else 0


def attacks(numbers: Sequence[str]) -> int:
    """Try the attacks with these *numbers*, or all, and print the table; the exit code says whether all was refused."""
    rows = []
    for attack in ATTACKS:
        if numbers and attack.number not in numbers:
            continue
        dev.say(f"── {attack.number} {attack.attack}")
        held = passed(attack.tests, small=False)
        told, control = "0" if held else "**failed**", "yes" if attack.has_control else "–"
        command = f"`python3 dev.py faults --attacks {attack.number}`"
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        rows.append(
            [attack.number, attack.attack, attack.size, str(held or 0), told, control, command, day, attack.left or "–"]
        )
    for line in table(rows, ATTACK_HEADING):
        sys.stdout.write(f"{line}\n")
    return 1 if not rows or any("**failed**" in cells for cells in rows) else 0


def row(fault: Fault, *, small: bool) -> list[str]:
    """Run the tests of a fault; return its row of the table."""
    dev.say(f"── {fault.number} {fault.fault}")
    held = passed(fault.tests, small=small)
    caught = passed(fault.controls, small=small) if fault.controls else None
    lost = "0" if held else "**failed**"
    has_control, is_caught = bool(fault.controls) or fault.controls_itself, bool(caught if fault.controls else held)
    control = "–" if not has_control else "yes" if is_caught else "**failed**"
    command = f"`python3 dev.py faults {fault.number}{' --small' if small else ''}`"
    size, tests = fault.small if small else fault.full, str(held or 0)
    return [fault.number, fault.fault, size, tests, lost, lost, control, command, f"{datetime.now(UTC):%Y-%m-%d}"]


def passed(tests: Sequence[str], *, small: bool) -> int | None:
    """Run *tests*; return how many passed, None if one failed or none ran."""
    chosen = ["-m", "not slow"] if small else []
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--inline-snapshot=disable", *chosen, *tests]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=dev.ROOT)
    found = SUMMARY.search(done.stdout)
    if done.returncode == 0 and found is not None:
        return int(found[1])
    dev.say(done.stdout[-4_000:])
    return None


def table(rows: Sequence[Sequence[str]], heading: Sequence[str] = FAULT_HEADING) -> list[str]:
    """Return *rows* as a table in Markdown, with its heading."""
    return ["| " + " | ".join(cells) + " |" for cells in (heading, ["---"] * len(heading), *rows)]


if __name__ == "__main__":
    sys.exit(main())
