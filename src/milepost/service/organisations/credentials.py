"""Lists, disables and replaces logins, keys and webhook addresses. Each change is in force everywhere in a second."""

import secrets
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import NamedTuple

from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.service.organisations.provisioning import organisation_by_name
from milepost.service.snapshot.passwords import PASSWORD_CHARACTERS_MIN, hash_password
from milepost.store import organisations
from milepost.store.access import logins
from milepost.store.access.logins import Act, ListedKey, ListedLogin, Rates
from milepost.store.database import Database, Transaction
from milepost.store.organisations import ListedOrganisation

OVERLAP_SECONDS_MAX = 7 * 24 * 60 * 60
"""How long, at most, an earlier password, secret or address stays valid beside the new one."""

RATE_MAX = 100_000
"""Requests a second that may be set as a limit."""

COMMAND_LINE = "command line"


class Replaced(NamedTuple):
    """A login or key with its new secret, which cannot be shown again, and how long the earlier one is valid."""

    name: str
    secret: str
    overlap: int


async def listed_organisations(database: Database) -> list[ListedOrganisation]:
    """Return all organisations."""
    async with database.reading() as reading:
        return await organisations.listed(reading)


async def webhook_of(database: Database, organisation: Organisation) -> str:
    """Return the secret id of an organisation's webhook."""
    async with database.reading() as reading:
        return await organisations.webhook_of(reading, organisation.id)


async def listed_logins(database: Database, organisation: str) -> list[ListedLogin]:
    """Return the logins of the organisation called *organisation*. Raises Refused."""
    owner = await organisation_by_name(database, organisation)
    async with database.reading() as reading:
        return await logins.logins_of(reading, owner.id)


async def listed_keys(database: Database, organisation: str) -> list[ListedKey]:
    """Return the keys of the organisation called *organisation*. Raises Refused."""
    owner = await organisation_by_name(database, organisation)
    async with database.reading() as reading:
        return await logins.keys_of(reading, owner.id)


async def enable_till(database: Database, code: str, *, enabled: bool) -> None:
    """Disable the login of a till, or enable it again. Raises Refused if there is none."""

    async def change(transaction: Transaction) -> int | None:
        return await logins.enable_login(transaction, code, enabled=enabled)

    await _change(database, change, "till enable" if enabled else "till disable", "code", code)


async def change_password(database: Database, code: str, password: str | None, overlap: int) -> Replaced:
    """Give a till a new password, a random one if *password* is None. Raises Refused.

    The password before is valid for *overlap* seconds more.
    """
    _check_overlap(overlap)
    if password is not None and len(password) < PASSWORD_CHARACTERS_MIN:
        raise Refused(Problem("password", f"is shorter than {PASSWORD_CHARACTERS_MIN} characters"))
    password = password or secrets.token_urlsafe(12)
    hashed = hash_password(password)

    async def change(transaction: Transaction) -> int | None:
        return await logins.replace_password(transaction, code, hashed, overlap)

    await _change(database, change, "till password", "code", code)
    return Replaced(code, password, overlap)


async def revoke_key(database: Database, key: str) -> None:
    """Revoke a key and all its tokens. Raises Refused if there is none."""

    async def change(transaction: Transaction) -> int | None:
        return await logins.revoke_key(transaction, key)

    await _change(database, change, "key revoke", "key", key)


async def rotate_key(database: Database, key: str, overlap: int) -> Replaced:
    """Give a key a new secret; the one before is valid for *overlap* seconds more. Raises Refused."""
    _check_overlap(overlap)
    secret = f"ms_{secrets.token_urlsafe(32)}"

    async def change(transaction: Transaction) -> int | None:
        return await logins.replace_secret(transaction, key, sha256(secret.encode()).digest(), overlap)

    await _change(database, change, "key rotate", "key", key)
    return Replaced(key, secret, overlap)


async def replace_webhook(database: Database, organisation: str, overlap: int) -> str:
    """Give an organisation's webhook a new secret id and return it; the id before is valid for *overlap* seconds."""
    _check_overlap(overlap)
    owner = await organisation_by_name(database, organisation)
    webhook_id = secrets.token_urlsafe(24)

    async def change(transaction: Transaction) -> int | None:
        await organisations.replace_webhook(transaction, owner.id, webhook_id, overlap)
        return owner.id

    await _change(database, change, "org webhook", "org", owner.name)
    return webhook_id


async def limit_requests(database: Database, organisation: str, rates: Rates) -> Rates:
    """Limit how many requests a second are answered for an organisation and for each of its callers. Raises Refused."""
    for path, rate in zip(("requests", "per-caller"), rates, strict=True):
        if rate is not None and not 0 <= rate <= RATE_MAX:
            raise Refused(Problem(path, f"must be from 0, for no limit, to {RATE_MAX}"))
    owner = await organisation_by_name(database, organisation)

    async def change(transaction: Transaction) -> int | None:
        return await logins.set_rates(transaction, owner.id, rates)

    await _change(database, change, "org limit", "org", owner.name)
    return rates


async def acts(database: Database, organisation: str | None, limit: int) -> list[Act]:
    """Return what administrators did last, in one organisation or in all. Raises Refused."""
    owner = None if organisation is None else await organisation_by_name(database, organisation)
    async with database.reading() as reading:
        return await logins.acts(reading, None if owner is None else owner.id, limit)


async def _change(
    database: Database, change: Callable[[Transaction], Awaitable[int | None]], act: str, path: str, name: str
) -> None:
    """Do a *change*, which returns the organisation's id, and record it. Raises Refused if it finds nothing."""
    async with database.transaction() as transaction:
        org_id = await change(transaction)
        if org_id is None:
            raise Refused(Problem(path, f'there is no {path} "{name}" that could be changed'))
        await logins.record_act(transaction, org_id=org_id, actor=COMMAND_LINE, act=act, subject=name)


def _check_overlap(overlap: int) -> None:
    if not 0 <= overlap <= OVERLAP_SECONDS_MAX:
        raise Refused(Problem("overlap", f"must be from 0 to {OVERLAP_SECONDS_MAX} seconds"))
