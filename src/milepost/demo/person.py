"""The person who looks at the demo's pages: a user, and a one-time link by which to sign in."""

from typing import Any
from urllib.parse import urlencode

import httpx2

from milepost.demo.account import Account
from milepost.demo.client import TIMEOUT_SECONDS
from milepost.demo.failure import Failed

EMAIL = "you@demo.example"
USERS = "/api/v1/users"


def welcome_link(address: str, account: Account) -> str:
    """Return the address of the page on which the demo's user chooses a password; it can be used once."""
    with httpx2.Client(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as client:
        known = [person for person in _read(client.get(USERS))["items"] if person["email"] == EMAIL]
        if known:
            link = _read(client.post(f"{USERS}/{known[0]['id']}/link", json={}))
        else:
            link = _read(client.post(USERS, json={"email": EMAIL, "name": "You", "role": "OWNER"}))["link"]
    # What stands behind # is not sent to any server, so the link is in no log.
    return f"{address}/console/welcome#{urlencode({'link': link['link'], 'email': EMAIL})}"


def _read(answered: httpx2.Response) -> Any:
    if not answered.is_success:
        raise Failed(f"The server did not make a one-time link: {answered.text}")
    return answered.json()
