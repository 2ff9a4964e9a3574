"""Options that several commands of webhooks share."""

from typing import Annotated

import typer

WebhookId = Annotated[int, typer.Argument(help="id of the webhook")]
DeliveryId = Annotated[int, typer.Argument(help="id of the delivery")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="a type of message, in the words of the style; may be repeated")
]
