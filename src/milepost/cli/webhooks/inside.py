"""What the commands of webhooks share: their options, work for an organisation that is named, and printing structs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.output import print_json

if TYPE_CHECKING:
    from milepost.service.runtime.runtime import Runtime

Result = TypeVar("Result")

Org = Annotated[str, typer.Option("--org", help="name of the organisation")]
WebhookId = Annotated[int, typer.Argument(help="id of the webhook")]
DeliveryId = Annotated[int, typer.Argument(help="id of the delivery")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="a type of message, in the words of the style; may be repeated")
]


def run_for(
    organisation: str, flags: Mapping[str, object], work: "Callable[[Runtime, int], Awaitable[Result]]"
) -> Result:
    """Run *work* with the id of the organisation of that name, and return its result."""
    from milepost.service.organisations.provisioning import organisation_id_by_name

    async def run(runtime: "Runtime") -> Result:
        return await work(runtime, await organisation_id_by_name(runtime.database, organisation))

    return run_inside(flags, run)


def print_struct(value: object) -> None:
    """Print a struct, or a list of structs, as an answer of the API shows it."""
    import json

    from milepost.api.http.body import write_json

    print_json(json.loads(write_json(value)))
