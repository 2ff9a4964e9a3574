"""The number of files and connections that this process may have open."""

import resource


def raise_open_files() -> int:
    """Raise the limit of open files to the highest that this process may set; return it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
