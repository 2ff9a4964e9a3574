"""The account under which the embedded server runs: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import NamedTuple

UNPRIVILEGED = "nobody"
"""The account that root steps down to; it exists on every Unix, and PostgreSQL wants one that has a name."""


class NotStarted(Exception):
    """The embedded database cannot run; the message says why and what to do about it."""


class Account(NamedTuple):
    """A user and the group it belongs to, by their numbers."""

    user: int
    group: int


def own_account() -> Account:
    """Return the account that this process runs under."""
    return Account(os.geteuid(), os.getegid())


def unprivileged_account() -> Account:
    """Return the account that root steps down to."""
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise NotStarted(
            f"PostgreSQL does not run as root, and this machine has no account {UNPRIVILEGED!r} to step down to. "
            "Start Milepost as an ordinary user, or set MILEPOST_DATABASE_URL."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def account_owning(folder: Path) -> Account:
    """Return the account that owns *folder*."""
    status = folder.stat()
    return Account(status.st_uid, status.st_gid)


def run_as(account: Account, *command: str) -> "subprocess.CompletedProcess[str] | None":
    """Run *command* as *account* and give what it said; None where the account may not even start it."""
    stepping_down = os.geteuid() == 0
    try:
        return subprocess.run(  # noqa: S603 - commands come from this package
            command,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=server_environment(),
            user=account.user if stepping_down else None,
            group=account.group if stepping_down else None,
            extra_groups=[] if stepping_down else None,
        )
    except PermissionError:
        return None


def reaches(account: Account, folder: Path) -> bool:
    """Return whether *account* may go into *folder*; the system is asked, not the permission bits."""
    entered = run_as(account, "/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder))
    return entered is not None and entered.returncode == 0


def server_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: ours, without what would steer them elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "MILEPOST_"))}
    return kept | {"LC_ALL": "C"}
