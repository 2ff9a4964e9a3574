"""How the routes of webhooks, the feed and the inspector are asked: for `route_rules.py` and `random_stage.py`."""

from collections.abc import Mapping
from typing import Any

from tests.api.client import OrganisationClient, json_of

ENDPOINT = "/api/v1/webhooks/{endpoint_id}"
DELIVERY = f"{ENDPOINT}/deliveries/{{delivery_id}}"
INSPECTOR = "/api/v1/inspector/{inspector_name}"

ASKED: Mapping[tuple[str, str], tuple[str, str | None]] = {
    ("get", "/api/v1/webhooks/types"): ("", None),
    ("post", "/api/v1/webhooks"): ("", '{"url": ""}'),
    ("get", "/api/v1/webhooks"): ("", None),
    ("get", ENDPOINT): ("", None),
    ("patch", ENDPOINT): ("", '{"rate": 50}'),
    ("delete", ENDPOINT): ("", None),
    ("post", f"{ENDPOINT}/secret"): ("", "{}"),
    ("post", f"{ENDPOINT}/test"): ("", '{"types": []}'),
    ("get", f"{ENDPOINT}/deliveries"): ("limit=2", None),
    ("get", DELIVERY): ("", None),
    ("post", f"{DELIVERY}/resend"): ("", "{}"),
    ("post", f"{ENDPOINT}/recover"): ("", '{"since": "2026-01-01T00:00:00Z"}'),
    ("get", "/api/v1/outcomes"): ("limit=2", None),
    ("get", "/api/v1/inspector"): ("", None),
}
"""The query and the body with which each route is asked about an organisation's things."""

SOUND: Mapping[tuple[str, str], Any] = {
    ("POST", "/api/v1/webhooks"): {"url": "http://127.0.0.1:9/api/v1/inspector/random"},
    ("PATCH", ENDPOINT): {"rate": 5},
    ("POST", f"{ENDPOINT}/secret"): {"overlapSeconds": 60},
    ("POST", f"{ENDPOINT}/test"): {"types": ["target.achieved"]},
    ("POST", f"{DELIVERY}/resend"): {},
    ("POST", f"{ENDPOINT}/recover"): {"since": "2026-01-01T00:00:00Z"},
    ("POST", INSPECTOR): {"id": "msg_1"},
}
"""A body that each route takes."""


def added_webhook(organisation: OrganisationClient, word: str) -> dict[str, object]:
    """Add a webhook and a sample for it; return what they are called."""
    url = f"http://127.0.0.1:9/api/v1/inspector/{word}-inspector"
    webhook = json_of(organisation.post("/api/v1/webhooks", {"url": url}))["id"]
    sample = json_of(organisation.post(f"/api/v1/webhooks/{webhook}/test", {"types": ["target.achieved"]}))
    return {"endpoint": webhook, "delivery": sample["deliveryIds"][0], "inspector": f"{word}-inspector"}
