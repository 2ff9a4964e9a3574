"""What became of messages, and having them sent again."""

from typing import Annotated

import typer

from milepost.cli.in_process import run_for
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.cli.output import print_struct
from milepost.cli.webhooks.options import DeliveryId, Types, WebhookId
from milepost.model.delivery.webhook import DeliveryState

LISTED = 50


def sample(
    webhook_id: WebhookId, organisation: Org, types: Types = None, data: Data = None, database_url: DatabaseUrl = None
) -> None:
    """Send a sample of each type that the webhook wants; a running server or worker delivers it."""
    from milepost.api.native.webhooks.answer import SentSamples
    from milepost.service.delivery.delivery_log import send_samples

    ids = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: send_samples(runtime, org_id, webhook_id, tuple(types or ())),
    )
    print_struct(SentSamples(ids))


def deliveries(
    webhook_id: WebhookId,
    organisation: Org,
    state: Annotated[
        DeliveryState | None, typer.Option("--state", help="only deliveries in this state", case_sensitive=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="most deliveries to print", min=1, max=200)] = LISTED,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print the deliveries to a webhook, latest first. Dead letters are those in the state DEAD."""
    from milepost.api.http.body import ID_MAX
    from milepost.api.native.webhooks.answer import delivery_item
    from milepost.service.delivery.delivery_log import DeliveryFilter, list_deliveries

    chosen = DeliveryFilter(state=None if state is None else state.value)
    rows = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: list_deliveries(runtime, org_id, webhook_id, chosen, ID_MAX, limit),
    )
    print_struct([delivery_item(row) for row in rows])


def delivery(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    organisation: Org,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print a delivery with its message and all attempts: what was sent, what was answered, how long it took."""
    from milepost.api.native.webhooks.answer import delivery_detail
    from milepost.service.delivery.delivery_log import find_delivery

    view = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: find_delivery(runtime, org_id, webhook_id, delivery_id),
    )
    print_struct(delivery_detail(view))


def resend(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    organisation: Org,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Have a message sent again under the same id, whatever became of it."""
    from milepost.api.native.webhooks.answer import delivery_detail
    from milepost.service.delivery.delivery_log import resend as make_again

    view = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: make_again(runtime, org_id, webhook_id, delivery_id),
    )
    print_struct(delivery_detail(view))


def recover(
    webhook_id: WebhookId,
    organisation: Org,
    since: Annotated[str, typer.Option("--since", help="from this date-time on")],
    until: Annotated[str | None, typer.Option("--until", help="before this date-time; if left out, up to now")] = None,
    states: Annotated[
        list[DeliveryState] | None,
        typer.Option("--state", help="states to send again, DEAD if left out; may be repeated", case_sensitive=False),
    ] = None,
    missed: Annotated[bool, typer.Option("--missed", help="also look for messages that the webhook never got")] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Have messages of a span of time sent again: dead letters, or others, and those that were missed."""
    from milepost.api.native.webhooks.answer import Recovered
    from milepost.api.native.webhooks.body import instant_or_refuse
    from milepost.service.delivery.delivery_log import make_again
    from milepost.service.delivery.recovery import request_recovery
    from milepost.service.runtime.runtime import Runtime

    async def work(runtime: Runtime, org_id: int) -> Recovered:
        begins = instant_or_refuse("since", since)
        ends = runtime.outgoing.now() if until is None else instant_or_refuse("until", until)
        chosen = tuple(states or (DeliveryState.DEAD,))
        again = await make_again(runtime, org_id, webhook_id, chosen, begins, ends)
        job_id = await request_recovery(runtime, org_id, webhook_id, begins, ends) if missed else None
        return Recovered(again, job_id)

    print_struct(run_for(organisation, {"data": data, "database_url": database_url}, work))
