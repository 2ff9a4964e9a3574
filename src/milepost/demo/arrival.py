"""Shows an achievement arrive: a webhook at the server's own inspector, and a bill that is worth a target."""

import time
from typing import Any
from uuid import uuid4

import httpx2

from milepost.demo.account import Account
from milepost.demo.client import TIMEOUT_SECONDS
from milepost.demo.failure import Failed

PATH = "/api/v1/inspector/demo"
WEBHOOKS = "/api/v1/webhooks"
WAIT_SECONDS_MAX = 20
LOOK_SECONDS = 0.1
BOUGHT = 300
"""More than the monthly spend of any month."""


def show_arrival(address: str, account: Account) -> str:
    """Have a new customer reach a target, and return a line about the message that arrived; raises Failed."""
    with httpx2.Client(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as client:
        _point_webhook_at(client, address + PATH)
        name = f"visitor-{uuid4().hex[:6]}"
        began = time.monotonic()
        _read(client.post("/api/v1/events", json=[_bill(name)]))
        arrival = _arrival_of(client, name)
        took = time.monotonic() - began
        state = _webhook_of(client)
    login = ":".join(account.login)
    if arrival is None:
        return (
            f"NO achievement arrived at the inspector within {WAIT_SECONDS_MAX} seconds. Its webhook is "
            f"{'active' if state['active'] else 'disabled'}: {state['pending']} messages wait, "
            f"{state['delivered']} were delivered, {state['dead']} given up, "
            f"{state['failures']} attempts failed in a row.\n"
            f"See it later: curl -s -u {login} {address}/api/v1/inspector"
        )
    data = arrival["message"]["data"]
    return (
        f"An achievement arrived at the inspector {took:.1f} s after its bill, its signature "
        f"{'verified' if arrival['verified'] else 'WRONG'}: {name} reached “{data['target']['name']}” with "
        f"{data['value']} of {data['goal']}.\nSee it: curl -s -u {login} {address}/api/v1/inspector"
    )


def _point_webhook_at(client: httpx2.Client, url: str) -> None:
    """Add the webhook of the demo, or have it send to the address of today's server."""
    ours = _webhook_of(client)
    # The groups were defined on the clock of the load, when the year was over. To them December had ended by then, and
    # a webhook is told of such periods only if it asks for it (docs/receiving.md, tellPast).
    body = {"url": url, "types": ["target.achieved"], "tellPast": True}
    if ours:
        _read(client.patch(f"{WEBHOOKS}/{ours['id']}", json=body | {"active": True}))
    else:
        _read(client.post(WEBHOOKS, json=body | {"description": "the demo's inspector"}))


def _webhook_of(client: httpx2.Client) -> Any:
    """Return the webhook of the demo; None if there is none yet."""
    return next((item for item in _read(client.get(WEBHOOKS))["items"] if item["url"].endswith(PATH)), None)


def _bill(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "source": "demo",
        "type": "TransactionAdd",
        "time": "2017-12-15T11:00:00-05:00",
        "customer": {"externalId": name},
        "data": {"number": name, "netAmount": BOUGHT},
    }


def _arrival_of(client: httpx2.Client, name: str) -> Any:
    """Return the first message about the customer called *name*; None if none comes in time."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        for item in _read(client.get("/api/v1/inspector"))["items"]:
            if item["message"]["data"]["customer"]["externalId"] == name:
                return item
        time.sleep(LOOK_SECONDS)
    return None


def _read(response: httpx2.Response) -> Any:
    if response.is_error:
        raise Failed(f"{response.request.url.path}: {response.status_code} {response.text[:500]}")
    return response.json()
