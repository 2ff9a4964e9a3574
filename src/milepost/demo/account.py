"""The demo's organisation and till, added by the same commands that a user would run, and how much was loaded."""

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
"""The file with the demo's login, in the data folder."""

ORGANISATION = "Complete Journey"
TILL = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The demo's till, its password, and the number of households loaded, which are those with the lowest numbers.

    `loaded` is false while they are being loaded, and stays so if that is interrupted.
    """

    till: str
    till_id: int
    password: str
    loaded: bool = False
    households: int = 0

    @property
    def login(self) -> tuple[str, str]:
        """Return user name and password for Basic authentication."""
        return self.till, self.password

    def holds(self, households: int) -> bool:
        """Return whether this number of *households* is loaded."""
        return self.loaded and households <= self.households


def open_account(data: Path) -> Account:
    """Add the organisation and its till to the database in the folder *data*; raises Failed."""
    _command(data, "org", "add", ORGANISATION, "--zone", ZONE)
    till = _command(data, "till", "add", TILL, "--org", ORGANISATION)
    return Account(till=TILL, till_id=till["id"], password=till["password"])


def _command(data: Path, *arguments: str) -> Any:
    """Run a command of Milepost on the folder *data* and return the JSON that it prints."""
    command = [sys.executable, "-m", "milepost", *arguments, "--data", str(data)]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if completed.returncode != 0:
        raise Failed(f"`milepost {' '.join(arguments)}` failed: {completed.stderr.strip()}")
    return json.loads(completed.stdout)


def recall(data: Path) -> Account | None:
    """Return the account of the folder *data*; None if the demo was never run there."""
    file = data / FILE
    return msgspec.json.decode(file.read_bytes(), type=Account) if file.exists() else None


def remember(data: Path, account: Account) -> None:
    """Write *account* to the folder *data*, in a file that only its owner may read."""
    file = data / FILE
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(account)) + b"\n")
