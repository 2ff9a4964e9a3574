"""Switches to the server's account, asks the kernel for a signal when the parent ends, and executes PostgreSQL.

It is a program of its own, because code between fork and exec is not safe in a process with threads, and the parent has
threads. Its arguments are the parent's process id, the user id, the group id, the log file, and PostgreSQL's command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""The `prctl` operation of Linux that sends this process a signal when the thread that started it ends."""


def main(arguments: list[str]) -> None:
    """Replace this process by the server. The signal SIGINT requests PostgreSQL's fast and clean shutdown."""
    parent, user, group = (int(text) for text in arguments[:3])
    log, *command = arguments[3:]
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    os.umask(0o077)
    # Opened as the server's account, so that a link planted by the folder's owner gives no access through root.
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if sys.platform == "linux":
        # A change of the user clears this setting, so it comes last.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            sys.exit("the parent ended before the server began")
    os.execv(command[0], command)  # noqa: S606 - the command comes from our own supervisor


if __name__ == "__main__":
    main(sys.argv[1:])
