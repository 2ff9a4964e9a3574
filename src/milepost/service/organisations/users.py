"""Adds, lists, changes and disables users: people who sign in (decision 0036)."""

import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple
from unicodedata import normalize

from msgspec.structs import replace

from milepost.model.access.user import User, UserRole
from milepost.model.problem import Problem, Refused
from milepost.model.time import SECOND_US, Micros
from milepost.service.organisations.provisioning import NAME_CHARACTERS_MAX
from milepost.service.snapshot.access import Caller
from milepost.store.access import logins, users
from milepost.store.database import Database, Transaction

EMAIL_CHARACTERS_MAX = 254
LINK_SECONDS = 3 * 24 * 60 * 60
"""How long a one-time link works."""

_EMAIL = re.compile(r"[^\s@\x00-\x1f]+@[^\s@\x00-\x1f]+\.[^\s@\x00-\x1f]+")


class UnknownUser(Refused):
    """The organisation has no user with this id or address."""


class Link(NamedTuple):
    """A one-time link, which cannot be shown again, and when it ends (epoch microseconds)."""

    text: str
    expires_at: Micros


class Actor(NamedTuple):
    """Who changes users: a name for the audit log, the user's id if it is one, and whether it may change owners."""

    name: str
    user_id: int | None
    changes_owners: bool


COMMAND_LINE = Actor("command line", None, changes_owners=True)


async def actor_of(database: Database, caller: Caller) -> Actor:
    """Return a caller of the API as an actor: of all callers, only owners change owners."""
    if caller.user_id is None:
        return Actor(caller.author.code, None, changes_owners=False)
    async with database.transaction() as transaction:
        user = await users.find(transaction, caller.org_id, caller.user_id)
    return Actor(caller.author.code, caller.user_id, changes_owners=user is not None and user.role is UserRole.OWNER)


async def add_user(
    database: Database, actor: Actor, *, org_id: int, email: str, name: str, role: UserRole, now: Micros
) -> tuple[User, Link]:
    """Add a user, and return the one-time link by which the person chooses a password. Raises Refused."""
    email = canonical_email(email)
    problems = [*_email_problems(email), *_name_problems(name)]
    if problems:
        raise Refused(*problems)
    _check_owner(actor, role)
    async with database.transaction() as transaction:
        user_id = await users.add(transaction, org_id=org_id, email=email, name=name, role=role, now=now)
        if user_id is None:
            raise Refused(Problem("email", f"a user with the address {email} exists already"))
        user = await _user(transaction, org_id, user_id)
        link = await _new_link(transaction, user_id, now)
        await _record(transaction, actor, "user add", user)
    return user, link


async def listed_users(database: Database, org_id: int, after: int, limit: int) -> Sequence[User]:
    """Return the users of an organisation whose ids are greater than *after*."""
    async with database.reading() as reading:
        return await users.of_organisation(reading, org_id, after, limit)


async def user_by_email(database: Database, org_id: int, email: str) -> User:
    """Return the user with this address. Raises UnknownUser."""
    async with database.transaction() as transaction:
        user = await users.find_by_email(transaction, org_id, canonical_email(email))
    if user is None:
        raise UnknownUser(Problem("email", f"there is no user with the address {email}"))
    return user


async def change_user(
    database: Database,
    actor: Actor,
    *,
    org_id: int,
    user_id: int,
    name: str | None = None,
    role: UserRole | None = None,
    disabled: bool | None = None,
) -> User:
    """Change what is not None of a user. A disabled user is signed out everywhere within a second. Raises Refused.

    An organisation that has an owner keeps one.
    """
    if name is not None and (problems := _name_problems(name)):
        raise Refused(*problems)
    async with database.transaction() as transaction:
        before_owners = await users.owners(transaction, org_id)
        before = await _user(transaction, org_id, user_id)
        after = replace(
            before,
            name=before.name if name is None else name,
            role=role or before.role,
            is_disabled=before.is_disabled if disabled is None else disabled,
        )
        _check_owner(actor, before.role, after.role)
        loses_owner = after.is_disabled or after.role is not UserRole.OWNER
        if before_owners == {user_id} and loses_owner:
            raise Refused(Problem("role" if role else "disabled", "this is the last owner; make another one first"))
        await users.save(transaction, after)
        await _record(transaction, actor, "user change", after)
    return after


async def renew_link(database: Database, actor: Actor, *, org_id: int, user_id: int, now: Micros) -> Link:
    """Return a new one-time link for a user who is not disabled; an earlier one is void. Raises Refused.

    The password stays valid until the link is used.
    """
    async with database.transaction() as transaction:
        user = await _user(transaction, org_id, user_id)
        _check_owner(actor, user.role)
        if user.is_disabled:
            raise Refused(Problem("user", "the user is disabled"))
        link = await _new_link(transaction, user_id, now)
        await _record(transaction, actor, "user link", user)
    return link


def canonical_email(text: str) -> str:
    """Return an address as it is stored and compared: in small letters, accents composed, without blanks around it."""
    return normalize("NFC", text).strip().lower()


async def _user(transaction: Transaction, org_id: int, user_id: int) -> User:
    user = await users.find(transaction, org_id, user_id)
    if user is None:
        raise UnknownUser(Problem("user", f"there is no user {user_id}"))
    return user


async def _new_link(transaction: Transaction, user_id: int, now: Micros) -> Link:
    link = Link(f"ml_{secrets.token_urlsafe(32)}", Micros(now + LINK_SECONDS * SECOND_US))
    await users.save_link(transaction, user_id, sha256(link.text.encode()).digest(), link.expires_at)
    return link


async def _record(transaction: Transaction, actor: Actor, act: str, user: User) -> None:
    subject = f"{user.email}, {user.role.value}{', disabled' if user.is_disabled else ''}"
    await logins.record_act(transaction, org_id=user.org_id, actor=actor.name, act=act, subject=subject)


def _check_owner(actor: Actor, *roles: UserRole) -> None:
    if UserRole.OWNER in roles and not actor.changes_owners:
        raise Refused(Problem("role", "only an owner, or the command line, adds and changes owners"))


def _email_problems(email: str) -> list[Problem]:
    if len(email) > EMAIL_CHARACTERS_MAX or not _EMAIL.fullmatch(email):
        return [Problem("email", f"must be an e-mail address of at most {EMAIL_CHARACTERS_MAX} characters")]
    return []


def _name_problems(name: str) -> list[Problem]:
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or name != name.strip() or "\0" in name:
        return [Problem("name", f"must have 1 to {NAME_CHARACTERS_MAX} characters, without blanks around them")]
    return []
