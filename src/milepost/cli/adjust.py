"""`milepost adjust`: correct a customer's progress by an amount, or take such a correction back."""

import getpass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from milepost.cli.explain import CustomerName, find_targets
from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl
from milepost.cli.output import print_struct
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.service.customers.adjustments import Adjusted, Wish
    from milepost.service.runtime.runtime import Runtime
    from milepost.service.snapshot.access import Caller

TargetName = Annotated[str | None, typer.Argument(metavar="TARGET", help="name or id of the target")]
Amount = Annotated[str | None, typer.Argument(metavar="AMOUNT", help="by how much; after -- it may be below 0")]
Reason = Annotated[str, typer.Option("--reason", help="why; the customer may read it in an explanation")]
AuthorName = Annotated[str | None, typer.Option("--author", help="who asks for it; the account's name if none")]
PeriodName = Annotated[str | None, typer.Option("--period", help="refCode or id of a period; the running one if none")]
Id = Annotated[str | None, typer.Option("--id", help="the same id counts once; a new one if none")]
Reverse = Annotated[str | None, typer.Option("--reverse", help="take back the adjustment with this id")]
EndedPeriod = Annotated[bool, typer.Option("--ended-period", help="the period may have ended")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show what it would do, and change nothing")]
Org = Annotated[str | None, typer.Option("--org", help="name of the organisation; not needed if there is only one")]


def adjust(
    customer: CustomerName,
    reason: Reason,
    target: TargetName = None,
    amount: Amount = None,
    author: AuthorName = None,
    period: PeriodName = None,
    id_: Id = None,
    reverse: Reverse = None,
    ended_period: EndedPeriod = False,
    dry_run: DryRun = False,
    org: Org = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Correct a customer's progress by an amount, with a reason; or take a correction back."""
    from milepost.api.native.adjustments.answer import adjustment_item
    from milepost.service.customers.adjustments import Wish

    wish = Wish(note=reason, author=author or getpass.getuser(), into_ended=ended_period, dry=dry_run)
    units = None if reverse is not None else _units(target, amount)

    async def work(runtime: "Runtime") -> "Adjusted":
        org_id, customer_id, target_ids = await find_targets(runtime, org, customer, target, None)
        caller = _caller(org_id, wish)
        if reverse is not None:
            return await _reversed(runtime, caller, customer_id, reverse, wish)
        return await _adjusted(
            runtime, caller, customer_id, target_ids, (id_ or str(uuid4()), period, units or 0), wish
        )

    print_struct(adjustment_item(run_inside({"data": data, "database_url": database_url}, work)))


def _units(target: str | None, amount: str | None) -> int:
    from milepost.model.amount import WHAT_FITS, is_counted_exactly, to_units

    problems = [Problem("TARGET", "is missing")] if target is None else []
    try:
        found = Decimal(amount or "")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not is_counted_exactly(found):
        problems.append(Problem("AMOUNT", f"must be {WHAT_FITS}"))
    if problems:
        raise Refused(*problems)
    return to_units(found)


def _caller(org_id: int, wish: "Wish") -> "Caller":
    from milepost.model.access.role import Role
    from milepost.model.target import Author
    from milepost.service.snapshot.access import Caller

    return Caller(org_id=org_id, author=Author(id=0, code=wish.author, name=wish.author), till_id=None, role=Role.ADMIN)


async def _adjusted(
    runtime: "Runtime",
    caller: "Caller",
    customer_id: int,
    target_ids: list[int],
    asked: tuple[str, str | None, int],
    wish: "Wish",
) -> "Adjusted":
    from milepost.service.customers.adjustments import Adjustment, adjust_progress

    if len(target_ids) != 1:
        raise Refused(Problem("TARGET", f"{len(target_ids)} targets have this name; name one by its id"))
    id_, period, units = asked
    adjustment = Adjustment(id=id_, target_id=target_ids[0], period=period, units=units)
    return await adjust_progress(runtime, caller, customer_id, adjustment, wish)


async def _reversed(
    runtime: "Runtime", caller: "Caller", customer_id: int, adjustment_id: str, wish: "Wish"
) -> "Adjusted":
    from milepost.service.customers.adjustments import NotFound, reverse_adjustment

    try:
        return await reverse_adjustment(runtime, caller, customer_id, adjustment_id, wish)
    except NotFound as absent:
        raise Refused(Problem("--reverse", str(absent))) from None
