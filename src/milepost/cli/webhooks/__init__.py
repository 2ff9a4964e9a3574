"""`milepost webhooks …`: addresses that are told of outcomes. Each command prints JSON."""

import typer

from milepost.cli.webhooks.changes import add, delete, list_, rotate, set_, show, types
from milepost.cli.webhooks.deliveries import deliveries, delivery, recover, resend, sample
from milepost.cli.webhooks.listen import listen

webhooks = typer.Typer(help="Webhooks: who is told what customers reached.", no_args_is_help=True)
for _name, _command in (
    ("add", add),
    ("list", list_),
    ("show", show),
    ("set", set_),
    ("secret", rotate),
    ("delete", delete),
    ("types", types),
    ("test", sample),
    ("deliveries", deliveries),
    ("delivery", delivery),
    ("resend", resend),
    ("recover", recover),
    ("listen", listen),
):
    webhooks.command(_name)(_command)
