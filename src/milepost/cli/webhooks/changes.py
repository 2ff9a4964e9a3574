"""Adding, changing, listing and deleting webhooks, and replacing their secrets."""

import json
from typing import Annotated, Any

import typer

from milepost.cli.in_process import run_for
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.cli.output import print_json, print_struct
from milepost.cli.webhooks.options import Types, WebhookId
from milepost.model.delivery.webhook import SCHEDULE_USUAL, TIME_LIMIT_USUAL, Envelope, Style
from milepost.model.problem import Problem, Refused

_NUMBERS = frozenset({"rate", "timeLimit"})
_LISTS = frozenset({"types", "groups", "targets", "schedule"})


def add(
    url: Annotated[str, typer.Argument(help="address of the receiver")],
    organisation: Org,
    types: Types = None,
    style: Annotated[Style, typer.Option("--style", help="whose payloads are sent")] = Style.MILEPOST,
    envelope: Annotated[
        Envelope, typer.Option("--envelope", help="what is around a payload: plain, cloudevents or enriched")
    ] = Envelope.PLAIN,
    secret: Annotated[
        str | None, typer.Option("--secret", help="secret that signs; if left out, Milepost makes one")
    ] = None,
    rate: Annotated[int | None, typer.Option("--rate", help="most attempts a second")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a webhook and print its secret, which cannot be shown again. From then on it misses nothing."""
    from milepost.api.native.webhooks.answer import added_item
    from milepost.model.delivery.webhook import Webhook
    from milepost.service.delivery.webhooks import add_webhook, usual_types

    webhook = Webhook(
        url=url,
        types=tuple(types) if types else usual_types(style),
        style=style,
        envelope=envelope,
        rate=rate,
        schedule=SCHEDULE_USUAL,
        time_limit=TIME_LIMIT_USUAL,
    )
    added = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: add_webhook(runtime, org_id, webhook, secret=secret),
    )
    print_struct(added_item(added))


def list_(organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print all webhooks with their states."""
    from milepost.api.native.webhooks.answer import webhook_item
    from milepost.service.delivery.webhooks import list_webhooks

    views = run_for(organisation, {"data": data, "database_url": database_url}, list_webhooks)
    print_struct([webhook_item(view) for view in views])


def show(webhook_id: WebhookId, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print a webhook with its state."""
    from milepost.api.native.webhooks.answer import webhook_item
    from milepost.service.delivery.webhooks import find_webhook

    view = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: find_webhook(runtime, org_id, webhook_id),
    )
    print_struct(webhook_item(view))


def set_(
    webhook_id: WebhookId,
    changes: Annotated[
        list[str],
        typer.Argument(help="one or more of KEY=VALUE, such as rate=50, types=target.achieved,cap.reached, active=off"),
    ],
    organisation: Org,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Change a webhook. Lists have commas between their parts; headers are one JSON object."""
    from milepost.api.native.structure import struct_of
    from milepost.api.native.webhooks.answer import webhook_item
    from milepost.api.native.webhooks.body import WebhookChangeBody, changes_of
    from milepost.service.delivery.webhooks import change_webhook

    body = struct_of(_values(changes), WebhookChangeBody)
    active = body.active if isinstance(body.active, bool) else None
    view = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: change_webhook(runtime, org_id, webhook_id, changes_of(body), active=active),
    )
    print_struct(webhook_item(view))


def rotate(
    webhook_id: WebhookId,
    organisation: Org,
    secret: Annotated[str | None, typer.Option("--secret", help="new secret; if left out, Milepost makes one")] = None,
    overlap: Annotated[
        int, typer.Option("--overlap", help="seconds for which the earlier secret signs as well", min=0)
    ] = 86_400,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Replace the secret of a webhook and print the new one."""
    from milepost.api.native.webhooks.answer import added_item
    from milepost.service.delivery.webhooks import replace_secret

    added = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: replace_secret(runtime, org_id, webhook_id, secret=secret, overlap=overlap),
    )
    print_struct(added_item(added))


def delete(webhook_id: WebhookId, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Delete a webhook with its deliveries."""
    from milepost.service.delivery.webhooks import delete_webhook

    run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: delete_webhook(runtime, org_id, webhook_id),
    )
    print_json({"id": webhook_id})


def types() -> None:
    """Print the types of messages with their JSON Schemas and the vendor's names for them."""
    from milepost.api.native.webhooks.answer import type_item
    from milepost.service.delivery.payloads.schemas import all_types

    print_struct([type_item(view) for view in all_types()])


def _values(changes: list[str]) -> dict[str, Any]:
    """Return what KEY=VALUE texts say, as a body of the API would say it; raises Refused."""
    wrong = [Problem(text, "must be KEY=VALUE") for text in changes if "=" not in text]
    if wrong:
        raise Refused(*wrong)
    return {key: _value(key, text) for key, text in (change.split("=", 1) for change in changes)}


def _value(key: str, text: str) -> Any:
    if key in _LISTS:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return parts if key == "types" else [int(part) if part.isdigit() else part for part in parts]
    if key in {"active", "tellPast"}:
        return {"on": True, "true": True, "off": False, "false": False}.get(text, text)
    if key in _NUMBERS:
        return None if text == "none" else int(text) if text.isdigit() else text
    if key == "headers":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
