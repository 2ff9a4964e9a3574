"""Adding organisations, tills and keys, and changing an organisation's settings."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from milepost.model.organisation import Organisation, Till
from milepost.model.problem import Problem, Refused
from milepost.model.role import Role
from milepost.model.target import Author
from milepost.rules.calendar import is_zone
from milepost.service.organisations.settings_changes import change_in
from milepost.service.snapshot.access import PASSWORD_CHARACTERS_MIN, hash_password
from milepost.store import logins, organisations, places
from milepost.store.database import Database, Transaction

NAME_CHARACTERS_MAX = 200
COMMAND_LINE = Author(id=0, code="milepost", name="command line", kind="COMMAND_LINE")
"""Who changes something by a command: whoever may reach the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedTill:
    """A till that may log in; its password is shown this once."""

    organisation: Organisation
    till: Till
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedKey:
    """A client of the token call; its secret is shown this once."""

    organisation: Organisation
    id: int
    name: str
    key: str
    secret: str


async def add_organisation(
    database: Database, *, name: str, zone: str, now: int, parent: str | None = None
) -> tuple[Organisation, str]:
    """Add an organisation, perhaps as a child of the one called *parent*; return it and its secret webhook address."""
    problems = _name_problems("name", name)
    if not is_zone(zone):
        problems.append(Problem("zone", f'"{zone}" is not a time zone of the IANA database, such as Europe/Berlin'))
    if problems:
        raise Refused(*problems)
    webhook_id = secrets.token_urlsafe(24)
    async with database.transaction() as transaction:
        parent_id = None if parent is None else await _head(transaction, parent)
        added = await organisations.add(
            transaction, name=name, zone=zone, webhook_id=webhook_id, now=now, parent_id=parent_id
        )
    if added is None:
        raise Refused(Problem("name", f'an organisation called "{name}" exists already'))
    return added, webhook_id


async def _head(transaction: Transaction, name: str) -> int:
    """Return the id of the organisation called *name* that others may belong to; a child has no children."""
    found = await _called(transaction, name)
    if (await organisations.family(transaction, found.id)).parent_id is not None:
        raise Refused(Problem("parent", f'"{found.name}" has a parent itself; connected organisations are two levels'))
    return found.id


async def add_till(
    database: Database,
    *,
    code: str,
    organisation: str,
    till_id: int | None = None,
    password: str | None = None,
    role: Role = Role.ADMIN,
) -> AddedTill:
    """Add a till that may log in, or let a known one log in; it may do what *role* says."""
    problems = _name_problems("code", code)
    if ":" in code:
        problems.append(Problem("code", "may not hold a colon: it is the user name of a Basic login"))
    if password is not None and len(password) < PASSWORD_CHARACTERS_MIN:
        problems.append(Problem("password", f"is shorter than {PASSWORD_CHARACTERS_MIN} characters"))
    if problems:
        raise Refused(*problems)
    password = password or secrets.token_urlsafe(12)
    hashed = hash_password(password)
    async with database.transaction() as transaction:
        owner = await _called(transaction, organisation)
        known = {till.code: till for till in await places.tills(transaction, owner.id)}
        till = known.get(code) or Till(id=till_id or (await places.fresh_ids(transaction, 1))[0], code=code, name=code)
        if code not in known:
            if till.id in {one.id for one in known.values()}:
                raise Refused(Problem("id", f"a till with the id {till.id} exists already"))
            await places.save_tills(transaction, owner.id, [till])
            await organisations.raise_version(transaction, owner.id)
        if not await logins.add_login(
            transaction, code=code, org_id=owner.id, till_id=till.id, password_hash=hashed, role=role
        ):
            raise Refused(
                Problem("code", f'a till called "{code}" can log in already; codes are unique in an installation')
            )
    return AddedTill(organisation=owner, till=till, password=password)


async def add_key(database: Database, *, name: str, organisation: str, now: int, role: Role = Role.ADMIN) -> AddedKey:
    """Add a key and secret for the token call; whoever has them may do what *role* says."""
    problems = _name_problems("name", name)
    if problems:
        raise Refused(*problems)
    key, secret = f"mk_{secrets.token_urlsafe(18)}", f"ms_{secrets.token_urlsafe(32)}"
    async with database.transaction() as transaction:
        owner = await _called(transaction, organisation)
        digest = sha256(secret.encode()).digest()
        key_id = await logins.add_key(
            transaction, key=key, org_id=owner.id, name=name, digest=digest, role=role, now=now
        )
    return AddedKey(organisation=owner, id=key_id, name=name, key=key, secret=secret)


async def change_settings(
    database: Database, *, organisation: str, changes: Mapping[str, str], now: int | None = None
) -> Organisation:
    """Change settings by their names in facts 8.1, all or none; events are judged by them from now on.

    *now* in epoch microseconds, None where nobody asks when it was.
    """
    async with database.transaction() as transaction:
        owner = await _called(transaction, organisation)
        return await change_in(transaction, owner.id, changes, COMMAND_LINE, now)


async def organisation_called(database: Database, name: str) -> Organisation:
    """Return the organisation called *name*; raises Refused."""
    async with database.transaction() as transaction:
        return await _called(transaction, name)


async def id_called(database: Database, name: str) -> int:
    """Return the id of the organisation called *name*; raises Refused."""
    async with database.transaction() as transaction:
        return (await _called(transaction, name)).id


async def _called(transaction: Transaction, name: str) -> Organisation:
    org_id = await organisations.id_by_name(transaction, name)
    if org_id is None:
        raise Refused(Problem("org", f'there is no organisation called "{name}"'))
    version = (await organisations.versions(transaction, [org_id]))[org_id]
    return await organisations.at_version(transaction, org_id, version)


def _name_problems(path: str, name: str) -> list[Problem]:
    if not name.strip() or name != name.strip():
        return [Problem(path, "is empty, or begins or ends with a blank")]
    if len(name) > NAME_CHARACTERS_MAX or "\0" in name:
        return [Problem(path, f"is longer than {NAME_CHARACTERS_MAX} characters, or holds the character U+0000")]
    return []
