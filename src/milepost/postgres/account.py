"""The account of the embedded server. PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import NamedTuple

UNPRIVILEGED = "nobody"
"""The account that root uses for the server. It exists on every Unix, and PostgreSQL needs an account with a name."""


class NotStarted(Exception):
    """The embedded database cannot run. The message gives the reason and the remedy."""


class Account(NamedTuple):
    """A user and its group, by their numbers."""

    user: int
    group: int


def own_account() -> Account:
    """Return the account of this process."""
    return Account(os.geteuid(), os.getegid())


def unprivileged_account() -> Account:
    """Return the account that root uses for the server. Raises NotStarted if the machine has none."""
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
    """Run *command* as *account* and return the finished process, or None if the account may not run the command."""
    is_root = os.geteuid() == 0
    try:
        return subprocess.run(  # noqa: S603 - commands come from this package
            command,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=server_environment(),
            user=account.user if is_root else None,
            group=account.group if is_root else None,
            extra_groups=[] if is_root else None,
        )
    except PermissionError:
        return None


def reaches(account: Account, folder: Path) -> bool:
    """Return whether *account* may enter *folder*.

    A process tries it, because permission bits do not say everything.
    """
    attempt = run_as(account, "/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder))
    return attempt is not None and attempt.returncode == 0


def server_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: ours, without variables that change where or how they run."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "MILEPOST_"))}
    return inherited | {"LC_ALL": "C"}
