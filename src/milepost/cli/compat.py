"""`milepost compat import` and `compat compare`: moving in from the vendor, and showing that nothing changed by it."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli.in_process import inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json
from milepost.cli.output import give_json, tell
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.model.target import TargetGroup
    from milepost.service.runtime.runtime import Runtime
    from milepost.vendor_import.saved_answers import SavedAnswers

BATCH = 500
"""Customers that are taken over in one go."""

SHOWN_MAX = 20

compat = typer.Typer(help="Moving in from the vendor's system.", no_args_is_help=True)


@compat.command("import")
def import_saved(
    files: Annotated[list[Path], typer.Argument(help="saved answers of GET calls: JSON, or NDJSON with one a line")],
    organisation: Annotated[str, typer.Option("--org", help="name of the organisation")],
    identifiers: Annotated[
        Path | None, typer.Option("--identifiers", help="CSV: userId and externalId, mobile, email or cardnumber")
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Recreate definitions, enrolments, own goals and progress with the vendor's ids; says what was not understood."""
    from milepost.vendor_import.saved_answers import SavedAnswers

    saved = SavedAnswers()
    for file in files:
        for name, answer in _answers(file):
            saved.add(name, answer)
    names = _names(identifiers)
    flags = {"data": data, "database_url": database_url, "clock": clock}
    report = inside(flags, lambda runtime: _move_in(runtime, organisation, saved, names))
    report |= {"understood": dict(sorted(saved.known.items())), "notUnderstood": dict(sorted(saved.unknown.items()))}
    report |= {"unread": saved.unread, "incompleteGroups": saved.incomplete_group_ids()}
    if json:
        give_json(report)
        return
    _show(report)


def _answers(file: Path) -> Iterator[tuple[str, Any]]:
    """Return the answers that a file holds; a line that is no JSON names itself."""
    from milepost.api.http.body import read_json

    content = file.read_bytes()
    lines = content.splitlines() if file.suffix in {".ndjson", ".jsonl"} else [content]
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield f"{file}:{number}" if len(lines) > 1 else str(file), read_json(line)
        except Refused as refused:
            raise Refused(Problem(f"{file}:{number}", refused.problems[0].reason)) from None


def _names(file: Path | None) -> dict[int, tuple[Identifier, ...]]:
    """Return the names of customers that a CSV holds, by the vendor's ids."""
    if file is None:
        return {}
    kinds = {kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID}
    found: dict[int, tuple[Identifier, ...]] = {}
    with file.open(newline="", encoding="utf-8-sig") as opened:
        for row in csv.DictReader(opened):
            if not (row.get("userId") or "").isdigit():
                raise Refused(Problem(str(file), "needs a column userId of numbers"))
            found[int(row["userId"])] = tuple(
                Identifier(kind, row[name]) for name, kind in kinds.items() if row.get(name)
            )
    return found


async def _move_in(
    runtime: "Runtime", name: str, saved: "SavedAnswers", names: dict[int, tuple[Identifier, ...]]
) -> dict[str, Any]:
    from milepost.rules.calendar import calendar_of
    from milepost.service.definitions.vendor_import import import_group
    from milepost.service.organisations.provisioning import organisation_called
    from milepost.vendor_import.saved_groups import read_group

    organisation = await organisation_called(runtime.database, name)
    calendar = calendar_of(organisation.zone)
    done: dict[str, Any] = {"groups": 0, "groupsKnown": 0, "customers": 0, "customersKnown": 0, "refused": []}
    for raw in saved.complete_groups():
        told = read_group(saved, raw, calendar)
        problems, group = told.problems, None
        try:
            group = None if problems else await import_group(runtime, organisation.id, told.group)
        except Refused as refused:
            problems = refused.problems
        if problems:
            done["refused"] += [f"group {raw['id']}: {one.path} {one.reason}" for one in problems]
        else:
            done["groups" if group is not None else "groupsKnown"] += 1
    groups = await _groups(runtime, organisation.id)
    await _move_customers(runtime, organisation.id, saved, groups, names, done)
    return done


async def _groups(runtime: "Runtime", org_id: int) -> "dict[int, TargetGroup]":
    from milepost.service.leaderboards.places import snapshot_of

    return (await snapshot_of(runtime, org_id)).rule_index.groups


async def _move_customers(
    runtime: "Runtime",
    org_id: int,
    saved: "SavedAnswers",
    groups: "dict[int, TargetGroup]",
    names: dict[int, tuple[Identifier, ...]],
    done: dict[str, Any],
) -> None:
    from milepost.rules.calendar import calendar_of
    from milepost.service.definitions.vendor_import import import_customers
    from milepost.service.ingest.incoming_event import Status
    from milepost.service.leaderboards.places import snapshot_of
    from milepost.vendor_import.saved_users import read_customer

    calendar = calendar_of((await snapshot_of(runtime, org_id)).organisation.zone)
    users = sorted(saved.users)
    for first in range(0, len(users), BATCH):
        moved = [
            read_customer(saved, saved.users[id_], groups, calendar, names.get(id_, ()))
            for id_ in users[first : first + BATCH]
        ]
        try:
            answers = await import_customers(runtime, org_id, moved)
        except Refused as refused:
            done["refused"] += [
                f"customers from {moved[0].customer.id} on: {one.path} {one.reason}" for one in refused.problems
            ]
            continue
        for answer in answers:
            done["customers" if answer.status is Status.APPLIED else "customersKnown"] += 1


def _show(report: dict[str, Any]) -> None:
    typer.echo(
        f"groups {report['groups']}, known before {report['groupsKnown']}; "
        f"customers {report['customers']}, known before {report['customersKnown']}; refused {len(report['refused'])}"
    )
    typer.echo(f"fields understood {len(report['understood'])}, not understood {len(report['notUnderstood'])}")
    for name, count in report["notUnderstood"].items():
        tell(f"not understood: {name} ({count} times)")
    for what in report["refused"][:SHOWN_MAX]:
        tell(f"refused: {what}")
    for name in report["unread"]:
        tell(f"neither groups nor customers in {name}")
    for id_ in report["incompleteGroups"]:
        tell(f"group {id_}: add the answer that shows it whole, such as GET /v3/milestones?require-periods=true")
