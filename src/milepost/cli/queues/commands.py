"""Adding, listing, stopping, rewinding and deleting queues, and their dead letters."""

from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_for
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.cli.output import print_json, print_struct
from milepost.cli.webhooks.options import Types
from milepost.model.delivery.webhook import Envelope, Style

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

Url = Annotated[
    str, typer.Argument(help="such as kafka://user:password@broker:9092/topic or nats://broker:4222/subject")
]
QueueId = Annotated[int, typer.Argument(help="id of the queue")]
LISTED = 50


def add(url: Url, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add a queue whose messages are received as events, from its beginning on; servers and workers read it."""
    from milepost.api.native.queues.answer import queue_item
    from milepost.service.queues.queues import add_queue

    added = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: add_queue(runtime, org_id, url),
    )
    print_struct(queue_item(added))


def add_destination(
    url: Url,
    organisation: Org,
    types: Types = None,
    style: Annotated[Style, typer.Option("--style", help="whose payloads are written")] = Style.MILEPOST,
    envelope: Annotated[
        Envelope, typer.Option("--envelope", help="what is around a payload: plain, cloudevents or enriched")
    ] = Envelope.PLAIN,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Have messages written to a queue. It is a webhook: `milepost webhooks …` shows, changes and deletes it."""
    from milepost.api.native.webhooks.answer import webhook_item
    from milepost.model.delivery.webhook import Webhook
    from milepost.service.delivery.webhooks import WebhookView, add_destination, usual_types

    webhook = Webhook(url=url, types=tuple(types) if types else usual_types(style), style=style, envelope=envelope)
    added = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: add_destination(runtime, org_id, webhook),
    )
    print_struct(webhook_item(WebhookView(added.stored, {})))


def list_(organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print all queues that events are read from, with how many messages wait in each."""
    from milepost.api.native.queues.answer import queue_item
    from milepost.service.queues.queues import list_queues

    found = run_for(organisation, {"data": data, "database_url": database_url}, list_queues)
    print_struct([queue_item(queue) for queue in found])


def pause(queue_id: QueueId, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Read a queue no longer."""
    _activate(queue_id, organisation, data, database_url, active=False)


def resume(queue_id: QueueId, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Read a queue on from where it was left."""
    _activate(queue_id, organisation, data, database_url, active=True)


def _activate(queue_id: int, organisation: str, data: Data, database_url: DatabaseUrl, *, active: bool) -> None:
    from milepost.api.native.queues.answer import queue_item
    from milepost.service.queues.queues import activate_queue

    queue = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: activate_queue(runtime, org_id, queue_id, active=active),
    )
    print_struct(queue_item(queue))


def rewind(queue_id: QueueId, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Read a queue again from its beginning; events that were received already stay as they are."""
    from milepost.api.native.queues.answer import queue_item
    from milepost.service.queues.queues import rewind_queue

    queue = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: rewind_queue(runtime, org_id, queue_id),
    )
    print_struct(queue_item(queue))


def delete(queue_id: QueueId, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Delete a queue with its dead letters; what was received stays."""
    from milepost.service.queues.queues import delete_queue

    run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: delete_queue(runtime, org_id, queue_id),
    )
    print_json({"id": queue_id})


def dead(
    queue_id: QueueId,
    organisation: Org,
    after: Annotated[int, typer.Option("--after", help="only dead letters with a higher id", min=0)] = 0,
    limit: Annotated[int, typer.Option("--limit", help="most dead letters to print", min=1, max=200)] = LISTED,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print messages that could not be received as events, each with the reason."""
    from milepost.api.native.queues.answer import dead_letter_item
    from milepost.service.queues.queues import list_dead_letters

    rows = run_for(
        organisation,
        {"data": data, "database_url": database_url},
        lambda runtime, org_id: list_dead_letters(runtime, org_id, queue_id, after, limit),
    )
    print_struct([dead_letter_item(row) for row in rows])


def retry(
    queue_id: QueueId,
    letter_id: Annotated[int, typer.Argument(help="id of the dead letter")],
    organisation: Org,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Receive a dead letter as an event again, now that what kept it out is mended."""
    from milepost.api.native.queues.answer import retried_item
    from milepost.api.native.queues.body import read_queued_event
    from milepost.service.queues.queues import Retried, retry_dead_letter

    async def work(runtime: "Runtime", org_id: int) -> Retried:
        return await retry_dead_letter(runtime, org_id, queue_id, letter_id, read_queued_event)

    print_struct(retried_item(run_for(organisation, {"data": data, "database_url": database_url}, work)))
