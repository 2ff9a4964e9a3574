"""Become the server's account, ask to be stopped when the parent dies, and become PostgreSQL.

This runs as a program of its own: code between fork and exec is not safe in a process that has threads, and the parent
has some. Arguments: the parent's process id, user id, group id, the log file, then PostgreSQL's command line.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""Linux: send this process a signal when the thread that started it ends."""


def main(arguments: list[str]) -> None:
    """Replace this process by the server; SIGINT is PostgreSQL's fast and clean shutdown."""
    parent, user, group = (int(text) for text in arguments[:3])
    log, *command = arguments[3:]
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    os.umask(0o077)
    # Opened only now, as the server's account: whoever owns the folder gains nothing from us by planting a link in it.
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if sys.platform == "linux":
        # A change of user clears the request, so it comes last.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            sys.exit("the parent ended before the server began")
    os.execv(command[0], command)  # noqa: S606 - the command comes from our own supervisor


if __name__ == "__main__":
    main(sys.argv[1:])
