"""What a customer reached arrives at a webhook: signed, under one id, with a number."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier

from milepost.service.delivery.sending.signature import new_secret
from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened
from tests.api.client_forms import bill, group, target
from tests.api.receiver import Got, Stage

ACHIEVED = ["target.achieved"]


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def stage(front: ApiClient) -> Iterator[Stage]:
    """Return a receiver beside the server."""
    stage = Stage(front)
    yield stage
    stage.close()


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation with a target of 100 a month."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    return organisation


def add(organisation: OrganisationClient, stage: Stage, **options: object) -> Json:
    """Add a webhook at the receiver."""
    answered = organisation.post("/api/v1/webhooks", {"url": stage.receiver.url, **options})
    assert answered.status_code == 200, answered.text
    added: Json = json_of(answered)
    return added


def test_an_achievement_arrives_signed(organisation: OrganisationClient, stage: Stage) -> None:
    """The library of Standard Webhooks verifies it; with another secret it does not."""
    added = add(organisation, stage, types=ACHIEVED)
    organisation.send("POST", "/api/v1/events", json=[bill("120")], headers={"X-Request-Id": "r-1"})
    stage.deliver()
    (got,) = stage.receiver.got
    data = got.json["data"]
    assert ("target.achieved", "120", "100", "0", 1, "r-1") == (
        got.json["type"],
        data["value"],
        data["goal"],
        data["remaining"],
        data["sequence"],
        data["event"]["requestId"],
    )
    assert got.headers["webhook-id"] == got.json["id"]
    assert signs(added["secret"], got)
    assert not signs(new_secret(), got)


def signs(secret: str, got: Got) -> bool:
    """Return whether the library of Standard Webhooks signs what arrived with *secret* as it was signed."""
    stamp = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    signature = Verifier(secret).sign(got.headers["webhook-id"], stamp, got.body.decode())
    return signature in got.headers["webhook-signature"].split(" ")
