"""`milepost org …`, `till add` and `key add`: each prints JSON, with the ids and secrets that are new."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Clock, Data, DatabaseUrl, Json, Org
from milepost.cli.output import print_json
from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    from milepost.model.organisation import Organisation
    from milepost.service.runtime.runtime import Runtime

RoleOption = Annotated[
    Role,
    typer.Option(
        "--role",
        help="READ may read; EVENTS may also send events and change customers; ADMIN may do everything",
        case_sensitive=False,
    ),
]
ScopesOption = Annotated[
    list[AccessScope] | None,
    typer.Option("--scope", help="what it may do within its role, such as events:write; may be given several times"),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from the first line of standard input")
]
OrgName = Annotated[str, typer.Argument(help="name of the organisation")]
org = typer.Typer(help="Add organisations and change their settings.", no_args_is_help=True)
till = typer.Typer(help="Add tills. A till is also a login.", no_args_is_help=True)
key = typer.Typer(help="Add keys, with which programs get tokens.", no_args_is_help=True)


@org.command("add")
def add_org(
    name: OrgName,
    zone: Annotated[
        str, typer.Option("--zone", help="IANA time zone of its calendar days, such as Europe/Berlin")
    ] = "UTC",
    parent: Annotated[
        str | None, typer.Option("--parent", help="name of its parent, for connected organisations")
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="a place to try things in, with a clock of its own")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
) -> None:
    """Add an organisation.

    Prints its id and the secret id of its webhook, whose address is /webhooks/{webhookId}.
    """
    from milepost.service.organisations.provisioning import add_organisation

    added, webhook_id = run_inside(
        {"data": data, "database_url": database_url, "clock": clock},
        lambda runtime: add_organisation(
            runtime.database, name=name, zone=zone, now=runtime.clock(), parent=parent, is_sandbox=sandbox
        ),
    )
    print_json({"id": added.id, "name": added.name, "zone": added.zone, "webhookId": webhook_id})


@org.command("set")
def set_org(
    name: OrgName,
    settings: Annotated[list[str], typer.Argument(help="one or more of KEY=VALUE, such as lateDays=3")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
) -> None:
    """Change settings of an organisation.

    If one of the values is wrong, nothing is changed. The settings apply to events received from now on.
    """
    from milepost.service.organisations.provisioning import change_settings
    from milepost.service.snapshot.settings import shown_settings

    wrong = [Problem(text, "must be KEY=VALUE") for text in settings if "=" not in text]
    if wrong:
        raise Refused(*wrong)
    changes = dict(text.split("=", 1) for text in settings)
    changed = run_inside(
        {"data": data, "database_url": database_url, "clock": clock},
        lambda runtime: change_settings(runtime.database, organisation=name, changes=changes, now=runtime.clock()),
    )
    print_json({"id": changed.id, "name": changed.name, "version": changed.version, **shown_settings(changed.settings)})


@org.command("show")
def show_org(name: OrgName, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print an organisation, the secret id of its webhook, and its settings in force."""
    from milepost.service.organisations.credentials import webhook_of
    from milepost.service.organisations.provisioning import organisation_by_name
    from milepost.service.snapshot.settings import shown_settings

    async def found(runtime: "Runtime") -> "tuple[Organisation, str]":
        organisation = await organisation_by_name(runtime.database, name)
        return organisation, await webhook_of(runtime.database, organisation)

    organisation, webhook_id = run_inside({"data": data, "database_url": database_url}, found)
    shown = {
        "id": organisation.id,
        "name": organisation.name,
        "zone": organisation.zone,
        "version": organisation.version,
        "webhookId": webhook_id,
    }
    print_json(shown | shown_settings(organisation.settings))


@org.command("set-zone")
def set_zone_of_org(
    name: OrgName,
    zone: Annotated[str, typer.Argument(help="IANA time zone of its calendar days, such as Europe/Berlin")],
    replay: Annotated[
        bool, typer.Option("--replay", help="compute all progress again, if the organisation has events already")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Change the time zone of an organisation.

    Periods keep their dates. Once there are events, --replay is needed: the progress of each customer is computed again
    from the stored events, and what changed is listed. No outcome is sent again. If it is interrupted, run it again.
    Roots over all chains are made before and after the replay, which rewrites logs.
    """
    from milepost.cli.organisations.zone_change import change_zone

    change_zone(name, zone, replay=replay, flags={"data": data, "database_url": database_url}, json=json)


@org.command("claim")
def claim_org(name: OrgName, data: Data = None, database_url: DatabaseUrl = None, clock: Clock = None) -> None:
    """Let the source and id of an event name it in the whole organisation (the setting eventIdentity).

    Claims the stored events for the customers who hold them, which may be repeated at any time. If two customers hold
    one event, both are printed, the setting stays as it is, and the exit code is 1.
    """
    from milepost.service.organisations.event_identity import claim_stored_events

    claimed = run_inside(
        {"data": data, "database_url": database_url, "clock": clock},
        lambda runtime: claim_stored_events(runtime.database, name, runtime.clock()),
    )
    duplicates = [
        {"source": one.source, "id": one.id, "customerIds": list(one.customer_ids)} for one in claimed.duplicates
    ]
    identity = claimed.organisation.settings.event_identity.value
    print_json({"name": name, "eventIdentity": identity, "events": claimed.events, "duplicates": duplicates})
    if duplicates:
        raise typer.Exit(1)


@org.command("identifiers")
def list_shared_identifiers(
    name: OrgName, data: Data = None, database_url: DatabaseUrl = None, json: Json = False
) -> None:
    """List customers who would become one: their identifiers look alike, or are one mobile number.

    They stay two customers until somebody merges them. The exit code is 1 if there are any.
    """
    found = run_inside({"data": data, "database_url": database_url}, lambda runtime: _shared(runtime, name))
    if json:
        print_json({"shared": found})
    else:
        for pair in found:
            typer.echo(
                f'customer {pair["customerId"]}: {pair["type"]} "{pair["value"]}" '
                f'is that of customer {pair["otherCustomerId"]}: "{pair["otherValue"]}"'
            )
        typer.echo(f"{len(found)} identifiers have the form of another customer's")
    if found:
        raise typer.Exit(1)


async def _shared(runtime: "Runtime", name: str) -> list[dict[str, object]]:
    from milepost.service.customers.identifier_forms import shared_forms
    from milepost.service.organisations.provisioning import organisation_id_by_name

    org_id = await organisation_id_by_name(runtime.database, name)
    return [
        {
            "type": pair.identifier.kind.value,
            "customerId": pair.customer_id,
            "value": pair.identifier.value,
            "otherCustomerId": pair.holder_id,
            "otherValue": pair.form.value,
        }
        async for pair in shared_forms(runtime.database, org_id)
    ]


@till.command("add")
def add_till(
    code: Annotated[str, typer.Argument(help="code of the till; it is also the user name of the login")],
    organisation: Org,
    id_: Annotated[
        int | None, typer.Option("--id", help="id of the till; if left out, Milepost chooses one", min=1)
    ] = None,
    password: Annotated[
        str | None,
        typer.Option("--password", help="its password, which others may see in the list of processes; see below"),
    ] = None,
    password_stdin: PasswordStdin = False,
    role: RoleOption = Role.ADMIN,
    scopes: ScopesOption = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a till, which is also a login.

    Prints its password, which cannot be shown again. Without --password and --password-stdin Milepost generates one.
    """
    from milepost.service.organisations import provisioning

    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    added = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: provisioning.add_till(
            runtime.database,
            code=code,
            organisation=organisation,
            till_id=id_,
            password=password,
            role=role,
            scopes=scopes or None,
        ),
    )
    owner = {"id": added.organisation.id, "name": added.organisation.name}
    shown = {"id": added.till.id, "code": added.till.code, "org": owner, "role": role.value}
    shown |= {"scopes": [scope.value for scope in scopes]} if scopes else {}
    print_json(shown | {"password": added.password})


@key.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="name of the key, to recognise it by")],
    organisation: Org,
    role: RoleOption = Role.ADMIN,
    scopes: ScopesOption = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a key and its secret for /v3/oauth/token/generate.

    Prints both. The secret cannot be shown again.
    """
    from milepost.service.organisations import provisioning

    added = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: provisioning.add_key(
            runtime.database,
            name=name,
            organisation=organisation,
            now=runtime.clock(),
            role=role,
            scopes=scopes or None,
        ),
    )
    owner = {"id": added.organisation.id, "name": added.organisation.name}
    shown = {"id": added.id, "name": added.name, "org": owner, "role": role.value}
    shown |= {"scopes": [scope.value for scope in scopes]} if scopes else {}
    print_json(shown | {"key": added.key, "secret": added.secret})
