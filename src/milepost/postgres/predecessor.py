"""What a server that was killed leaves behind: processes that still end, and lock files that name them.

The caller holds the lock of the data folder, so no other Milepost starts a server there meanwhile.
"""

from pathlib import Path

_PROCESSES = Path("/proc")


def is_gone(cluster: Path) -> bool:
    """Return whether no process of a server works in *cluster* any more. A server works in its cluster's folder.

    A process that has ended and waits for its parent (a zombie) works no more. Without a list of processes, as on
    systems other than Linux, PostgreSQL's own check has to do.
    """
    if not (cluster / "postmaster.pid").exists():
        return True
    return not any(_works_in(process, cluster) for process in _PROCESSES.glob("[0-9]*"))


def _works_in(process: Path, cluster: Path) -> bool:
    try:
        return process.joinpath("cwd").readlink() == cluster
    except OSError:  # it has ended, is a zombie, or belongs to another user
        return False


def remove_lock_files(cluster: Path, sockets: Path) -> None:
    """Remove lock files of a server that is gone, and the sockets it left.

    They name a process. If it is a zombie, or another program has got its number, PostgreSQL takes the server for alive
    and refuses to start.
    """
    if not _PROCESSES.is_dir():
        return
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    for path in sockets.glob(".s.PGSQL.*"):
        path.unlink(missing_ok=True)
