"""A user of an organisation, in a browser of their own."""

from itertools import count
from typing import Any

import httpx2

from milepost.model.access.user import UserRole
from milepost.service.organisations import users
from tests.api.client import OrganisationClient, json_of

PASSWORD = "four words that nobody guesses"
SESSION = "milepost_session"
NUMBERS = count(1)


class Person:
    """A user of an organisation, in a browser of their own."""

    def __init__(self, organisation: OrganisationClient, role: UserRole, email: str | None = None) -> None:
        """Add the user by the command line's way, choose a password, and sign in."""
        self.organisation = organisation
        self.client = organisation.client
        self.email = email or f"person{next(NUMBERS)}@brand.example"
        database, org_id = self.client.runtime.database, organisation.organisation.id
        self.user, self.link = self.client.run(
            lambda: users.add_user(
                database,
                users.COMMAND_LINE,
                org_id=org_id,
                email=self.email,
                name="Mira",
                role=role,
                now=self.client.clock(),
            )
        )
        self.session = self.token = ""
        assert 200 == self.choose(self.link.text).status_code
        assert 200 == self.sign_in().status_code

    def choose(self, link: str, password: str = PASSWORD) -> httpx2.Response:
        """Choose a password by a link."""
        return self.client.send("POST", "/api/v1/password", json={"link": link, "password": password})

    def sign_in(self, password: str = PASSWORD, **more: str) -> httpx2.Response:
        """Sign in; keep the session and its token if that succeeds."""
        answered = self.client.send("POST", "/api/v1/session", json={"email": self.email, "password": password} | more)
        if answered.status_code == 200:
            self.session = answered.cookies[SESSION]
            self.token = json_of(answered)["csrfToken"]
        return answered

    def send(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx2.Response:
        """Send a request as this person's page does."""
        headers = {"cookie": f"{SESSION}={self.session}", "x-csrf-token": self.token if token is None else token}
        return self.client.send(method, path, headers=options.pop("headers", {}) | headers, **options)

    def status(self, method: str = "GET", path: str = "/api/v1/session", **options: Any) -> int:
        """Send a request; return its status."""
        return self.send(method, path, **options).status_code
