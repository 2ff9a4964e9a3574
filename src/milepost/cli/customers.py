"""`milepost customer …`: take out everything that is stored of a customer, or erase it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from milepost.cli.in_process import run_for, run_inside
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.cli.output import print_json
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from milepost.service.customers.erasure import ErasedPerson
    from milepost.service.customers.record import CustomerRecord
    from milepost.service.runtime.runtime import Runtime
    from milepost.store.privacy.erasures import Erasure

COMMAND_LINE = "command line"
CustomerId = Annotated[int, typer.Argument(help="id of the customer")]
customer = typer.Typer(help="Take out or erase what is stored of a customer.", no_args_is_help=True)


class ErasureLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A line of the list of erasures; `erasedAt` is in epoch microseconds. It holds nothing of the person."""

    org_id: int
    customer_id: int
    erased_at: int
    reference: str
    events: int


@customer.command("export")
def export(customer_id: CustomerId, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print everything that is stored of a customer as JSON, to be handed to the person."""
    from milepost.api.http.body import write_json
    from milepost.api.native.customers.record_answer import customer_export
    from milepost.service.customers.record import read_record

    async def work(runtime: "Runtime", org_id: int) -> "tuple[list[CustomerRecord], bytes]":
        records = await read_record(runtime, org_id, customer_id)
        written = write_json(customer_export(records, runtime.clock()))
        return records, msgspec.json.format(written)

    records, written = run_for(organisation, {"data": data, "database_url": database_url}, work)
    if not records:
        raise Refused(_unknown(customer_id))
    sys.stdout.write(written.decode() + "\n")


@customer.command("erase")
def erase(
    customer_id: CustomerId,
    organisation: Org,
    reference: Annotated[
        str, typer.Option("--reference", help="what names the request, such as a ticket's number; never the person")
    ],
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Erase a customer and everything that the customer did; it cannot be undone."""
    from milepost.service.customers.erasure import ErasureRequest, erase_customer

    async def work(runtime: "Runtime", org_id: int) -> "ErasedPerson | None":
        request = ErasureRequest(
            org_id=org_id, customer_id=customer_id, actor=COMMAND_LINE, reference=reference, at=runtime.clock()
        )
        return await erase_customer(runtime, request)

    erased = run_for(organisation, {"data": data, "database_url": database_url}, work)
    if erased is None:
        raise Refused(_unknown(customer_id))
    print_json({"customerIds": [one.customer_id for one in erased.erasures], "events": erased.events})


@customer.command("erasures")
def erasures(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print all erasures, one JSON object on each line; keep the list beside your backups.

    `milepost restore --erasures` reads it, and erases again whom an older backup has brought back.
    """
    from milepost.service.customers.erasure import recorded_erasures

    flags = {"data": data, "database_url": database_url}
    recorded = run_inside(flags, lambda runtime: recorded_erasures(runtime, None))
    for erasure in recorded:
        sys.stdout.write(msgspec.json.encode(ErasureLine(*erasure)).decode() + "\n")


def read_erasures(file: Path) -> "list[Erasure]":
    """Return the erasures that *file* lists. Raises Refused with every line that is none."""
    from milepost.model.time import Micros
    from milepost.store.privacy.erasures import Erasure

    found: list[Erasure] = []
    problems: list[Problem] = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            read = msgspec.json.decode(line, type=ErasureLine)
        except msgspec.DecodeError as error:
            problems.append(Problem(f"{file}:{number}", f"is no erasure: {error}"))
            continue
        found.append(
            Erasure(
                org_id=read.org_id,
                customer_id=read.customer_id,
                erased_at=Micros(read.erased_at),
                reference=read.reference,
                events=read.events,
            )
        )
    if problems:
        raise Refused(*problems)
    return found


def repeat_all(recorded: "Sequence[Erasure]", *, data: Path | None, database_url: str | None) -> int:
    """Erase again the customers of *recorded* who are there; return how many there were."""
    from milepost.service.customers.erasure import repeat_erasures

    return run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: repeat_erasures(runtime, recorded, COMMAND_LINE),
    )


def _unknown(customer_id: int) -> Problem:
    return Problem("customer", f"{customer_id} is no customer of this organisation")
