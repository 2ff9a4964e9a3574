"""`milepost org set-zone`: change the zone, replay all customers, and list what changed."""

from typing import TYPE_CHECKING, NamedTuple

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.output import print_json, print_message
from milepost.model.amount import to_decimal

if TYPE_CHECKING:
    from milepost.service.organisations.zone_change import ChangedRow
    from milepost.service.runtime.runtime import Runtime

REPORT_EVERY = 1_000


class _Report(NamedTuple):
    zone: str
    customers: int
    events: int
    changed: list[dict[str, object]]


def change_zone(name: str, zone: str, *, replay: bool, flags: dict[str, object], json: bool) -> None:
    """Change the zone of the organisation called *name* and print what changed, as text or *json*."""
    report = run_inside(flags, lambda runtime: _change(runtime, name, zone, replay=replay))
    if json:
        print_json(report._asdict())
        return
    for row in report.changed:
        typer.echo(
            f"customer {row['customerId']}, target {row['targetId']}, period {row['periodId']}: "
            f"{row['before']} -> {row['after']}"
            + ("" if row["achievedBefore"] == row["achievedAfter"] else f", achieved: {row['achievedAfter']}")
        )
    typer.echo(f"zone {report.zone}; replayed {report.customers} customers, {report.events} events")


async def _change(runtime: "Runtime", name: str, zone: str, *, replay: bool) -> _Report:
    from milepost.service.chain.root import make_root, make_root_after_rewriting
    from milepost.service.organisations.zone_change import replay_customers, set_zone

    organisation = await set_zone(runtime.database, name, zone, replaying=replay)
    customers = events = 0
    changed: list[dict[str, object]] = []
    if replay:
        # A replay rewrites logs. The root before it reports what was changed by others, the root after it signs anew.
        # Before it standings follow the old zone, so none is recomputed.
        root = await make_root(runtime, sample=0)
        if root is not None and root.broken:
            print_message(f"root {root.root_id} found {root.broken} breaks in the chains before the replay")
        async for customer in replay_customers(runtime.database, organisation.id):
            customers += 1
            events += customer.events
            changed += map(_row, customer.changed)
            if customers % REPORT_EVERY == 0:
                print_message(f"replayed {customers} customers, {events} events")
        await make_root_after_rewriting(runtime, organisation.id)
    return _Report(zone=organisation.zone, customers=customers, events=events, changed=changed)


def _row(row: "ChangedRow") -> dict[str, object]:
    before, after = row.before, row.after
    return {
        "customerId": row.customer_id,
        "targetId": row.key.target_id,
        "periodId": row.key.period_id,
        "before": str(to_decimal(0 if before is None else before.value)),
        "after": str(to_decimal(0 if after is None else after.value)),
        "achievedBefore": before is not None and before.is_achieved,
        "achievedAfter": after is not None and after.is_achieved,
    }
