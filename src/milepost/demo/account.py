"""The demo's organisation and till, made by the commands a person would use, and what was loaded for them."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from milepost.demo.failure import Failed
from milepost.demo.groceries import ZONE

FILE = "demo.json"
"""Where the demo remembers its login, beside the database."""

ORGANISATION = "Complete Journey"
TILL = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The demo's till, its password, and how many households were loaded: those with the lowest numbers.

    `loaded` is false while the loading goes on or if it was broken off.
    """

    till: str
    till_id: int
    password: str
    loaded: bool = False
    households: int = 0

    @property
    def login(self) -> tuple[str, str]:
        """Return name and password for Basic authentication."""
        return self.till, self.password

    def holds(self, households: int) -> bool:
        """Return whether so many households are loaded."""
        return self.loaded and households <= self.households


def open_account(data: Path) -> Account:
    """Make the organisation and its till in the folder *data*; raises Failed."""
    _command(data, "org", "add", ORGANISATION, "--zone", ZONE)
    till = _command(data, "till", "add", TILL, "--org", ORGANISATION)
    return Account(till=TILL, till_id=till["id"], password=till["password"])


def _command(data: Path, *arguments: str) -> Any:
    """Run a command of Milepost on the folder *data* and give the JSON it prints."""
    command = [sys.executable, "-m", "milepost", *arguments, "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode != 0:
        raise Failed(f"`milepost {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def recall(data: Path) -> Account | None:
    """Return what the folder *data* remembers; None if the demo was never run there."""
    file = data / FILE
    return msgspec.json.decode(file.read_bytes(), type=Account) if file.exists() else None


def remember(data: Path, account: Account) -> None:
    """Keep *account* in the folder *data*, for its owner's eyes only."""
    file = data / FILE
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(account)) + b"\n")
