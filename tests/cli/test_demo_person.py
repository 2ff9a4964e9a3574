"""The demo's last line: a link by which somebody signs in to the pages as an owner."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2

from milepost.demo.account import ORGANISATION, open_account, run_command
from milepost.demo.person import EMAIL, welcome_link
from milepost.demo.server import serving

NOON = "2017-12-15T12:00:00Z"
PASSWORD = "a password for the demo"


def test_a_link_makes_an_owner_once_and_again(tmp_path: Path) -> None:
    """The first demo adds the person; a later one makes a new link, and the one before is used up."""
    open_account(tmp_path)
    with serving(tmp_path, 0, NOON) as server, httpx2.Client(base_url=server.address) as client:

        def chosen(link: str) -> int:
            found = dict(parse_qsl(urlsplit(link).fragment))
            assert EMAIL == found["email"]
            return client.post("/api/v1/password", json={"link": found["link"], "password": PASSWORD}).status_code

        first = welcome_link(server.address, tmp_path)
        assert 200 == chosen(first)
        second = welcome_link(server.address, tmp_path)
        assert (400, 200) == (chosen(first), chosen(second))
        signed_in = client.post("/api/v1/session", json={"email": EMAIL, "password": PASSWORD})
        assert 200 == signed_in.status_code
        users = run_command(tmp_path, "user", "list", "--org", ORGANISATION)
        assert [(EMAIL, "OWNER")] == [(user["email"], user["role"]) for user in users]
