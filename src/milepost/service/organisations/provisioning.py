"""Adds organisations, tills and keys, and changes settings, for the command line and the demo."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope
from milepost.model.organisation import Organisation, Till
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author
from milepost.model.time import Micros
from milepost.rules.calendar import is_zone
from milepost.service.organisations.settings_changes import change_in
from milepost.service.snapshot.passwords import PASSWORD_CHARACTERS_MIN, hash_password
from milepost.store import organisations, places, sandboxes
from milepost.store.access import logins
from milepost.store.database import Database, Transaction

NAME_CHARACTERS_MAX = 200
COMMAND_LINE = Author(id=0, code="milepost", name="command line", kind="COMMAND_LINE")
"""The author of changes by the command line, which anybody who reaches the database may use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedTill:
    """A till that may log in, with its password, which cannot be shown again: only its hash is stored."""

    organisation: Organisation
    till: Till
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedKey:
    """A key for the token call, with its secret, which cannot be shown again: only its digest is stored."""

    organisation: Organisation
    id: int
    name: str
    key: str
    secret: str


async def add_organisation(
    database: Database, *, name: str, zone: str, now: Micros, parent: str | None = None, is_sandbox: bool = False
) -> tuple[Organisation, str]:
    """Add an organisation, if *parent* is given as a child of the organisation of that name.

    A sandbox has a clock of its own (decision 0045), and stays a sandbox for ever.

    Return the organisation and its secret webhook address. *now* is in epoch microseconds. Raises Refused.
    """
    problems = _name_problems("name", name)
    if not is_zone(zone):
        problems.append(Problem("zone", f'"{zone}" is not a time zone of the IANA database, such as Europe/Berlin'))
    if is_sandbox and parent is not None:
        problems.append(Problem("parent", "a sandbox has a clock of its own, so it is connected with no organisation"))
    if problems:
        raise Refused(*problems)
    webhook_id = secrets.token_urlsafe(24)
    async with database.transaction() as transaction:
        parent_id = None if parent is None else await _parent_id(transaction, parent)
        added = await organisations.add(
            transaction, name=name, zone=zone, webhook_id=webhook_id, now=now, parent_id=parent_id
        )
        if added is not None and is_sandbox:
            await sandboxes.add(transaction, added.id)
    if added is None:
        raise Refused(Problem("name", f'an organisation called "{name}" exists already'))
    return added, webhook_id


async def _parent_id(transaction: Transaction, name: str) -> int:
    """Return the id of the organisation called *name*. Raises Refused if it is a child, which cannot have children."""
    parent = await _organisation_by_name(transaction, name)
    if await sandboxes.find(transaction, parent.id) is not None:
        raise Refused(Problem("parent", f'"{parent.name}" is a sandbox, which is connected with no organisation'))
    if (await organisations.family(transaction, parent.id)).parent_id is not None:
        raise Refused(Problem("parent", f'"{parent.name}" has a parent itself; connected organisations are two levels'))
    return parent.id


async def add_till(
    database: Database,
    *,
    code: str,
    organisation: str,
    till_id: int | None = None,
    password: str | None = None,
    role: Role = Role.ADMIN,
    scopes: Collection[AccessScope] | None = None,
) -> AddedTill:
    """Add a till with a login, or add a login to a till that exists. Raises Refused.

    *role* is what the login may do, and *scopes* narrow it. Without *password* a random one is made.
    """
    _check_login(code, password)
    password = password or secrets.token_urlsafe(12)
    hashed = hash_password(password)
    async with database.transaction() as transaction:
        owner = await _organisation_by_name(transaction, organisation)
        await organisations.lock(transaction, owner.id)
        tills_by_code = {till.code: till for till in await places.tills(transaction, owner.id)}
        till = tills_by_code.get(code) or Till(
            id=till_id or (await places.fresh_ids(transaction, 1))[0], code=code, name=code
        )
        if code not in tills_by_code:
            if till.id in {other.id for other in tills_by_code.values()}:
                raise Refused(Problem("id", f"a till with the id {till.id} exists already"))
            await places.save_tills(transaction, owner.id, [till])
            await organisations.raise_version(transaction, owner.id)
        add_login = partial(logins.add_login, transaction, org_id=owner.id, till_id=till.id, password_hash=hashed)
        if not await add_login(code=code, role=role, scopes=scopes):
            raise Refused(Problem("code", f'"{code}" can log in already; codes are unique in an installation'))
        await logins.record_act(transaction, org_id=owner.id, actor=COMMAND_LINE.name, act="till add", subject=code)
    return AddedTill(organisation=owner, till=till, password=password)


def _check_login(code: str, password: str | None) -> None:
    problems = _name_problems("code", code)
    if ":" in code:
        problems.append(Problem("code", "may not hold a colon: it is the user name of a Basic login"))
    if password is not None and len(password) < PASSWORD_CHARACTERS_MIN:
        problems.append(Problem("password", f"is shorter than {PASSWORD_CHARACTERS_MIN} characters"))
    if problems:
        raise Refused(*problems)


async def add_key(
    database: Database,
    *,
    name: str,
    organisation: str,
    now: Micros,
    role: Role = Role.ADMIN,
    scopes: Collection[AccessScope] | None = None,
) -> AddedKey:
    """Add a key and a secret for the token call; *role* is what they allow, narrowed by *scopes*. Raises Refused."""
    problems = _name_problems("name", name)
    if problems:
        raise Refused(*problems)
    key, secret = f"mk_{secrets.token_urlsafe(18)}", f"ms_{secrets.token_urlsafe(32)}"
    async with database.transaction() as transaction:
        owner = await _organisation_by_name(transaction, organisation)
        digest = sha256(secret.encode()).digest()
        key_id = await logins.add_key(
            transaction, key=key, org_id=owner.id, name=name, digest=digest, role=role, now=now, scopes=scopes
        )
        await logins.record_act(transaction, org_id=owner.id, actor=COMMAND_LINE.name, act="key add", subject=key)
    return AddedKey(organisation=owner, id=key_id, name=name, key=key, secret=secret)


async def change_settings(
    database: Database, *, organisation: str, changes: Mapping[str, str], now: Micros | None = None
) -> Organisation:
    """Change settings by name (facts 8.1), all or none. They apply to events received from now on. Raises Refused.

    *now* is in epoch microseconds; None where the time of the change is not recorded.
    """
    async with database.transaction() as transaction:
        owner = await _organisation_by_name(transaction, organisation)
        return await change_in(transaction, owner.id, changes, COMMAND_LINE, now)


async def organisation_by_name(database: Database, name: str) -> Organisation:
    """Return the organisation called *name*. Raises Refused if there is none."""
    async with database.transaction() as transaction:
        return await _organisation_by_name(transaction, name)


async def organisation_id_by_name(database: Database, name: str) -> int:
    """Return the id of the organisation called *name*. Raises Refused if there is none."""
    async with database.transaction() as transaction:
        return (await _organisation_by_name(transaction, name)).id


async def sole_organisation_id(database: Database) -> int:
    """Return the id of the only organisation; raises Refused if there are none or several."""
    async with database.reading() as reading:
        ids = await organisations.all_ids(reading)
    if len(ids) != 1:
        raise Refused(Problem("--org", f"name the organisation: there are {len(ids)}"))
    return ids[0]


async def _organisation_by_name(transaction: Transaction, name: str) -> Organisation:
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
