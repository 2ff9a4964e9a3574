"""`milepost compat import`: import saved answers of the vendor's API, to move from there to Milepost."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli.imports.file_options import check_input, reading
from milepost.cli.in_process import run_inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json, Org
from milepost.cli.output import print_json, print_message
from milepost.files.table import Table, repeated_columns
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.model.target import TargetGroup
    from milepost.service.runtime.runtime import Runtime
    from milepost.vendor_import.saved_answers import SavedAnswers

BATCH = 500
"""Customers that are imported in one transaction."""

SHOWN_MAX = 20

compat = typer.Typer(help="Move from the vendor's system to Milepost.", no_args_is_help=True)


@compat.command("import")
def import_saved(
    files: Annotated[
        list[Path], typer.Argument(help="saved answers of GET calls: JSON files, or NDJSON with an answer on each line")
    ],
    organisation: Org,
    identifiers: Annotated[
        Path | None,
        typer.Option(
            "--identifiers", help="CSV file with the columns userId and externalId, mobile, email or cardnumber"
        ),
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Import definitions, enrolments, goals and progress.

    Groups, targets and customers keep the ids of the vendor. Fields that Milepost does not understand are listed. What
    was imported before is left as it is, so the command may be repeated. See docs/moving-in.md.
    """
    from milepost.vendor_import.saved_answers import SavedAnswers

    saved = SavedAnswers()
    for file in files:
        for name, answer in _answers(file):
            saved.add(name, answer)
    identifiers_by_id = read_identifiers(identifiers)
    flags = {"data": data, "database_url": database_url, "clock": clock}
    report = run_inside(flags, lambda runtime: _import(runtime, organisation, saved, identifiers_by_id))
    report |= {"understood": dict(sorted(saved.known.items())), "notUnderstood": dict(sorted(saved.unknown.items()))}
    report |= {"unread": saved.unread, "incompleteGroups": saved.incomplete_group_ids()}
    if json:
        print_json(report)
    else:
        _print_summary(report)
    if report["refused"]:
        raise typer.Exit(1)


def _answers(file: Path) -> Iterator[tuple[str, Any]]:
    """Return the answers in a file, each with its file and line; raises Refused with the line that is not JSON."""
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


def read_identifiers(file: Path | None) -> dict[int, tuple[Identifier, ...]]:
    """Return the identifiers of customers in a CSV file, by the vendor's user ids; raises Refused."""
    if file is None:
        return {}
    kinds = {kind.value: kind for kind in IdentifierKind if kind is not IdentifierKind.ID}
    identifiers: dict[int, tuple[Identifier, ...]] = {}
    check_input(file)
    with reading(file):
        table = Table(lambda: file.open("rb"))
    problems = repeated_columns(table.columns)
    problems += [Problem(name, "is not a column here") for name in table.columns if name not in {"userId", *kinds}]
    for row in table.rows():
        cells = {name: cell.strip() for name, cell in zip(table.columns, row.cells, strict=False)}
        problems += [Problem(f"{row.line}: {fault.column}".rstrip(": "), fault.reason) for fault in row.faults]
        user_id = cells.get("userId", "")
        if not (user_id.isascii() and user_id.isdigit()):
            problems.append(Problem(f"{row.line}: userId", "must be there and hold a number"))
        elif int(user_id) in identifiers:
            problems.append(Problem(f"{row.line}: userId", "is that of an earlier row"))
        elif not row.faults:
            given = ((kind, cells.get(name)) for name, kind in kinds.items())
            identifiers[int(user_id)] = tuple(Identifier(kind, value) for kind, value in given if value)
    if problems:
        raise Refused(*(Problem(f"{file}:{problem.path}", problem.reason) for problem in problems[:SHOWN_MAX]))
    return identifiers


async def _import(
    runtime: "Runtime", name: str, saved: "SavedAnswers", identifiers: dict[int, tuple[Identifier, ...]]
) -> dict[str, Any]:
    from milepost.rules.calendar import calendar_of
    from milepost.service.definitions.vendor_import import import_group
    from milepost.service.organisations.provisioning import organisation_by_name
    from milepost.vendor_import.saved_groups import read_group

    organisation = await organisation_by_name(runtime.database, name)
    calendar = calendar_of(organisation.zone)
    report: dict[str, Any] = {"groups": 0, "groupsKnown": 0, "customers": 0, "customersKnown": 0, "refused": []}
    for raw in saved.complete_groups():
        imported = read_group(saved, raw, calendar)
        problems, group = imported.problems, None
        try:
            group = None if problems else await import_group(runtime, organisation.id, imported.group)
        except Refused as refused:
            problems = refused.problems
        if problems:
            report["refused"] += [f"group {raw['id']}: {problem.path} {problem.reason}" for problem in problems]
        else:
            report["groups" if group is not None else "groupsKnown"] += 1
    groups = await _groups(runtime, organisation.id)
    await _import_customers(runtime, organisation.id, saved, groups, identifiers, report)
    return report


async def _groups(runtime: "Runtime", org_id: int) -> "dict[int, TargetGroup]":
    from milepost.service.runtime.runtime import current_snapshot

    return (await current_snapshot(runtime, org_id)).rule_index.groups


async def _import_customers(
    runtime: "Runtime",
    org_id: int,
    saved: "SavedAnswers",
    groups: "dict[int, TargetGroup]",
    identifiers: dict[int, tuple[Identifier, ...]],
    report: dict[str, Any],
) -> None:
    from milepost.rules.calendar import calendar_of
    from milepost.service.definitions.vendor_import import import_customers
    from milepost.service.ingest.incoming_event import Status
    from milepost.service.runtime.runtime import current_snapshot
    from milepost.vendor_import.saved_users import read_customer

    calendar = calendar_of((await current_snapshot(runtime, org_id)).organisation.zone)
    users = sorted(saved.users)
    for first in range(0, len(users), BATCH):
        batch = [
            read_customer(saved, saved.users[id_], groups, calendar, identifiers.get(id_, ()))
            for id_ in users[first : first + BATCH]
        ]
        try:
            answers = await import_customers(runtime, org_id, batch)
        except Refused as refused:
            report["refused"] += [
                f"customers from {batch[0].customer.id} on: {problem.path} {problem.reason}"
                for problem in refused.problems
            ]
            continue
        for answer in answers:
            report["customers" if answer.status is Status.APPLIED else "customersKnown"] += 1


def _print_summary(report: dict[str, Any]) -> None:
    typer.echo(
        f"groups {report['groups']}, known before {report['groupsKnown']}; "
        f"customers {report['customers']}, known before {report['customersKnown']}; refused {len(report['refused'])}"
    )
    typer.echo(f"fields understood {len(report['understood'])}, not understood {len(report['notUnderstood'])}")
    for name, count in report["notUnderstood"].items():
        print_message(f"not understood: {name} ({count} times)")
    for what in report["refused"][:SHOWN_MAX]:
        print_message(f"refused: {what}")
    for name in report["unread"]:
        print_message(f"{name}: holds neither groups nor customers")
    for id_ in report["incompleteGroups"]:
        print_message(
            f"group {id_}: is incomplete; add an answer that holds all of it, such as that of "
            "GET /v3/milestones?require-periods=true"
        )
