"""The folder of the embedded database, which only the server's account can enter.

It is the folder `postgres` below the data folder, with mode 0700, owned by the server's account. For root that account
is the user `nobody`, who cannot enter folders such as root's home. We do not loosen any permission for that: the
database is then in a folder of its own below /var/lib/milepost, and `postgres` is a link to it.
"""

import os
import stat
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import NamedTuple

from milepost.postgres.account import Account, NotStarted, account_owning, own_account, reaches, unprivileged_account
from milepost.postgres.binaries import ROOTS_FOLDER

FOLDER = "postgres"
SOCKET_PATH_BYTES_MAX = 100
"""The largest number of bytes in the path of a Unix socket; systems allow between 103 and 107."""

_SOCKET_NAME = "/.s.PGSQL.5432"
_SHORT_TEMPORARY = "/tmp"  # noqa: S108 - the folder made below it is private


class DataDirectory(NamedTuple):
    """The folder with the database and its log, and the account that owns it."""

    folder: Path
    account: Account


def prepare(data: Path) -> DataDirectory:
    """Return the database's folder below *data*, and create it if it does not exist.

    Raises NotStarted if it belongs to another user, or if its account cannot enter it.
    """
    folder = data.absolute() / FOLDER
    if not os.path.lexists(folder):
        _create(folder)
    folder = folder.resolve(strict=True)
    if os.geteuid() != 0:
        owner = account_owning(folder)
        if owner.user != os.geteuid():
            raise NotStarted(
                f"The data in {folder} belongs to user number {owner.user}. Run Milepost as that user, or choose "
                "another folder by MILEPOST_DATA."
            )
        return DataDirectory(folder, own_account())
    return DataDirectory(folder, _account_for_root(data, folder))


def _create(folder: Path) -> None:
    """Create *folder*. For root, if the server's account could not reach it, create a link to a folder that it can."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and not reaches(unprivileged_account(), folder.parent):
        name = sha256(os.fsencode(folder.parent.resolve())).hexdigest()[:16]
        target = ROOTS_FOLDER / f"data-{name}"
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.mkdir(mode=0o700, exist_ok=True)
        if not os.path.lexists(folder):
            folder.symlink_to(target)
    else:
        folder.mkdir(mode=0o700, exist_ok=True)


def _account_for_root(data: Path, folder: Path) -> Account:
    """Return the account that root uses for *folder*: its owner, or the user `nobody` for a new folder."""
    if folder.parent != data.resolve() and folder.parent != ROOTS_FOLDER:
        raise NotStarted(f"{data / FOLDER} leads to {folder}, which is no folder of Milepost; remove that link.")
    account = account_owning(folder)
    if account.user == 0:
        if any(folder.iterdir()):
            raise NotStarted(f"The data in {folder} belongs to root, and PostgreSQL does not run as root.")
        account = unprivileged_account()
        os.chown(folder, account.user, account.group)
    if not reaches(account, folder):
        raise NotStarted(
            f"User number {account.user}, to whom the data in {folder} belongs, cannot enter that folder. Let that "
            "user pass the folders above it, or choose another folder by MILEPOST_DATA."
        )
    return account


def socket_folder(data_directory: DataDirectory) -> Path:
    """Return a folder, private to the account, whose path is short enough for a Unix socket; create it if needed.

    Its name depends only on the data directory, so the next process reuses the folder of a process that was killed.
    """
    name = f"milepost-{sha256(os.fsencode(data_directory.folder)).hexdigest()[:16]}"
    temporary = gettempdir()
    if len(os.fsencode(f"{temporary}/{name}{_SOCKET_NAME}")) > SOCKET_PATH_BYTES_MAX or not reaches(
        data_directory.account, Path(temporary)
    ):
        temporary = _SHORT_TEMPORARY
    folder = Path(temporary) / name
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
        if not private or status.st_uid not in {data_directory.account.user, os.geteuid()}:
            # Another user has taken the name, so we use a name that cannot be guessed.
            folder = Path(mkdtemp(dir=temporary, prefix="milepost-"))
    if os.geteuid() == 0:
        os.chown(folder, data_directory.account.user, data_directory.account.group, follow_symlinks=False)
    return folder
