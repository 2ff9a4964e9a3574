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

MARKER = "demo"
"""An empty file that says that the folder is the demo's own."""

ORGANISATION = "Complete Journey"
TILL = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The demo's till, its password, and the number of households loaded, which are those with the lowest numbers.

    `loaded` is false while they are being loaded, and stays so if that is interrupted. `whole_year` says whether bills
    after the time on the demo's clock are loaded, too.
    """

    till: str
    till_id: int
    password: str
    loaded: bool = False
    households: int = 0
    whole_year: bool = False

    @property
    def login(self) -> tuple[str, str]:
        """Return user name and password for Basic authentication."""
        return self.till, self.password

    def holds(self, households: int, *, whole_year: bool) -> bool:
        """Return whether this number of *households* is loaded, with the *whole_year* if that is wanted."""
        return self.loaded and households <= self.households and self.whole_year >= whole_year


def claim(data: Path) -> None:
    """Make *data* the demo's own folder, if it is empty or was that before. Raises Failed if it holds other data."""
    marker = data / MARKER
    if not marker.exists() and not (data / FILE).exists() and data.exists() and any(data.iterdir()):
        raise Failed(
            f"The folder {data} holds data that is not the demo's; nothing was changed. Choose another one by --data."
        )
    data.mkdir(parents=True, exist_ok=True)
    marker.touch()


def open_account(data: Path) -> Account:
    """Add the organisation and its till to the database in the folder *data*; raises Failed."""
    run_command(data, "org", "add", ORGANISATION, "--zone", ZONE)
    till = run_command(data, "till", "add", TILL, "--org", ORGANISATION)
    return Account(till=TILL, till_id=till["id"], password=till["password"])


def run_command(data: Path, *arguments: str) -> Any:
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
