"""The person who looks at the demo's pages: a user, and a one-time link by which to sign in."""

from pathlib import Path
from urllib.parse import urlencode

from milepost.demo.account import ORGANISATION, run_command

EMAIL = "you@demo.example"


def welcome_link(address: str, data: Path) -> str:
    """Return the address of the page on which the demo's user chooses a password; it can be used once.

    The user is an owner, and only the command line adds the first one. Raises Failed.
    """
    known = run_command(data, "user", "list", "--org", ORGANISATION)
    if any(person["email"] == EMAIL for person in known):
        told = run_command(data, "user", "link", EMAIL, "--org", ORGANISATION)
    else:
        told = run_command(data, "user", "add", EMAIL, "--org", ORGANISATION, "--name", "You", "--role", "owner")
    # What stands behind # is not sent to any server, so the link is in no log.
    return f"{address}/console/welcome#{urlencode({'link': told['link'], 'email': EMAIL})}"
