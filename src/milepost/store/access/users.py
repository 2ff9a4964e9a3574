"""Users, their one-time links and their sessions. Of passwords, links and sessions only digests are stored."""

from typing import NamedTuple

from milepost.model.access.user import User, UserRole
from milepost.model.time import Micros
from milepost.store.access.logins import Rates, announce
from milepost.store.database import Row, Transaction


class Account(NamedTuple):
    """What signing in asks of a user; `failures` are wrong passwords since the last right one."""

    user_id: int
    org_id: int
    password_hash: str
    failures: int


class LinkedUser(NamedTuple):
    """The user whose one-time link was used."""

    user_id: int
    org_id: int
    email: str


class Session(NamedTuple):
    """A signed-in user, and when the session ends (epoch microseconds)."""

    user: User
    expires_at: Micros
    rates: Rates


async def add(
    transaction: Transaction, *, org_id: int, email: str, name: str, role: UserRole, now: Micros
) -> int | None:
    """Add a user. Return the id, None if the organisation has a user with this address."""
    values = {"org_id": org_id, "email": email, "name": name, "role": role.value, "now": now}
    row = await transaction.row("add_user", values)
    return None if row is None else int(row[0])


async def of_organisation(transaction: Transaction, org_id: int, after: int, limit: int) -> list[User]:
    """Return the users of an organisation whose ids are greater than *after*."""
    rows = await transaction.rows("users", {"org_id": org_id, "after": after, "limit": limit})
    return [_user(row) for row in rows]


async def find(transaction: Transaction, org_id: int, user_id: int) -> User | None:
    """Return a user and lock the row; None if the organisation has none with this id."""
    row = await transaction.row("user", {"org_id": org_id, "user_id": user_id})
    return None if row is None else _user(row)


async def find_by_email(transaction: Transaction, org_id: int, email: str) -> User | None:
    """Return the user with this address and lock the row; None if the organisation has none."""
    row = await transaction.row("user_by_email", {"org_id": org_id, "email": email})
    return None if row is None else await find(transaction, org_id, int(row[0]))


async def owners(transaction: Transaction, org_id: int) -> set[int]:
    """Return the ids of the owners who may sign in, and lock their rows."""
    return {user_id for (user_id,) in await transaction.rows("owners", {"org_id": org_id})}


async def save(transaction: Transaction, user: User) -> None:
    """Store the name and the role of a user, and whether the user is disabled. A disabled user is signed out."""
    values = {"name": user.name, "role": user.role.value, "disabled": user.is_disabled}
    await transaction.run("save_user", values | {"org_id": user.org_id, "user_id": user.id})
    if user.is_disabled:
        await transaction.run("delete_sessions", {"user_id": user.id})
        await transaction.run("delete_link", {"user_id": user.id})
    await announce(transaction, None)


async def accounts_by_email(transaction: Transaction, email: str, organisation: str | None) -> list[Account]:
    """Return whom *email* may sign in as, in the organisation of that name or in any; two at most."""
    values = {"email": email, "organisation": organisation}
    return [Account(*row) for row in await transaction.rows("accounts_by_email", values)]


async def record_sign_in(transaction: Transaction, user_id: int, *, succeeded: bool) -> None:
    """Count a wrong password, or forget the wrong ones after a right one."""
    if succeeded:
        await transaction.run("forget_failures", {"user_id": user_id})
    else:
        await transaction.run("add_failure", {"user_id": user_id})


async def set_password(transaction: Transaction, user_id: int, password_hash: str) -> None:
    """Set a password. The user is signed out everywhere, and a one-time link is void."""
    await transaction.run("set_user_password", {"user_id": user_id, "password_hash": password_hash})
    await transaction.run("delete_sessions", {"user_id": user_id})
    await transaction.run("delete_link", {"user_id": user_id})
    await announce(transaction, None)


async def save_link(transaction: Transaction, user_id: int, digest: bytes, expires: Micros) -> None:
    """Store the digest of a user's one-time link, which works until *expires* (epoch microseconds)."""
    await transaction.run("save_link", {"user_id": user_id, "digest": digest, "expires": expires})


async def use_link(transaction: Transaction, digest: bytes, now: Micros) -> LinkedUser | None:
    """Delete a one-time link and return its user; None if it is unknown, was used or has expired."""
    row = await transaction.row("use_link", {"digest": digest, "now": now})
    return None if row is None else LinkedUser(*row)


async def add_session(transaction: Transaction, *, user_id: int, digest: bytes, expires: Micros, now: Micros) -> None:
    """Store the digest of a session, and delete the sessions that have expired (epoch microseconds)."""
    await transaction.run("delete_expired_sessions", {"now": now})
    values = {"digest": digest, "user_id": user_id, "expires": expires, "now": now}
    await transaction.run("add_session", values)


async def find_session(transaction: Transaction, digest: bytes, now: Micros) -> Session | None:
    """Return the session with this digest, None if it is unknown or has expired."""
    row = await transaction.row("session", {"digest": digest, "now": now})
    return None if row is None else Session(_user(row), row[8], Rates(*row[9:11]))


async def end_session(transaction: Transaction, digest: bytes) -> bool:
    """Delete a session, and return whether there was one."""
    ended = await transaction.row("delete_session", {"digest": digest})
    await announce(transaction, None)
    return ended is not None


def _user(row: Row) -> User:
    user_id, org_id, email, name, role, is_disabled, has_password, created_at = row[:8]
    return User(
        id=user_id,
        org_id=org_id,
        email=email,
        name=name,
        role=UserRole(role),
        is_disabled=is_disabled,
        has_password=has_password,
        created_at=created_at,
    )
