"""How the routes of queues are asked: for `route_rules.py` and `random_stage.py`."""

from collections.abc import Mapping
from typing import Any

from tests.api.client import OrganisationClient

QUEUE = "/api/v1/queues/{queue_id}"
RETRY = f"{QUEUE}/deadLetters/{{dead_letter_id}}/retry"

PARAMETERS = {"queue_id": "queue", "dead_letter_id": "dead letter"}
"""What the parameters of addresses name."""

ASKED: Mapping[tuple[str, str], tuple[str, str | None]] = {
    ("get", "/api/v1/queues"): ("", None),
    ("get", QUEUE): ("", None),
    ("patch", QUEUE): ("", '{"active": false}'),
    ("get", f"{QUEUE}/deadLetters"): ("limit=2", None),
    ("post", RETRY): ("", "{}"),
}
"""The query and the body with which each route is asked about an organisation's things."""

SOUND: Mapping[tuple[str, str], Any] = {
    ("PATCH", QUEUE): {"active": True},
    ("POST", RETRY): {},
}
"""A body that each route takes."""


def add_dead_letter(organisation: OrganisationClient, topic: str) -> tuple[int, int]:
    """Add a queue of a broker that is nowhere, and a dead letter of it; return the ids of both."""
    connection, org_id = organisation.client.connection, organisation.organisation.id
    connection.execute(
        "insert into queue (org_id, queue_id, url, sealed, is_active, created_at)"
        " values (%s, nextval('queue_id_seq'), %s, '', false, now())",
        [org_id, f"kafka://nowhere:9092/{topic}"],
    )
    connection.execute(
        "insert into dead_letter select org_id, queue_id, nextval('dead_letter_id_seq'), 0, 0, 'x', 'no event', now()"
        " from queue where org_id = %s",
        [org_id],
    )
    row = connection.execute("select queue_id, dead_letter_id from dead_letter where org_id = %s", [org_id]).fetchone()
    assert row is not None
    return row


def queued_things(organisation: OrganisationClient, word: str) -> dict[str, object]:
    """Add a queue with a dead letter; return what they are called."""
    return dict(zip(PARAMETERS.values(), add_dead_letter(organisation, f"{word}-topic"), strict=True))
