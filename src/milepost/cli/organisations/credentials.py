"""`milepost till`, `key` and `org`: list, disable and replace what opens the door; `milepost audit`: who did so."""

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl, Org
from milepost.cli.organisations.provisioning import OrgName, PasswordStdin, key, org, till
from milepost.cli.output import print_json
from milepost.model.access.scope import AccessScope

Code = Annotated[str, typer.Argument(help="code of the till")]
Key = Annotated[str, typer.Argument(help="the key, which begins with mk_; not its secret")]
Overlap = Annotated[int, typer.Option("--overlap", help="seconds for which the earlier one stays valid", min=0)]
Rate = Annotated[int | None, typer.Option("--requests", help="requests a second of the whole organisation", min=0)]
CallerRate = Annotated[int | None, typer.Option("--per-caller", help="requests a second of each caller", min=0)]
ACTS_SHOWN = 100


def time_text(micros: int | None) -> str | None:
    """Return an instant (epoch microseconds) as ISO 8601 in UTC; None if there is none."""
    return None if micros is None else datetime.fromtimestamp(micros // 1_000_000, UTC).isoformat()


def _scopes(scopes: Collection[AccessScope] | None) -> list[str] | None:
    return None if scopes is None else sorted(scope.value for scope in scopes)


@org.command("list")
def list_orgs(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print all organisations."""
    from milepost.service.organisations import credentials

    listed = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.listed_organisations(runtime.database),
    )
    print_json([{"id": one.id, "name": one.name, "zone": one.zone, "parentId": one.parent_id} for one in listed])


@org.command("webhook")
def replace_webhook(name: OrgName, overlap: Overlap = 0, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Replace the secret address of an organisation's webhook.

    Without an overlap the earlier address is invalid at once.
    """
    from milepost.service.organisations import credentials

    webhook_id = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.replace_webhook(runtime.database, name, overlap),
    )
    print_json({"org": name, "webhookId": webhook_id, "earlierValidSeconds": overlap})


@org.command("limit")
def limit_org(
    name: OrgName,
    requests: Rate = None,
    per_caller: CallerRate = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Limit how many requests a second are answered; above it there is a 429 with Retry-After.

    Both limits are set: one that is left out is that of the server's settings. 0 is no limit.
    """
    from milepost.service.organisations import credentials
    from milepost.store.access.logins import Rates

    rates = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.limit_requests(runtime.database, name, Rates(requests, per_caller)),
    )
    print_json({"org": name, "requestsPerSecond": rates.organisation, "perCaller": rates.caller})


@till.command("list")
def list_tills(organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print the logins of an organisation's tills: their roles, and when they were used last."""
    from milepost.service.organisations import credentials

    listed = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.listed_logins(runtime.database, organisation),
    )
    print_json(
        [
            {
                "code": login.code,
                "id": login.till_id,
                "role": login.role.value,
                "scopes": _scopes(login.scopes),
                "disabled": login.is_disabled,
                "lastUsed": time_text(login.used_at),
            }
            for login in listed
        ]
    )


@till.command("disable")
def disable_till(code: Code, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Disable the login of a till. No server accepts it a second later."""
    _enable(code, data, database_url, enabled=False)


@till.command("enable")
def enable_till(code: Code, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Enable the login of a till again."""
    _enable(code, data, database_url, enabled=True)


def _enable(code: str, data: Data, database_url: DatabaseUrl, *, enabled: bool) -> None:
    from milepost.service.organisations import credentials

    run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.enable_till(runtime.database, code, enabled=enabled),
    )
    print_json({"code": code, "disabled": not enabled})


@till.command("password")
def change_password(
    code: Code,
    password_stdin: PasswordStdin = False,
    overlap: Overlap = 0,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Replace the password of a till, and print the new one.

    Without --password-stdin Milepost generates one.
    """
    from milepost.service.organisations import credentials

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    changed = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.change_password(runtime.database, code, password, overlap),
    )
    shown = {} if password_stdin else {"password": changed.secret}
    print_json({"code": code, **shown, "earlierValidSeconds": overlap})


@key.command("list")
def list_keys(organisation: Org, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Print the keys of an organisation, without their secrets, and when they were used last."""
    from milepost.service.organisations import credentials

    listed = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.listed_keys(runtime.database, organisation),
    )
    print_json(
        [
            {
                "key": one.key,
                "id": one.id,
                "name": one.name,
                "role": one.role.value,
                "scopes": _scopes(one.scopes),
                "revoked": one.is_revoked,
                "created": time_text(one.created_at),
                "lastUsed": time_text(one.used_at),
            }
            for one in listed
        ]
    )


@key.command("revoke")
def revoke_key(key_: Key, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Revoke a key and its tokens. No server accepts them a second later."""
    from milepost.service.organisations import credentials

    run_inside(
        {"data": data, "database_url": database_url}, lambda runtime: credentials.revoke_key(runtime.database, key_)
    )
    print_json({"key": key_, "revoked": True})


@key.command("rotate")
def rotate_key(key_: Key, overlap: Overlap = 0, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Give a key a new secret, and print it."""
    from milepost.service.organisations import credentials

    rotated = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.rotate_key(runtime.database, key_, overlap),
    )
    print_json({"key": key_, "secret": rotated.secret, "earlierValidSeconds": overlap})


def audit(
    organisation: Annotated[str | None, typer.Option("--org", help="name of the organisation; all if left out")] = None,
    limit: Annotated[int, typer.Option("--limit", help="how many acts are printed", min=1, max=10_000)] = ACTS_SHOWN,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print what administrators did with logins, keys and webhook addresses, latest first."""
    from milepost.service.organisations import credentials

    acts = run_inside(
        {"data": data, "database_url": database_url},
        lambda runtime: credentials.acts(runtime.database, organisation, limit),
    )
    print_json([{**act._asdict(), "acted_at": time_text(act.acted_at)} for act in acts])
