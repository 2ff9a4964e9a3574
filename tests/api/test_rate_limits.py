"""Limits of requests over HTTP: 429 with the fields of the IETF's draft; other organisations notice nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from milepost.api.http.app import create_app
from milepost.service.organisations import credentials
from milepost.service.snapshot.rate_limits import WINDOW_SECONDS, RateLimits
from milepost.store.access.logins import Rates
from tests.api.client import PASSWORD, OrganisationClient, json_of

PATH = "/api/v1/organisation"
Send = Callable[..., list[httpx2.Response]]


@pytest.fixture
def send(organisation: OrganisationClient) -> Send:
    """Return what sends so many requests within one instant, by default as the organisation's till."""
    runtime = replace(organisation.client.runtime, rates=RateLimits(now=lambda: 0.0))
    transport = httpx2.ASGITransport(create_app(runtime, error_status=400))

    def sent(times: int, path: str = PATH, who: OrganisationClient = organisation) -> list[httpx2.Response]:
        async def ask() -> list[Any]:
            async with httpx2.AsyncClient(transport=transport, base_url="http://milepost") as client:
                return [await client.get(path, auth=(who.till_code, PASSWORD)) for _ in range(times)]

        return organisation.client.run(ask)

    return sent


def limit(organisation: OrganisationClient, rates: Rates) -> None:
    """Set an organisation's limits, which the server notices within a second."""
    runtime, name = organisation.client.runtime, organisation.organisation.name
    organisation.client.run(lambda: credentials.limit_requests(runtime.database, name, rates))
    runtime.access.forget()


def test_more_than_the_limit_is_refused(organisation: OrganisationClient, send: Send) -> None:
    """With Retry-After and both fields, in the words of each API; another organisation is answered all the while."""
    other = organisation.client.organisation()
    limit(organisation, Rates(1, None))
    told = send(WINDOW_SECONDS + 1)
    assert [*[200] * WINDOW_SECONDS, 429] == [answered.status_code for answered in told]
    fields = [(answered.headers["ratelimit-policy"], answered.headers["ratelimit"]) for answered in told]
    assert ('"organisation";q=10;w=10', '"organisation";r=9;t=1') == fields[0]
    assert ('"organisation";q=10;w=10', '"organisation";r=0;t=1') == fields[-1]
    assert "1" == told[-1].headers["retry-after"]
    reason = "more than 1 requests a second for this organisation; wait 1 s"
    assert [{"path": "", "reason": reason}] == json_of(told[-1])["problems"]
    (vendors,) = send(1, "/v3/targetGroups")
    assert (429, reason) == (vendors.status_code, json_of(vendors)["errors"][0]["message"])
    assert {200} == {answered.status_code for answered in send(20, who=other)}


def test_without_a_limit_no_field_tells_of_one(send: Send) -> None:
    """It is off unless somebody sets it."""
    (answered,) = send(1)
    assert [] == [name for name in answered.headers if name.startswith("ratelimit")]


def test_a_limit_can_be_lifted(organisation: OrganisationClient, send: Send) -> None:
    """Within a second."""
    limit(organisation, Rates(None, 1))
    assert 429 == send(WINDOW_SECONDS + 1)[-1].status_code
    limit(organisation, Rates(None, None))
    assert 200 == send(1)[0].status_code
