"""Logins: a till by its password, plain or as its MD5, a client by a token; every other request is refused."""

import asyncio
from base64 import b64encode
from hashlib import md5
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher

from milepost.model.access.role import Role
from milepost.service.organisations.provisioning import AddedKey, add_key, add_till
from milepost.store.access import logins
from tests.api.client import DIGEST, PASSWORD, ApiClient, OrganisationClient, json_of

PATH = "/api/v1/zones"
TURNED_AWAY = {"problems": [{"path": "", "reason": "the login is missing or wrong"}]}


def basic(code: str, password: str) -> dict[str, str]:
    """Return the header of a Basic login."""
    return {"authorization": "Basic " + b64encode(f"{code}:{password}".encode()).decode()}


def asked(client: ApiClient, **headers: str) -> httpx2.Response:
    """Ask for something with these headers."""
    return client.send("GET", PATH, headers={name.replace("_", "-"): value for name, value in headers.items()})


def with_key(organisation: OrganisationClient) -> AddedKey:
    """Add a key for the organisation."""
    database, name = organisation.client.runtime.database, organisation.organisation.name
    return organisation.client.run(
        lambda: add_key(database, name="pos", organisation=name, now=organisation.client.clock())
    )


def token(organisation: OrganisationClient, key: str, secret: str) -> httpx2.Response:
    """Ask for a token."""
    return organisation.client.send("POST", "/v3/oauth/token/generate", json={"key": key, "secret": secret})


def test_the_published_login_is_recognised(organisation: OrganisationClient) -> None:
    """The header of the vendor's example names till store123 and its digest (facts 7).

    The digest is not that of the password which the page shows beside it, so what is stored is made of the digest.
    """
    client, org_id = organisation.client, organisation.organisation.id
    till_id = client.number("select till_id from till where org_id = %s", org_id)
    kept = PasswordHasher().hash("bdc87b9c894da5168059e00ebffb9077")

    async def let_in() -> None:
        async with client.runtime.database.transaction() as transaction:
            await logins.add_login(
                transaction,
                code="store123",
                org_id=org_id,
                till_id=till_id,
                password_hash=kept,
                role=Role.ADMIN,
            )

    client.run(let_in)
    published = "Basic c3RvcmUxMjM6YmRjODdiOWM4OTRkYTUxNjgwNTllMDBlYmZmYjkwNzc="
    assert 200 == asked(client, authorization=published).status_code
    assert 401 == asked(client, **basic("store123", "Pass123")).status_code


@pytest.mark.parametrize("sent", [PASSWORD, DIGEST, DIGEST.upper()])
def test_a_password_may_come_as_its_md5(organisation: OrganisationClient, sent: str) -> None:
    """Vendor clients send the hex digest, in either case."""
    assert 200 == asked(organisation.client, **basic(organisation.till_code, sent)).status_code


def test_a_till_that_was_added_may_log_in(organisation: OrganisationClient) -> None:
    """With the password that was shown once, and with its MD5."""
    database, name = organisation.client.runtime.database, organisation.organisation.name
    added = organisation.client.run(lambda: add_till(database, code=f"second {name}", organisation=name))
    for sent in (added.password, md5(added.password.encode(), usedforsecurity=False).hexdigest()):
        assert 200 == asked(organisation.client, **basic(added.till.code, sent)).status_code
    assert 401 == asked(organisation.client, **basic(added.till.code, PASSWORD)).status_code


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"\xff\xfe:x").decode(),
        "Basic " + b64encode(b"nobody:Pass123word").decode(),
        "Basic " + b64encode(b"a\0b:Pass123word").decode(),
        "Basic " + b64encode(b"a" * 100_000 + b":x").decode(),
        "Bearer",
        "Bearer nonsense",
        "Digest something",
    ],
)
def test_unknown_logins_are_refused_alike(front: ApiClient, header: str | None) -> None:
    """A missing, malformed, unknown or wrong login gets the same answer."""
    answered = front.send("GET", PATH, headers={} if header is None else {"authorization": header})
    assert (401, TURNED_AWAY) == (answered.status_code, json_of(answered))
    assert 'Basic realm="milepost", charset="UTF-8"' == answered.headers["www-authenticate"]


def test_a_wrong_password_and_an_unknown_till_look_the_same(organisation: OrganisationClient) -> None:
    """An answer does not show which tills exist."""
    wrong = asked(organisation.client, **basic(organisation.till_code, "wrong password"))
    unknown = asked(organisation.client, **basic("no such till", PASSWORD))
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content) == (401, wrong.content)


def test_the_vendors_api_refuses_in_its_own_words(front: ApiClient) -> None:
    """The envelope of v3, with status 401."""
    answered = front.send("GET", "/v3/users/1/targetGroups")
    expected = {"data": None, "errors": [{"code": 401, "message": "the login is missing or wrong"}], "warnings": None}
    assert (401, expected) == (answered.status_code, json_of(answered))


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/api/v1/events"),
        ("POST", "/api/v1/zones"),
        ("POST", "/api/v1/concepts"),
        ("POST", "/api/v1/stores"),
        ("POST", "/api/v1/tills"),
        ("GET", "/api/v1/customers?externalId=anna"),
        ("POST", "/v2/customers"),
        ("POST", "/v2/transactions"),
        ("POST", "/v3/targetGroups"),
        ("POST", "/v3/targetGroups/1/targets/1/enroll"),
        ("GET", "/v3/users/1/targetGroups"),
        ("GET", "/v3/users/1/enrolledTargets"),
    ],
)
def test_every_route_authenticates(front: ApiClient, method: str, path: str) -> None:
    """No route answers a stranger."""
    assert 401 == front.send(method, path, content=b"{}" if method == "POST" else None).status_code


def test_a_verified_password_is_remembered_for_a_minute(organisation: OrganisationClient) -> None:
    """A till whose login is taken away is known a little longer, and no longer than that."""
    client = organisation.client
    assert 200 == asked(client, **basic(organisation.till_code, PASSWORD)).status_code
    client.connection.execute("delete from login where code = %s", [organisation.till_code])
    client.logins.advance(60_000_000 - 1)
    assert 200 == asked(client, **basic(organisation.till_code, PASSWORD)).status_code
    client.logins.advance(1)
    assert 401 == asked(client, **basic(organisation.till_code, PASSWORD)).status_code


@pytest.mark.parametrize("header, prefix", [("x-cap-api-oauth-token", ""), ("authorization", "Bearer ")])
def test_a_token_is_a_login_while_it_lives(organisation: OrganisationClient, header: str, prefix: str) -> None:
    """300 seconds, by the vendor's header or as a Bearer; then it is nothing."""
    added = with_key(organisation)
    answered = token(organisation, added.key, added.secret)
    data = json_of(answered)["data"]
    assert (200, ["accessToken", "ttlSeconds"], 300) == (answered.status_code, list(data), data["ttlSeconds"])
    headers = {header: prefix + data["accessToken"]}
    assert 200 == organisation.client.send("GET", PATH, headers=headers).status_code
    organisation.client.logins.advance(300_000_000 - 1)
    assert 200 == organisation.client.send("GET", PATH, headers=headers).status_code
    organisation.client.logins.advance(1)
    assert 401 == organisation.client.send("GET", PATH, headers=headers).status_code


def test_a_token_acts_for_its_organisation(organisation: OrganisationClient) -> None:
    """What a client defines is its organisation's, and signed by the key."""
    added = with_key(organisation)
    headers = {"x-cap-api-oauth-token": json_of(token(organisation, added.key, added.secret))["data"]["accessToken"]}
    organisation.client.send("POST", "/api/v1/zones", json=[{"code": "north"}], headers=headers)
    assert ["north"] == [zone["code"] for zone in organisation.get("/api/v1/zones")["items"]]


@pytest.mark.parametrize("secret", ["", "wrong", "a\0b"])
def test_a_wrong_secret_gets_no_token(organisation: OrganisationClient, secret: str) -> None:
    """The vendor's words, and status 401."""
    answered = token(organisation, with_key(organisation).key, secret)
    errors = [{"code": 401, "message": "Failed to generate OAuth token"}]
    assert (401, {"data": None, "errors": errors, "warnings": None}) == (answered.status_code, json_of(answered))


def test_an_unknown_key_looks_like_a_wrong_secret(organisation: OrganisationClient) -> None:
    """An answer does not show which keys exist."""
    wrong = token(organisation, with_key(organisation).key, "wrong")
    assert {wrong.content} == {token(organisation, key, "wrong").content for key in ("no such key", "a\0b")}


@pytest.mark.parametrize(
    "body", [[], {}, {"key": 1, "secret": "x"}, {"key": "x"}, {"key": "k" * 201, "secret": "x"}, "text", None]
)
def test_a_token_needs_a_key_and_a_secret(front: ApiClient, body: Any) -> None:
    """Anything else is invalid input."""
    answered = front.send("POST", "/v3/oauth/token/generate", json=body)
    assert (400, {300004}) == (answered.status_code, {error["code"] for error in json_of(answered)["errors"]})


def test_a_revoked_key_gets_no_token(organisation: OrganisationClient) -> None:
    """A key that was revoked is unknown, and so are its tokens once they are no longer remembered."""
    added = with_key(organisation)
    headers = {"x-cap-api-oauth-token": json_of(token(organisation, added.key, added.secret))["data"]["accessToken"]}
    organisation.client.connection.execute("update api_key set revoked_at = now() where key = %s", [added.key])
    assert 401 == token(organisation, added.key, added.secret).status_code
    assert 401 == organisation.client.send("GET", PATH, headers=headers).status_code


def test_no_secret_is_kept_in_clear(organisation: OrganisationClient) -> None:
    """Passwords are Argon2id hashes, secrets and tokens digests."""
    added = with_key(organisation)
    text = json_of(token(organisation, added.key, added.secret))["data"]["accessToken"]
    kept = [
        row
        for table in ("login", "api_key", "access_token")
        for (row,) in organisation.client.connection.execute(f"select t::text from {table} as t".encode())
    ]
    assert [] == [row for row in kept if PASSWORD in row or added.secret in row or text in row]
    assert all("$argon2id$" in row for row in kept if organisation.till_code in row)


def test_many_logins_at_once_are_verified_each_by_itself(organisation: OrganisationClient) -> None:
    """One verification serves all requests with the same password at that moment.

    A wrong password is refused for each.
    """
    headers = [basic(organisation.till_code, password) for password in (PASSWORD, f"{PASSWORD}!") for _ in range(8)]

    async def at_once() -> list[httpx2.Response]:
        async with organisation.client.client() as client:
            return await asyncio.gather(*(client.get(PATH, headers=header) for header in headers))

    assert [200] * 8 + [401] * 8 == [answered.status_code for answered in organisation.client.run(at_once)]


def test_a_login_in_use_is_looked_at_again_before_its_minute_is_over(organisation: OrganisationClient) -> None:
    """Who asks after forty seconds is answered at once; a password that no longer fits by then is soon forgotten."""
    client, header = organisation.client, basic(organisation.till_code, PASSWORD)
    assert 200 == asked(client, **header).status_code
    client.connection.execute("delete from login where code = %s", [organisation.till_code])
    client.logins.advance(40_000_001)
    assert 200 == asked(client, **header).status_code
    for _ in range(200):
        if asked(client, **header).status_code == 401:
            return
        client.run(lambda: asyncio.sleep(0.02))
    pytest.fail("the login was not looked at again")
