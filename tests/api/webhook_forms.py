"""Webhooks as tests add them, and what became of their deliveries."""

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.receiver import Stage


def answering(status: str, *headers: str) -> bytes:
    """Return an answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "content-length: 0", "", ""]).encode()


def add(organisation: OrganisationClient, stage: Stage, **options: object) -> int:
    """Add a webhook at the receiver for achievements; return its id."""
    body = {"url": stage.receiver.url, "types": ["target.achieved"], "schedule": [60, 60], "timeLimit": 1, **options}
    answered = organisation.post("/api/v1/webhooks", body)
    assert answered.status_code == 200, answered.text
    return int(json_of(answered)["id"])


def deliveries(organisation: OrganisationClient, webhook: int) -> list[Json]:
    """Return the deliveries to a webhook, latest first."""
    items: list[Json] = organisation.get(f"/api/v1/webhooks/{webhook}/deliveries")["items"]
    return items


def attempts(organisation: OrganisationClient, webhook: int) -> list[Json]:
    """Return all attempts of the one delivery."""
    (delivery,) = deliveries(organisation, webhook)
    path = f"/api/v1/webhooks/{webhook}/deliveries/{delivery['id']}"
    found: list[Json] = organisation.get(path)["attempts"]
    return found
