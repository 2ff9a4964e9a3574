"""Logins of tills, keys of clients, and tokens. Only digests of secrets are stored."""

from typing import NamedTuple

from milepost.model.role import Role
from milepost.model.time import Micros
from milepost.store.database import Row, Transaction


class Login(NamedTuple):
    """A till's login, with the Argon2id hash of its password."""

    org_id: int
    till_id: int
    password_hash: str
    name: str
    role: Role


class Client(NamedTuple):
    """A client that requests tokens with a key."""

    org_id: int
    key_id: int
    name: str
    role: Role


async def add_login(
    transaction: Transaction, *, code: str, org_id: int, till_id: int, password_hash: str, role: Role
) -> bool:
    """Add a login for a till. Return False if another till in the database has this code."""
    secret = {"password_hash": password_hash, "role": role.value}
    values = {"code": code, "org_id": org_id, "till_id": till_id, **secret}
    return await transaction.row("add_login", values) is not None


async def find_login(transaction: Transaction, code: str) -> Login | None:
    """Return the login with *code*, None if there is none."""
    row = await transaction.row("login", {"code": code})
    if row is None:
        return None
    org_id, till_id, password_hash, name, role = row
    return Login(org_id=org_id, till_id=till_id, password_hash=password_hash, name=name, role=Role(role))


async def add_key(
    transaction: Transaction, *, key: str, org_id: int, name: str, digest: bytes, role: Role, now: Micros
) -> int:
    """Add a key with which a client requests tokens. Return the key's id."""
    values = {"key": key, "org_id": org_id, "name": name, "digest": digest, "role": role.value, "now": now}
    row = await transaction.row("add_key", values)
    assert row is not None
    return int(row[0])


async def find_client(transaction: Transaction, key: str) -> tuple[Client, bytes] | None:
    """Return the client of *key* and the digest of its secret, None for an unknown or revoked key."""
    row = await transaction.row("key", {"key": key})
    return None if row is None else (_client(row), row[4])


async def add_token(transaction: Transaction, *, digest: bytes, key: str, expires: Micros, now: Micros) -> None:
    """Add a token that expires at *expires*, and delete the tokens that have expired at *now* (epoch microseconds)."""
    await transaction.run("delete_expired_tokens", {"now": now})
    await transaction.run("add_token", {"digest": digest, "key": key, "expires": expires})


async def find_token(transaction: Transaction, digest: bytes, now: Micros) -> tuple[Client, Micros] | None:
    """Return the client of a token and the token's end (epoch microseconds), None for an unknown or expired token."""
    row = await transaction.row("token", {"digest": digest, "now": now})
    return None if row is None else (_client(row), row[4])


def _client(row: Row) -> Client:
    org_id, key_id, name, role = row[:4]
    return Client(org_id, key_id, name, Role(role))
