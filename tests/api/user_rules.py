"""How the routes of users and of signing in are asked: for `route_rules.py` and `random_stage.py`."""

from collections.abc import Mapping

from tests.api.client import Json, OrganisationClient, json_of

PASSWORD = "a password for a person"

ASKED: Mapping[tuple[str, str], tuple[str, str | None]] = {
    ("get", "/api/v1/users"): ("limit=2", None),
    ("post", "/api/v1/users"): ("", '{"email": ""}'),
    ("patch", "/api/v1/users/{person_id}"): ("", '{"name": "other"}'),
    ("post", "/api/v1/users/{person_id}/link"): ("", None),
    ("get", "/api/v1/session"): ("", None),
    ("delete", "/api/v1/session"): ("", None),
}
"""The query and the body with which each route is asked about an organisation's things."""

OPEN: Mapping[tuple[str, str], str] = {
    ("post", "/api/v1/session"): '{"email": "nobody@x.example", "password": "x"}',
    ("post", "/api/v1/password"): '{"link": "ml_x", "password": "123456789012345"}',
}
"""The body with which each route without a login is asked."""


def added_user(organisation: OrganisationClient, email: str, name: str) -> Json:
    """Add a user; return the answer."""
    added: Json = {}
    while "link" not in added:  # connections that a test cut are noticed by failing
        added = json_of(organisation.post("/api/v1/users", {"email": email, "name": name, "role": "SUPPORT"}))
    return added


def new_user(organisation: OrganisationClient) -> Json:
    """Return a user who can be added."""
    number = organisation.client.number("select count(*) from user_account")
    return {"email": f"user{number}@brand.example", "name": "Sade", "role": "SUPPORT"}


def chosen_password(organisation: OrganisationClient) -> Json:
    """Return a one-time link of a new user, and a password for it."""
    added = added_user(organisation, new_user(organisation)["email"], "Sade")
    return {"link": added["link"]["link"], "password": PASSWORD}


def sign_in(organisation: OrganisationClient) -> Json:
    """Return the address and the password of a new user."""
    email = new_user(organisation)["email"]
    chosen = {"link": added_user(organisation, email, "Sade")["link"]["link"], "password": PASSWORD}
    while organisation.client.send("POST", "/api/v1/password", json=chosen).status_code == 503:
        pass
    return {"email": email, "password": PASSWORD}
