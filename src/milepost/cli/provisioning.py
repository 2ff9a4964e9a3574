"""`milepost org add`, `set` and `show`, `till add` and `key add`: each prints JSON with ids and, once, the secret."""

from typing import Annotated

import typer

from milepost.cli.in_process import inside
from milepost.cli.options import Clock, Data, DatabaseUrl
from milepost.cli.output import give_json
from milepost.model.problem import Problem, Refused
from milepost.model.role import Role

May = Annotated[
    Role,
    typer.Option("--role", help="READ reads; EVENTS also tells of customers; ADMIN everything", case_sensitive=False),
]
Org = Annotated[str, typer.Option("--org", help="name of the organisation")]
org = typer.Typer(help="Organisations.", no_args_is_help=True)
till = typer.Typer(help="Tills that may log in.", no_args_is_help=True)
key = typer.Typer(help="Keys for the token call.", no_args_is_help=True)


@org.command("add")
def add_org(
    name: str,
    zone: Annotated[str, typer.Option("--zone", help="IANA time zone that rules its calendar days")] = "UTC",
    parent: Annotated[str | None, typer.Option("--parent", help="name of the organisation it belongs to")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
) -> None:
    """Add an organisation; prints its id and the secret address of its webhook."""
    from milepost.service.organisations.provisioning import add_organisation

    added, webhook_id = inside(
        {"data": data, "database_url": database_url, "clock": clock},
        lambda runtime: add_organisation(runtime.database, name=name, zone=zone, now=runtime.clock(), parent=parent),
    )
    give_json({"id": added.id, "name": added.name, "zone": added.zone, "webhookId": webhook_id})


@org.command("set")
def set_org(
    name: str,
    settings: Annotated[list[str], typer.Argument(help="KEY=VALUE, such as lateDays=3")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
) -> None:
    """Change settings of an organisation, all or none; events are judged by them from now on."""
    from milepost.service.organisations.provisioning import change_settings
    from milepost.service.snapshot.settings import shown_settings

    wrong = [Problem(text, "must be KEY=VALUE") for text in settings if "=" not in text]
    if wrong:
        raise Refused(*wrong)
    changes = dict(text.split("=", 1) for text in settings)
    changed = inside(
        {"data": data, "database_url": database_url, "clock": clock},
        lambda runtime: change_settings(runtime.database, organisation=name, changes=changes, now=runtime.clock()),
    )
    give_json({"id": changed.id, "name": changed.name, "version": changed.version, **shown_settings(changed.settings)})


@org.command("show")
def show_org(name: str, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Show an organisation and its settings in force."""
    from milepost.service.organisations.provisioning import organisation_by_name
    from milepost.service.snapshot.settings import shown_settings

    found = inside(
        {"data": data, "database_url": database_url}, lambda runtime: organisation_by_name(runtime.database, name)
    )
    shown = {"id": found.id, "name": found.name, "zone": found.zone, "version": found.version}
    give_json(shown | shown_settings(found.settings))


@till.command("add")
def add_till(
    code: str,
    organisation: Org,
    id_: Annotated[int | None, typer.Option("--id", help="its id; one is given if none is named", min=1)] = None,
    password: Annotated[str | None, typer.Option("--password", help="one is made if none is given")] = None,
    role: May = Role.ADMIN,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a till that may log in; prints its password once."""
    from milepost.service.organisations import provisioning

    added = inside(
        {"data": data, "database_url": database_url},
        lambda runtime: provisioning.add_till(
            runtime.database, code=code, organisation=organisation, till_id=id_, password=password, role=role
        ),
    )
    owner = {"id": added.organisation.id, "name": added.organisation.name}
    shown = {"id": added.till.id, "code": added.till.code, "org": owner, "role": role.value}
    give_json(shown | {"password": added.password})


@key.command("add")
def add_key(
    name: str,
    organisation: Org,
    role: May = Role.ADMIN,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a key and secret for `/v3/oauth/token/generate`; prints the secret once."""
    from milepost.service.organisations import provisioning

    added = inside(
        {"data": data, "database_url": database_url},
        lambda runtime: provisioning.add_key(
            runtime.database, name=name, organisation=organisation, now=runtime.clock(), role=role
        ),
    )
    owner = {"id": added.organisation.id, "name": added.organisation.name}
    shown = {"id": added.id, "name": added.name, "org": owner, "role": role.value}
    give_json(shown | {"key": added.key, "secret": added.secret})
