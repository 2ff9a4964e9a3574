"""`milepost queues …`: topics of Kafka and subjects of NATS. Each command prints JSON."""

import typer

from milepost.cli.queues.commands import add, add_destination, dead, delete, list_, pause, resume, retry, rewind

queues = typer.Typer(help="Queues that events are read from, or that messages are written to.", no_args_is_help=True)
for _name, _command in (
    ("add", add),
    ("add-destination", add_destination),
    ("list", list_),
    ("pause", pause),
    ("resume", resume),
    ("rewind", rewind),
    ("delete", delete),
    ("dead", dead),
    ("retry", retry),
):
    queues.command(_name)(_command)
