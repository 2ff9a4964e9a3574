"""Logins, keys and webhook addresses can be taken back; limits hold before a password is hashed."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from milepost.api.http import app as http_app
from milepost.api.http.app import create_app
from milepost.service.organisations import credentials
from milepost.service.organisations.provisioning import add_key
from milepost.service.snapshot import access, login_limits
from milepost.service.snapshot.access import Access
from milepost.service.snapshot.login_limits import AT_ONCE, FAILURES_MAX, LoginLimits, TooManyLogins
from milepost.store.access import logins
from tests.api.client import PASSWORD, OrganisationClient, json_of

PATH = "/api/v1/zones"
NEW = "a new password of some length"


@pytest.fixture(autouse=True)
def _changes_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a change of logins be in force at once, not after a second."""
    monkeypatch.setattr(access, "LOOK_SECONDS", 0)


def status(organisation: OrganisationClient, password: str = PASSWORD, **headers: str) -> int:
    """Return the status of a request with a password, or with other headers."""
    basic = {"authorization": "Basic " + b64encode(f"{organisation.till_code}:{password}".encode()).decode()}
    return organisation.client.send("GET", PATH, headers=headers or basic).status_code


def test_a_disabled_login_is_refused_at_once(organisation: OrganisationClient) -> None:
    """Also where it was recognised a moment ago; it may be enabled again."""
    database, run = organisation.client.runtime.database, organisation.client.run
    seen = [status(organisation)]
    for enabled in (False, True):
        run(partial(credentials.enable_till, database, organisation.till_code, enabled=enabled))
        seen.append(status(organisation))
    assert [200, 401, 200] == seen


def test_a_password_is_replaced_with_an_overlap(organisation: OrganisationClient) -> None:
    """While it lasts both fit; without one the earlier password is refused at once."""
    database, run, code = organisation.client.runtime.database, organisation.client.run, organisation.till_code
    run(lambda: credentials.change_password(database, code, NEW, 60))
    both = [status(organisation), status(organisation, NEW)]
    run(lambda: credentials.change_password(database, code, NEW[::-1], 0))
    assert [200, 200] == both
    assert [401, 401, 200] == [status(organisation, word) for word in (PASSWORD, NEW, NEW[::-1])]


def test_a_key_is_rotated_and_revoked(organisation: OrganisationClient) -> None:
    """The secret before is valid while both overlap; a revoked key ends its tokens too."""
    client, name = organisation.client, organisation.organisation.name
    database, run = client.runtime.database, client.run
    added = run(lambda: add_key(database, name="pos", organisation=name, now=client.clock()))

    def token(secret: str) -> Any:
        return client.send("POST", "/v3/oauth/token/generate", json={"key": added.key, "secret": secret})

    rotated = run(lambda: credentials.rotate_key(database, added.key, 60))
    answers = [token(added.secret), token(rotated.secret)]
    assert [200, 200] == [answer.status_code for answer in answers]
    text = json_of(answers[1])["data"]["accessToken"]
    used = status(organisation, **{"x-cap-api-oauth-token": text})
    run(lambda: credentials.revoke_key(database, added.key))
    assert (200, 401) == (used, status(organisation, **{"x-cap-api-oauth-token": text}))
    assert 200 != token(rotated.secret).status_code
    (listed,) = run(lambda: credentials.listed_keys(database, name))
    assert (True, added.key) == (listed.is_revoked, listed.key)


def test_a_webhook_gets_a_new_address(organisation: OrganisationClient) -> None:
    """The earlier one is no address any more, unless the two overlap."""
    client, name = organisation.client, organisation.organisation.name
    event = {"event_name": "Run", "externalId": "anna"}
    ids = [organisation.webhook_id]
    for overlap in (60, 0):
        ids.append(client.run(partial(credentials.replace_webhook, client.runtime.database, name, overlap)))
        statuses = [client.send("POST", f"/webhooks/{id_}", json=event).status_code for id_ in ids[-2:]]
        assert [200 if overlap else 404, 200] == statuses


def test_each_change_is_recorded(organisation: OrganisationClient) -> None:
    """The latest act is first."""
    client, name = organisation.client, organisation.organisation.name
    database = client.runtime.database
    client.run(lambda: credentials.enable_till(database, organisation.till_code, enabled=False))
    client.run(lambda: credentials.replace_webhook(database, name, 0))
    acts = client.run(lambda: credentials.acts(database, name, 10))
    assert ["org webhook", "till disable"] == [act.act for act in acts]


def test_wrong_passwords_are_limited_before_they_are_hashed(
    organisation: OrganisationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is turned away with the time to wait; it is told late, so that a flood of guesses stays small."""
    client = organisation.client
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(http_app, "asyncio", SimpleNamespace(sleep=pause))
    limited = Access(client.runtime.database, client.logins)
    client.app.state.runtime = replace(client.runtime, access=limited)
    try:
        statuses = [status(organisation, f"wrong {number}") for number in range(FAILURES_MAX + 1)]
        answered = client.send("GET", PATH, auth=(organisation.till_code, "wrong again"))
    finally:
        client.app.state.runtime = client.runtime
    assert [401] * FAILURES_MAX + [429] == statuses
    assert [http_app.LOGIN_PAUSE_SECONDS] * 2 == paused
    assert 0 < int(answered.headers["retry-after"]) <= login_limits.WINDOW_SECONDS
    assert answered.headers["ratelimit"].startswith('"login";r=0;t=')


def test_wrong_passwords_that_come_together_are_limited_too(organisation: OrganisationClient) -> None:
    """Those that wait while others are verified meet the limit, before anything is hashed for them."""
    client = organisation.client
    limited = Access(client.runtime.database, client.logins)

    async def tried(number: int) -> bool:
        try:
            await limited.by_password(f"nobody {number}", "wrong", "10.0.0.9")
        except TooManyLogins:
            return False
        return True

    async def together() -> list[bool]:
        return await asyncio.gather(*(tried(number) for number in range(40)))

    verified = sum(client.run(together))
    assert FAILURES_MAX <= verified < FAILURES_MAX + AT_ONCE


def test_an_address_is_limited_too_and_a_known_till_is_not_locked_out() -> None:
    """Wrong passwords for many accounts come from one address; a till that logged in from there may try again."""
    now = 0.0
    limits = LoginLimits(failures_max=3, now=lambda: now)
    limits.record("till", "shop", succeeded=True)
    for number in range(3):
        limits.check(f"account {number}", "shop")
        limits.record(f"account {number}", "shop", succeeded=False)
    with pytest.raises(TooManyLogins):
        limits.check("account 9", "shop")
    limits.check("till", "shop")
    limits.check("account 9", "elsewhere")
    now = 61.0
    limits.check("account 9", "shop")


def test_the_last_use_is_stored(organisation: OrganisationClient) -> None:
    """In a table of its own, so that no login is written for it."""
    database, code = organisation.client.runtime.database, organisation.till_code

    async def save() -> None:
        async with database.transaction() as transaction:
            await logins.save_last_uses(transaction, {("till", code): organisation.client.clock()})

    organisation.client.run(save)
    (listed,) = organisation.client.run(lambda: credentials.listed_logins(database, organisation.organisation.name))
    assert organisation.client.clock() == listed.used_at


def test_pages_of_other_sites_change_nothing(organisation: OrganisationClient) -> None:
    """A browser that is signed in sends the login with requests of any page; the page's origin tells them apart."""
    body = b'{"code": "z1"}'
    seen = {
        origin: organisation.send(
            "POST", PATH, content=body, headers={"content-type": "text/plain", "origin": origin}
        ).status_code
        for origin in ("https://evil.example", "null", "http://milepost")
    }
    crossed = organisation.send("POST", PATH, content=body, headers={"sec-fetch-site": "cross-site"})
    assert {"https://evil.example": 403, "null": 403, "http://milepost": 200} == seen
    assert 403 == crossed.status_code


def test_only_digests_are_stored(organisation: OrganisationClient) -> None:
    """Of a key's secrets, the earlier one included."""
    client = organisation.client
    database = client.runtime.database
    added = client.run(
        lambda: add_key(database, name="k", organisation=organisation.organisation.name, now=client.clock())
    )
    client.run(lambda: credentials.rotate_key(database, added.key, 60))
    row = client.connection.execute("select earlier_digest from api_key where key = %s", [added.key]).fetchone()
    assert row is not None
    assert sha256(added.secret.encode()).digest() == bytes(row[0])


def test_an_allowed_origin_may_send_requests(organisation: OrganisationClient) -> None:
    """Its pages are told so; without the setting no page is told anything."""
    origin = "https://console.example"
    app = create_app(organisation.client.runtime, error_status=400, allowed_origins=(origin,))
    auth = (organisation.till_code, PASSWORD)

    async def ask() -> tuple[int, str | None]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://milepost") as client:
            answered = await client.post(PATH, content=b'{"code": "z"}', headers={"origin": origin}, auth=auth)
            return answered.status_code, answered.headers.get("access-control-allow-origin")

    assert (200, origin) == organisation.client.run(ask)
    quiet = organisation.send("GET", PATH, headers={"origin": origin})
    assert "access-control-allow-origin" not in quiet.headers
