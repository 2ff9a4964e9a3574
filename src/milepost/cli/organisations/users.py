"""`milepost user …`: people who sign in. Each command prints JSON; a one-time link is shown once."""

from typing import TYPE_CHECKING, Annotated

import typer

from milepost.cli.in_process import run_for
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.cli.organisations.credentials import time_text
from milepost.cli.output import print_json
from milepost.model.access.user import User, UserRole

if TYPE_CHECKING:
    from milepost.service.organisations.users import Link
    from milepost.service.runtime.runtime import Runtime

Email = Annotated[str, typer.Argument(help="e-mail address, by which the user signs in")]
RoleOption = Annotated[
    UserRole,
    typer.Option(
        "--role",
        help="OWNER and ADMIN do everything, and only owners change owners; MARKETER defines; APPROVER reads; SUPPORT "
        "changes customers; DEVELOPER has webhooks and events; ANALYST reads what names no customer",
        case_sensitive=False,
    ),
]
LISTED_MAX = 10_000

user = typer.Typer(help="Add people who sign in, and change them.", no_args_is_help=True)


@user.command("add")
def add_user(
    email: Email,
    organisation: Org,
    name: Annotated[str | None, typer.Option("--name", help="name of the person; the address if left out")] = None,
    role: RoleOption = UserRole.ADMIN,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a user, and print the one-time link by which the person chooses a password.

    The link goes to POST /api/v1/password as `link`, with a `password` of at least 15 characters, within three days.
    """
    from milepost.service.organisations import users

    async def add(runtime: "Runtime", org_id: int) -> "tuple[User, Link]":
        return await users.add_user(
            runtime.database,
            users.COMMAND_LINE,
            org_id=org_id,
            email=email,
            name=name or email,
            role=role,
            now=runtime.clock(),
        )

    added, link = run_for(organisation, {"data": data, "database_url": database_url}, add)
    print_json(_shown(added) | {"link": link.text, "linkExpires": time_text(link.expires_at)})


@user.command("list")
def list_users(organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print the users of an organisation."""
    from milepost.service.organisations import users

    async def listed(runtime: "Runtime", org_id: int) -> list[User]:
        return [*await users.listed_users(runtime.database, org_id, 0, LISTED_MAX)]

    print_json([_shown(one) for one in run_for(organisation, {"data": data, "database_url": database_url}, listed)])


@user.command("disable")
def disable_user(email: Email, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Disable a user, who is signed out on every server within a second."""
    print_json(_changed(email, organisation, data, database_url, disabled=True))


@user.command("enable")
def enable_user(email: Email, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Enable a user again."""
    print_json(_changed(email, organisation, data, database_url, disabled=False))


@user.command("role")
def change_role(
    email: Email,
    organisation: Org,
    role: Annotated[UserRole, typer.Argument(help="the new role", case_sensitive=False)],
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Change the role of a user. It is in force on every server within a second."""
    print_json(_changed(email, organisation, data, database_url, role=role))


@user.command("link")
def renew_link(email: Email, organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print a new one-time link for a user who lost the password or the link."""
    from milepost.service.organisations import users

    async def renew(runtime: "Runtime", org_id: int) -> "Link":
        found = await users.user_by_email(runtime.database, org_id, email)
        return await users.renew_link(
            runtime.database, users.COMMAND_LINE, org_id=org_id, user_id=found.id, now=runtime.clock()
        )

    link = run_for(organisation, {"data": data, "database_url": database_url}, renew)
    print_json({"email": email, "link": link.text, "linkExpires": time_text(link.expires_at)})


def _changed(
    email: str,
    organisation: str,
    data: Data,
    database_url: DatabaseUrl,
    *,
    role: UserRole | None = None,
    disabled: bool | None = None,
) -> dict[str, object]:
    from milepost.service.organisations import users

    async def change(runtime: "Runtime", org_id: int) -> User:
        found = await users.user_by_email(runtime.database, org_id, email)
        return await users.change_user(
            runtime.database, users.COMMAND_LINE, org_id=org_id, user_id=found.id, role=role, disabled=disabled
        )

    return _shown(run_for(organisation, {"data": data, "database_url": database_url}, change))


def _shown(one: User) -> dict[str, object]:
    return {
        "id": one.id,
        "email": one.email,
        "name": one.name,
        "role": one.role.value,
        "disabled": one.is_disabled,
        "hasPassword": one.has_password,
        "created": time_text(one.created_at),
    }
