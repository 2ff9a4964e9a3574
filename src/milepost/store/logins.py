"""Tills' logins, clients' keys and tokens; only digests of secrets are kept."""

from typing import NamedTuple

from milepost.model.role import Role
from milepost.store.database import Row, Transaction


class Login(NamedTuple):
    """A till that may log in, with the Argon2id hash of its password."""

    org_id: int
    till_id: int
    password_hash: str
    name: str
    role: Role


class Client(NamedTuple):
    """A client of the token call."""

    org_id: int
    key_id: int
    name: str
    role: Role


async def add_login(
    transaction: Transaction, *, code: str, org_id: int, till_id: int, password_hash: str, role: Role
) -> bool:
    """Let a till log in; False if another till of the installation has this code."""
    kept = {"password_hash": password_hash, "role": role.value}
    values = {"code": code, "org_id": org_id, "till_id": till_id, **kept}
    return await transaction.row("add_login", values) is not None


async def login(transaction: Transaction, code: str) -> Login | None:
    """Return who logs in with *code*."""
    row = await transaction.row("login", {"code": code})
    if row is None:
        return None
    org_id, till_id, password_hash, name, role = row
    return Login(org_id, till_id, password_hash, name, Role(role))


async def add_key(
    transaction: Transaction, *, key: str, org_id: int, name: str, digest: bytes, role: Role, now: int
) -> int:
    """Let a client ask for tokens; return its id."""
    values = {"key": key, "org_id": org_id, "name": name, "digest": digest, "role": role.value, "now": now}
    row = await transaction.row("add_key", values)
    assert row is not None
    return int(row[0])


async def client(transaction: Transaction, key: str) -> tuple[Client, bytes] | None:
    """Return the client of *key* and the digest of its secret."""
    row = await transaction.row("key", {"key": key})
    return None if row is None else (_client(row), row[4])


async def add_token(transaction: Transaction, *, digest: bytes, key: str, expires: int, now: int) -> None:
    """Remember a token until it expires, and forget those that have (epoch microseconds)."""
    await transaction.run("forget_tokens", {"now": now})
    await transaction.run("add_token", {"digest": digest, "key": key, "expires": expires})


async def token(transaction: Transaction, digest: bytes, now: int) -> tuple[Client, int] | None:
    """Return the client of a token and when the token expires."""
    row = await transaction.row("token", {"digest": digest, "now": now})
    return None if row is None else (_client(row), row[4])


def _client(row: Row) -> Client:
    org_id, key_id, name, role = row[:4]
    return Client(org_id, key_id, name, Role(role))
